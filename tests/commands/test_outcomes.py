"""Known outcomes: what the next check, a person's next word, the repository's history and goals say of a command."""

from __future__ import annotations

import os
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tachograph.analysis.check_commands import is_check, tells_check
from tachograph.analysis.reactions import read_reaction
from tachograph.app.commands.outcomes import ClosedGoal, OutcomeReport, label_goals, refresh_outcomes
from tachograph.capture.store import open_commands
from tachograph.ledger.events import Changes
from tachograph.model import ChangedPath, CommandEvent, CommandLabel
from tachograph.warehouse.store import open_reader
from tests.builders.goal_site import GoalSite, at
from tests.commands.logged import NOW, SITE, Machine, captured

MINUTE = 60_000
DAY = 24 * 60 * MINUTE


# --------------------------------------------------------------------------------------------- what is a check


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("pytest -q", True),
        ("cd src && go test ./... 2>&1", True),
        ("npm run test:unit", True),
        ("mise run test && echo done", True),
        ("make", True),
        ("make build", True),
        ("uv run pytest -x", True),
        ("python3 -m unittest discover", True),
        ("npx tsc --noEmit", True),
        ("timeout 60 cargo test", True),
        ("FOO=1 pytest tests", True),
        ("(cd web; npm test)", True),
        ("export A=b; pytest", True),
        ("pytest | tail -5", False),  # the exit code of tail
        ("pytest; git status", False),
        ("pytest || true", False),
        ("pytest && git push", False),  # a failure may be that of git
        ("! pytest", False),
        ("pytest &", False),
        ("for f in a b; do pytest $f; done", False),
        ("if pytest; then echo; fi", False),
        ("bash -c 'pytest | tail'", False),
        ("pytest --version", False),
        ("npm run test:watch", False),
        ("make clean", False),
        ("npm run lint", False),
        ("cat tests/test_a.py", False),
        ("git commit -m 'make test pass'", False),
        ("head -20 /usr/bin/pytest", False),
        ("pytest " + "x" * 500, False),  # cut: its end is not known
        ("pytest 'open", False),
        ("", False),
    ],
)
def test_whether_an_exit_code_tells_of_a_test_or_build(command: str, told: bool) -> None:
    assert tells_check(command) is told


@pytest.mark.parametrize(
    "head", ["pytest", "npm run build", "go vet", "make", "uv run pytest", "npx vitest", "cargo check"]
)
def test_heads_of_checks(head: str) -> None:
    assert is_check(head)


@pytest.mark.parametrize(
    "head", ["", "git commit", "make install", "npm run dev", "uv run", "ls", "npx prettier", "ruff"]
)
def test_heads_of_other_commands(head: str) -> None:
    assert not is_check(head)


# ------------------------------------------------------------------------------------------- the next check


def test_a_change_is_judged_by_the_next_check(home: Path) -> None:
    machine = Machine(home)
    log = machine.session().prompt().shell("touch one").shell("pytest -q", exit_code=1)
    log.edit(f"{SITE}/a.py", "1\n", "2\n").shell("git add a.py").shell("make test").shell("touch last")
    machine.backfill()
    assert machine.outcomes("next_check") == {"touch": 0.0, "git add": 100.0}
    first = next(one for one in machine.labels() if one.score == 0)
    check = next(event for event in machine.events() if event.program == "pytest")
    assert (first.kind, first.note) == ("outcome", "pytest: failed")
    assert first.at == check.executed_at + 1000


@pytest.mark.parametrize("reading", ["ls", "git status", "rg login | head", "cat a.py"])
def test_a_command_that_only_reads_is_not_judged_by_it(home: Path, reading: str) -> None:
    machine = Machine(home)
    machine.session().prompt().shell(reading).shell("pytest -q")
    machine.backfill()
    assert machine.labels() == []


@pytest.mark.parametrize("check", ["pytest -q | tail -3", "ls tests", "pytest --version"])
def test_what_does_not_tell_is_passed_over(home: Path, check: str) -> None:
    machine = Machine(home)
    machine.session().prompt().shell("touch one").shell(check).shell("make test", exit_code=2)
    machine.backfill()
    assert machine.outcomes("next_check")["touch"] == 0.0


@pytest.mark.parametrize("code", [124, 130, 137])
def test_a_check_that_did_not_run_to_its_end_says_nothing(home: Path, code: int) -> None:
    machine = Machine(home)
    machine.session().prompt().shell("touch one").shell("pytest", exit_code=code).shell("make test")
    machine.backfill()
    assert "touch" not in machine.outcomes("next_check")


