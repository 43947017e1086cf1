"""Handing new critical alerts to a program or an address that the user has named. Both are off by default."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from tachograph.learning.alerts import Alert
from tachograph.model import to_datetime
from tachograph.report.sanitise import harmless, harmless_json
from tachograph.settings import Settings

MOST_ALERTS = 20
"""Of one round: after months of history, or a change of rules, there may be hundreds."""
TIME_LIMIT = 5.0
"""Seconds for one alert; nothing that waits for the round may wait longer."""


class SentAlert(msgspec.Struct, frozen=True, kw_only=True):
    """What a sink is given: one JSON object for each alert."""

    schema: str = "tachograph.alert/1"
    id: str
    session: str
    agent_type: str | None
    agent: str | None
    family: str | None
    kpi: str
    rule: str
    severity: str
    priority: int
    at: datetime
    value: float
    mean: float | None
    sd: float | None
    deviations: float | None
    consecutive: int
    action: str


class _Failed(Exception):
    """Why a sink did not take an alert: one sentence."""


def send_alerts(settings: Settings, alerts: Sequence[Alert]) -> list[str]:
    """Give ``alerts`` to each sink that is named, one by one; returns what the person should know. Raises nothing.

    A sink that fails is not tried again in this round.
    """
    notes: list[str] = []
    sinks: list[tuple[str, str, Callable[[str, bytes], None]]] = [
        ("alerts.command", settings.alerts_command, _run),
        ("alerts.url", settings.alerts_url, _post),
    ]
    chosen = [alert_json(alert) for alert in alerts[:MOST_ALERTS]]
    for option, named, send in sinks:
        if not named or not chosen:
            continue
        try:
            for body in chosen:
                send(named, body)
        except _Failed as error:
            notes.append(f"An alert could not be handed on ({option}): {error}")
        else:
            if len(alerts) > len(chosen):
                notes.append(f"{len(alerts) - len(chosen)} more critical alerts were not handed on ({option}).")
    return notes


def alert_json(alert: Alert) -> bytes:
    """The alert as a sink is given it; signs that could steer a terminal are escaped."""
    group = alert.group
    sent = SentAlert(
        agent_type=None if group is None else group.agent_type,
        agent=None if group is None else group.agent,
        family=None if group is None else group.family,
        at=to_datetime(alert.at),
        **{name: getattr(alert, name) for name in _SAME},
    )
    return harmless_json(msgspec.json.encode(sent).decode()).encode()


_SAME = tuple(
    name for name in SentAlert.__struct_fields__ if name in Alert.__struct_fields__ and name not in ("group", "at")
)


def _run(command: str, body: bytes) -> None:
    """Run the program with the alert on stdin; never through a shell."""
    try:
        words = shlex.split(command, posix=os.name != "nt")
    except ValueError as error:
        raise _Failed("its quotation marks are not closed.") from error
    if not words:
        raise _Failed("it names no program.")
    program = harmless(words[0])
    try:
        done = subprocess.run(
            words, input=body, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=TIME_LIMIT, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise _Failed(f"{program} did not end within {TIME_LIMIT:.3g} seconds.") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is no program's name"
        raise _Failed(f"{program} cannot be run: {reason}.") from error
    if done.returncode:
        raise _Failed(f"{program} ended with exit code {done.returncode}.")


def _post(url: str, body: bytes) -> None:
    from tachograph.webhook.client import Undelivered, post_json  # sockets only for those who name an address

    try:
        post_json(url, body, limit=TIME_LIMIT)
    except Undelivered as error:
        raise _Failed(str(error)) from error
