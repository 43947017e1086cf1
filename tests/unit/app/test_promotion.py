"""A suggestion's text in an agent's own file: which file, what is shown, what is written, and out of it again."""

from __future__ import annotations

import os
import stat
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tachograph.app.promotion import Places, apply_promotion, find_places, plan_demotion, plan_promotion
from tachograph.errors import Busy, NotFound, TachographError, UsageError

NOW = datetime(2026, 11, 21, 11, 50, 3, tzinfo=UTC)
TEXT = "26 of 41 calls were bookkeeping. Creating all tasks in one go takes about half as many."
BLOCK = (
    "<!-- tacho:suggestion batch_tasks start (kept by tacho: what is changed between these marks is lost) -->\n"
    f"{TEXT}\n"
    "<!-- tacho:suggestion batch_tasks end -->"
)
AGENT = "---\nname: {}\ndescription: Translates.\nmodel: opus\n---\n\nYou translate.\n"


@pytest.fixture
def places(home: Path) -> Places:
    """Folders of both agents, empty but for Claude Code's ``agents``."""
    (home / ".claude" / "agents").mkdir(parents=True)
    (home / ".codex").mkdir()
    return find_places()


def put(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def promote(agent_type: str, places: Places, home: Path, agent: str = "claude_code") -> Path:
    """Plan and apply; return the file."""
    plan = plan_promotion("batch_tasks", TEXT, agent, agent_type, places)
    apply_promotion(plan, home / "data" / "backups", NOW)
    return plan.path


# --------------------------------------------------------------------------------------------------- which file


def test_a_subagents_file_is_the_one_that_names_it(home: Path, places: Places) -> None:
    agents = home / ".claude" / "agents"
    put(agents / "translation.md", AGENT.format("something-else"))
    put(agents / "notes.txt", AGENT.format("translation"))
    put(agents / "plain.md", "name: translation\n")
    put(agents / "open.md", "---\nname: translation\n")
    put(agents / "broken.md", b"\xff\xfe---\n\x00")
    meant = put(agents / "writing" / "a.md", AGENT.format('"translation"  # for all'))
    assert plan_promotion("batch_tasks", TEXT, "claude_code", "translation", places).path == meant


@pytest.mark.parametrize("head", ["\ufeff---\r\nname: 'scout'\r\n---\r\n", "---\ntools: Read\nname: scout \n---"])
def test_front_matter_is_read_as_it_is_written(head: str, home: Path, places: Places) -> None:
    meant = put(home / ".claude" / "agents" / "x.md", head)
    assert plan_promotion("batch_tasks", TEXT, "claude_code", "scout", places).path == meant


def test_a_type_without_a_file_is_refused(home: Path, places: Places) -> None:
    with pytest.raises(NotFound, match="is named Explore in its front matter") as caught:
        plan_promotion("batch_tasks", TEXT, "claude_code", "Explore", places)
    assert (caught.value.slug, "plugin" in caught.value.hint) == ("no_agent_file", True)


def test_two_files_of_one_name_are_refused(home: Path, places: Places) -> None:
    for name in ("a.md", "b.md"):
        put(home / ".claude" / "agents" / name, AGENT.format("scout"))
    with pytest.raises(UsageError, match=r"Several files are named scout .*a\.md, .*b\.md") as caught:
        plan_promotion("batch_tasks", TEXT, "claude_code", "scout", places)
    assert caught.value.slug == "agent_file_unclear"


@pytest.mark.parametrize(
    "agent_type", ["", "../main", "a/b", "a\\b", "..", "a b", "x" * 65, "a\n", "\x1b[31m", "sc\u043eut", "a\0"]
)
def test_a_hostile_type_reaches_no_path(agent_type: str, places: Places) -> None:
    for is_main in (True, False):
        with pytest.raises(UsageError, match="no name of an agent type") as caught:
            plan_promotion("batch_tasks", TEXT, "claude_code", agent_type, places, is_main=is_main)
        assert "\x1b" not in caught.value.message


def test_main_sessions_have_the_users_or_the_projects_instructions(home: Path, places: Places) -> None:
    project = home / "work"
    project.mkdir()
    inside = find_places(project)

    def target(agent: str, where: Places, agent_type: str = "main") -> str:
        plan = plan_promotion("batch_tasks", TEXT, agent, agent_type, where, is_main=True)
        return plan.path.relative_to(home).as_posix()

    assert target("claude_code", places) == ".claude/CLAUDE.md"
    assert target("claude_code", inside) == "work/CLAUDE.md"
    assert target("claude_code", inside, "translation") == "work/CLAUDE.md"
    assert target("codex", places) == ".codex/AGENTS.md"
    assert target("codex", inside) == "work/AGENTS.md"
    put(project / ".claude" / "CLAUDE.md", "x")
    put(home / ".codex" / "AGENTS.override.md", "x")
    put(project / "AGENTS.override.md", "")  # Codex skips an empty one
    assert target("claude_code", inside) == "work/.claude/CLAUDE.md"
    assert target("codex", places) == ".codex/AGENTS.override.md"
    assert target("codex", inside) == "work/AGENTS.md"
    put(project / "CLAUDE.md", "x")
    assert target("claude_code", inside) == "work/CLAUDE.md"


def test_a_projects_subagents_are_looked_up_in_the_project(home: Path, places: Places) -> None:
    put(home / ".claude" / "agents" / "scout.md", AGENT.format("scout"))
    own = put(home / "work" / ".claude" / "agents" / "x.md", AGENT.format("scout"))
    assert plan_promotion("batch_tasks", TEXT, "claude_code", "scout", find_places(home / "work")).path == own


@pytest.mark.parametrize(
    ("agent", "agent_type", "is_main", "slug"),
    [
        ("codex", "scout", False, "agent_without_files"),
        ("other\x1b", "main", True, "agent_without_files"),
        ("claude_code", "translation", True, "project_wanted"),
    ],
)
def test_what_has_no_file_is_refused(agent: str, agent_type: str, is_main: bool, slug: str, places: Places) -> None:
    with pytest.raises(UsageError) as caught:
        plan_promotion("batch_tasks", TEXT, agent, agent_type, places, is_main=is_main)
    assert caught.value.slug == slug


def test_a_folder_that_is_not_there_is_not_made(home: Path) -> None:
    for agent, where in [("claude_code", find_places()), ("codex", find_places()), ("codex", find_places(home / "no"))]:
        with pytest.raises(NotFound, match="There is no folder") as caught:
            plan_promotion("batch_tasks", TEXT, agent, "main", where)
        assert caught.value.slug == "no_agent_folder"
    assert list(home.rglob("CLAUDE.md")) == []


def test_the_agents_own_variables_name_the_folders(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_places() == Places((home / ".claude",), home / ".codex")
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", f"{home / 'gone'}, {home / 'there'}")
    monkeypatch.setenv("CODEX_HOME", "~/cx")
    (home / "there").mkdir()
    assert find_places() == Places((home / "gone", home / "there"), home / "cx")
    assert plan_promotion("batch_tasks", TEXT, "claude_code", "main", find_places()).path.parent == home / "there"


# ------------------------------------------------------------------------------------------ what is shown, written


def test_the_plan_shows_the_change_and_writes_nothing(home: Path, places: Places) -> None:
    path = put(home / ".claude" / "agents" / "t.md", AGENT.format("translation"))
    plan = plan_promotion("batch_tasks", TEXT, "claude_code", "translation", places)
    assert plan.before == path.read_bytes() == AGENT.format("translation").encode()
    assert plan.after.decode() == AGENT.format("translation") + f"\n{BLOCK}\n"
    assert plan.diff.split("\n") == [
        f"--- {path}", f"+++ {path}", "@@ -5,3 +5,7 @@", " ---", " ", " You translate.", "+",
        *(f"+{line}" for line in BLOCK.split("\n")),
    ]  # fmt: skip
    assert list(home.rglob("*backup*")) == []


def test_what_is_shown_is_harmless(home: Path, places: Places) -> None:
    put(home / ".claude" / "CLAUDE.md", "\x1b]0;x\x07 \tindented\r\nlast\r\n")
    shown = plan_promotion("batch_tasks", TEXT, "claude_code", "main", places).diff
    assert "\x1b" not in shown
    assert "\r" not in shown
    assert " \tindented" in shown


def test_a_file_is_written_with_a_private_backup_and_back_again(home: Path, places: Places) -> None:
    path = put(home / ".claude" / "agents" / "t.md", AGENT.format("translation").replace("\n", "\r\n"))
    path.chmod(0o640)
    old, backups = path.read_bytes(), home / "data" / "backups"
    backup = apply_promotion(plan_promotion("batch_tasks", TEXT, "claude_code", "translation", places), backups, NOW)
    assert path.read_bytes() == old + f"\n{BLOCK}\n".replace("\n", "\r\n").encode()
    assert mode(path) == 0o640
    assert backup is not None
    assert backup.name.startswith("t.md.tacho-backup-2026-11-21T115003-")
    assert (backup.read_bytes(), mode(backup), mode(backups)) == (old, 0o600, 0o700)
    second = apply_promotion(plan_demotion("batch_tasks", "claude_code", "translation", places), backups, NOW)
    assert path.read_bytes() == old
    assert mode(path) == 0o640
    assert second is not None
    assert second.name == f"{backup.name}-2"
    assert sorted(one.name for one in path.parent.iterdir()) == ["t.md"]


def test_promoting_again_changes_the_block_in_its_place(home: Path, places: Places) -> None:
    path = put(home / ".claude" / "CLAUDE.md", "# Rules")
    promote("main", places, home)
    put(path, path.read_text() + "\n\nBelow.")
    plan = plan_promotion("batch_tasks", "Now 5 of 41.", "claude_code", "main", places)
    assert plan.after.decode() == f"# Rules\n\n{BLOCK}\n\nBelow.".replace(TEXT, "Now 5 of 41.")
    assert [line for line in plan.diff.split("\n")[2:] if line[0] in "+-"] == [f"-{TEXT}", "+Now 5 of 41."]


def test_what_is_there_already_is_not_written_again(home: Path, places: Places) -> None:
    path = promote("main", places, home)
    before = path.stat()
    plan = plan_promotion("batch_tasks", TEXT, "claude_code", "main", places)
    assert (plan.diff, plan.changes) == ("", False)
    assert apply_promotion(plan, home / "data" / "backups", NOW) is None
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    nothing = plan_demotion("other_thing", "claude_code", "main", places)
    assert (nothing.diff, nothing.changes) == ("", False)


def test_a_file_that_is_not_there_yet_is_made(home: Path, places: Places) -> None:
    plan = plan_promotion("batch_tasks", TEXT, "codex", "main", places)
    assert plan.before is None
    assert plan.diff.startswith("--- /dev/null\n")
    assert apply_promotion(plan, home / "data" / "backups", NOW) is None
    assert (home / ".codex" / "AGENTS.md").read_text() == f"{BLOCK}\n"
    assert not (home / "data").exists()
    apply_promotion(plan_demotion("batch_tasks", "codex", "main", places), home / "data" / "backups", NOW)
    assert not (home / ".codex" / "AGENTS.md").exists()  # it held nothing else


def test_a_block_is_found_where_the_agent_no_longer_looks(home: Path, places: Places) -> None:
    path = promote("main", places, home, "codex")
    put(home / ".codex" / "AGENTS.override.md", "Now this alone.\n")
    plan = plan_demotion("batch_tasks", "codex", "main", places)
    assert (plan.path, plan.after) == (path, b"")
    assert plan_promotion("batch_tasks", TEXT, "codex", "main", places).path.name == "AGENTS.override.md"


def test_a_link_stays_one_and_what_it_points_to_is_written(home: Path, places: Places) -> None:
    real = put(home / "dotfiles" / "claude.md", "# Mine\n")
    link = home / ".claude" / "CLAUDE.md"
    link.symlink_to(real)
    promote("main", places, home)
    assert link.is_symlink()
    assert real.read_text() == f"# Mine\n\n{BLOCK}\n"


@pytest.mark.parametrize("meanwhile", ["# Changed\n", None])
def test_a_file_that_was_changed_since_is_left_alone(meanwhile: str | None, home: Path, places: Places) -> None:
    path = put(home / ".claude" / "CLAUDE.md", "# Rules\n")
    plan = plan_promotion("batch_tasks", TEXT, "claude_code", "main", places)
    path.unlink() if meanwhile is None else put(path, meanwhile)
    with pytest.raises(Busy, match="changed meanwhile") as caught:
        apply_promotion(plan, home / "data" / "backups", NOW)
    assert (caught.value.slug, caught.value.exit_code) == ("agent_file_changed", 5)
    assert (path.read_text() if path.exists() else None) == meanwhile
    assert not (home / "data").exists()


def test_a_file_that_came_to_be_since_is_left_alone(home: Path, places: Places) -> None:
    plan = plan_promotion("batch_tasks", TEXT, "claude_code", "main", places)
    path = put(home / ".claude" / "CLAUDE.md", "# New\n")
    with pytest.raises(Busy):
        apply_promotion(plan, home / "data" / "backups", NOW)
    assert path.read_text() == "# New\n"


UNFIT: dict[str, bytes] = {
    "UTF-16": "# Rules\n".encode("utf-16"),
    "no text": b"\x7fELF\0\0",
    "a block without an end": BLOCK.encode().partition(b"\n")[0] + b"\n",
    "a block twice": f"{BLOCK}\n{BLOCK}\n".encode(),
}


@pytest.mark.parametrize("name", UNFIT)
def test_a_file_that_cannot_be_edited_safely_is_refused(name: str, home: Path, places: Places) -> None:
    path = put(home / ".claude" / "CLAUDE.md", UNFIT[name])
    for plan in (
        lambda: plan_promotion("batch_tasks", TEXT, "claude_code", "main", places),
        lambda: plan_demotion("batch_tasks", "claude_code", "main", places),
    ):
        with pytest.raises(TachographError, match="is left as it is") as caught:
            plan()
        assert (caught.value.slug, caught.value.exit_code) == ("agent_file_not_editable", 4)
    assert path.read_bytes() == UNFIT[name]


def test_what_is_no_regular_file_is_refused_at_once(home: Path, places: Places) -> None:
    os.mkfifo(home / ".claude" / "CLAUDE.md")
    os.mkfifo(home / ".claude" / "agents" / "pipe.md")
    with pytest.raises(TachographError, match="not a regular file") as caught:
        plan_promotion("batch_tasks", TEXT, "claude_code", "main", places)
    assert caught.value.slug == "agent_file_unreadable"
    with pytest.raises(NotFound):
        plan_promotion("batch_tasks", TEXT, "claude_code", "scout", places)


@pytest.mark.parametrize("text", ["", "a --> b", "a\x1b[0m"])
def test_a_text_that_could_break_its_block_is_refused(text: str, places: Places) -> None:
    with pytest.raises(TachographError, match="marks of a comment"):
        plan_promotion("batch_tasks", text, "claude_code", "main", places)


def test_git_applies_the_same_change(home: Path, places: Places) -> None:
    """The diff is one that other tools understand."""
    path = put(home / ".claude" / "CLAUDE.md", "# Rules\n\nOne.\n")
    plan = plan_promotion("batch_tasks", TEXT, "claude_code", "main", places)
    patch = plan.diff.replace(str(path), "a/CLAUDE.md", 1).replace(str(path), "b/CLAUDE.md", 1) + "\n"
    subprocess.run(["git", "apply", "-"], input=patch.encode(), cwd=path.parent, check=True, timeout=60)
    assert path.read_bytes() == plan.after