@pytest.mark.parametrize(
    ("command", "code", "output"),
    [
        ("pytest -q", 127, "/bin/bash: line 1: pytest: command not found"),
        ("./gradlew test", 126, "/bin/bash: line 1: ./gradlew: Permission denied"),
        ("make", 2, "make: *** No targets specified and no makefile found.  Stop."),
        ("make test", 2, "make: *** No rule to make target 'test'.  Stop."),
        ("make test", 2, "make[1]: *** No rule to make target 'x', needed by 'test'.  Stop."),
        ("npm test", 1, 'npm error Missing script: "test"'),
        ("cd web && npm test", 1, "(eval):cd:1: no such file or directory: web"),
        ("cd web && npm test", 1, "/usr/bin/bash: line 1: cd: web: No such file or directory"),
        ("python3 -m pytest", 1, "/usr/bin/python3: No module named pytest"),
        ("pytest tests/none.py", 4, "ERROR: file or directory not found: tests/none.py"),
        ("pytest -k none", 5, "no tests ran in 0.01s"),
    ],
)
def test_a_check_that_never_began_is_none_and_the_next_one_counts(
    home: Path, command: str, code: int, output: str
) -> None:
    machine = Machine(home)
    log = machine.session().prompt().shell("touch one").shell(command, output, exit_code=code)
    log.shell("cargo test", exit_code=101)
    machine.backfill()
    assert machine.outcomes("next_check")["touch"] == 0.0
    assert {one.note for one in machine.labels()} == {"cargo test: failed"}


@pytest.mark.parametrize(
    ("command", "code", "output"),
    [
        ("make test", 2, "make: *** [Makefile:3: test] Error 1"),
        ("pytest -q", 1, "FAILED tests/test_a.py::test_b - AssertionError: command not found"),
        ("pytest -q", 2, "ERROR tests/test_a.py - ModuleNotFoundError: No module named 'a'"),
        ("go test ./...", 1, "a_test.go:3: expected 'No rule to make target' error, got: none"),
    ],
)
def test_a_check_that_failed_counts_whatever_its_words(home: Path, command: str, code: int, output: str) -> None:
    machine = Machine(home)
    machine.session().prompt().shell("touch one").shell(command, output, exit_code=code).shell("cargo test")
    machine.backfill()
    assert machine.outcomes("next_check")["touch"] == 0.0


@pytest.mark.parametrize(
    ("makefile", "expected"), [(None, {}), ("Makefile", {"touch": 0.0}), ("GNUmakefile", {"touch": 0.0})]
)
def test_of_ones_own_make_it_is_looked_whether_there_is_a_makefile(
    home: Path, tmp_path: Path, makefile: str | None, expected: dict[str, float]
) -> None:
    machine = Machine(home)
    repo = tmp_path / "site"
    repo.mkdir()
    if makefile is not None:
        (repo / makefile).touch()
    changed = {"program": "touch", "files_touched_count": 1, "executed_at": NOW - 10 * MINUTE}
    machine.note(
        captured(1, repo=str(repo), **changed), captured(2, repo=str(repo), exit_code=2, executed_at=NOW - 5 * MINUTE)
    )
    machine.refresh()
    assert machine.outcomes("next_check") == expected


def test_a_check_half_an_hour_later_says_nothing(home: Path) -> None:
    machine = Machine(home)
    log = machine.session().prompt().shell("touch one").wait(31 * 60)
    log.shell("pytest").shell("mkdir two").wait(29 * 60).shell("make")
    machine.backfill()
    assert machine.outcomes("next_check") == {"mkdir": 100.0}


def test_another_session_of_the_project_says_nothing(home: Path) -> None:
    machine = Machine(home)
    machine.session(at="2026-05-20T10:00:00Z").prompt().shell("touch one")
    machine.session(at="2026-05-20T10:01:00Z").prompt().shell("pytest")
    machine.backfill()
    assert machine.labels() == []


