"""What agents note down of their own work: to-do lists, plans, tasks by number."""

from __future__ import annotations

import msgspec
from msgspec import Raw, Struct

from tachograph.model import TaskChange, TaskState
from tachograph.sources._decode import decode_part, decode_string
from tachograph.sources._hashing import hash_text

MOST = 200
"""Items of one list that are read."""
_MOST_BYTES = 2 * 1024 * 1024
"""Of a list; no agent writes one so long."""
_STATES: dict[str, TaskState] = {
    "pending": "open", "in_progress": "started", "completed": "completed", "deleted": "dropped",
}  # fmt: skip


class _Item(Struct, gc=False):
    """An item of a list: Claude Code calls its text ``content``, Codex ``step``."""

    content: str | None = None
    step: str | None = None
    status: str | None = None


_decode_list = msgspec.json.Decoder(list[Raw]).decode
_decode_item = msgspec.json.Decoder(_Item).decode
_decode_name = msgspec.json.Decoder(str | int).decode


def read_list(raw: Raw) -> tuple[TaskChange, ...]:
    """The tasks of the JSON array ``raw``, a list written whole: the first :data:`MOST` items, without bad ones."""
    data = bytes(raw)
    items = decode_part(_decode_list, data) if 0 < len(data) <= _MOST_BYTES else None
    tasks = []
    for part in (items or [])[:MOST]:
        item = decode_part(_decode_item, bytes(part))
        text = (item.content or item.step) if item is not None else None
        state = _STATES.get(item.status or "") if item is not None else None
        if text and state is not None:
            tasks.append(TaskChange(hash_text(text), state))
    return tuple(tasks)


def read_state(raw: Raw) -> TaskState | None:
    """The state that the JSON value ``raw`` names; None when it names none."""
    return _STATES.get(decode_part(decode_string, bytes(raw)) or "")


def read_key(raw: Raw) -> int | None:
    """The key of the task whose number is the JSON value ``raw``, as text or as a number; None when it is neither."""
    name = decode_part(_decode_name, bytes(raw))
    return None if name is None or name == "" else name_key(str(name))


def name_key(name: str) -> int:
    """The key of the task of that number."""
    return hash_text(name)
