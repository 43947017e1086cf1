"""Blocks of expectations within a file: whose keys they hold, what they ask for, and which of it is to be checked."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from tachograph.analysis.expectations import SCORERS, Misread, load_expectations
from tachograph.app.expect.errors import quoted
from tachograph.app.expect.misreads import find_misreads
from tachograph.app.expect.sheet import Sheet, Steps, dotted, nearest, shorten

BLOCK = "trace_expectations"
CHOICE = "trace_scorers"
CASES = "test_cases"
_PLACES = ((BLOCK,), ("scorers", BLOCK))
"""Where a manifest's block of expectations may stand."""
_THEIRS = {
    "expected_facts",
    "expected_output",
    "expected_patterns",
    "expected_response",
    "expected_skills",
    "guidelines",
}
"""Keys of a case's expectations that other tools check."""
_EVERYDAY = {"duration", "scope"}
"""Keys of ours that other people's manifests may well have: they are taken for ours if their values make sense."""


class Base(msgspec.Struct, frozen=True):
    """What a manifest asks of every session."""

    plain: dict[str, object] = {}
    """The value of each key, as the file has it; None: it asks for nothing."""
    chosen: frozenset[str] | None = None
    """Names of the checks that are to run; None: all."""
    foreign: tuple[str, ...] = ()
    """Other people's keys, as paths."""


def read_base(sheet: Sheet) -> Base:
    """The expectations and the choice of checks of a manifest. What is wrong with it, ``sheet`` knows afterwards."""
    foreign = _foreign_keys(sheet, (), (BLOCK, CHOICE, CASES), "scorers")
    scorers = sheet.at(("scorers",))
    if isinstance(scorers, dict):
        foreign += _foreign_keys(sheet, ("scorers",), (BLOCK, CHOICE), "enabled")
    elif isinstance(scorers, list) and any(name in SCORERS for name in scorers if isinstance(name, str)):
        sheet.refuse("expected a mapping", ("scorers",), "Name them in a list under scorers.enabled.")
    elif scorers is not None:
        foreign.append("scorers")
    given = [path for path in _PLACES if sheet.at(path) is not None]
    if len(given) > 1:
        sheet.refuse(f"{BLOCK} stands under scorers, and on line {sheet.line(given[0])} too", given[1], key=True)
    plain = read_block_at(sheet, given[0]) if given else {}
    return Base(plain, _read_choice(sheet, foreign), tuple(foreign))


def read_block_at(sheet: Sheet, path: Steps, others: Collection[str] = ()) -> dict[str, object]:
    """The values of a block of our own by key, those that hold; an unknown key is refused, ``others`` are left out."""
    known = own_keys()
    block = sheet.mapping(path, "expected a mapping of expectations")
    keys = [key for key in block if key not in others]
    slips = {key for key in keys if key not in known and sheet.refuse_slip((*path, key), others)}
    return {key: block[key] for key in keys if key not in slips and _holds(sheet, path, key)}


def read_case_block(sheet: Sheet, path: Steps) -> tuple[dict[str, object], list[str]]:
    """The values of our keys in a case's expectations, those that hold, and the names of the keys that are not ours."""
    known = own_keys()
    values: dict[str, object] = {}
    foreign: list[str] = []
    for key, value in sheet.mapping(path, "expected a mapping of expectations").items():
        where = (*path, key)
        if key == BLOCK:
            sheet.refuse(f"{BLOCK} belongs to the manifest", where, "Write its keys here, without it.", key=True)
        elif key not in known:
            if key in _THEIRS or not sheet.refuse_slip(where, known):
                foreign.append(shorten(key))
        elif value is None or _holds(sheet, path, key):
            values[key] = value
    return values, foreign


def own_keys() -> tuple[str, ...]:
    """Every key that a block of expectations may have."""
    return (*load_expectations(), "scope")


def override(base: dict[str, object], case: dict[str, object]) -> dict[str, object]:
    """``base`` with the keys of ``case`` instead of its own; one that is None there takes the key away."""
    merged = {**base, **case}
    return {key: value for key, value in merged.items() if value is not None or key not in case}


