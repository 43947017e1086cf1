"""Make the reference of token economy from public sessions, and the part of its page that shows it.

python tools/make_reference.py --index INDEX.tsv --claude HOME --codex HOME

INDEX.tsv has the columns path (relative to the index), repository and kind, and perhaps others. Only logs of a kind in
``WHOLE`` count: an excerpt's tokens are not those of a session. docs/token-economy.md says what the table is worth.
"""

from __future__ import annotations

import argparse
import csv
import re
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import get_args

from tachograph.analysis.axes.quantiles import Sample
from tachograph.analysis.axes.reference import BundledReference, PublicBand, make_band, parse_reference
from tachograph.analysis.axes.token_economy import NEEDED
from tachograph.analysis.task_type import TaskType
from tachograph.app.ingest import ingest
from tachograph.app.workspace import Workspace
from tachograph.settings import Settings
from tachograph.warehouse.store import open_reader

CHECKOUT = Path(__file__).parent.parent
TABLE = CHECKOUT / "src" / "tachograph" / "analysis" / "axes" / "reference.toml"
PAGE = CHECKOUT / "docs" / "token-economy.md"
WHOLE = frozenset(("real", "real-reassembled"))
"""Kinds of logs that hold a session from its beginning to its end, as an agent wrote it."""

_BANDS = re.compile(
    r"(?<=<!-- bands: made by tools/make_reference.py; a test compares -->\n).*?(?=<!-- end)", re.DOTALL
)
_SESSIONS = """
SELECT id, task_type, started_at, turns, real_tokens, input_tokens, unreliable FROM sessions
WHERE kind = 'main' AND task_type IS NOT NULL AND real_tokens > 0 ORDER BY id
"""


@dataclass(frozen=True)
class PublicSession:
    """A main session with responses and a task."""

    id: str
    repository: str
    task_type: str
    day: date
    turns: int
    real_tokens: int
    input_side_tokens: int
    reliable: bool


def read_index(index: Path) -> dict[str, list[Path]]:
    """The whole logs of each repository, absolute."""
    logs: dict[str, list[Path]] = {}
    with index.open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table, delimiter="\t"):
            if row["kind"] in WHOLE:
                logs.setdefault(row["repository"], []).append((index.parent / row["path"]).resolve())
    return dict(sorted(logs.items()))


def read_sessions(index: Path, homes: dict[str, Path]) -> list[PublicSession]:
    """The sessions under ``homes`` (agent -> home) that the index lists; each once, under its first repository."""
    found: dict[str, PublicSession] = {}
    for repository, logs in read_index(index).items():
        with tempfile.TemporaryDirectory() as name:
            workspace = Workspace(Path(name) / "store", Settings())
            for agent, home in homes.items():
                copy = Path(name) / agent
                if _copy_logs(logs, home.resolve(), copy):
                    report = ingest(workspace, agent=agent, path=copy, jobs=1)
                    if report.unreadable:
                        sys.exit(f"{report.unreadable} logs of {repository} cannot be read.")
            if workspace.folder.exists():
                with closing(open_reader(workspace.folder)) as connection:
                    for session in _query(connection, repository):
                        found.setdefault(session.id, session)
    return list(found.values())


def _copy_logs(logs: Sequence[Path], home: Path, target: Path) -> int:
    """Copy those of ``logs`` that lie in ``home``; returns how many."""
    inside = [log for log in logs if log.is_relative_to(home)]
    for log in inside:
        copy = target / log.relative_to(home)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(log, copy)
    return len(inside)


def _query(connection: sqlite3.Connection, repository: str) -> Iterator[PublicSession]:
    for session, task_type, started_at, turns, real, input_side, unreliable in connection.execute(_SESSIONS):
        day = datetime.fromtimestamp(started_at / 1000, UTC).date()
        yield PublicSession(session, repository, task_type, day, turns, real, input_side, not unreliable)


# ------------------------------------------------------------------------------------------------------- writing

