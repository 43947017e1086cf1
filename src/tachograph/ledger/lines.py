"""Events as lines of JSON, and back. A line names its times as people write them, and carries a sum of what it says."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from tachograph.ledger.events import Micros, OwnEvent

SUM = "sum"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_TIMES = ("started_at", "finished_at")


def encode(event: OwnEvent) -> bytes:
    """The event's line, line end included."""
    said: dict[str, Any] = msgspec.to_builtins(event)
    said["ts"] = to_text(event.ts)
    for place in (said, said.get("changes", {})):
        place.update({name: to_text(place[name] * 1000) for name in _TIMES if place.get(name) is not None})
    first = ("ts", "event_type", "goal_id")
    ordered = {name: said[name] for name in first} | {name: said[name] for name in said if name not in first}
    ordered[SUM] = sum_of(ordered)
    return json.dumps(ordered, ensure_ascii=False, separators=(", ", ": ")).encode() + b"\n"


def decode(line: bytes) -> OwnEvent:
    """The event that a line says. Raises ValueError with what is wrong."""
    try:
        return _DECODER.decode(line)
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from None


def sum_of(said: dict[str, Any]) -> str:
    """What tells an edit by hand: the first digits of a hash over everything else in the line."""
    rest = {name: value for name, value in said.items() if name != SUM}
    text = json.dumps(rest, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def to_text(microseconds: int) -> str:
    """A moment as lines have it: ``2026-11-21T20:49:08.123456Z``, as short as it can be told without loss."""
    moment = _EPOCH + timedelta(microseconds=microseconds)
    precision = "seconds" if not moment.microsecond else "microseconds" if moment.microsecond % 1000 else "milliseconds"
    return moment.isoformat(timespec=precision).replace("+00:00", "Z")


def to_microseconds(text: object) -> int:
    """The moment that ``text`` names, with its zone, between 2000 and 2200. Raises ValueError."""
    if not isinstance(text, str):
        raise ValueError("a time is missing or is no text")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text[:40]!r} is no time") from None
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} does not say in which zone")
    if not _EARLIEST <= moment < _LATEST:
        raise ValueError(f"{text!r} is not between 2000 and 2200")
    return (moment - _EPOCH) // timedelta(microseconds=1)


def to_milliseconds(text: object) -> int:
    """As ``to_microseconds``, rounded down."""
    return to_microseconds(text) // 1000


def _read_moment(kind: type, text: object) -> int:
    moment: int = kind(to_microseconds(text) if kind is Micros else to_milliseconds(text))
    return moment


_DECODER: msgspec.json.Decoder[OwnEvent] = msgspec.json.Decoder(OwnEvent, dec_hook=_read_moment)