def test_a_persons_commands_are_judged_within_their_repository(home: Path) -> None:
    machine = Machine(home)
    start = NOW - 10 * MINUTE
    touched = {"files_touched_count": 2, "program": "touch", "executed_at": start}
    machine.note(
        captured(1, repo="/r/one", **touched),
        captured(2, repo="/r/two", **touched),
        captured(3, repo=None, **touched),
        captured(4, repo="/r/one", program="make test", exit_code=2, executed_at=start + MINUTE),
        captured(5, repo="/r/two", program="make test", origin="shell", executed_at=start + MINUTE),
        captured(6, repo="/r/two", program="pytest", timed_out=True, exit_code=124, executed_at=start + 2 * MINUTE),
        captured(7, repo="/r/one", program="ls", executed_at=start, files_touched_count=0),
    )
    machine.refresh()
    assert machine.labels() == [
        CommandLabel(f"evt_{1:020x}", "outcome", "next_check", 0.0, start + MINUTE + 1000, "make test: failed")
    ]


def test_a_command_under_tacho_run_is_judged_within_its_session(home: Path) -> None:
    machine = Machine(home)
    log = machine.session().prompt().shell("ls")
    given = {"session": f"claude_code:{log.session_id}", "agent": "claude_code", "repo": SITE}
    at = round(log.clock.timestamp() * 1000) + 100
    machine.note(captured(1, program="sed", files_touched_count=1, executed_at=at, duration_ms=10, **given))
    log.shell("pytest", exit_code=1)
    machine.backfill()
    machine.refresh()
    machine.refresh()
    assert machine.outcomes("next_check") == {"sed": 0.0}


def test_a_store_of_its_own_gets_outcomes_but_no_events_of_the_logs(home: Path) -> None:
    machine = Machine(home)
    log = machine.session().prompt().shell("ls")
    at = round(log.clock.timestamp() * 1000) + 100
    run = captured(
        1, program="sed", files_touched_count=1, executed_at=at, duration_ms=10, session=f"claude_code:{log.session_id}"
    )
    log.shell("pytest", exit_code=1)
    machine.ingest()
    with open_commands(home / "own") as store:
        store.note(run)
        report = refresh_outcomes(machine.workspace, store, NOW)
        assert store.events() == [run]
    assert report == OutcomeReport({"next_check": 1}, 1)


def test_without_a_warehouse_what_is_known_is_told_all_the_same(home: Path) -> None:
    machine = Machine(home)
    machine.note(
        captured(1, repo="/r", files_touched_count=1),
        captured(2, repo="/r", program="make test", executed_at=NOW - 3_590_000),
    )
    machine.refresh()
    assert [one.score for one in machine.labels()] == [100.0]


# ------------------------------------------------------------------------------------------ the next prompt


@pytest.mark.parametrize(
    ("text", "reaction"),
    [
        ("That's wrong, the file is elsewhere.", "correction"),
        ("no, that is not what I asked for", "correction"),
        ("Revert that please", "correction"),
        ("undo", "correction"),
        ("It still fails with the same error", "correction"),
        ("this doesn't work", "correction"),
        ("You deleted my test!", "correction"),
        ("stop", "correction"),
        ("Thanks!", "approval"),
        ("lgtm", "approval"),
        ("Perfect. Now write the changelog", "approval"),
        ("ok, looks good", "approval"),
        ("it works now", "approval"),
        ("No.", None),  # an answer
        ("no, keep it", None),
        ("Great idea, do it", None),
        ("thanks, but it is slow", None),
        ("Looks good, is it tested?", None),
        ("Works on my machine only, not on CI", None),
        ("Revert commits older than May in the changelog", None),
        ("stop the server when the test is over", None),
        ("Write a function that reverts a list", None),
        ("Add the wrong-password page", None),
        ("", None),
        ("thanks " + "x" * 300, None),
    ],
)
def test_what_a_prompt_says_of_the_work_before_it(text: str, reaction: str | None) -> None:
    assert read_reaction(text) == reaction


@pytest.mark.parametrize(("text", "score"), [("That's wrong.", 0.0), ("Thanks, perfect!", 100.0)])
def test_a_reaction_is_about_all_commands_of_its_turn_and_no_others(home: Path, text: str, score: float) -> None:
    machine = Machine(home)
    log = machine.session().prompt("Begin.").shell("ls one").prompt("Go on.").shell("touch a").shell("cat b").response()
    log.prompt(text).shell("rm c")
    machine.backfill()
    assert machine.outcomes("next_prompt") == {"touch": score, "cat": score}


def test_an_interruption_is_about_the_last_command_alone(home: Path) -> None:
    machine = Machine(home)
    machine.session().prompt("Begin.").shell("ls").shell("make site").interruption().prompt("Go on.").shell("touch a")
    machine.backfill()
    assert machine.outcomes("next_prompt") == {"make site": 0.0}


