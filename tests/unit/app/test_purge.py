from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from tachograph.app.filters import make_filter
from tachograph.app.ingest import ingest
from tachograph.app.purge import PurgeReport, Target, plan_purge, purge
from tachograph.app.workspace import Workspace
from tachograph.capture.store import open_commands
from tachograph.errors import NotFound, UsageError
from tachograph.model import ChangedPath, CommandEvent, CommandLabel, CommandScore
from tachograph.sources import hash_text
from tachograph.warehouse import store
from tachograph.warehouse.store import open_reader
from tests.builders.claude import ClaudeHome, ClaudeLog
from tests.builders.history import write_hard_history
from tests.builders.log import milliseconds
from tests.builders.small import SITE, TOOLS, Week, make_workspace, week
from tests.dump import Rows, assert_same, dump_warehouse

__all__ = ["week"]
SECRET_PLACE = "/home/ada/heron-project"
SECRET_WORDS = "Teach the heron to fish."


def plan(workspace: Workspace, **target: object) -> PurgeReport:
    with closing(open_reader(workspace.folder)) as connection:
        return plan_purge(connection, Target(**target))  # type: ignore[arg-type]


def remove(workspace: Workspace, **target: object) -> PurgeReport:
    return purge(workspace, plan(workspace, **target))


def ids(workspace: Workspace) -> list[str]:
    return sorted(row[0] for row in dump_warehouse(workspace.folder)["sessions"])


def derived(workspace: Workspace) -> dict[str, Rows]:
    """All that is stored but what purging remembers."""
    return {name: rows for name, rows in dump_warehouse(workspace.folder).items() if name != "purged"}


def find_bytes(folder: Path, needle: str) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file() and needle.encode() in path.read_bytes()]


# ------------------------------------------------------------------------------------------------- what is meant


def test_a_project_goes_with_all_its_sessions(week: Week) -> None:
    workspace = week.ingest()
    report = remove(workspace, project=SITE)
    assert (report.main_sessions, report.subagents, report.logs, report.shared_logs) == (4, 2, 6, 0)
    assert (report.responses, report.tool_calls, report.prompts) == (11, 8, 8)
    assert report.removed
    assert report.erased
    assert ids(workspace) == [f"claude_code:{log.session_id}" for log in week.claude.logs if log.cwd == TOOLS]


def test_looking_first_removes_nothing(week: Week) -> None:
    workspace = week.ingest()
    before = dump_warehouse(workspace.folder)
    report = plan(workspace, project=SITE)
    assert (report.removed, report.erased, report.main_sessions) == (False, False, 4)
    assert_same(dump_warehouse(workspace.folder), before)


@pytest.mark.parametrize("text", [TOOLS, "tools", "ADA/TOOL"])
def test_a_part_of_a_path_names_a_project_when_only_one_has_it(week: Week, text: str) -> None:
    assert plan(week.ingest(), project=text).main_sessions == 2


def test_a_path_names_its_project_also_when_it_is_a_part_of_another(week: Week) -> None:
    week.open("2026-05-26T09:00:00Z", SITE + "/docs", "Write.").response()
    week.claude.write()
    assert plan(week.ingest(), project=SITE).main_sessions == 4


def test_candidates_are_listed_when_several_projects_match(week: Week) -> None:
    with pytest.raises(UsageError, match="2 projects have 'ada' in their path") as caught:
        plan(week.ingest(), project="ada")
    assert SITE in caught.value.hint
    assert TOOLS in caught.value.hint


@pytest.mark.parametrize("target", [{"project": "nowhere"}, {"session": "ffff"}, {"before": 1}])
def test_what_matches_nothing_is_told(week: Week, target: dict[str, object]) -> None:
    with pytest.raises(NotFound):
        plan(week.ingest(), **target)


def test_a_session_goes_with_its_subagents(week: Week) -> None:
    workspace = week.ingest()
    report = remove(workspace, session=f"claude_code:{week.first.session_id[:8]}")
    assert (report.main_sessions, report.subagents, report.logs) == (1, 2, 3)
    assert [id for id in ids(workspace) if week.first.session_id in id] == []


