from __future__ import annotations

import importlib.util
import sys
from datetime import date
from pathlib import Path
from types import ModuleType

import pytest

from tachograph.analysis.axes.reference import (
    Band,
    BundledBand,
    BundledReference,
    PublicBand,
    load_reference,
    parse_reference,
)
from tests.builders.claude import ClaudeHome, ClaudeLog
from tests.builders.codex import CodexHome

ROOT = Path(__file__).parents[2]
SITE, TOOLS = "ada/site", "ada/tools"
EMPTY_PAGE = "Above\n<!-- bands: made by tools/make_reference.py; a test compares -->\n<!-- end of bands -->\nBelow\n"
FIX, EXPLAIN = "Fix the crash in the login.", "Explain how the login works."


@pytest.fixture(scope="module")
def make_reference() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_reference", ROOT / "tools" / "make_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_reference"] = module
    spec.loader.exec_module(module)
    return module


class PublicHomes:
    """Both homes and the index of their logs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.claude, self.codex = ClaudeHome(folder / "claude"), CodexHome(folder / "codex")
        self.rows: list[tuple[Path, str, str]] = []

    def session(self, repository: str, turns: int, kind: str = "real", text: str = FIX) -> ClaudeLog:
        """A session of ``turns`` turns, its first answer not yet given."""
        log = self.claude.project().session("2026-05-18T09:00:00Z").prompt(text)
        for _ in range(turns - 1):
            log.prompt("Go on.")
        return self.list(log, repository, kind)

    def list(self, log, repository: str, kind: str = "real"):
        self.rows.append((log.path, repository, kind))
        return log

    def write(self) -> list[str]:
        """Write everything; returns the arguments of the tool that name it."""
        self.claude.write()
        self.codex.write()
        index = self.folder / "INDEX.tsv"
        lines = [f"{path.relative_to(self.folder)}\tMIT\t{repository}\t{kind}" for path, repository, kind in self.rows]
        index.write_text("\n".join(["path\tlicence\trepository\tkind", *lines]) + "\n")
        return ["--index", str(index), "--claude", str(self.claude.folder), "--codex", str(self.codex.folder)]


def read_all(make_reference: ModuleType, homes: PublicHomes):
    homes.write()
    agents = {"claude_code": homes.claude.folder, "codex": homes.codex.folder}
    return make_reference.read_sessions(homes.folder / "INDEX.tsv", agents)


def test_a_small_home_gives_the_table_known_by_hand(make_reference: ModuleType, tmp_path: Path) -> None:
    homes = PublicHomes(tmp_path)
    for number in range(1, 11):  # 100 … 1,000 real tokens, of which 60 … 600 on the input side; 1 … 10 turns
        usage = {"input": 10 * number, "write_5m": 20 * number, "write_1h": 30 * number, "cache_read": 7_777}
        homes.session(SITE if number > 1 else TOOLS, number).response(output=40 * number, **usage)
    homes.session(TOOLS, 1).response(input=660, output=3, stop=None)  # its output is a placeholder
    for number in range(9):
        homes.session(TOOLS, 1, text=EXPLAIN).response(output=number + 1)
    table, page = tmp_path / "reference.toml", tmp_path / "page.md"
    page.write_text(EMPTY_PAGE)
    make_reference.main([*homes.write(), "--output", str(table), "--page", str(page)])
    found = parse_reference(table.read_text())
    assert page.read_text() == make_reference.show_on_page(EMPTY_PAGE, found) != EMPTY_PAGE
    assert (found.sessions, found.repositories) == (20, 2)
    assert (found.first_day, found.last_day) == ("2026-05-18", "2026-05-18")
    assert date.fromisoformat(found.made).year >= 2026
    assert found.types == {
        "ml-eval": BundledBand(0),
        "debug-fix": BundledBand(
            sessions=11,
            real_tokens=PublicBand(2, Band(325.0, 550.0, 775.0, 10, 1.9)),
            input_side_tokens=PublicBand(2, Band(210.0, 360.0, 510.0, 11, 1.0)),
        ),
        "infra-deploy": BundledBand(0),
        "research-recon": BundledBand(9),
        "feature-build": BundledBand(0),
    }


def test_a_session_holds_what_the_log_says(make_reference: ModuleType, tmp_path: Path) -> None:
    homes = PublicHomes(tmp_path)
    log = homes.session(SITE, 1, text=EXPLAIN).response(input=5, write_5m=6, write_1h=7, cache_read=800, output=90)
    log.subagent().prompt("Look around.").response(input=10_000)
    (found,) = read_all(make_reference, homes)
    assert found == make_reference.PublicSession(
        id=f"claude_code:{log.session_id}",
        repository=SITE,
        task_type="research-recon",
        day=date(2026, 5, 18),
        turns=1,
        real_tokens=108,
        input_side_tokens=18,
        reliable=True,
    )


def test_codex_counts_uncached_input(make_reference: ModuleType, tmp_path: Path) -> None:
    homes = PublicHomes(tmp_path)
    thread = homes.codex.session("2026-05-19T09:00:00Z")
    thread.turn().prompt(FIX).tokens(input=900, cached=500, output=80).complete()
    homes.list(thread, TOOLS)
    (found,) = read_all(make_reference, homes)
    assert (found.id, found.input_side_tokens, found.real_tokens) == (f"codex:{thread.id}", 400, 480)


@pytest.mark.parametrize(
    ("kind", "count"), [("real", 1), ("real-reassembled", 1), ("real-excerpt", 0), ("synthetic", 0)]
)
def test_only_whole_sessions_count(make_reference: ModuleType, tmp_path: Path, kind: str, count: int) -> None:
    homes = PublicHomes(tmp_path)
    homes.session(SITE, 1, kind).response()
    assert len(read_all(make_reference, homes)) == count


def test_what_the_index_does_not_list_is_not_read(make_reference: ModuleType, tmp_path: Path) -> None:
    homes = PublicHomes(tmp_path)
    homes.session(SITE, 1).response()
    homes.claude.project().session().prompt(FIX).response()
    assert len(read_all(make_reference, homes)) == 1


def test_a_session_without_task_or_responses_does_not_count(make_reference: ModuleType, tmp_path: Path) -> None:
    homes = PublicHomes(tmp_path)
    homes.session(SITE, 1)
    homes.list(homes.claude.project().session().slash("/review").response(), SITE)
    homes.list(homes.claude.project().session().slash("/review").response().prompt(EXPLAIN).response(), SITE)
    (found,) = read_all(make_reference, homes)
    assert (found.task_type, found.turns) == ("research-recon", 2)


def test_a_log_in_two_repositories_counts_once(make_reference: ModuleType, tmp_path: Path) -> None:
    homes = PublicHomes(tmp_path)
    homes.list(homes.session(TOOLS, 1).response(), SITE)
    (found,) = read_all(make_reference, homes)
    assert found.repository == SITE


def test_the_page_shows_the_table_of_the_program(make_reference: ModuleType) -> None:
    page = make_reference.PAGE.read_text(encoding="utf-8")
    assert make_reference.show_on_page(page, load_reference()) == page
    assert make_reference.describe(load_reference()) in page


def test_a_table_on_its_page(make_reference: ModuleType) -> None:
    public = PublicBand(3, Band(1_234.5, 20_000.0, 1_000_000.0, 12, 1.5))
    types = {"debug-fix": BundledBand(14, public, None), "ml-eval": BundledBand(2)}
    reference = BundledReference("2026-06-01", 16, 4, "2026-01-02", "2026-03-04", types)
    assert make_reference.show_on_page(EMPTY_PAGE.replace("Above", "Before"), reference) == (
        "Before\n<!-- bands: made by tools/make_reference.py; a test compares -->\n"
        "16 main sessions of 4 repositories, begun from 2026-01-02 to 2026-03-04, made on 2026-06-01.\n\n"
        "| type | sessions | counted | n | repositories | p25 | median | p75 | p10 of turns |\n"
        "|---|--:|---|--:|--:|--:|--:|--:|--:|\n"
        "| `debug-fix` | 14 | real tokens | 12 | 3 | 1,234 | 20,000 | 1,000,000 | 1.5 |\n"
        "| `ml-eval` | 2 | no band | | | | | | |\n"
        "<!-- end of bands -->\nBelow\n"
    )