def test_what_a_person_took_back_was_of_no_use(home: Path) -> None:
    machine = Machine(home)
    log = machine.session().prompt("Begin.").shell("ls").response()
    before = log.tip
    log.prompt("Try this.").shell("touch a").response().rewind(before)
    log.prompt("Try that.").shell("mkdir b").response().prompt("Thank you.")
    machine.backfill()
    assert machine.outcomes("next_prompt") == {"touch": 0.0, "mkdir": 100.0}


def test_most_prompts_say_nothing(home: Path) -> None:
    machine = Machine(home)
    log = machine.session().prompt("Begin.").shell("ls").response().prompt("Now the next one.").shell("cat a")
    log.response().slash("/clear")
    machine.backfill()
    assert machine.labels() == []


def test_nobody_speaks_to_a_subagent(home: Path) -> None:
    machine = Machine(home)
    log = (
        machine.session().prompt().call("Task", {"description": "look", "prompt": "Look.", "subagent_type": "Explore"})
    )
    agent = log.subagent()
    agent.prompt("Look.").shell("rg login").prompt("That's wrong.")
    log.result("Looked.")
    machine.backfill()
    assert machine.labels() == []


# ------------------------------------------------------------------------------------------------- survival


class Repo:
    """A real repository whose clock only the test moves."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.at = NOW - 30 * DAY
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str) -> str:
        moment = f"{self.at // 1000} +0000"
        names = {"NAME": "ada", "EMAIL": "ada@example.org"}
        who = {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in names.items()}
        surroundings = os.environ | who | {"GIT_AUTHOR_DATE": moment, "GIT_COMMITTER_DATE": moment}
        done = subprocess.run(["git", *arguments], cwd=self.folder, env=surroundings, check=True, capture_output=True)
        return done.stdout.decode().strip()

    def write(self, **contents: str | None) -> dict[str, str | None]:
        """Write files (None: remove), an hour later; the names of their objects."""
        self.at += 60 * MINUTE
        found: dict[str, str | None] = {}
        for name, content in contents.items():
            if content is None:
                (self.folder / name).unlink()
                found[name] = None
            else:
                (self.folder / name).write_text(content)
                found[name] = self.git("hash-object", name)
        return found

    def commit(self, **contents: str | None) -> dict[str, str | None]:
        objects = self.write(**contents)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "x")
        return objects

    def event(
        self, before: dict[str, str | None], after: dict[str, str | None], number: int = 1, **fields: object
    ) -> tuple[CommandEvent, tuple[ChangedPath, ...]]:
        """A command just now that made ``after`` of ``before``."""
        paths = tuple(ChangedPath(name, 1, 1, before=before.get(name), after=made) for name, made in after.items())
        given = {"repo": str(self.folder), "files_touched_count": len(paths), "executed_at": self.at} | fields
        return captured(number, **given), paths


def survival(
    machine: Machine, *events: tuple[CommandEvent, tuple[ChangedPath, ...]], now: int = NOW
) -> list[CommandLabel]:
    with machine.store() as store:
        if events:
            store.note_all(events)
        refresh_outcomes(machine.workspace, store, now)
        return store.labels("source = 'survival'")


def test_a_change_that_is_committed_as_it_was_survived(home: Path) -> None:
    machine, repo = Machine(home), Repo(home / "r")
    before = repo.commit(a="1", b="1")
    event = repo.event(before, repo.write(a="2", b="2"))
    assert survival(machine, event) == []
    repo.commit()
    assert survival(machine) == [CommandLabel(event[0].id, "outcome", "survival", 100.0, repo.at, "2 of 2 files kept")]
    repo.commit(a="3")  # work goes on
    assert [one.score for one in survival(machine)] == [100.0]


def test_a_change_that_is_taken_back_within_a_week_was_reverted(home: Path) -> None:
    machine, repo = Machine(home), Repo(home / "r")
    before = repo.commit(a="1", b="1")
    event = repo.event(before, repo.write(a="2", b="2"))
    repo.commit()
    assert [one.score for one in survival(machine, event)] == [100.0]
    repo.commit(a="1")
    assert [(one.score, one.note) for one in survival(machine)] == [(50.0, "1 of 2 files kept")]
    repo.git("revert", "--no-edit", "HEAD~1")
    repo.commit(a="1", b="1")
    assert [one.score for one in survival(machine)] == [0.0]


def test_a_change_that_is_taken_back_later_had_survived(home: Path) -> None:
    machine, repo = Machine(home), Repo(home / "r")
    event = repo.event(repo.commit(a="1"), repo.write(a="2"))
    repo.commit()
    repo.at += 8 * DAY
    repo.commit(a="1")
    assert [one.score for one in survival(machine, event)] == [100.0]


def test_a_new_file_and_a_removed_one(home: Path) -> None:
    machine, repo = Machine(home), Repo(home / "r")
    before = repo.commit(old="1")
    event = repo.event(before, repo.write(new="2", old=None))
    repo.commit()
    repo.commit(new=None)
    assert [(one.score, one.note) for one in survival(machine, event)] == [(50.0, "1 of 2 files kept")]


def test_a_change_that_was_changed_again_before_the_commit_says_nothing(home: Path) -> None:
    machine, repo = Machine(home), Repo(home / "r")
    event = repo.event(repo.commit(a="1"), repo.write(a="2"))
    repo.commit(a="3")
    assert survival(machine, event) == []


def test_a_change_that_is_not_committed_says_nothing(home: Path) -> None:
    machine, repo = Machine(home), Repo(home / "r")
    event = repo.event(repo.commit(a="1", b="1"), repo.write(a="2"))
    repo.git("commit", "-q", "--allow-empty", "-m", "another")
    assert survival(machine, event) == []


def test_a_command_that_commits_is_judged_after_a_week(home: Path) -> None:
    machine, repo = Machine(home), Repo(home / "r")
    before = repo.commit(a="1", b="1")
    event = repo.event(before, repo.commit(a="2", b="2"), commits=1)
    repo.commit(b="1")
    assert survival(machine, event, now=repo.at + DAY) == []
    assert [one.score for one in survival(machine)] == [50.0]


def test_a_label_goes_when_history_is_rewritten(home: Path) -> None:
    machine, repo = Machine(home), Repo(home / "r")
    event = repo.event(repo.commit(a="1"), repo.write(a="2"))
    repo.commit()
    assert len(survival(machine, event)) == 1
    repo.git("reset", "-q", "--hard", "HEAD~1")
    assert survival(machine) == []


def test_commits_of_the_same_second_before_the_command_do_not_count(home: Path) -> None:
    machine, repo = Machine(home), Repo(home / "r")
    before = repo.commit(a="1")
    repo.git("commit", "-q", "--allow-empty", "-m", "the same second")
    (repo.folder / "a").write_text("2")
    after = {"a": repo.git("hash-object", "a")}
    event = repo.event(before, after, head_before=repo.git("rev-parse", "HEAD"))
    assert survival(machine, event) == []
    repo.git("commit", "-q", "-a", "-m", "the same second, too")
    assert [one.score for one in survival(machine)] == [100.0]


def test_no_repository_no_commit_and_a_hostile_place(home: Path) -> None:
    machine = Machine(home)
    (home / "plain").mkdir()
    empty = Repo(home / "empty")
    places = [str(home / "gone"), str(home / "plain"), str(empty.folder), "--upload-pack=touch x", "relative"]
    path = (ChangedPath("a", 1, 1, before=None, after="0" * 40),)
    events = [
        (captured(number, repo=place, files_touched_count=1, executed_at=NOW - DAY), path)
        for number, place in enumerate(places)
    ]
    assert survival(machine, *events) == []


def test_a_hostile_repository_runs_nothing(home: Path) -> None:
    machine, repo = Machine(home), Repo(home / "r")
    event = repo.event(repo.commit(a="1"), repo.write(a="2"))
    repo.commit()
    trap = home / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {home / 'sprung'}\n")
    trap.chmod(0o755)
    for name in ("core.fsmonitor", "core.pager", "diff.external", "gpg.program", "diff.x.textconv", "core.sshCommand"):
        repo.git("config", name, str(trap))
    repo.git("config", "log.showSignature", "true")
    (repo.folder / ".git" / "info" / "attributes").write_text("* diff=x\n")
    assert [one.score for one in survival(machine, event)] == [100.0]
    assert not (home / "sprung").exists()


# ----------------------------------------------------------------------------------------------------- goals


def test_closed_goals_label_what_worked_for_them(home: Path) -> None:
    machine = Machine(home)
    with machine.store() as store:
        label_goals(store, [
            ClosedGoal("first", True, 5, ("evt_a", "claude_code:s")),
            ClosedGoal("second", False, 9, ("evt_a",)),
        ])  # fmt: skip
        told = [(one.target, one.score, one.source, one.note) for one in store.labels()]
        assert told == [("claude_code:s", 100.0, "goal", "first"), ("evt_a", 0.0, "goal", "second")]
        label_goals(store, [])
        assert store.labels() == []


class GoalMachine(Machine):
    """A machine with a repository that has a ledger of goals."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.site = GoalSite(home, claude=self.claude)

    def goals(self) -> dict[str, tuple[float, str]]:
        """Target -> score and goal's id."""
        return {one.target: (one.score, one.note) for one in self.labels("source = 'goal'")}


