"""Putting the hooks into agents' settings, and taking them out again."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from tachograph.app.hooks import settings_file
from tachograph.app.hooks.entries import PROGRAM, Program, command_of, find_program, wanted_groups
from tachograph.app.hooks.install import Request, install_hooks, uninstall_hooks
from tachograph.app.hooks.installed import read_installed
from tachograph.app.workspace import Workspace
from tachograph.errors import Busy, NotFound, TachographError, UsageError
from tachograph.settings import Settings
from tests.conftest import ROOT

EVENTS = ["SessionStart", "SubagentStart", "SessionEnd", "SubagentStop"]
MINE = '{\n    "model": "opus",\n    "hooks": {\n        "Stop": [{"hooks": []}]\n    }\n}\n'


@pytest.fixture
def settings(home: Path) -> Path:
    """The user's settings of Claude Code, which do not exist yet."""
    (home / ".claude").mkdir()
    return home / ".claude" / "settings.json"


def workspace(gate: bool = False) -> Workspace:
    return Workspace(settings=Settings(hooks_gate=gate))


def install(gate: bool = False, **options):
    return install_hooks(workspace(gate), request(**options))


def uninstall(**options):
    return uninstall_hooks(workspace(), request(**options))


def request(**options) -> Request:
    return Request(**{"directory": Path.cwd(), "agent": "claude_code"} | options)


def events(path: Path) -> list[str]:
    return list(json.loads(path.read_text())["hooks"])


# ------------------------------------------------------------------------------------------------- what is written


def test_it_is_written_in_the_form_that_needs_no_shell(settings, home):
    change = install()
    program = str(Path(sys.executable).parent / PROGRAM)
    handler = {"type": "command", "command": program, "args": ["session-start", "--data", str(home / "tachograph")],
               "timeout": 3}  # fmt: skip
    assert json.loads(settings.read_text())["hooks"]["SessionStart"] == [{"hooks": [handler]}]
    assert events(settings) == EVENTS
    assert settings.stat().st_mode & 0o777 == 0o600
    assert [(file.action, [entry.event for entry in file.entries]) for file in change.files] == [("installed", EVENTS)]


def test_the_data_folder_goes_along_only_where_it_is_not_the_usual_one(home, monkeypatch):
    assert find_program("user").options == ("--data", str(home / "tachograph"))
    monkeypatch.delenv("TACHO_DATA_DIR")
    monkeypatch.setenv("XDG_DATA_HOME", "/srv/data")
    assert find_program("user").options == ("--data", "/srv/data/tachograph")
    monkeypatch.delenv("XDG_DATA_HOME")
    assert find_program("user").options == () if sys.platform == "linux" else True


def test_codex_gets_a_command_line_and_the_user_is_told_of_trust(home):
    (home / ".codex").mkdir()
    change = install(agent="codex")
    handler = json.loads((home / ".codex" / "hooks.json").read_text())["hooks"]["SessionEnd"][0]["hooks"][0]
    assert set(handler) == {"type", "command", "timeout"}
    assert shlex.split(handler["command"])[1:4] == ["session-end", "--agent", "codex"]
    assert any("trusted them once" in note for note in change.notes)


def test_without_a_named_agent_every_agent_that_is_there_gets_them(home, settings):
    assert [file.agent for file in install(agent=None).files] == ["claude_code"]
    (home / ".codex").mkdir()
    assert [(file.agent, file.action) for file in install(agent=None).files] == [
        ("claude_code", "unchanged"),
        ("codex", "installed"),
    ]


def test_without_any_agent_there_is_nothing_to_install_for(home):
    with pytest.raises(NotFound, match="no agent to install hooks for"):
        install(agent=None)


def test_prompts_are_watched_only_with_the_gate(settings):
    change = install()
    assert "UserPromptSubmit" not in events(settings)
    assert any("hooks.gate is off" in note for note in change.notes)
    install(gate=True)
    assert sorted(events(settings)) == sorted([*EVENTS, "UserPromptSubmit"])
    install()
    assert "UserPromptSubmit" not in events(settings)


def test_codex_is_never_asked_at_each_prompt():
    assert list(wanted_groups("codex", Program("tacho-hook"), gate=True)) == EVENTS


