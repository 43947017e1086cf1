"""Files that no agent would write: everything beside them still gets in, and memory stays bounded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tachograph.app.ingest import ingest
from tachograph.app.workspace import Workspace
from tachograph.settings import Settings
from tests.builders.claude import ClaudeHome
from tests.dump import dump_warehouse

MB = 1 << 20
_PEAK = """
from tachograph.app.ingest import ingest
from tachograph.app.workspace import Workspace
report = ingest(Workspace(), jobs=1)
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))  # that of getrusage is inherited
print(report.sessions, report.responses, report.problems, int(peak.split()[1]) // 1024)
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ClaudeHome:
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "home"))
    monkeypatch.setenv("CODEX_HOME", str(tmp_path / "none"))
    monkeypatch.setenv("TACHO_DATA_DIR", str(tmp_path / "data"))
    home = ClaudeHome(tmp_path / "home")
    home.project().session().prompt("A good neighbour.").response(output=7)
    home.write()
    return home


def whole_line(uuid: str) -> bytes:
    return b'{"type":"user","uuid":"%s","sessionId":"s","message":{"role":"user","content":"hello"}}\n' % uuid.encode()


ODD_FILES: dict[str, tuple[bytes, set[str]]] = {
    "empty": (b"", set()),
    "blank lines": (b"\n\n  \n", {"not_a_transcript"}),
    "NUL bytes only": (b"\x00" * 5000, {"not_a_transcript"}),
    "NUL bytes between": (b"\x00\x00" + whole_line("u1") + b"\x00" * 900 + b"\n" + whole_line("u2"), set()),
    "invalid UTF-8": (b'{"type":"user","uuid":"u\xff","sessionId":"s"}\n' + whole_line("u2"), {"invalid_utf8"}),
    "deep nesting": (b'{"type":"user","message":' + b"[" * 100_000 + b"\n" + whole_line("u2"), {"too_deep"}),
    "deep but closed": (
        b'{"type":"x","data":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n" + whole_line("u2"),
        {"too_deep"},
    ),
    "unfinished": (whole_line("u1") + b'{"type":"user","uu', {"unfinished_line"}),
    "not JSON": (b"%PDF-1.7 \x01\x02\n\x1b[31m\n" + whole_line("u2"), {"invalid_json"}),
    "numbers beyond reason": (
        b'{"type":"assistant","uuid":"u1","sessionId":"s","message":{"id":"m1","model":"m","usage":'
        b'{"input_tokens":99999999999999999999999,"output_tokens":1e400}}}\n' + whole_line("u2"),
        {"unexpected_shape"},
    ),
    "another program's": (b'{"level":"info","msg":"started"}\n' * 3, {"not_a_transcript"}),
}


@pytest.mark.parametrize("name", ODD_FILES)
def test_an_odd_file_is_described_and_harms_no_neighbour(name: str, home: ClaudeHome, tmp_path: Path) -> None:
    content, slugs = ODD_FILES[name]
    odd = tmp_path / "home" / "projects" / "-odd" / "00000000-0000-4000-8000-00000000000f.jsonl"
    odd.parent.mkdir(parents=True)
    odd.write_bytes(content)
    report = ingest(Workspace(tmp_path / "data", Settings()), jobs=1)
    dump = dump_warehouse(tmp_path / "data")
    assert {row[2] for row in dump["problems"]} == slugs
    assert report.responses >= 1
    assert any("A good neighbour." in row for row in dump["prompts"])
    if b'"u2"' in content:
        assert sum("u2" in row for row in dump["prompts"]) == 1