def test_a_refresh_labels_the_sessions_and_commands_of_closed_goals(home: Path) -> None:
    machine = GoalMachine(home)
    reached = machine.site.goal("09:00", "10:00")
    missed = machine.site.goal("11:00", "12:00", "fail", reason="other")
    machine.site.goal("13:00")
    good, bad, still = (machine.site.session(begin, 1000) for begin in ("09:10", "11:10", "13:10"))
    nobody = machine.site.session("15:00", 1000, cwd="/elsewhere")
    machine.ingest()
    sessions = (good, bad, still, nobody)
    machine.note(*(captured(number, session=name) for number, name in enumerate(sessions, 1)))
    machine.refresh()
    first, second = captured(1).id, captured(2).id
    wanted = {
        good: (100.0, reached.id), first: (100.0, reached.id), bad: (0.0, missed.id), second: (0.0, missed.id)
    }  # fmt: skip
    assert machine.goals() == wanted
    machine.site.book.update(missed.id, Changes(status="in_progress"))
    machine.refresh()
    assert machine.goals() == {target: told for target, told in wanted.items() if told[1] == reached.id}


def test_commands_of_a_session_with_two_goals_are_of_the_one_that_was_open(home: Path) -> None:
    machine = GoalMachine(home)
    first = machine.site.goal("09:00", "10:00", "fail", reason="other")
    second = machine.site.goal("10:00", "11:00")
    log = machine.claude.project(str(machine.site.root)).session("2026-05-18T09:10:00Z")
    log.prompt("One.").response(output=1).at("2026-05-18T10:10:00Z").prompt("Two.").response(output=1)
    session = f"claude_code:{log.session_id}"
    machine.ingest()
    times = ("08:59", "09:59", "10:00", "11:00")
    machine.note(*(captured(n, session=session, executed_at=at(moment)) for n, moment in enumerate(times, 1)))
    machine.refresh()
    assert machine.goals() == {
        session: (100.0, second.id), captured(2).id: (0.0, first.id), captured(3).id: (100.0, second.id)
    }  # fmt: skip