def test_a_project_has_its_own_file_with_the_bare_name(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    (tmp_path / "app" / ".git").mkdir(parents=True)
    (tmp_path / "app" / "src").mkdir()
    change = install(scope="project", directory=tmp_path / "app" / "src")
    written = tmp_path / "app" / ".claude" / "settings.json"
    assert change.files[0].path == str(written)
    assert json.loads(written.read_text())["hooks"]["SessionStart"][0]["hooks"][0]["command"] == PROGRAM
    monkeypatch.setenv("PATH", "")
    install(scope="project", directory=tmp_path / "app")
    command = json.loads(written.read_text())["hooks"]["SessionStart"][0]["hooks"][0]["command"]
    assert command == str(Path(sys.executable).parent / PROGRAM)
    assert uninstall(scope="project", directory=tmp_path / "app").files[0].action == "restored"
    assert not written.parent.exists()


def test_no_session_is_led_into_a_demo(settings, home):
    (home / "tachograph").mkdir()
    (home / "tachograph" / "demo.json").write_text("{}")
    with pytest.raises(UsageError, match="demo"):
        install()
    assert not settings.exists()


def test_without_the_program_nothing_is_installed(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(TachographError, match="neither beside") as caught:
        install()
    assert caught.value.slug == "hook_program_missing"
    assert not settings.exists()


@pytest.mark.parametrize(
    ("handler", "is_ours"),
    [
        ({"type": "command", "command": "/a b/tacho-hook", "args": ["session-start"]}, True),
        ({"type": "command", "command": "'/a b/tacho-hook' session-end --agent codex"}, True),
        ({"type": "command", "command": "tacho-hook statusline"}, True),
        ({"type": "command", "command": "tacho-hook"}, False),
        ({"type": "command", "command": "my-tacho-hook session-start"}, False),
        ({"type": "command", "command": "echo tacho-hook session-start"}, False),
        ({"type": "command", "command": "tacho-hook 'session-start"}, False),
        ({"type": "http", "command": "tacho-hook session-start"}, False),
        ({"type": "command", "command": ["tacho-hook"]}, False),
        ("tacho-hook session-start", False),
        (None, False),
    ],
)
def test_ours_are_known_by_their_program(handler, is_ours):
    assert bool(command_of(handler)) is is_ours


# ------------------------------------------------------------------------------------------------ in and out again


@pytest.mark.parametrize("held", [None, b"", b"\n", b"{}", MINE.encode(), b"\xef\xbb\xbf" + MINE.encode()])
def test_uninstalling_gives_back_the_bytes(settings, held):
    if held is not None:
        settings.write_bytes(held)
    assert install(status_line=True).files[0].action == "installed"
    assert install().files[0].action == "unchanged"
    assert uninstall().files[0].action == "restored"
    assert (settings.read_bytes() if settings.exists() else None) == held
    assert uninstall().files[0].action == "nothing"


def test_an_update_of_ours_does_not_lose_the_bytes_of_before(settings):
    settings.write_text(MINE)
    install()
    install(gate=True, status_line=True)
    uninstall()
    assert settings.read_text() == MINE


def test_what_was_changed_since_stays_and_ours_goes(settings):
    settings.write_text(MINE)
    install()
    text = settings.read_text().replace('"opus"', '"sonnet"')
    settings.write_text(text)
    assert uninstall().files[0].action == "removed"
    assert settings.read_text() == MINE.replace('"opus"', '"sonnet"')


def test_what_was_empty_before_is_empty_afterwards(settings):
    settings.write_text('{"hooks": {"SessionStart": []}}')
    install()
    settings.write_text(json.dumps({**json.loads(settings.read_text()), "x": 1}))
    uninstall()
    assert json.loads(settings.read_text()) == {"hooks": {"SessionStart": []}, "x": 1}


def test_a_file_that_was_made_for_us_goes_when_nothing_else_is_in_it(settings):
    install()
    settings.write_text(settings.read_text() + "\n")
    assert uninstall().files[0].action == "removed"
    assert not settings.exists()


def test_the_backup_may_be_lost(settings, home):
    settings.write_text(MINE)
    install()
    for kept in (home / "tachograph" / "hooks").glob("before-*"):
        kept.unlink()
    assert uninstall().files[0].action == "removed"
    assert settings.read_text() == MINE


def test_old_places_of_the_program_are_replaced(settings):
    old = {"type": "command", "command": "/old/bin/tacho-hook", "args": ["session-start"]}
    settings.write_text(
        json.dumps({"hooks": {"SessionStart": [{"hooks": [old, {"type": "command", "command": "x"}]}]}})
    )
    install()
    groups = json.loads(settings.read_text())["hooks"]["SessionStart"]
    assert groups[0] == {"hooks": [{"type": "command", "command": "x"}]}
    assert [group["hooks"][0]["command"] for group in groups[1:]] == [str(Path(sys.executable).parent / PROGRAM)]


def test_a_dry_run_changes_nothing(settings, home):
    settings.write_text(MINE)
    change = install(dry_run=True, activation="auto")
    assert (change.dry_run, change.activation, change.files[0].action) == (True, "auto", "installed")
    assert [entry.event for entry in change.files[0].entries] == EVENTS
    assert settings.read_text() == MINE
    assert not (home / "tachograph").exists()
    install()
    held = settings.read_bytes()
    assert uninstall(dry_run=True).files[0].action == "restored"
    assert settings.read_bytes() == held


def test_activation_is_kept_until_another_is_chosen(settings, home):
    assert install().activation == "manual"
    assert install(activation="auto").activation == "auto"
    assert install().activation == "auto"
    assert json.loads((home / "tachograph" / "hooks" / "installed.json").read_text())["activation"] == "auto"
    assert uninstall().activation == "auto"


def test_what_is_kept_is_private(settings, home):
    settings.write_text('{"env": {"TOKEN": "made-up"}}')
    install()
    folder = home / "tachograph" / "hooks"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


# --------------------------------------------------------------------------------------------------- status line


@pytest.mark.parametrize("line", [{"type": "command", "command": "mine"}, None, "mine"])
def test_a_status_line_of_somebody_else_is_never_replaced(settings, line):
    settings.write_text(json.dumps({"statusLine": line}))
    change = install(status_line=True)
    assert json.loads(settings.read_text())["statusLine"] == line
    assert settings.read_text().count("statusLine") == 1
    assert any("another status line" in note for note in change.notes)


def test_our_status_line_stays_and_follows_the_program(settings):
    install(status_line=True)
    document = json.loads(settings.read_text())
    document["statusLine"] = {"type": "command", "command": "/old/tacho-hook statusline", "padding": 0}
    settings.write_text(json.dumps(document))
    install()
    line = json.loads(settings.read_text())["statusLine"]
    assert line["padding"] == 0
    assert line["command"].startswith(str(Path(sys.executable).parent / PROGRAM))


# ---------------------------------------------------------------------------------------------- careful writing


REFUSED = {
    "comments": b'{\n  // mine\n  "model": "opus"\n}',
    "a comma too many": b'{"a": 1,}',
    "a key twice": b'{"hooks": {}, "hooks": {}}',
    "no object": b"[]",
    "hooks are no object": b'{"hooks": []}',
    "an event is no array": b'{"hooks": {"SessionStart": {}}}',
    "groups are no objects": b'{"hooks": {"SessionEnd": ["x"]}}',
    "handlers are no array": b'{"hooks": {"SessionEnd": [{"hooks": {}}]}}',
    "not UTF-8": b'{"a": "\xff"}',
    "nested deeply": b'{"a":' * 50_000,
}


@pytest.mark.parametrize("held", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("act", [install, uninstall])
def test_what_is_not_understood_is_refused_and_left_alone(settings, held, act):
    settings.write_bytes(held)
    with pytest.raises(TachographError, match="is left as it is") as caught:
        act()
    assert (caught.value.slug, caught.value.exit_code) == ("settings_unreadable", 4)
    assert settings.read_bytes() == held


@pytest.mark.skipif(os.name == "nt", reason="links and modes of Unix")
def test_a_link_stays_a_link_and_the_mode_stays(settings, tmp_path):
    behind = tmp_path / "dotfiles.json"
    behind.write_text(MINE)
    behind.chmod(0o640)
    settings.symlink_to(behind)
    install()
    assert settings.is_symlink()
    assert "SessionStart" in behind.read_text()
    assert behind.stat().st_mode & 0o777 == 0o640
    uninstall()
    assert (settings.is_symlink(), behind.read_text()) == (True, MINE)


def test_what_another_program_wrote_in_between_is_kept(settings, monkeypatch):
    settings.write_text(MINE)
    write = settings_file._write_beside
    intruders = iter([MINE.replace("opus", "sonnet")])

    def write_late(path, fresh, mode):
        for text in intruders:
            settings.write_text(text)
        return write(path, fresh, mode)

    monkeypatch.setattr(settings_file, "_write_beside", write_late)
    install()
    assert json.loads(settings.read_text())["model"] == "sonnet"
    assert "SessionStart" in settings.read_text()
    uninstall()
    assert settings.read_text() == MINE.replace("opus", "sonnet")


def test_a_file_that_changes_all_the_time_is_given_up(settings, monkeypatch):
    write = settings_file._write_beside
    count = iter(range(100))

    def write_late(path, fresh, mode):
        settings.write_text(f'{{"n": {next(count)}}}')
        return write(path, fresh, mode)

    monkeypatch.setattr(settings_file, "_write_beside", write_late)
    with pytest.raises(Busy, match="all the time"):
        install()
    assert os.listdir(settings.parent) == ["settings.json"]


def test_two_at_once_write_one_set(settings):
    settings.write_text(MINE)
    with ThreadPoolExecutor(4) as pool:
        actions = [change.files[0].action for change in pool.map(lambda _: install(), range(4))]
    assert sorted(actions) == ["installed", "unchanged", "unchanged", "unchanged"]
    assert [len(held) for event, held in json.loads(settings.read_text())["hooks"].items() if event in EVENTS] == [
        1
    ] * 4
    uninstall()
    assert settings.read_text() == MINE


def test_a_folder_in_the_place_of_the_file_is_refused(settings):
    settings.mkdir()
    with pytest.raises(TachographError, match="no regular file"):
        install()


def test_a_user_without_a_home_is_told(monkeypatch):
    monkeypatch.delenv("CLAUDE_CONFIG_DIR")
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    with pytest.raises(TachographError, match="no home folder"):
        install()


def test_what_was_written_down_cannot_be_read(settings, home):
    install()
    (home / "tachograph" / "hooks" / "installed.json").write_text("[")
    assert read_installed(home / "tachograph").files == ()
    assert uninstall().files[0].action == "removed"
    assert json.loads(settings.read_text()) == {"hooks": {event: [] for event in EVENTS}}


# --------------------------------------------------------------------------------------------------- the whole way


def test_what_is_installed_runs(settings, home):
    install()
    handler = json.loads(settings.read_text())["hooks"]["SessionStart"][0]["hooks"][0]
    environment = {name: value for name, value in os.environ.items() if name != "TACHO_DATA_DIR"}
    event = msgspec.json.encode({"session_id": "a1", "source": "startup", "hook_event_name": "SessionStart"})
    done = subprocess.run([handler["command"], *handler["args"]], input=event, capture_output=True, env=environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    line = json.loads((home / "tachograph" / "hooks" / "assignments.ndjson").read_text())
    assert line["start"] == "claude_code:a1"


# ------------------------------------------------------------------------------------------------------- plugin


def test_the_plugin_has_the_same_hooks():
    plugin = ROOT / "plugins" / "claude-code"
    hooks = json.loads((plugin / "hooks" / "hooks.json").read_text())
    wanted = wanted_groups("claude_code", Program(PROGRAM), gate=False)
    assert hooks["hooks"] == {event: [group] for event, group in wanted.items()}  # a list, or the agent drops it


def test_the_plugin_has_the_version_of_the_package():
    from tachograph import __version__

    place = ROOT / "plugins"
    plugin = json.loads((place / "claude-code" / ".claude-plugin" / "plugin.json").read_text())
    market = json.loads((place / ".claude-plugin" / "marketplace.json").read_text())["plugins"][0]
    assert (plugin["version"], market["version"]) == (__version__, __version__)
    assert (place / market["source"] / ".claude-plugin" / "plugin.json").is_file()
    assert plugin["name"] == market["name"]
