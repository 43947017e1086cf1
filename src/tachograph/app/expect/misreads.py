"""Everything that is wrong with the value of one key: the language itself stops at the first offence."""

from __future__ import annotations

from typing import Any

from tachograph.analysis.expectations import Misread, read_expectations

_MOST = 20
"""Times that a value is read."""
_MOST_CHARS = 200_000
"""Of all that is read again, as Python writes it: less than a second, were it all regular expressions."""

Path = tuple[str | int, ...]


def find_misreads(key: str, value: object) -> list[Misread]:
    """What the language has to say against ``value`` as that of ``key``; empty when it holds.

    At most 20 offences, of a very large value fewer. Their paths begin with ``key``. To find the next one, the entry
    with the last one is left out. What is then said of a collection that it was taken from may be true of the rest
    alone, and is not believed.
    """
    found: list[Misread] = []
    offsets: dict[Path, int] = {}
    left: Any = {key: value}
    chars = 0
    for _ in range(_MOST):
        wrong = _first_misread(left)
        if wrong is None:
            break
        place = _restore(wrong.path, offsets)
        if not any(one.path[: len(place)] == place for one in found):
            found.append(Misread(wrong.message, place, wrong.hint))
        if len(place) < 2:  # the value as a whole
            break
        left = _without(left, wrong.path)
        chars += len(repr(left))
        if chars > _MOST_CHARS:
            break
        offsets |= {
            place[:depth]: step + (depth == len(place) - 1) for depth, step in enumerate(place) if isinstance(step, int)
        }
    return found


def _first_misread(block: Any) -> Misread | None:
    try:
        read_expectations(block)
    except Misread as wrong:
        return wrong
    return None


def _without(value: Any, path: Path) -> Any:
    """``value`` without the entry at ``path``, nor those before it in its list: they were found to be right."""
    step, *further = path
    if isinstance(value, list) and isinstance(step, int):
        changed = [_without(value[step], tuple(further))] if further else []
        return [*changed, *value[step + 1 :]]
    if not isinstance(value, dict):
        return value
    kept = {name: one for name, one in value.items() if name != step or further}
    return kept | {step: _without(kept[step], tuple(further))} if step in kept else kept


def _restore(path: Path, offsets: dict[Path, int]) -> Path:
    """``path``, found in what is left, as it is in the whole value. ``offsets``: items that a list has lost."""
    whole: Path = ()
    for step in path:
        whole = (*whole, step + offsets.get(whole, 0) if isinstance(step, int) else step)
    return whole