def test_a_subagent_goes_with_those_below_it_and_leaves_its_parent(week: Week) -> None:
    workspace = week.ingest()
    main = f"claude_code:{week.first.session_id}"
    report = remove(workspace, session=f"{main}/{week.agent.agent_id}")
    assert (report.main_sessions, report.subagents) == (0, 2)
    assert [id for id in ids(workspace) if id.startswith(main)] == [main]


@pytest.mark.parametrize(("before", "sessions"), [("2026-05-18T12:00:00Z", 1), ("2026-05-20T00:00:00Z", 3)])
def test_a_date_means_sessions_that_ended_before(week: Week, before: str, sessions: int) -> None:
    assert plan(week.ingest(), before=milliseconds(before)).main_sessions == sessions


def test_a_session_whose_subagent_is_at_work_has_not_ended(week: Week) -> None:
    week.agent.at("2026-05-22T09:00:00Z").response()
    week.claude.write()
    workspace = week.ingest()
    assert plan(workspace, before=milliseconds("2026-05-19T00:00:00Z")).main_sessions == 1


# -------------------------------------------------------------------------------------------- nothing is left


@pytest.fixture
def heron(week: Week) -> ClaudeLog:
    """A session in a project of its own."""
    log = week.open("2026-05-21T09:00:00Z", SECRET_PLACE, SECRET_WORDS).custom_title("Heron school")
    log.tool("Bash", {"command": "heronctl feed"}, result="heron is sick", error=True).response()
    log.subagent().prompt("Find the heron's pond.").response()
    week.claude.write()
    return log


@pytest.mark.parametrize("needle", ["heron", "Heron"])
def test_no_byte_of_it_is_left_in_any_file(week: Week, heron: ClaudeLog, needle: str) -> None:
    workspace = week.ingest()
    heron.prompt("Again, heron.").response().write()
    ingest(workspace)
    assert find_bytes(workspace.folder, needle) != []
    assert remove(workspace, project=SECRET_PLACE).erased
    assert find_bytes(workspace.folder, needle) == []
    assert find_bytes(workspace.folder, heron.session_id) == []


def test_commands_that_it_ran_go_with_it(week: Week, heron: ClaudeLog) -> None:
    workspace = week.ingest()
    session = f"claude_code:{heron.session_id}"
    facts = {"origin": "run", "agent": None, "command_hash": "0", "hash_key": "k", "duration_ms": 1, "exit_code": 0}
    own = CommandEvent(id="evt_a", executed_at=1, program="heronctl", session=session, **facts)  # type: ignore[arg-type]
    other = CommandEvent(id="evt_b", executed_at=2, program="make", **facts)  # type: ignore[arg-type]
    with open_commands(workspace.folder) as commands:
        commands.note(own, [ChangedPath("heron.txt", 1, 0)])
        commands.note(other, [ChangedPath("other.txt", 1, 0)])
        labels = [CommandLabel(target, "human", "person", 5, 1) for target in ("evt_a", session, "evt_b")]
        commands.put_labels(labels)
        commands.put_scores(CommandScore(event, "m", 1, None, None, "heron", 1) for event in ("evt_a", "evt_b"))
    assert remove(workspace, session=session).erased
    with open_commands(workspace.folder) as commands:
        assert commands.events() == [other]
        assert [one.path for one in commands.paths_of("evt_b")] == ["other.txt"]
        assert commands.paths_of("evt_a") == []
        assert commands.labels() == [labels[2]]
        assert [one.event for one in commands.scores()] == ["evt_b"]
    assert find_bytes(workspace.folder, "heronctl") == find_bytes(workspace.folder, "heron.txt") == []


