"""Our entries in an agent's settings: put in, found again, taken out. Text in, text out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from tachograph.app.hooks.entries import Json, command_of
from tachograph.app.hooks.json_text import Path, add_element, add_member, read_object, remove, replace_value
from tachograph.hooks.run import EVENTS

HOOKS = "hooks"
STATUS_LINE = "statusLine"


class Edit(msgspec.Struct, frozen=True):
    """A changed text."""

    text: str
    made: tuple[str, ...]
    """Objects and arrays that were not there before: ``hooks``, ``hooks.<event>``."""
    has_foreign_status_line: bool = False
    """A status line was wanted, and there is another one: it was left alone."""


class Ours(msgspec.Struct, frozen=True):
    """One of our handlers in a file."""

    path: tuple[str | int, ...]
    event: str
    """The agent's name of it; ``statusLine`` for the status line."""
    words: tuple[str, ...]
    """Of its command."""


def find_ours(document: Json) -> list[Ours]:
    """Our handlers and our status line in ``document``. Raises ValueError for hooks of a shape that is unheard of."""
    found = [
        Ours((HOOKS, event, number, HOOKS, index), event, tuple(words))
        for event, number, group in _groups(document)
        for index, handler in enumerate(group[HOOKS])
        if (words := command_of(handler))
    ]
    words = command_of(document.get(STATUS_LINE))
    return [*found, Ours((STATUS_LINE,), STATUS_LINE, tuple(words))] if words else found


def install(text: str, groups: Mapping[str, Json], status_line: Json | None, made: Sequence[str] = ()) -> Edit:
    """``text`` with ``groups`` among its hooks, each once, and none of ours at other events.

    Ours are left alone where they are right already, so that a second time changes nothing. ``status_line`` is put in
    unless there is one of somebody else's. ``made`` is what an earlier time made. Raises ValueError.
    """
    text = text if text.strip() else "{}\n"
    all_made = list(made)
    for event in dict.fromkeys([*(one.event for one in find_ours(read_object(text))), *groups]):
        if event == STATUS_LINE:
            continue
        held = [one for one in find_ours(read_object(text)) if one.event == event]
        group = groups.get(event)
        if group is not None and len(held) == 1 and _at(read_object(text), held[0].path[:3]) == group:
            continue
        text = _take_out(text, held, all_made)
        if group is not None:
            text = _put_in(text, event, group, all_made)
    text, is_foreign = (text, False) if status_line is None else _put_status_line(text, status_line)
    return Edit(text, tuple(dict.fromkeys(all_made)), is_foreign)


def uninstall(text: str, made: Sequence[str]) -> str:
    """``text`` without anything of ours: handlers, status line, what of ``made`` is empty then. Raises ValueError."""
    return _take_out(text, find_ours(read_object(text)), made)


def _groups(document: Json) -> Iterator[tuple[str, int, Json]]:
    """Every group of handlers at events that we know: event, place among those of the event, and itself."""
    hooks = document.get(HOOKS, {})
    if not isinstance(hooks, dict):
        raise ValueError("its hooks are no object")
    for event in [name for name in hooks if name in EVENTS]:
        groups = hooks[event]
        if not isinstance(groups, list):
            raise ValueError(f"its hooks at {event} are no array")
        for number, group in enumerate(groups):
            if not isinstance(group, dict) or not isinstance(group.get(HOOKS), list):
                raise ValueError(f"its hooks at {event} are not groups of handlers")
            yield event, number, group


def _put_in(text: str, event: str, group: Json, made: list[str]) -> str:
    hooks = read_object(text).get(HOOKS)
    if hooks is None:
        text, hooks = add_member(text, (), HOOKS, {}), {}
        made.append(HOOKS)
    if event not in hooks:
        made.append(f"{HOOKS}.{event}")
        return add_member(text, (HOOKS,), event, [group])
    return add_element(text, (HOOKS, event), group)


def _put_status_line(text: str, status_line: Json) -> tuple[str, bool]:
    """The text with the line, and whether another one stands in its place."""
    document = read_object(text)
    if STATUS_LINE not in document:
        return add_member(text, (), STATUS_LINE, status_line), False
    there = document[STATUS_LINE]
    if not command_of(there):
        return text, True
    if there["command"] != status_line["command"]:
        text = replace_value(text, (STATUS_LINE,), {**there, **status_line})
    return text, False


def _take_out(text: str, held: Sequence[Ours], made: Sequence[str]) -> str:
    """``text`` without the handlers in ``held``, the last ones first, so that the places of the others stay right."""
    for one in reversed(held):
        text = remove(text, one.path)
        if one.event == STATUS_LINE:
            continue
        if not _at(read_object(text), one.path[:4]):  # a group without handlers does nothing
            text = remove(text, one.path[:3])
        for path in ((HOOKS, one.event), (HOOKS,)):
            if ".".join(path) in made and _at(read_object(text), path) in ([], {}):
                text = remove(text, path)
    return text


def _at(document: Json, path: Path) -> Any:
    value: Any = document
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError):
            return None
    return value