HEADER = """\
# Tokens of public sessions by task type. Made by tools/make_reference.py: change that, not this table.
#
# Counted as everything here is: each response once, under the one session that owns it; cache reads and subagents left
# out. Main sessions only, from logs that public repositories publish whole. Types are told from the first prompt.
# real_tokens (input, cache writes, output): sessions whose output counts are all reliable. input_side_tokens (input,
# cache writes): all sessions. p25, median and p75 in tokens, p10_turns in turns; quantiles are interpolated linearly.
#
# Limits: few repositories, whose owners chose what to publish; agents, models and versions mixed; not your work.
# It is used only until there are {needed} others of your own. With fewer than {needed} sessions a type has no band.
"""


def write_table(sessions: Sequence[PublicSession], made: date) -> str:
    """The table as TOML. Raises ValueError without sessions."""
    days = [session.day for session in sessions]
    lines = [
        HEADER.format(needed=NEEDED),
        f'made = "{made}"',
        f"sessions = {len(sessions)}",
        f"repositories = {len({session.repository for session in sessions})}",
        f'first_day = "{min(days)}"',
        f'last_day = "{max(days)}"',
    ]
    for task_type in get_args(TaskType):
        lines += _write_type(task_type, [session for session in sessions if session.task_type == task_type])
    return "\n".join(lines) + "\n"


def _write_type(task_type: str, sessions: Sequence[PublicSession]) -> Iterator[str]:
    yield f"\n[types.{task_type}]\nsessions = {len(sessions)}"
    reliable = [session for session in sessions if session.reliable]
    if len(reliable) >= NEEDED:
        yield _write_band("real_tokens", reliable, [session.real_tokens for session in reliable])
    if len(sessions) >= NEEDED:
        yield _write_band("input_side_tokens", sessions, [session.input_side_tokens for session in sessions])


def _write_band(unit: str, sessions: Sequence[PublicSession], values: Sequence[int]) -> str:
    band = make_band(Sample(sorted(values)), Sample(sorted(session.turns for session in sessions)))
    fields = ", ".join(f"{name} = {getattr(band, name)}" for name in ("n", "p25", "median", "p75", "p10_turns"))
    repositories = len({session.repository for session in sessions})
    return f"{unit} = {{ repositories = {repositories}, band = {{ {fields} }} }}"


def describe(reference: BundledReference) -> str:
    """The table as the page shows it."""
    lines = [
        f"{reference.sessions} main sessions of {reference.repositories} repositories, begun from"
        f" {reference.first_day} to {reference.last_day}, made on {reference.made}.\n",
        "| type | sessions | counted | n | repositories | p25 | median | p75 | p10 of turns |",
        "|---|--:|---|--:|--:|--:|--:|--:|--:|",
    ]
    for task_type, bands in reference.types.items():
        units = {"real tokens": bands.real_tokens, "input side": bands.input_side_tokens}
        start = f"| `{task_type}` | {bands.sessions} |"
        lines += [f"{start} {unit} | {_describe_band(public)} |" for unit, public in units.items() if public]
        if not any(units.values()):
            lines.append(f"{start} no band | | | | | | |")
    return "\n".join(lines) + "\n"


def _describe_band(public: PublicBand) -> str:
    band = public.band
    tokens = " | ".join(f"{value:,.0f}" for value in (band.p25, band.median, band.p75))
    return f"{band.n} | {public.repositories} | {tokens} | {band.p10_turns:g}"


def show_on_page(page: str, reference: BundledReference) -> str:
    """The page with the table as it is now."""
    return _BANDS.sub(lambda _: describe(reference), page)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index", type=Path, required=True, help="table of the logs")
    parser.add_argument("--claude", type=Path, required=True, help="home of Claude Code (holds projects/)")
    parser.add_argument("--codex", type=Path, required=True, help="home of Codex (holds sessions/)")
    parser.add_argument("--output", type=Path, default=TABLE, help="default: the table of the program")
    parser.add_argument("--page", type=Path, default=PAGE, help="default: the page of the documentation")
    given = parser.parse_args(arguments)
    sessions = read_sessions(given.index, {"claude_code": given.claude, "codex": given.codex})
    table = write_table(sessions, datetime.now(UTC).date())
    given.output.write_text(table, encoding="utf-8")
    page = given.page.read_text(encoding="utf-8")
    given.page.write_text(show_on_page(page, parse_reference(table)), encoding="utf-8")


if __name__ == "__main__":
    main()