def test_only_hashes_are_remembered(week: Week, heron: ClaudeLog) -> None:
    workspace = week.ingest()
    remove(workspace, project=SECRET_PLACE)
    names = [f"claude_code:{heron.session_id}", f"claude_code:{heron.session_id}/a000003"]
    paths = [str(log.path) for log in week.claude.logs if log.cwd == SECRET_PLACE]
    assert {row[0] for row in dump_warehouse(workspace.folder)["purged"]} == set(map(hash_text, names + paths))


def test_remains_are_told_when_another_process_still_reads(week: Week, heron: ClaudeLog) -> None:
    workspace = week.ingest()
    with closing(open_reader(workspace.folder)) as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM sessions").fetchone()
        planned = plan(workspace, project=SECRET_PLACE)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(store, "_BUSY_MS", 50)
            report = purge(workspace, planned)
    assert (report.removed, report.erased) == (True, False)
    ingest(workspace)
    assert find_bytes(workspace.folder, "heron") == []


# --------------------------------------------------------------------------------------------- it does not return


@pytest.mark.parametrize("rebuild", [False, True])
def test_it_is_not_read_again(week: Week, heron: ClaudeLog, rebuild: bool) -> None:
    workspace = week.ingest()
    remove(workspace, project=SECRET_PLACE)
    rest = derived(workspace)
    heron.prompt("More of the heron.").response().write()
    ingest(workspace, rebuild=rebuild)
    assert_same(derived(workspace), rest)
    assert find_bytes(workspace.folder, "heron") == []


def test_a_moved_log_is_not_read_either_and_its_new_place_is_not_stored(week: Week, heron: ClaudeLog) -> None:
    workspace = week.ingest()
    remove(workspace, project=SECRET_PLACE)
    rest = derived(workspace)
    moved = heron.path.parent.with_name("-heron-elsewhere")
    heron.path.parent.rename(moved)
    for rebuild in (False, True, False):
        ingest(workspace, rebuild=rebuild)
        assert_same(derived(workspace), rest)
    assert find_bytes(workspace.folder, "heron") == []


def test_subagents_that_it_starts_later_stay_out(week: Week, heron: ClaudeLog) -> None:
    workspace = week.ingest()
    remove(workspace, project=SECRET_PLACE)
    rest = derived(workspace)
    later = heron.subagent()
    below = heron.subagent(spawned_by=later.agent_id)
    for log in (later.prompt("Heron again.").response(), below.prompt("Heron below.").response()):
        path = log.write()
        beside = path.with_suffix(".meta.json")
        beside.write_bytes(week.claude.extra[beside])
    ingest(workspace)
    assert_same(derived(workspace), rest)


def test_a_codex_subagent_started_later_stays_out(week: Week) -> None:
    workspace = week.ingest()
    thread = week.codex.logs[0]
    remove(workspace, session=thread.id)
    rest = derived(workspace)
    thread.subagent().turn().prompt("Look.").tokens(output=10).complete().write()
    ingest(workspace)
    assert_same(derived(workspace), rest)


