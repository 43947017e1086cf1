"""``tacho commands``: what was captured, as a person and as a program see it."""

from __future__ import annotations

import csv
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tachograph.app.commands.init_store import init_store
from tachograph.capture.store import open_commands
from tachograph.errors import UsageError
from tachograph.model import ChangedPath, CommandEvent, CommandLabel, CommandScore
from tests.builders.claude import ClaudeHome
from tests.unit.cli.running import Tacho, tacho

__all__ = ["tacho"]

EVENT = CommandEvent(
    id="evt_a0000000000000000001", origin="run", agent="codex", executed_at=1_790_000_000_000, command_hash="ab" * 16,
    hash_key="0123456789ab", program="npm run build", duration_ms=4200, exit_code=0, files_touched_count=3,
    lines_added=120, lines_deleted=7, binary_files=1, renames=0, commits=1, head_before="1" * 40, head_after="2" * 40,
    repo="/home/ada/site", session="codex:one",
)  # fmt: skip
LATER = msgspec.structs.replace(
    EVENT, id="evt_b0000000000000000001", executed_at=1_790_000_060_000, program="pytest", agent=None, exit_code=124,
    timed_out=True, files_touched_count=0, lines_added=0, lines_deleted=0, commits=0, session=None,
    repo="/home/ada/tools",
)  # fmt: skip
UNKNOWN = msgspec.structs.replace(
    EVENT, id="evt_b0000000000000000002", executed_at=1_790_000_120_000, program="make", origin="log", exit_code=None,
    duration_ms=None, files_touched_count=None, lines_added=None, lines_deleted=None, binary_files=None, renames=None,
    commits=None, delta_note="git is not installed", head_before=None, head_after=None, repo=None, agent="claude_code",
)  # fmt: skip
SCORE = CommandScore(EVENT.id, "first", 66.25, 50.0, 80.5, "lines added", 7.5)
LABELS = [
    CommandLabel(EVENT.id, "human", "person", 80.0, 1_790_000_001_000, "good"),
    CommandLabel(EVENT.id, "outcome", "next_check", 100.0, 1_790_000_002_000),
]


@pytest.fixture
def store(home: Path) -> Path:
    """Three commands, the first with labels and a score."""
    folder = home / "tachograph"
    with open_commands(folder) as opened:
        opened.note(
            EVENT, [ChangedPath("src/app.ts", 119, 7, before="a", after="b"), ChangedPath("logo.png", None, None)]
        )
        opened.note_all([(LATER, ()), (UNKNOWN, ())])
        opened.put_scores([SCORE])
        opened.put_labels(LABELS)
    return folder


def test_list_shows_the_latest_first_with_score_interval_and_top_feature(tacho: Tacho, store: Path):
    assert tacho("commands", "list") == 0
    lines = tacho.out.splitlines()
    assert lines[0] == "Commands  3; time zone UTC"
    rows = [line.split() for line in lines[2:5]]
    assert [row[:4] for row in rows] == [
        ["b0000000", "09-21", "14:15", "make"], ["b0000000", "09-21", "14:14", "pytest"],
        ["a0000000", "09-21", "14:13", "npm"],
    ]  # fmt: skip
    assert lines[3].split()[4:] == ["124", "4.2s", "0", "+0", "-0", "–", "–", "–"]
    assert lines[4].split()[6:] == ["0", "4.2s", "3", "+120", "-7", "80", "66", "(50–80)", "lines", "added", "+7.5"]


def test_list_without_labels_and_scores_has_no_columns_for_them(tacho: Tacho, store: Path):
    assert tacho("commands", "list", "--limit", "2") == 0
    assert tacho.out.splitlines()[0] == "Commands  the latest 2 of 3; time zone UTC"
    assert "score" not in tacho.out.splitlines()[1]
    assert "label" not in tacho.out.splitlines()[1]


