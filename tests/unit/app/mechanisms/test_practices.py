from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from tachograph.analysis.intervals import wilson
from tachograph.app.filters import Filter
from tachograph.app.ingest import ingest
from tachograph.app.mechanisms import MechanismReport, report_findings
from tachograph.app.workspace import Workspace
from tachograph.errors import TachographError
from tachograph.settings import Settings
from tachograph.warehouse.store import open_reader
from tests.builders.claude import ClaudeHome, ClaudeLog
from tests.builders.codex import CodexHome
from tests.unit.app.mechanisms.working import figure, find_one, session_id

NEAR = range(16, 26)
"""Of responses 0 to 39, those near a call made by response 20."""


def uses(report: MechanismReport) -> dict[str, tuple[str, int]]:
    """Practice -> what its share is called, sessions."""
    found = [one for one in report.figures if one.key == "use" and one.about]
    return {one.about: (one.title, round((one.value or 0) * one.n)) for one in found}


def write_session(claude: ClaudeHome, day: int, far: int, near: int, cached: int = 0) -> ClaudeLog:
    """40 responses of ``far`` new tokens, ``near`` around the commit that the 21st makes; each read ``cached`` too."""
    log = claude.project().session(f"2026-05-{day:02d}T09:00:00Z").prompt(f"Work of day {day}.")
    for number in range(40):
        usage = {"input": 0, "cache_read": cached, "output": near if number in NEAR else far}
        if number == 20:
            log.calls(("Bash", {"command": "git add . && git commit -m 'Paint it'"}), **usage).result("done")
        else:
            log.response(**usage)
    return log


def test_tokens_far_from_a_commit_against_tokens_near_it(home: Path) -> None:
    """Far is 1, 2, 3 … 8 times near: the median of these is 4.5 on a scale of logarithms √(4·5)."""
    claude = ClaudeHome(home / ".claude")
    logs = [write_session(claude, day, 100 * day, 100, cached=1000) for day in range(1, 9)]
    claude.project().session("2026-05-20T09:00:00Z").prompt("Look.").response()
    claude.write()
    found = find_one(home, "practices")
    new, whole = figure(found, "far_near_new", "commit"), figure(found, "far_near_whole", "commit")
    assert new.value == pytest.approx(20**0.5)
    assert whole.value == pytest.approx((1400 / 1100 * 1500 / 1100) ** 0.5)
    assert (new.n, new.of, new.reason) == (8, "main sessions with both", "")
    assert new.p == whole.p == 2 / 2**7, "seven sessions above 1, none below, one tie"
    assert new.low is not None
    assert new.high is not None
    assert 1.4 <= new.low <= 3.5 < 5.5 <= new.high <= 8
    assert new.evidence == [session_id(log) for log in logs[:2:-1]], "the plainest first"
    use = figure(found, "use", "commit")
    assert (use.title, use.value, use.n) == ("main sessions (8 uses)", 8 / 9, 9)
    assert (use.low, use.high) == wilson(8, 9)
    assert figure(found, "use").value == 8 / 9


def test_what_is_far_and_what_is_near_to_the_response(home: Path) -> None:
    """One token more in response 15 or 26 would change nothing near: here all near ones differ, and none besides."""
    claude = ClaudeHome(home / ".claude")
    for day in range(1, 8):
        log = write_session(claude, day, 10, 1000 + day)
        log.response(input=0, output=10)
    claude.write()
    value = figure(find_one(home, "practices"), "far_near_new", "commit").value
    assert value == pytest.approx(10 / 1004)


