"""The decode ladder: fast typed decoding, then tolerant decoding, then a reason why not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

T = TypeVar("T", bound=msgspec.Struct)
P = TypeVar("P")

_BOM = b"\xef\xbb\xbf"
_SURROGATE = re.compile("[\ud800-\udfff]")
_INT64_MAX = 2**63 - 1
_LINE_START = re.compile(r'\{"(?:agentId|isSidechain|leafUuid|parentUuid|sessionId|timestamp|type|uuid)":')
_MAX_TRIES = 1000
"""Places at which a line's rest is tried, behind a fragment."""
_MAX_BYTES = 8 * 1024 * 1024
"""Mending takes many times a line's size in memory."""


class Decoded(msgspec.Struct, frozen=True):
    """What one line held, and what was wrong with it."""

    records: tuple[Any, ...]
    slug: str = ""
    """Problem slug; empty when nothing was lost."""
    detail: str = ""


def decode_tolerantly(raw: bytes, shape: type[T]) -> Decoded:
    """Read a line that the typed decoder for ``shape`` refused.

    Copes with a byte order mark, ``//`` comment lines, NUL padding, invalid UTF-8, lone surrogates, numbers beyond
    reason, several objects glued into one line, also behind the fragment that an interrupted writer left, and fields
    of an unexpected type (these alone are dropped). Never raises.
    """
    if len(raw) > _MAX_BYTES:
        return Decoded((), "invalid_json", f"{len(raw)} bytes that are not one JSON object, too many to be mended")
    text, lossy = _to_text(raw)
    if not text or text.startswith("//"):
        return Decoded(())
    try:
        values, lost = _split_objects(text)
    except RecursionError:
        return Decoded((), "too_deep", "nested too deeply to be read")
    records: list[T] = []
    dropped: list[str] = []
    for value in values:
        try:
            records.append(_convert(_sanitise(value), shape, dropped, ""))
        except RecursionError:
            return Decoded(tuple(records), "too_deep", "nested too deeply to be read")
    if lost:
        slug = "invalid_json" if not records else "glued_line"
        return Decoded(tuple(records), slug, f"{lost} characters are no JSON object")
    if dropped:
        return Decoded(tuple(records), "unexpected_shape", "ignored: " + ", ".join(sorted(set(dropped)))[:160])
    if lossy:
        return Decoded(tuple(records), "invalid_utf8", "bytes that are not UTF-8 were replaced")
    return Decoded(tuple(records))


def _to_text(raw: bytes) -> tuple[str, bool]:
    raw = raw.removeprefix(_BOM).strip(b"\x00 \t\r\n")
    try:
        return raw.decode("utf-8"), False
    except UnicodeDecodeError:
        return raw.decode("utf-8", "replace"), True


def _split_objects(text: str) -> tuple[list[dict[str, Any]], int]:
    """All JSON objects in ``text``, and how many of its characters belong to none."""
    decode = json.JSONDecoder(strict=False).raw_decode
    found: list[dict[str, Any]] = []
    at = lost = 0
    while at < len(text):
        try:
            value, end = decode(text, at)
        except (ValueError, IndexError):
            value, end = None, _find_line(text, at + 1, decode)
        if isinstance(value, dict):
            found.append(value)
        else:
            lost += end - at
        at = end
        while at < len(text) and text[at] in " \t\r\n,\x00":
            at += 1
    return found, lost


def _find_line(text: str, start: int, decode: Callable[[str, int], tuple[Any, int]]) -> int:
    """Where, from ``start`` on, a whole log line begins behind a fragment; the text's end when none does.

    Objects within the fragment look like lines too; but a line is followed by another one or by nothing.
    """
    at = start
    for _ in range(_MAX_TRIES):
        match = _LINE_START.search(text, at)
        if match is None:
            break
        try:
            value, end = decode(text, match.start())
        except (ValueError, IndexError, RecursionError):
            at = match.start() + 1
            continue
        is_line = "type" in value and ("timestamp" in value or "sessionId" in value or "leafUuid" in value)
        if is_line and text[end : end + 1] in ("", "{"):
            return match.start()
        at = end
    return len(text)


def _sanitise(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_sanitise(key): _sanitise(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_sanitise(item) for item in value]
    if isinstance(value, int | float) and not abs(value) <= _INT64_MAX:
        return str(value)  # as a text it fits no number's field: it is dropped and reported, not taken for 0
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _convert(value: Any, shape: type[T], dropped: list[str], at: str) -> T:
    """Decode ``value`` as ``shape``; where that fails, field by field, dropping only what does not fit."""
    try:
        return msgspec.json.decode(msgspec.json.encode(value), type=shape)
    except msgspec.ValidationError:
        pass
    fields: dict[str, Any] = {}
    hints = _hints(shape)
    for field in msgspec.structs.fields(shape):
        if field.encode_name not in value:
            continue
        item, kind = value[field.encode_name], hints[field.name]
        try:
            fields[field.name] = msgspec.json.decode(msgspec.json.encode(item), type=kind)
        except msgspec.ValidationError:
            mended = _mend(item, kind, dropped, at + field.encode_name)
            if mended is not msgspec.UNSET:
                fields[field.name] = mended
    return shape(**fields)


def _mend(item: Any, kind: Any, dropped: list[str], at: str) -> Any:
    """What of ``item`` fits ``kind``; UNSET when nothing does."""
    if isinstance(item, dict) and (inner := _struct_in(kind)):
        return _convert(item, inner, dropped, f"{at}.")
    if isinstance(item, dict) and (inner := _struct_in(kind, dict)):
        fitting = {key: part for key, part in item.items() if isinstance(part, dict)}
        mended: Any = {key: _convert(part, inner, dropped, f"{at}.") for key, part in fitting.items()}
    elif isinstance(item, list) and (inner := _struct_in(kind, list)):
        mended = [_convert(part, inner, dropped, f"{at}.") for part in item if isinstance(part, dict)]
    else:
        mended = msgspec.UNSET
    if mended is msgspec.UNSET or len(mended) < len(item):
        dropped.append(at)
    return mended


@cache
def _hints(shape: type[msgspec.Struct]) -> dict[str, Any]:
    return get_type_hints(shape, include_extras=True)


def _struct_in(kind: Any, within: type | None = None) -> type[msgspec.Struct] | None:
    """The Struct that ``kind`` is or may be; with ``within`` (list, dict), the one that such a container would hold."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind if within is None else None
    origin = get_origin(kind)
    if origin is within and origin is not None:
        return _struct_in(get_args(kind)[-1])
    if origin in (Union, UnionType):
        return next(filter(None, (_struct_in(part, within) for part in get_args(kind))), None)
    return None


def decode_part(decode: Callable[[bytes], P], raw: bytes) -> P | None:
    """Decode a part of a line that the line's own decoder left as it was; None when it is not of that kind.

    Nobody has looked into such a part before: its bytes need not even be UTF-8.
    """
    try:
        return decode(raw)
    except UnicodeDecodeError:
        pass
    except (msgspec.MsgspecError, RecursionError):
        return None
    try:
        return decode(raw.decode("utf-8", "replace").encode())
    except (msgspec.MsgspecError, RecursionError):
        return None


decode_string = msgspec.json.Decoder(str).decode