def ids(tacho: Tacho, *arguments: str) -> list[str]:
    assert tacho("commands", "list", "--json", *arguments) == 0, tacho.err
    answer = json.loads(tacho.out)
    assert answer["schema"] == "tachograph.commands/1"
    return [command["id"] for command in answer["commands"]]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), [UNKNOWN, LATER, EVENT]),
        (("--limit", "1"), [UNKNOWN]),
        (("--limit", "0"), [UNKNOWN, LATER, EVENT]),
        (("--agent", "codex"), [EVENT]),
        (("--project", "SITE"), [EVENT]),
        (("--program", "npm r"), [EVENT]),
        (("--program", "pm"), []),
        (("--since", "2026-09-21T14:14:20Z"), [LATER, UNKNOWN][::-1]),
        (("--until", "2026-09-21T14:14:20Z"), [EVENT]),
        (("--agent", "caf\udce9"), []),
    ],
)
def test_list_can_be_narrowed(tacho: Tacho, store: Path, arguments: tuple[str, ...], expected: list[CommandEvent]):
    assert ids(tacho, *arguments) == [event.id for event in expected]


def test_json_has_null_for_what_is_not_known(tacho: Tacho, store: Path):
    tacho("commands", "list", "--json")
    unknown, later, first = json.loads(tacho.out)["commands"]
    assert unknown["exit_code"] is unknown["lines_added"] is unknown["predicted_productivity"] is None
    assert (later["executed_at"], later["timed_out"]) == ("2026-09-21T14:14:20Z", True)
    named = ("predicted_productivity", "predicted_low", "predicted_high", "top_contribution_feature")
    assert [first[name] for name in named] == [66.25, 50.0, 80.5, "lines added"]
    assert (first["productivity_label"], first["label_kind"], first["label_source"]) == (80.0, "human", "person")


def test_list_of_nothing_says_how_to_begin(tacho: Tacho, home: Path):
    assert tacho("commands", "list") == 0
    assert tacho.out.splitlines()[0] == "No commands are stored yet."
    assert "tacho run -- COMMAND" in tacho.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--agent", "nobody"], "--agent leaves out"),
        (["--program", "cobol", "--agent", "codex"], "--program leaves out"),
        (["--program", "pytest", "--agent", "codex"], "--agent and --program leave out"),
        (["--since", "2030-01-01", "--project", "nowhere", "--agent", "codex"], "--since and --project leave out"),
        (["--until", "2020-01-01"], "--until leaves out"),
    ],
)
def test_list_names_the_options_that_leave_out_everything(tacho: Tacho, store: Path, arguments: list[str], told: str):
    assert tacho("commands", "list", *arguments) == 0
    assert tacho.out.splitlines() == [f"No command matches: {told} every one that is stored."]


def test_show_tells_all(tacho: Tacho, store: Path):
    assert tacho("commands", "show", "evt_a") == 0
    assert "changed          3 files, +120 -7, 1 binary, 1 commit" in tacho.out
    assert "label (human)    80, told by person: good" in tacho.out
    assert "score            66 of 100; 50 to 80 is meant to hold it in 9 of 10 cases" in tacho.out
    assert "moved most by    lines added +7.5 points" in tacho.out
    assert "model            first" in tacho.out
    assert [line.split() for line in tacho.out.splitlines()[-3:-1]] == [
        ["binary", "logo.png", "(new)"], ["+119", "-7", "src/app.ts"],
    ]  # fmt: skip
    assert tacho.out.splitlines()[-1] == "and 1 file more, whose names are not kept"


def test_show_says_why_something_is_not_known(tacho: Tacho, store: Path):
    assert tacho("commands", "show", UNKNOWN.id) == 0
    assert "git is not installed" in tacho.out


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("a0", 0, ""),
        (LATER.id, 0, ""),
        ("evt_b", 3, "Several commands begin with evt_b."),
        ("evt_c", 3, "No command is called evt_c."),
        ("\x1b[31m", 3, "is called \ufffd[31m."),
        ("%", 3, "No command"),
        ("caf\udce9", 3, "No command"),
    ],
)
def test_command_is_named_by_a_unique_prefix(tacho: Tacho, store: Path, name: str, code: int, said: str):
    assert tacho("commands", "show", name, "--json") == code
    assert said in tacho.err
    assert "\x1b" not in tacho.err


