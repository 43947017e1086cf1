"""What the hooks tell the next sessions, prepared so that they need not look into the warehouse.

Nothing in it is text from a log: words are ours, the rest is numbers. What a session is called by others (agent type,
project) only decides which text it gets.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from tachograph.analysis.kpis import Kpi, load_kpis
from tachograph.app.learn.activation import state_of
from tachograph.app.learn.assignments import HOOKS_FOLDER
from tachograph.app.learn.decisions import Activation
from tachograph.app.learn.figures import show_value
from tachograph.errors import TachographError
from tachograph.hooks.places import read_bytes
from tachograph.learning.alerts import Alert
from tachograph.learning.baselines import Baseline, BaselineTable
from tachograph.learning.records import Group
from tachograph.learning.suggestions import load_catalogue
from tachograph.learning.trials import TrialState
from tachograph.paths import open_private, private_dir

FILE = "briefing.json"
VERSION = 1
LONGEST = 2000
"""Characters that a session is told at most."""
_FACTS_LONGEST = 1100
"""Of these at most for the facts: the rest is for suggestions."""
_SAFE_TYPE = re.compile(r"[A-Za-z0-9_:-]{1,40}")
_SHOWN_KPIS = 9
_KEY_FILE = "trial.key"
_KEY_LONGEST = 1024


class ActiveText(msgspec.Struct, frozen=True):
    """A suggestion as a session may be given it."""

    id: str
    trial: str
    share: float
    """Chance of being given it; 1: everybody is."""
    text: str


class Told(msgspec.Struct, frozen=True):
    """What the sessions of one agent and agent type are told."""

    facts: str
    notice: str
    """One line for the person; empty: nothing."""
    suggestions: list[ActiveText]


class Gate(msgspec.Struct, frozen=True):
    """A critical alert that holds the next prompt back."""

    alert: str
    reason: str
    phrase: str
    until: int


class StatusLine(msgspec.Struct, frozen=True):
    """What the status line shows."""

    day: str
    zone_offset_s: int
    usd_today: float | None
    budget: str
    alert: str


class Briefing(msgspec.Struct, frozen=True):
    """The whole file."""

    version: int
    made_at: int
    key: str
    projects: list[tuple[str, str]]
    types: dict[str, dict[str, Told]]
    gate: Gate | None
    status: StatusLine


def is_safe_type(agent_type: str) -> bool:
    """Whether sessions of this type can be told anything: its name may come from a log."""
    return _SAFE_TYPE.fullmatch(agent_type) is not None


def write_briefing(folder: Path, briefing: Briefing) -> Path:
    """Put the file in its place, whole: a hook reads either the old one or the new one."""
    return write_prepared(folder, FILE, msgspec.json.encode(briefing))


def write_prepared(folder: Path, name: str, content: bytes) -> Path:
    """Put a file that hooks read in its place, whole; ``folder`` is the data folder."""
    return _put(private_dir(folder / HOOKS_FOLDER) / name, content)


def _put(path: Path, content: bytes) -> Path:
    """Let ``path`` hold ``content``, all at once. Whoever writes here holds the writer's lock, so that one name does
    for the part: what a killed process left is written over."""
    part = path.with_name(f"{path.name}.part")
    try:
        part.unlink(missing_ok=True)
        with open_private(part) as file:
            file.write(content)
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise TachographError(f"Cannot write {path}: {error.strerror or error}.", slug="cannot_write") from error
    return path


def assignment_key(folder: Path) -> str:
    """The secret that decides, with the session's id, who is given what; made when there is none."""
    file = private_dir(folder / HOOKS_FOLDER) / _KEY_FILE
    held = read_bytes(str(file), _KEY_LONGEST).decode("ascii", "replace").strip()
    if re.fullmatch(r"[0-9a-f]{64}", held):
        return held
    made = secrets.token_hex(32)
    _put(file, made.encode())
    return made