def test_too_few_sessions_give_no_number(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    for day in range(1, 6):
        write_session(claude, day, 200, 100)
    claude.write()
    found = find_one(home, "practices")
    new = figure(found, "far_near_new", "commit")
    assert (new.value, new.low, new.high, new.p, new.n) == (None, None, None, None, 5)
    assert new.reason == "fewer than 6 sessions: too few to say"
    assert found.notes == ["Without a comparison, for want of sessions: 1 practice."]


def test_task_and_agent_and_spawn_agent_are_all_subagents(home: Path) -> None:
    claude, codex = ClaudeHome(home / ".claude"), CodexHome(home / ".codex")
    for number, tool in enumerate(("Task", "Agent", "Agent"), 1):
        log = claude.project().session(f"2026-05-{number:02d}T09:00:00Z").prompt(f"Look {number} times.")
        log.call(tool, {"prompt": "Look.", "subagent_type": "Explore"})
        below = log.subagent().prompt("Look.")
        below.call("Task", {"prompt": "Look deeper.", "subagent_type": "Explore"}).result("Deep.").response()
        log.result("Looked.").call("TaskOutput", {"task_id": "1"}).result("Nothing.").response()
    other = codex.session("2026-05-09T09:00:00Z").turn().prompt("Look.")
    other.call("spawn_agent", {"message": "Look.", "agent_type": "scout"}).output("{}").answer().tokens(output=5)
    claude.write()
    codex.write()
    found = uses(find_one(home, "practices"))
    assert found == {
        "any subagent": ("main sessions (4 uses)", 4),
        "exploration": ("main sessions (3 uses)", 3),
        "subagent Explore": ("main sessions (3 uses)", 3),
        "subagent scout": ("main sessions (1 use)", 1),
    }, "calls from within subagents are not the main session's"


def load_skill(log: ClaudeLog, *names: str) -> None:
    log.calls(*(("Skill", {"skill": name}) for name in names))
    last = int(log.call_id[-6:])
    for number in range(len(names)):
        log.result("Launching skill", call=f"{log.call_id[:-6]}{last - len(names) + 1 + number:06d}")
    for name in names:
        log.user(f"Base directory for this skill: /home/ada/.claude/skills/{name}\n\n# How", isMeta=True)


def test_skills_are_known_by_the_folder_they_were_loaded_from(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    log = claude.project().session().prompt("Write it up.")
    load_skill(log, "plain-words", "house-review")
    log.response()
    log.call("Skill", {"skill": "plain-words"}).result("ok")
    log.user("Skill /plain-words is already loaded above; instructions unchanged.", isMeta=True).response()
    log.call("Skill", {"skill": "lost"}).result("ok").response()
    log.user("Base directory for this skill: C:\\skills\\too-late", isMeta=True).response()
    log.call("Skill", {"skill": "none"}).result("There is none.", error=True).response()
    claude.write()
    assert uses(find_one(home, "practices")) == {
        "any skill": ("main sessions (4 uses)", 1),
        "review": ("main sessions (1 use)", 1),
        "skill (unnamed)": ("main sessions (1 use)", 1),
        "skill house-review": ("main sessions (1 use)", 1),
        "skill plain-words": ("main sessions (2 uses)", 1),
    }


def test_slash_commands_commits_and_reviews(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    log = claude.project().session().prompt("Repair the gate.")
    log.slash("/review", "the gate").response().slash("/clear").slash("/paint", "green\nand blue").response()
    log.shell("git commit -m 'Repair'", "ok").shell("git commit -m again", "nothing to commit", exit_code=1)
    log.shell("echo git commit", "git commit").shell("cd x && gh pr review 7 --approve", "ok").response()
    claude.write()
    assert uses(find_one(home, "practices")) == {
        "any slash command": ("main sessions (2 uses)", 1),
        "commit": ("main sessions (1 use)", 1),
        "review": ("main sessions (2 uses)", 1),
    }


def test_without_texts_only_what_needs_none_is_told(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    log = claude.project().session().prompt("Repair the gate.").slash("/clear").shell("git commit -m x", "ok")
    load_skill(log, "plain-words")
    log.call("Task", {"prompt": "Look.", "subagent_type": "scout"}).result("Looked.").response()
    claude.write()
    workspace = Workspace(home / "tachograph", Settings(store_text="none"))
    ingest(workspace)
    with closing(open_reader(workspace.folder)) as connection:
        (found,) = report_findings(connection, Filter(), workspace.clean, ["practices"]).mechanisms
    assert uses(found) == {
        "any skill": ("main sessions (1 use)", 1),
        "any subagent": ("main sessions (1 use)", 1),
        "skill (unnamed)": ("main sessions (1 use)", 1),
        "subagent scout": ("main sessions (1 use)", 1),
    }


def test_a_copied_use_is_the_first_sessions_alone(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    log = claude.project().session().prompt("Repair the gate.").shell("git commit -m x", "ok").response()
    log.fork("2026-06-01T10:00:00Z").prompt("Go on.").response()
    claude.write()
    assert uses(find_one(home, "practices")) == {"commit": ("main sessions (1 use)", 1)}


def test_practices_of_ones_own(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TACHO_CONFIG", str(home / "settings" / "config.toml"))
    (home / "settings").mkdir()
    table = home / "settings" / "practices.toml"
    table.write_text('[[practice]]\nname = "release"\ncommand = ["make release"]\n')
    claude = ClaudeHome(home / ".claude")
    claude.project().session().prompt("Ship it.").shell("make release", "ok").response()
    claude.write()
    assert uses(find_one(home, "practices")) == {"release": ("main sessions (1 use)", 1)}
    table.write_text("[[practice]]\n")
    with pytest.raises(TachographError, match=r"practices\.toml is wrong") as raised:
        find_one(home, "practices")
    assert raised.value.slug == "bad_practices"


def test_no_sessions_no_practices(home: Path) -> None:
    found = find_one(home, "practices")
    assert [(one.key, one.value, one.n) for one in found.figures] == [("use", None, 0)]