def test_export_begins_with_the_seven_columns(tacho: Tacho, store: Path):
    assert tacho("commands", "export") == 0
    names, *rows = csv.reader(tacho.out.splitlines())
    assert names[:7] == [
        "command_hash", "duration_ms", "exit_code", "timed_out", "files_touched_count", "lines_added", "lines_deleted",
    ]  # fmt: skip
    assert "productivity_label" not in names
    assert "model_ref" not in names
    assert [row[:7] for row in rows] == [
        ["ab" * 16, "4200", "0", "0", "3", "120", "7"],
        ["ab" * 16, "4200", "124", "1", "0", "0", "0"],
        ["ab" * 16, "", "", "0", "", "", ""],
    ]


def test_export_of_the_latest_keeps_their_order_and_has_labels_and_scores(tacho: Tacho, store: Path, tmp_path: Path):
    out = tmp_path / "commands.jsonl"
    arguments = ["--format", "jsonl", "--out", str(out), "--with-labels", "--with-scores", "--limit", "2"]
    assert tacho("commands", "export", *arguments) == 0
    assert [json.loads(line)["id"] for line in out.read_text().splitlines()] == [LATER.id, UNKNOWN.id]
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert tacho.err == f"tacho: 2 commands written to {out}\n"
    assert tacho("commands", "export", *arguments[:6], "--agent", "codex") == 0
    first = json.loads(out.read_text())
    assert (first["productivity_label"], first["label_kind"], first["label_source"]) == (80.0, "human", "person")
    assert (first["predicted_productivity"], first["model_ref"]) == (66.25, "first")


def test_export_to_stdout_is_named_by_a_hyphen(tacho: Tacho, store: Path):
    assert tacho("commands", "export", "--format", "jsonl", "--out", "-", "--limit", "1") == 0
    assert json.loads(tacho.out)["id"] == UNKNOWN.id


def test_more_commands_than_are_read_at_once_are_exported_in_order(tacho: Tacho, store: Path):
    with open_commands(store) as opened:
        more = [msgspec.structs.replace(EVENT, id=f"evt_{n:020}", executed_at=n) for n in range(1200)]
        opened.note_all([(event, ()) for event in more])
    assert tacho("commands", "export") == 0
    assert [row["id"] for row in csv.DictReader(tacho.out.splitlines())] == [
        *(event.id for event in more), EVENT.id, LATER.id, UNKNOWN.id,
    ]  # fmt: skip


def test_hostile_text_is_harmless_in_lists(tacho: Tacho, store: Path):
    hostile = "\x1b]0;owned\x07\n[bold]\u202eevil"
    with open_commands(store) as opened:
        opened.note(
            msgspec.structs.replace(
                LATER, program=hostile, agent=hostile, repo=hostile, command=hostile, delta_note=hostile
            ),
            [ChangedPath(hostile, 1, 0, old_path=hostile)],
        )
    for arguments in (["list"], ["show", LATER.id], ["list", "--json"], ["show", LATER.id, "--json"]):
        assert tacho("commands", *arguments) == 0
        assert not set(tacho.out) & set("\x1b\x07\u202e")


def test_formula_in_a_program_is_harmless_in_csv(tacho: Tacho, store: Path):
    with open_commands(store) as opened:
        opened.note(msgspec.structs.replace(LATER, program="=cmd|calc"))
    assert tacho("commands", "export") == 0
    assert ",'=cmd|calc," in tacho.out