def test_commands_of_subagents_and_of_linked_sessions_count(home: Path) -> None:
    machine = GoalMachine(home)
    made = machine.site.goal("09:00", "10:00")
    log = machine.session("/elsewhere", at="2026-05-18T07:00:00Z")
    log.prompt("Go.").call("Task", {"description": "look", "prompt": "Look.", "subagent_type": "Explore"}, output=1)
    agent = log.subagent()
    agent.prompt("Look.").response(output=1)
    log.result("Looked.")
    session = f"claude_code:{log.session_id}"
    machine.site.book.update(made.id, Changes(), link=[session])
    machine.ingest()
    below = next(one for one in children(machine, session))
    machine.note(captured(1, session=below, repo=str(machine.site.root)))
    machine.refresh()
    assert machine.goals() == {session: (100.0, made.id), captured(1).id: (100.0, made.id)}


def children(machine: Machine, session: str) -> list[str]:
    with closing(open_reader(machine.workspace.folder)) as warehouse:
        rows = warehouse.execute("SELECT id FROM sessions WHERE root_id = ? AND id <> ?", (session, session))
        return [name for (name,) in rows]


def test_a_ledger_that_cannot_be_read_labels_nothing(home: Path) -> None:
    machine = GoalMachine(home)
    machine.site.goal("09:00", "10:00")
    machine.site.session("09:10", 1000)
    machine.ingest()
    machine.refresh()
    assert len(machine.goals()) == 1
    machine.site.place.path.unlink()
    machine.site.place.path.mkdir()
    machine.refresh()
    assert machine.goals() == {}
