"""Goals proposed from history: accepted, edited, turned down."""

from __future__ import annotations

import io
import json
import stat
from contextlib import closing
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tachograph.app.goals.accept import Decision, accept
from tachograph.app.goals.book import Author, Book, read
from tachograph.app.goals.infer import DISMISSED, Proposals, infer_goals
from tachograph.app.goals.place import LedgerPlace
from tachograph.app.ingest import ingest
from tachograph.app.workspace import Workspace
from tachograph.cli._goal_asking import ask_all
from tachograph.cli._goal_infer import infer
from tachograph.errors import UsageError
from tachograph.warehouse.store import open_reader
from tests.builders.claude import ClaudeHome

EXPORT = "Please add an export of all invoices as CSV files"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LedgerPlace:
    """A repository with a history: a branch of two sessions, a question asked twice, and one of another project."""
    root = tmp_path / "site"
    (root / ".git").mkdir(parents=True)
    home = ClaudeHome(tmp_path / "claude")
    project = home.project(str(root))
    login = project.session("2026-11-02T09:00:00.000Z", id="aaaa", branch="fix/login")
    login.custom_title("Mend the login").prompt("The login is broken since Monday").response(output=100)
    detail = {"stdout": "", "stderr": "", "gitOperation": {"commit": {"sha": "1a2b3c4", "kind": "committed"}}}
    login.tool("Bash", {"command": "git commit -qm x"}, result="", detail=detail).response(output=10)
    project.session("2026-11-03T09:00:00.000Z", id="bbbb", branch="fix/login").prompt("And now the tests").response()
    project.session("2026-11-04T09:00:00.000Z", id="cccc", branch="main").prompt(EXPORT).response(output=1000)
    project.session("2026-11-05T09:00:00.000Z", id="dddd", branch="main").prompt(EXPORT).response(output=1000)
    home.project("/srv/else").session("2026-11-05T09:00:00.000Z", id="eeee").prompt("Another").response()
    home.write()
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(home.folder))
    monkeypatch.setenv("CODEX_HOME", str(tmp_path / "codex"))
    monkeypatch.setenv("TACHO_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(root)
    ingest(Workspace(), jobs=1)
    return LedgerPlace(root, root / "metrics" / "events.ndjson")


def propose(place: LedgerPlace) -> Proposals:
    workspace = Workspace()
    with closing(open_reader(workspace.folder)) as connection:
        return infer_goals(connection, place, read(place).state, workspace.folder)


def book(place: LedgerPlace) -> Book:
    return Book(place, Author(), UTC)


def run(*arguments: str, **how: Any) -> Result:
    return CliRunner().invoke(infer, ["--no-ingest", *arguments], **how)


def test_what_history_tells_is_proposed_with_its_reasons(place: LedgerPlace) -> None:
    found = propose(place)
    assert (found.sessions, found.taken, found.dismissed) == (4, 0, 0)
    export, login = found.proposals
    assert [one.session for one in login.sessions] == ["claude_code:aaaa", "claude_code:bbbb"]
    assert (login.title, login.goal_type, login.reasons) == ("Mend the login", "product", ["same branch: fix/login"])
    assert (login.status, login.evidence, login.responses) == ("success", ["1 commit"], 4)
    assert [(one.session, one.asked_again) for one in export.sessions] == [
        ("claude_code:cccc", False), ("claude_code:dddd", True)
    ]  # fmt: skip
    assert (export.title, export.status, export.evidence) == (EXPORT, None, [])
    assert export.usd is not None
    assert found == propose(place)


def test_an_accepted_one_is_a_goal_with_its_sessions_and_is_not_proposed_again(place: LedgerPlace) -> None:
    export, login = propose(place).proposals
    goal = accept(book(place), login, Decision(result_fit="exact_fit"))
    assert (goal.id, goal.title, goal.status, goal.result_fit) == (
        "2026-11-02-001", "Mend the login", "success", "exact_fit"
    )  # fmt: skip
    assert goal.sessions == ("claude_code:aaaa", "claude_code:bbbb")
    assert len(goal.attempts) == 1
    after = propose(place)
    assert ([one.id for one in after.proposals], after.taken) == ([export.id], 2)


def test_nothing_is_made_up_about_an_end_that_nobody_knows(place: LedgerPlace) -> None:
    export = propose(place).proposals[0]
    with pytest.raises(UsageError, match="Nothing in the history tells how"):
        accept(book(place), export, Decision())
    assert not place.path.exists()
    with pytest.raises(UsageError, match="has a failure reason"):
        accept(book(place), export, Decision(status="fail"))
    assert not place.path.exists()


def test_sessions_that_asked_again_are_attempts_when_somebody_says_why(place: LedgerPlace) -> None:
    export = propose(place).proposals[0]
    goal = accept(book(place), export, Decision(title="CSV export", status="success", attempt_reason="missing_context"))
    assert [(one.status, one.failure_reason) for one in goal.attempts] == [
        ("fail", "missing_context"), ("success", None)
    ]  # fmt: skip
    assert goal.attempts[1].started_at - goal.attempts[0].started_at == 86_400_000
    assert read(place).problems == ()


def test_a_reason_for_asking_again_is_refused_where_nobody_did(place: LedgerPlace) -> None:
    once = propose(place).proposals[1]
    assert not any(one.asked_again for one in once.sessions)
    with pytest.raises(UsageError, match="it is one attempt"):
        accept(book(place), once, Decision(status="success", attempt_reason="other"))
    assert not place.path.exists()


def test_a_proposal_is_named_by_a_beginning_that_no_other_has(place: LedgerPlace) -> None:
    export, login = propose(place).proposals
    for name, said in [
        ("p-", "2 proposals begin with p-."),
        ("", "No proposal is called ."),
        ("p-x", "No proposal is"),
    ]:
        assert str(run("--never", name).exception).startswith(said)
    assert run("--never", login.id[:6]).exit_code == 0
    assert [one.id for one in propose(place).proposals] == [export.id]


def test_what_is_turned_down_stays_so_on_this_machine(place: LedgerPlace) -> None:
    export, _ = propose(place).proposals
    assert run("--never", export.id).exit_code == 0
    after = propose(place)
    assert ([one.title for one in after.proposals], after.dismissed) == (["Mend the login"], 2)
    assert stat.S_IMODE((Workspace().folder / DISMISSED).stat().st_mode) == 0o600
    assert not place.path.exists()


def test_the_list_says_what_is_known_and_what_is_not(place: LedgerPlace) -> None:
    shown = " ".join(run().stdout.split())
    assert "success? (1 commit)" in shown
    assert "how it ended is not known" in shown
    assert "together because of: same branch: fix/login" in shown
    assert "asked again in 1 session" in shown
    told = json.loads(run("--json").stdout)
    assert (told["schema"], len(told["proposals"])) == ("tachograph.goal_infer/1", 2)


def test_all_that_are_evident_are_accepted_at_once(place: LedgerPlace) -> None:
    left = propose(place).proposals[0].id
    told = json.loads(run("--accept-all", "--json").stdout)
    assert (told["goals"], told["left"]) == (["2026-11-02-001"], [left])
    assert json.loads(run("--accept-all", "--json").stdout)["goals"] == []


def test_one_is_accepted_by_name_with_what_a_person_says(place: LedgerPlace) -> None:
    name = propose(place).proposals[0].id
    done = run("--accept", name, "--status", "fail", "--failure-reason", "unclear_task", "--type", "meta")
    assert done.exit_code == 0
    (goal,) = read(place).state.goals
    assert (goal.type, goal.status, goal.failure_reason) == ("meta", "fail", "unclear_task")
    assert run("--accept", "p-00000000").exception is not None
    assert run("--status", "fail").exception is not None


def test_several_are_accepted_together_or_none_is(place: LedgerPlace) -> None:
    export, login = (one.id for one in propose(place).proposals)
    assert run("--accept", login, "--accept", export).exception is not None
    assert read(place).state.goals == ()
    assert run("--accept", login, "--accept", export, "--status", "success").exit_code == 0
    assert len(read(place).state.goals) == 2


def test_only_sessions_of_the_span_are_looked_at(place: LedgerPlace) -> None:
    told = json.loads(run("--json", "--since", "2026-11-04", "--until", "2026-11-05").stdout)
    assert [[one["session"] for one in each["sessions"]] for each in told["proposals"]] == [["claude_code:cccc"]]


ANSWERS = {
    "accept and skip": ("\na\n", ["Mend the login"]),
    "enough at once": ("q\n", []),
    "the input ends": ("", []),
    "a status that is asked for": ("a\nsuccess\n\nq\n", [EXPORT]),
    "what is no answer is asked again": ("what\na\nmaybe\nf\nother\nother\nq\n", [EXPORT]),
    "edited": ("e\nCSV\nmeta\nsuccess\n\nq\n", ["CSV"]),
    "never again": ("n\nq\n", []),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_a_person_is_asked_one_by_one(place: LedgerPlace, case: str, capsys: Any, monkeypatch: Any) -> None:
    typed, expected = ANSWERS[case]
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    ask_all(book(place), Workspace().folder, propose(place).proposals, UTC)
    assert [goal.title for goal in read(place).state.goals] == expected
    assert f"{len(expected)} goal" in capsys.readouterr().out