def test_init_makes_a_store_that_git_does_not_see(tacho: Tacho, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    subprocess.run(["git", "init", "-q", str(tmp_path / "r")], check=True)
    monkeypatch.chdir(tmp_path / "r")
    assert tacho("commands", "init", "--path", ".tacho") == 0
    assert tacho.out.startswith(".tacho made")
    assert tacho("commands", "init") == 0
    assert tacho.out.startswith(".tacho was there already")
    status = subprocess.run(["git", "status", "--porcelain", "-uall"], capture_output=True, check=True)
    assert status.stdout == b""
    assert tacho("commands", "list", "--path", ".tacho") == 0
    assert stat.S_IMODE(os.stat(".tacho/commands.sqlite").st_mode) == 0o600


def test_init_leaves_a_folder_with_other_things_alone(tmp_path: Path):
    (tmp_path / "README.md").touch()
    with pytest.raises(UsageError, match=r"README\.md"):
        init_store(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["README.md"]


def test_init_and_the_others_say_that_a_file_is_no_folder(tacho: Tacho, tmp_path: Path):
    (tmp_path / "notes").write_text("x")
    assert tacho("commands", "init", "--path", str(tmp_path / "notes")) == 2
    assert tacho.err.splitlines() == [
        f"tacho: {tmp_path / 'notes'} is a file; a store of commands is a folder.",
        "Name a folder of its own, such as .tacho; it need not exist.",
    ]
    assert tacho("commands", "list", "--path", str(tmp_path / "notes")) == 3
    assert f"There is no store of commands in {tmp_path / 'notes'}, which is a file." in tacho.err
    assert (tmp_path / "notes").read_text() == "x"


def test_init_keeps_what_a_person_wrote_and_takes_a_model_for_its_own(tmp_path: Path):
    (tmp_path / "model-xgb").mkdir()
    (tmp_path / ".gitignore").write_text("# mine\n*\n")
    assert init_store(tmp_path).made
    assert (tmp_path / ".gitignore").read_text() == "# mine\n*\n"


@pytest.mark.parametrize("text", ["", "commands.*\n", "!commands.key\n"])
def test_init_refuses_a_folder_that_git_would_see(tmp_path: Path, text: str):
    (tmp_path / ".gitignore").write_text(text)
    with pytest.raises(UsageError, match="does not hide"):
        init_store(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".gitignore"], "no key, no store"


def test_init_does_not_write_through_a_link(tmp_path: Path):
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / ".gitignore").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="does not hide"):
        init_store(tmp_path / "s")
    assert not (tmp_path / "elsewhere").exists()


def test_store_that_is_not_there_is_not_made_by_looking(tacho: Tacho, tmp_path: Path):
    for arguments in (["list"], ["show", "x"], ["export"]):
        assert tacho("commands", *arguments, "--path", str(tmp_path / "none")) == 3
    assert not (tmp_path / "none").exists()


def test_broken_store_is_one_sentence(tacho: Tacho, store: Path):
    (store / "commands.sqlite").write_bytes(b"nothing" * 1000)
    assert tacho("commands", "list") == 4
    assert "file is not a database" in tacho.err


def test_nothing_heavy_is_loaded_to_read_the_command_line():
    code = "import tachograph.cli.commands, sys; print({name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "'click'" in done.stdout
    assert not [name for name in ("numpy", "xgboost", "pyarrow", "rich") if f"'{name}'" in done.stdout]


def test_backfill_takes_what_agents_ran_and_again_nothing_more(tacho: Tacho, home: Path):
    claude = ClaudeHome(home / ".claude")
    claude.project().session().prompt("Build it.").shell("npm run build", "done")
    claude.write()
    assert tacho("commands", "backfill", "--json") == 0
    first = json.loads(tacho.out)
    assert (first["schema"], first["events"], first["total"]) == ("tachograph.commands_backfill/1", 1, 1)
    assert tacho("commands", "backfill", "--no-ingest") == 0
    assert tacho.out.splitlines()[-1] == "The store holds 1 command from logs."
    assert tacho("commands", "list", "--json") == 0
    [event] = json.loads(tacho.out)["commands"]
    assert (event["origin"], event["program"], event["agent"]) == ("log", "npm run build", "claude_code")
