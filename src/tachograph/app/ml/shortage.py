"""What there is too little of to learn from, in the words of what is learned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from tachograph.app.ml.active import COMMAND_TARGETS, Target
from tachograph.learning.ml.table import Grouping

if TYPE_CHECKING:
    from tachograph.learning.ml.training import Shortage


class _Words(msgspec.Struct, frozen=True):
    """What a row of a target is called, what is to be known of it, and how it can turn out."""

    one: str
    many: str
    known: str
    good: str
    bad: str


_COMMANDS = _Words("command", "commands", "a known outcome or a label", "went well", "went badly")
_SESSIONS = {
    "session_cost": "a cost that is known",
    "session_success": "a success or failure that is known",
    "session_waste": "a waste that is known",
}
GROUPS: dict[Grouping, tuple[str, str]] = {
    "group": ("group", "groups"),
    "repository": ("repository", "repositories"),
    "session": ("session", "sessions"),
}
"""What a group is called: one, and several."""


def tell_shortage(target: Target, grouped_by: Grouping, missing: Sequence[Shortage]) -> str:
    """One sentence: of each thing that is missing how much there is, and how much is needed."""
    words = _COMMANDS
    if target not in COMMAND_TARGETS:
        words = _Words("first turn", "first turns of sessions", _SESSIONS[target], "succeeded", "failed")
    told = "; ".join(_tell(one, words, GROUPS[grouped_by]) for one in missing)
    return f"There is too little to learn {target} from: {told}."


def _tell(short: Shortage, words: _Words, group: tuple[str, str]) -> str:
    there, rows = short.there, words.one if short.there == 1 else words.many
    groups = group[0] if there == 1 else group[1]
    match short.of:
        case "outcomes":
            told = f"{there} {rows} with {words.known}"
        case "groups":
            told = f"{there} {groups} with such"
        case "successes":
            told = f"{there} that {words.good}"
        case "failures":
            told = f"{there} that {words.bad}"
        case "newer outcomes":
            told = f"{there} {rows} to judge by, the newest ones, in {group[1]} apart from the others"
        case "older outcomes":
            told = f"{there} {rows} to learn from, older ones, in {group[1]} apart from the newest"
        case "different outcomes":
            return "all of them came out the same"
        case "newer groups":
            return f"there are no newer and older {words.many} in {group[1]} apart from each other"
        case "mixed outcomes":
            return f"of the newest {words.many}, or of a part of the older ones, all {words.good} or all {words.bad}"
    return f"{told}, {short.needed} are needed"
