"""The loop on real agent CLIs: who is told what, what is known of it, and that the session is in the warehouse soon."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest

from tachograph.warehouse.store import FILE_NAME
from tests.agents.agent_cli import AgentCli, Run
from tests.agents.model_server import Answer, Body, say_done

SUGGESTION = "background_agents"
"""Fits what the model on loopback says: little."""
SESSIONS_BEFORE = 3
"""With fewer, nothing is suggested."""
OF_EACH_ARM = 3
MOST_RUNS = 40
"""With a share of one half, 40 sessions miss three of either arm once in 700 million."""
SOON_SECONDS = 20
PART = "The part for a subagent."

pytestmark = [pytest.mark.agents, pytest.mark.slow]


def test_only_treated_sessions_are_told(cli: AgentCli) -> None:
    cli.install_hooks()
    _work(cli, "Say done.")
    text = _activate(cli, "main")
    told: dict[str, bool] = {}
    while sum(told.values()) < OF_EACH_ARM or len(told) - sum(told.values()) < OF_EACH_ARM:
        assert len(told) < MOST_RUNS
        run = cli.ask("Say done.")
        session = _session_of(cli, run)
        told[session] = run.asked[0].holds(text)
        assert {asked.holds(text) for asked in run.asked} == {told[session]}
        (line,) = [one for one in cli.assignments() if one["session"] == session]
        assert (line["arm"] == "treatment") == told[session]
        assert run.began * 1000 - 1 <= line["at"] <= run.asked[0].at * 1000
    assert [one["session"] for one in cli.assignments()] == list(told)
    _wait(lambda: cli.stored() >= told.keys())
    _wait(lambda: {session: arm == "treatment" for session, arm in _assigned(cli).items()} == told)


def test_only_treated_subagents_are_told(cli: AgentCli) -> None:
    cli.model.answer = _delegate(cli)
    cli.install_hooks()
    _work(cli, "Delegate.")
    (agent_type,) = cli.query("SELECT DISTINCT agent_type FROM sessions WHERE kind = 'subagent'")
    text = _activate(cli, agent_type)
    told: dict[str, bool] = {}
    while sum(told.values()) < OF_EACH_ARM or len(told) - sum(told.values()) < OF_EACH_ARM:
        assert len(told) < MOST_RUNS
        run = cli.ask("Delegate.")
        inner = [asked for asked in run.asked if _is_part(asked.body)]
        outer = [asked for asked in run.asked if not _is_part(asked.body)]
        assert len(outer) >= 2
        assert not any(asked.holds(text) for asked in outer)
        line = cli.assignments()[-1]
        told[line["session"]] = line["arm"] == "treatment"
        assert {asked.holds(text) for asked in inner} == {told[line["session"]]}
        assert line["at"] <= inner[0].at * 1000
    assert len(cli.assignments()) == len(told)
    _wait(lambda: set(cli.query("SELECT id FROM sessions WHERE kind = 'subagent'")) >= told.keys())


def test_a_session_that_goes_on_stays_in_its_arm(cli: AgentCli) -> None:
    cli.install_hooks()
    _work(cli, "Say done.")
    text = _activate(cli, "main")
    arms = set()
    while len(arms) < 2:
        run = cli.ask("Say done.")
        again = cli.resume(run.asked[0].session, "Go on.")
        assert again.asked[0].session == run.asked[0].session
        assert again.asked[0].holds(text) == run.asked[0].holds(text)
        arms.add(again.asked[0].holds(text))
        sessions = [one["session"] for one in cli.assignments()]
        assert len(sessions) == len(set(sessions)) <= MOST_RUNS


def test_a_session_from_before_the_trial_is_not_told(cli: AgentCli) -> None:
    cli.install_hooks()
    session = _work(cli, "Say done.")
    text = _activate(cli, "main")
    assert not cli.resume(session, "Go on.").asked[0].holds(text)
    assert cli.assignments() == []


def test_what_is_uninstalled_is_silent(cli: AgentCli) -> None:
    before = cli.settings()
    cli.install_hooks()
    assert cli.settings() != before
    cli.tacho("hooks", "uninstall", "--agent", cli.agent)
    assert cli.settings() == before
    cli.ask("Say done.")
    assert not (cli.data / "hooks" / "assignments.ndjson").exists()


@pytest.mark.parametrize("harm", ["no folder", "garbage"])
def test_a_session_does_not_mind_what_is_broken(cli: AgentCli, harm: str) -> None:
    cli.install_hooks()
    if harm == "garbage":
        (cli.data / "hooks").mkdir(exist_ok=True)
        (cli.data / "hooks" / "briefing.json").write_bytes(b'{"version": 1, "types": \xff')
        (cli.data / FILE_NAME).write_bytes(b"no store")
    else:
        cli.data.rename(cli.data.with_name("gone"))
        cli.data.write_bytes(b"")
    run = cli.ask("Say done.")
    assert "Done." in run.output
    assert len(run.asked) == 1
    assert "Failed" not in run.errors  # so Codex says when a hook's answer is none it takes
    assert "hooks.json" not in run.errors  # and so when it does not like an entry


def _work(cli: AgentCli, prompt: str) -> str:
    """Run sessions until something can be suggested; returns the native id of the last one, when all are stored."""
    runs = [cli.ask(prompt) for _ in range(SESSIONS_BEFORE)]
    sessions = [run.asked[0].session for run in runs]
    _wait(lambda: cli.stored() >= {f"{cli.agent}:{session}" for session in sessions})
    return sessions[-1]


def _activate(cli: AgentCli, agent_type: str) -> str:
    """Put the suggestion to the test; returns its text."""
    cli.tacho("learn")
    cli.tacho("suggest", "activate", SUGGESTION, "--agent-type", agent_type)
    cli.tacho("learn")
    briefing = json.loads((cli.data / "hooks" / "briefing.json").read_text())
    (offer,) = briefing["types"][cli.agent][agent_type]["suggestions"]
    assert (offer["id"], offer["share"]) == (SUGGESTION, 0.5)
    assert len(offer["text"]) > 40
    return str(offer["text"])


def _delegate(cli: AgentCli) -> Callable[[Body], Answer]:
    """A model that has one subagent do a part, waits for it, and is done."""

    def answer(body: Body) -> Answer:
        if _is_part(body):
            return say_done(body)
        results = cli.tool_results(body)
        return cli.next_step(results, PART) or "All done."

    return answer


def _is_part(body: Body) -> bool:
    """Whether a subagent asks: its task is the last thing that its user said."""
    said = [one for one in body.get("messages") or body["input"] if one.get("role") == "user"]
    return PART in json.dumps(said) and "tool_result" not in json.dumps(said)


def _session_of(cli: AgentCli, run: Run) -> str:
    (native,) = {asked.session for asked in run.asked}
    return f"{cli.agent}:{native}"


def _assigned(cli: AgentCli) -> dict[str, str]:
    return dict(map(json.loads, cli.query("SELECT json_array(session, arm) FROM assignments")))


def _wait(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + SOON_SECONDS
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.1)