def test_a_log_with_other_sessions_is_read_again_for_them_when_it_grows(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    log = claude.project().session().prompt("Go.").response(output=5).call("Task", {"prompt": "heron"})
    agent = log.inlined()
    agent.prompt("Find the heron.").response(output=7)
    log.response(output=11)
    claude.write()
    workspace = make_workspace(home)
    ingest(workspace)
    main = f"claude_code:{log.session_id}"
    report = remove(workspace, session=f"{main}/{agent.agent_id}")
    assert (report.subagents, report.logs, report.shared_logs) == (1, 0, 1)
    assert find_bytes(workspace.folder, "Find the heron") == []
    for output in (13, 17):
        log.prompt("More.").response(output=output).write()
        ingest(workspace)
    assert ids(workspace) == [main]
    with closing(open_reader(workspace.folder)) as connection:
        assert connection.execute("SELECT sum(output) FROM usage_quarters").fetchone() == (5 + 60 + 11 + 13 + 17,)


# ------------------------------------------------------------------------------------------------- all the others


def fresh(home: Path, without: list[Path]) -> Workspace:
    """A warehouse of all logs but some, made anew."""
    for path in without:
        path.unlink()
    workspace = Workspace(home / "fresh", make_workspace(home).settings)
    ingest(workspace)
    return workspace


def test_the_others_are_as_if_it_had_never_been_read(week: Week, heron: ClaudeLog, home: Path) -> None:
    workspace = week.ingest()
    remove(workspace, project=SITE)
    gone = [log.path for log in [*week.claude.logs, *week.codex.logs] if log.cwd == SITE]
    assert_same(derived(workspace), derived(fresh(home, gone)))


def test_every_session_of_a_hard_history_can_go(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where others share responses with it: forks, resumed sessions, better copies."""
    paths = list(write_hard_history(home))
    contents = {path: path.read_bytes() for path in paths}
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(home / "claude"))
    monkeypatch.setenv("CODEX_HOME", str(home / "codex"))
    names = ids_of(home)
    for number, name in enumerate(names):
        workspace = Workspace(home / f"purged{number}", make_workspace(home).settings)
        ingest(workspace)
        with closing(open_reader(workspace.folder)) as connection:
            tree = connection.execute("SELECT id FROM sessions WHERE root_id = ?", (name,)).fetchall()
            logs = connection.execute(
                "SELECT DISTINCT path FROM logs JOIN segments USING (log) JOIN sessions s ON s.id = segments.session"
                " WHERE s.root_id = ?", (name,)
            ).fetchall()  # fmt: skip
        report = remove(workspace, session=name)
        assert len(tree) == report.main_sessions + report.subagents
        for (path,) in logs:
            Path(path).unlink()
        other = Workspace(home / f"fresh{number}", make_workspace(home).settings)
        ingest(other)
        assert_same(derived(workspace), derived(other))
        for (path,) in logs:
            Path(path).write_bytes(contents[Path(path)])


def ids_of(home: Path) -> list[str]:
    workspace = Workspace(home / "all", make_workspace(home).settings)
    ingest(workspace)
    with closing(open_reader(workspace.folder)) as connection:
        found = [row[0] for row in connection.execute("SELECT DISTINCT root_id FROM sessions ORDER BY 1")]
    assert len(found) >= 6
    return found


def test_a_forks_copies_become_its_own(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    log = claude.project().session().prompt("One.").response(output=10)
    fork = log.fork("2026-05-21T10:00:00Z").prompt("Two.").response(output=20)
    claude.write()
    workspace = make_workspace(home)
    ingest(workspace)
    report = remove(workspace, session=log.session_id)
    assert report.sharing_sessions == [f"claude_code:{fork.session_id}"]
    with closing(open_reader(workspace.folder)) as connection:
        assert connection.execute("SELECT sum(output) FROM usage_quarters").fetchone() == (30,)
        assert connection.execute("SELECT prompts, copies FROM sessions").fetchall() == [(2, 0)]


def test_a_better_copy_goes_with_its_session(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    log = claude.project().session().prompt("One.").response(output=10)
    other = log.fork("2026-05-21T10:00:00Z", sdk=False).response(output=25, id=log.message_id)
    claude.write()
    workspace = make_workspace(home)
    ingest(workspace)
    with closing(open_reader(workspace.folder)) as connection:
        assert connection.execute("SELECT sum(output) FROM usage_quarters").fetchone() == (25,)
    remove(workspace, session=other.session_id)
    with closing(open_reader(workspace.folder)) as connection:
        assert connection.execute("SELECT sum(output) FROM usage_quarters").fetchone() == (10,)


def test_reports_leave_it_out(week: Week, heron: ClaudeLog) -> None:
    from tachograph.app.cost import report_cost

    workspace = week.ingest()
    remove(workspace, project=SECRET_PLACE)
    with closing(open_reader(workspace.folder)) as connection:
        report = report_cost(connection, "project", make_filter(tz="UTC"))
    assert [group.key for group in report.groups] == [SITE, TOOLS]
