"""Holding a session back after a critical alert, on real CLIs: nothing is asked of the model before it was seen."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.agents.agent_cli import AgentCli, ClaudeCode, Codex

USUAL_SESSIONS = 11
"""An alert is critical only beside a baseline of ten sessions or more."""
GOOD, BAD = 2_000, 2
"""Tokens of an answer; the second is far below the bounds of token_efficiency."""

pytestmark = [pytest.mark.agents, pytest.mark.slow]


def test_a_session_is_held_back_until_the_alert_was_seen(cli: AgentCli) -> None:
    cli.environment["TACHO_HOOKS_GATE"] = "true"
    _work_with_an_alert(cli)
    reason = _gate_of(cli)
    held = cli.ask("Say done.")
    assert held.asked == []
    if isinstance(cli, ClaudeCode):
        assert reason in held.output
        assert cli.ask("Say done.").asked == []
        assert len(cli.ask("!go Say done.").asked) == 1
    if isinstance(cli, Codex):
        assert "SessionStart Stopped" in held.errors
    assert len(cli.ask("Say done.").asked) == 1  # it was seen


def test_an_alert_that_was_acknowledged_holds_nobody(cli: AgentCli) -> None:
    cli.environment["TACHO_HOOKS_GATE"] = "true"
    _work_with_an_alert(cli)
    while _gate_of(cli):
        cli.tacho("alerts", "ack", _briefing(cli)["gate"]["alert"])
        cli.tacho("learn")
    assert len(cli.ask("Say done.").asked) == 1


def test_nothing_is_held_back_unasked(cli: AgentCli) -> None:
    _work_with_an_alert(cli)
    assert "critical" in _briefing(cli)["status"]["alert"]
    assert _gate_of(cli) == ""
    assert len(cli.ask("Say done.").asked) == 1


def _work_with_an_alert(cli: AgentCli) -> None:
    cli.install_hooks()
    cli.model.output_tokens = GOOD
    for _ in range(USUAL_SESSIONS):
        cli.ask("Say done.")
    cli.model.output_tokens = BAD
    cli.ask("Say done.")
    cli.model.output_tokens = GOOD
    cli.tacho("learn")


def _gate_of(cli: AgentCli) -> str:
    """Why the next session is held back; empty: it is not."""
    gate = _briefing(cli)["gate"]
    return gate["reason"] if gate else ""


def _briefing(cli: AgentCli) -> dict[str, Any]:
    return dict(json.loads((cli.data / "hooks" / "briefing.json").read_text()))