def _foreign_keys(sheet: Sheet, path: Steps, own: tuple[str, ...], shared: str) -> list[str]:
    """Other people's keys at ``path``: all but ``own`` and ``shared``.

    One that is nearly ``own`` is refused, and one that a block of expectations has: left alone, neither would ever be
    checked.
    """
    keys = [key for key in sheet.mapping(path) if key not in (*own, shared)]
    return [
        dotted((*path, key))
        for key in keys
        if not refuse_stray(sheet, (*path, key)) and not sheet.refuse_slip((*path, key), own)
    ]


def refuse_stray(sheet: Sheet, path: Steps, block: str = BLOCK) -> bool:
    """Whether the key at the end of ``path`` is an expectation that stands outside of a block; it is refused then."""
    key, value = str(path[-1]), sheet.at(path)
    is_doubtful = key in _EVERYDAY or (len(path) > 1 and key in SCORERS)  # below scorers: its settings, perhaps
    if key not in own_keys() or (is_doubtful and (value is None or find_misreads(key, value))):
        return False
    sheet.refuse(f"{quoted(key)} stands outside of {block}", path, f"It belongs under {block}:.", key=True)
    return True


def _holds(sheet: Sheet, path: Steps, key: str) -> bool:
    """Whether the language knows the key and its value makes sense; else it is refused."""
    found = find_misreads(key, sheet.at((*path, key)))
    for wrong in found:
        sheet.misread(_mind_indentation(sheet, path, wrong), path)
    return not found


def _mind_indentation(sheet: Sheet, path: Steps, wrong: Misread) -> Misread:
    """``wrong``; of an unknown key behind one without a value the hint is that it may belong to that one."""
    keys = list(sheet.mapping(path))
    before = keys[keys.index(wrong.path[0]) - 1] if wrong.path and wrong.path[0] in keys[1:] else None
    if before not in own_keys() or sheet.at((*path, str(before))) is not None or wrong.hint.startswith("Did you mean"):
        return wrong
    if len(wrong.path) > 1 or not wrong.message.startswith("unknown key"):
        return wrong
    return Misread(wrong.message, wrong.path, f"If it belongs to {before}, indent it.")


def _read_choice(sheet: Sheet, foreign: list[str]) -> frozenset[str] | None:
    """The checks chosen by name; names of other people's scorers are added to ``foreign``."""
    chosen: set[str] = set()
    for path in ((CHOICE,), ("scorers", CHOICE)):
        for number, name in enumerate(sheet.items(path, "expected a list of scorers' names")):
            if isinstance(name, str) and name in SCORERS:
                chosen.add(name)
            else:
                _refuse_scorer(sheet, (*path, number), name)
    path = ("scorers", "enabled")
    for number, name in enumerate(sheet.items(path, "expected a list of scorers' names")):
        meant = nearest(name, SCORERS) if isinstance(name, str) and name not in SCORERS else None
        if isinstance(name, str) and name in SCORERS:
            chosen.add(name)
        elif meant is not None:
            sheet.refuse(f"unknown scorer {quoted(str(name))}", (*path, number), f"Did you mean {meant}?")
        else:
            foreign.append(
                f"scorers.enabled.{shorten(name)}" if isinstance(name, str) else f"scorers.enabled[{number}]"
            )
    return frozenset(chosen) or None


def _refuse_scorer(sheet: Sheet, path: Steps, name: object) -> None:
    """A scorer of ours is meant, and there is none of this name: a key's own name is the usual mistake."""
    by_key = {key: scorer for scorer, key in SCORERS.items()}
    if not isinstance(name, str):
        sheet.refuse("expected the name of a scorer", path)
        return
    meant = by_key.get(name) or nearest(name, SCORERS)
    hint = f"Did you mean {meant}?" if meant else f"Known ones: {', '.join(SCORERS)}."
    sheet.refuse(f"unknown scorer {quoted(name)}", path, hint)