def tell_types(
    baselines: BaselineTable,
    alerts: Sequence[Alert],
    activations: Sequence[Activation],
    states: Mapping[str, TrialState],
    texts: Mapping[str, str],
    remarks: Mapping[str, str],
    share: float,
) -> dict[str, dict[str, Told]]:
    """What each agent's sessions are told, by agent and agent type.

    ``alerts`` are those that nobody has seen yet; ``texts`` the suggestions' texts by trial; ``remarks`` a further
    line for the person, by agent. What a rule advises about a KPI is left out while a suggestion is tested on it: the
    control group must not be told by a warning what the treated sessions are told by the suggestion. An agent whose
    sessions never have a suggestion's KPI is not given it: it says nothing true there, and nothing could come of it.
    """
    told: dict[str, dict[str, Told]] = {}
    for agent, agent_type in sorted({(group.agent, group.agent_type) for group in baselines if group.agent != "*"}):
        if not is_safe_type(agent_type):
            continue
        tables = {
            group: table for group, table in baselines.items() if (group.agent, group.agent_type) == (agent, agent_type)
        }
        own = [one for one in alerts if one.group and (one.group.agent, one.group.agent_type) == (agent, agent_type)]
        parts = [part for part in (_tell_notice(own), remarks.get(agent, "")) if part]
        notice = f"Tachograph: {' '.join(parts)}" if parts else ""
        targets = {
            one.trial: suggestion.kpi
            for one in activations
            if one.agent_type == agent_type and one.agent in ("", agent)
            and (suggestion := load_catalogue().get(one.suggestion)) is not None
            and any(suggestion.kpi in table for table in tables.values())
        }  # fmt: skip
        offered = [
            ActiveText(one.suggestion, one.trial, 1.0 if state == "proven" else share, texts[one.trial])
            for one in activations
            if one.trial in targets and one.closed is None and one.trial in texts
            and (state := state_of(one, states)) in ("active", "proven")
        ]  # fmt: skip
        tested = {targets[one.trial] for one in offered if one.share < 1.0}
        facts = _tell_facts(baselines.get(_latest_group(tables), {}), own, tested)
        told.setdefault(agent, {})[agent_type] = Told(facts, notice, offered)
    return told


def _latest_group(tables: BaselineTable) -> Group:
    """The group of the model family that was used last; of all families where that has no baseline yet."""
    settled = [group for group in tables if group.family != "*" and _is_settled(tables[group])]
    return max(
        settled or tables,
        key=lambda group: (max((one.updated_at or 0 for one in tables[group].values()), default=0), group),
    )


def _is_settled(table: Mapping[str, Baseline]) -> bool:
    return any(one.status != "bootstrap" for one in table.values())


def _tell_facts(table: Mapping[str, Baseline], alerts: Sequence[Alert], tested: Collection[str]) -> str:
    """The baselines as a few lines, and what was out of them of late; without advice about the KPIs ``tested``."""
    kpis = load_kpis()
    known = [
        kpis[name] for name, one in table.items() if name in kpis and one.mean is not None and one.status != "bootstrap"
    ]
    alerting = {one.kpi for one in alerts}
    known.sort(key=lambda kpi: (kpi.name not in alerting, kpi.target is None, kpi.name))
    lines = [_tell_baseline(kpi, table[kpi.name]) for kpi in known[:_SHOWN_KPIS]]
    warnings = [_tell_alert(kpis[one.kpi], one, one.kpi not in tested) for one in _gravest(alerts) if one.kpi in kpis]
    while lines and len("\n".join([*lines, *warnings])) > _FACTS_LONGEST - 120:
        lines.pop()
    if not lines and not warnings:
        return ""
    sessions = max((one.n for one in table.values()), default=0)
    head = f"Tachograph: measured over up to {sessions} earlier sessions of this kind (mean ± standard deviation):"
    return "\n".join([head, *lines, *warnings])[:_FACTS_LONGEST]


def _gravest(alerts: Sequence[Alert]) -> list[Alert]:
    """The three that matter most, of each KPI one."""
    order = {"critical": 0, "warning": 1, "info": 2}
    ranked = sorted(
        (one for one in alerts if one.severity != "info"),
        key=lambda one: (order[one.severity], one.priority, -one.at, one.kpi),
    )
    by_kpi: dict[str, Alert] = {}
    for one in ranked:
        by_kpi.setdefault(one.kpi, one)
    return list(by_kpi.values())[:3]


def _tell_baseline(kpi: Kpi, one: Baseline) -> str:
    spread = f" ± {show_value(kpi, one.sd)}" if one.sd is not None and kpi.scale == "linear" else ""
    aim = f"; good from {show_value(kpi, kpi.target)}" if kpi.target is not None and kpi.better == "up" else ""
    aim = f"; good up to {show_value(kpi, kpi.target)}" if kpi.target and kpi.better == "down" else aim
    return f"- {kpi.title}: {show_value(kpi, one.mean)}{spread}{aim}"


def _tell_alert(kpi: Kpi, alert: Alert, is_advised: bool) -> str:
    advice = f" {alert.action}" if is_advised else ""
    usual = "" if alert.mean is None else f", usually {show_value(kpi, alert.mean)}"
    return f"- Of late ({alert.severity}): {kpi.title} {show_value(kpi, alert.value)}{usual}.{advice}"


def _tell_notice(alerts: Sequence[Alert]) -> str:
    """One line for the person."""
    grave = _gravest(alerts)
    if not grave:
        return ""
    kpis = load_kpis()
    told = ", ".join(f"{kpis[one.kpi].title if one.kpi in kpis else one.kpi} ({one.severity})" for one in grave)
    return f"{told} in recent sessions; tacho alerts list shows them."