def big_line(path: Path, size: int, fill: bytes = b"abcdefg ") -> None:
    head = b'{"type":"user","uuid":"u1","sessionId":"s","message":{"role":"user","content":"'
    with path.open("wb") as file:
        file.write(whole_line("u0") + head)
        for _ in range(size // MB):
            file.write(fill * (MB // len(fill)))
        file.write(b'"}}\n' + whole_line("u2"))


def sparse_line(path: Path, size: int) -> None:
    with path.open("wb") as file:
        file.write(whole_line("u0"))
        file.seek(size, os.SEEK_CUR)
        file.write(b"\n" + whole_line("u2"))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks Linux")
@pytest.mark.parametrize(
    ("write", "size", "problems"),
    [
        (big_line, 60 * MB, 0),
        (big_line, 80 * MB, 1),
        (sparse_line, 300 * MB, 1),
        pytest.param(sparse_line, 4096 * MB, 1, marks=pytest.mark.soak),
    ],
)
def test_a_huge_line_keeps_memory_bounded(
    home: ClaudeHome, tmp_path: Path, write: Callable[[Path, int], None], size: int, problems: int
) -> None:
    odd = tmp_path / "home" / "projects" / "-odd" / "00000000-0000-4000-8000-00000000000f.jsonl"
    odd.parent.mkdir(parents=True)
    write(odd, size)
    output = subprocess.run([sys.executable, "-c", _PEAK], capture_output=True, check=True).stdout
    sessions, responses, found, peak_mb = map(int, output.split())
    assert (sessions, responses, found) == (2, 1, problems)
    assert peak_mb < 300


def test_a_fifo_and_a_loop_of_links_are_left_alone(home: ClaudeHome, tmp_path: Path) -> None:
    folder = tmp_path / "home" / "projects" / "-odd"
    folder.mkdir()
    os.mkfifo(folder / "00000000-0000-4000-8000-00000000000f.jsonl")
    (folder / "loop").symlink_to(folder.parent, target_is_directory=True)
    (folder / "nowhere.jsonl").symlink_to(folder / "missing")
    report = ingest(Workspace(tmp_path / "data", Settings()), jobs=1)
    assert (report.seen, report.responses, report.problems) == (1, 1, 2)


def test_a_log_that_becomes_unreadable_keeps_what_was_stored(home: ClaudeHome, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "data", Settings())
    ingest(workspace, jobs=1)
    before = dump_warehouse(tmp_path / "data")["responses"]
    log = next((tmp_path / "home").rglob("*.jsonl"))
    log.unlink()
    log.mkdir()
    ingest(workspace, jobs=1)
    assert dump_warehouse(tmp_path / "data")["responses"] == before


def test_ten_thousand_random_mutations_never_raise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import random

    rng = random.Random(11)
    line = json.loads(whole_line("u1"))
    folder = tmp_path / "home" / "projects" / "-odd"
    folder.mkdir(parents=True)
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "home"))
    monkeypatch.setenv("CODEX_HOME", str(tmp_path / "none"))
    values = [
        None,
        True,
        -1,
        2**70,
        1.5,
        "x",
        "\ud800",
        [],
        [1, {}],
        {},
        {"a": []},
        [[["y"]]],
        {"role": 7, "content": 3},
    ]
    with (folder / "00000000-0000-4000-8000-00000000000f.jsonl").open("w") as file:
        for _ in range(10_000):
            fields = rng.sample(FIELDS, 6)
            record = {**line, **{name: rng.choice(values) for name in fields}, "type": rng.choice(TYPES)}
            file.write(json.dumps(record) + "\n")
    report = ingest(Workspace(tmp_path / "data", Settings()), jobs=1)
    assert report.sessions >= 1
    assert {row[2] for row in dump_warehouse(tmp_path / "data")["problems"]} == {"unexpected_shape", "more_problems"}


TYPES = ["user", "assistant", "system", "progress", "attachment", "summary", "custom-title", "pr-link", "odd", 7, None]
FIELDS = [
    "uuid", "parentUuid", "sessionId", "timestamp", "version", "cwd", "gitBranch", "isSidechain", "isMeta", "message",
    "isCompactSummary", "agentId", "requestId", "toolUseResult", "toolDenialKind", "origin", "forkedFrom", "data",
    "attachment", "subtype", "content", "compactMetadata", "durationMs", "error", "summary", "leafUuid", "prNumber",
]  # fmt: skip
