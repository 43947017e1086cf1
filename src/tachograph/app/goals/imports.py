"""Taking over another ledger: one of ours, or one that ``ai-agents-metrics`` kept."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tachograph.app.goals.place import LedgerPlace
from tachograph.errors import NotFound, TachographError
from tachograph.ledger import file
from tachograph.ledger.foreign import as_event
from tachograph.ledger.reading import LedgerProblem, can_be_read, read_ledger
from tachograph.paths import open_regular


class ImportReport(msgspec.Struct, frozen=True):
    """What was taken over."""

    source: str
    path: str
    """The ledger that it was taken into."""
    added: int
    """Events appended."""
    known: int
    """Events that the ledger held already."""
    problems: list[LedgerProblem]
    """Lines of the source that nothing can be made of; they stay where they are."""
    goals_before: int
    goals_after: int


def import_ledger(place: LedgerPlace, source: Path) -> ImportReport:
    """Append what the file at ``source`` says and the ledger at ``place`` does not: every line as it stands.

    An older document of the other tool, one object with all goals, becomes one line. Doing it again adds nothing.
    Raises NotFound, TachographError (``ledger_unreadable``), and as ``ledger.file.change``.
    """
    content = _as_lines(_content(source), source)
    reading = read_ledger(content)
    lines = [line for raw in content.split(b"\n") if can_be_read(line := raw.strip())]
    added: list[int] = []

    def new(before: bytes) -> list[bytes]:
        there = {line.strip() for line in before.split(b"\n")}
        fresh = list(dict.fromkeys(line for line in lines if line not in there))
        added.append(len(fresh))
        return [line + b"\n" for line in fresh]

    before, after = (read_ledger(one, sums=False) for one in file.append_lines(place.path, new))
    unreadable = [one for one in reading.problems if one.slug in _LOST]
    return ImportReport(
        str(source), str(place.path), added[0], len(lines) - added[0], unreadable,
        len(before.state.goals), len(after.state.goals),
    )  # fmt: skip


_LOST = ("torn_line", "not_json", "unknown_event", "invalid_event")


def _content(source: Path) -> bytes:
    try:
        with open_regular(source) as opened:
            content = opened.read(file.MOST_BYTES + 1)
    except FileNotFoundError:
        raise NotFound(f"There is no file {source}.", slug="no_such_file") from None
    except OSError as error:
        text = f"{source} cannot be read: {error.strerror or error}."
        raise TachographError(text, slug="ledger_unreadable") from error
    if len(content) > file.MOST_BYTES:
        raise TachographError(f"{source} is larger than 256 MiB.", slug="ledger_unreadable")
    return content


def _as_lines(content: bytes, source: Path) -> bytes:
    """The content itself, unless it is a document: then a line that says the same."""
    try:
        said = msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError):
        return content
    if not isinstance(said, dict) or "event_type" in said:
        return content
    try:
        return msgspec.json.encode(as_event(said)) + b"\n"
    except ValueError as error:
        raise TachographError(f"{source} is no ledger: {error}.", slug="ledger_unreadable") from None
