"""The state of the fold over sessions: what has to be kept to go on, and how it is written down."""

from __future__ import annotations

from typing import Any

import msgspec

from tachograph.learning.alerts import Completeness, Context, Streak
from tachograph.learning.baselines import Ema, Sketch, Track
from tachograph.learning.records import Group, Reset

VERSION = 1
"""Of the state; to be raised with every change of what is kept or of how baselines are made."""


class Entry(msgspec.Struct, array_like=True):
    """One KPI of one group."""

    track: Track = msgspec.field(default_factory=Track)
    streak: Streak = msgspec.field(default_factory=Streak)


class GroupState(msgspec.Struct, array_like=True):
    """One group."""

    seen_at: int = 0
    """End of its last session, whether that was fed or not."""
    entries: dict[str, Entry] = {}
    """By KPI."""
    recent: list[Context] = []
    """Its last sessions, the oldest first."""


class PoolState(msgspec.Struct, array_like=True):
    """The same agent type over several model families, or over all agents: shown, not judged by."""

    seen_at: int = 0
    emas: dict[str, Ema] = {}


class State(msgspec.Struct, array_like=True):
    """All of the fold."""

    version: int = VERSION
    position: tuple[int, str] = (-1, "")
    """Order of the last session taken."""
    groups: dict[Group, GroupState] = {}
    pools: dict[Group, PoolState] = {}
    completeness: dict[tuple[str, str], Completeness] = {}
    """By agent and rule."""
    types: dict[str, list[Context]] = {}
    """The last sessions of each agent type, the oldest first."""


def pools_of(group: Group) -> tuple[Group, Group]:
    """The pools that a group belongs to: over model families, and over agents too."""
    return Group(group.agent_type, group.agent, "*"), Group(group.agent_type, "*", "*")


def is_set_back(reset: Reset, group: Group, kpi: str) -> bool:
    """Whether ``reset`` is about this baseline."""
    return (
        reset.agent_type == group.agent_type
        and reset.agent in (None, group.agent)
        and reset.family in (None, group.family)
        and reset.kpi in (None, kpi)
    )


def dump_state(state: State) -> bytes:
    """The state as bytes; equal states give equal bytes."""
    return _ENCODER.encode(state)


def load_state(dumped: bytes) -> State:
    """The state that was dumped; ValueError when it is of another version, or is none."""
    try:
        version = msgspec.msgpack.decode(_PARTS.decode(dumped)[0])
        if version != VERSION:
            raise ValueError(f"The state is of version {version}, not {VERSION}.")
        return _DECODER.decode(dumped)
    except (msgspec.DecodeError, IndexError) as error:
        raise ValueError(f"The state cannot be read: {error}.") from error


def _encode(value: Any) -> bytes:
    if isinstance(value, Sketch):
        return value.dump()
    raise NotImplementedError(f"no way to write a {type(value).__name__}")


def _decode(kind: type, value: Any) -> Sketch:
    if kind is Sketch:
        return Sketch(bytes(value))
    raise NotImplementedError(f"no way to read a {kind.__name__}")


_ENCODER = msgspec.msgpack.Encoder(enc_hook=_encode)
_DECODER = msgspec.msgpack.Decoder(State, dec_hook=_decode)
_PARTS = msgspec.msgpack.Decoder(list[msgspec.Raw])
