"""What the sessions always did, and never."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce

from tachograph.analysis.expectations._learn.lesson import LeftOut, Lesson, in_sessions
from tachograph.analysis.expectations._learn.limits import escape_glob
from tachograph.analysis.expectations._learn.observation import Observation

_LONGEST_SEQUENCE = 5
_MOST_FILES = 20
"""More names than anyone would read say that the sessions have little in common but their size."""
_SERIOUS = ("failed_edit_loop", "repeated_failed_retry")
"""Detectors of an agent that goes round in circles. What the others find is normal in moderation."""
_DANGEROUS = (
    "rm -rf", "git push --force", "git reset --hard", "git clean -fd", "chmod -R 777", "mkfs", "shutdown", "reboot",
    "kubectl delete", "terraform destroy",
)  # fmt: skip
"""Commands that destroy what no version control brings back, or what other people work with."""

Seen = Sequence[Observation]
Told = Iterator[Lesson | LeftOut]


def required_tools(seen: Seen) -> Told:
    """Tools of which every session carried out a call."""
    common = _common_tools(seen)
    if common:
        told = f"observed: carried out {_in_all(seen)}"
        yield Lesson("required_tools", [escape_glob(name) for name in sorted(common)], told)


def tool_sequence(seen: Seen) -> Told:
    """The longest order in which all sessions first used the tools that all of them used.

    One session alone does not show that its order matters.
    """
    if len(seen) < 2:
        yield LeftOut("tool_sequence", "one session does not show which order matters")
        return
    common = _common_tools(seen)
    steps = _longest_order([[name for name in one.order if name in common] for one in seen])[:_LONGEST_SEQUENCE]
    if len(steps) > 1:
        told = f"observed: first used in this order {_in_all(seen)}"
        yield Lesson("tool_sequence", [escape_glob(name) for name in steps], told, is_whole=True)


def expected_files(seen: Seen) -> Told:
    """Files that every session made: by name, and by ending where the sessions' names differ."""
    shared = reduce(frozenset.__and__, (one.made for one in seen))
    names = sorted(shared) if len(shared) <= _MOST_FILES else []
    endings = {_ending(name) for name in shared}
    patterns = [*names, *(one for one in _patterns(seen) if _ending(one) not in endings)]
    if patterns:
        yield Lesson("expected_files", patterns, f"observed: created or changed {_in_all(seen)}")
    elif shared:
        yield LeftOut("expected_files", f"{len(shared)} files are too many to expect each of them")


def no_findings(seen: Seen) -> Told:
    """Detectors of failure that found nothing."""
    clean = [name for name in _SERIOUS if not any(name in one.detectors for one in seen)]
    if clean:
        yield Lesson("no_findings", clean, f"observed: none {in_sessions(len(seen))}")


def banned_commands(seen: Seen) -> Told:
    """A suggestion: that something did not happen does not show that it must not."""
    told = f"not learnt, a suggestion: none of these ran {in_sessions(len(seen))}"
    yield Lesson("banned_commands", list(_DANGEROUS), told, is_suggestion=True)


def _in_all(seen: Seen) -> str:
    return in_sessions(1) if len(seen) == 1 else f"in all {len(seen)} sessions"


def _common_tools(seen: Seen) -> frozenset[str]:
    return reduce(frozenset.__and__, (frozenset(one.order) for one in seen))


def _longest_order(orders: list[list[str]]) -> list[str]:
    """The longest sequence that is part of every order; all of them hold the same names, each once.

    Of several as long, the first by name.
    """
    places = [{name: place for place, name in enumerate(order)} for order in orders]
    best: dict[str, list[str]] = {}
    for name in reversed(orders[0]):
        after = [best[later] for later in best if all(place[name] < place[later] for place in places)]
        best[name] = [name, *min(after, key=_rank, default=[])]
    return min(best.values(), key=_rank, default=[])


def _rank(sequence: list[str]) -> tuple[int, list[str]]:
    return -len(sequence), sequence


def _patterns(seen: Seen) -> list[str]:
    """``folder/*.sql`` where every session made such a file in the same folder, else ``*.sql``."""
    if len(seen) < 2:
        return []
    places = reduce(frozenset.__and__, (frozenset(map(_place, one.made)) for one in seen))
    endings = reduce(frozenset.__and__, (frozenset(map(_ending, one.made)) for one in seen))
    found = {_glob(folder, ending) for folder, ending in places if ending}
    placed = {ending for _, ending in places}
    return sorted(found | {_glob("", ending) for ending in endings - placed if ending})


def _place(path: str) -> tuple[str, str]:
    return path.rpartition("/")[0], _ending(path)


def _ending(path: str) -> str:
    """``.sql``; empty for a name without an ending, and for a hidden one."""
    stem, _, ending = path.rpartition("/")[2].rpartition(".")
    return f".{ending}" if stem and ending else ""


def _glob(folder: str, ending: str) -> str:
    return f"{folder}/*{ending}" if folder else f"*{ending}"
