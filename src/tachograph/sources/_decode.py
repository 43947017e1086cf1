"""The decode ladder: fast typed decoding, then tolerant decoding, then a reason why not."""

from __future__ import annotations

import json
import re
from typing import Any, TypeVar, get_type_hints

import msgspec

T = TypeVar("T", bound=msgspec.Struct)

_BOM = b"\xef\xbb\xbf"
_SURROGATE = re.compile("[\ud800-\udfff]")
_INT64_MAX = 2**63 - 1


class Decoded(msgspec.Struct, frozen=True):
    """What one line held, and what was wrong with it."""

    records: tuple[Any, ...]
    slug: str = ""
    """Problem slug; empty when nothing was lost."""
    detail: str = ""


def decode_tolerantly(raw: bytes, shape: type[T]) -> Decoded:
    """Read a line that the typed decoder for ``shape`` refused.

    Copes with a byte order mark, ``//`` comment lines, NUL padding, invalid UTF-8, lone surrogates, integers
    beyond 64 bits, several objects glued into one line, and fields of an unexpected type (these alone are dropped).
    Never raises.
    """
    text, lossy = _to_text(raw)
    if not text or text.startswith("//"):
        return Decoded(())
    try:
        values, rest = _split_objects(text)
    except RecursionError:
        return Decoded((), "too_deep", "nested too deeply to be read")
    records: list[T] = []
    dropped: list[str] = []
    for value in values:
        try:
            records.append(_convert(_sanitise(value), shape, dropped, ""))
        except RecursionError:
            return Decoded(tuple(records), "too_deep", "nested too deeply to be read")
    if rest:
        slug = "invalid_json" if not records else "glued_line"
        return Decoded(tuple(records), slug, f"{len(rest)} characters are not JSON")
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


def _split_objects(text: str) -> tuple[list[dict[str, Any]], str]:
    """All JSON objects in ``text`` from its start, and what could not be read as one."""
    decode = json.JSONDecoder(strict=False).raw_decode
    found: list[dict[str, Any]] = []
    at = 0
    while at < len(text):
        try:
            value, at = decode(text, at)
        except (ValueError, IndexError):
            return found, text[at:]
        if isinstance(value, dict):
            found.append(value)
        elif not found:
            return found, text
        while at < len(text) and text[at] in " \t\r\n,\x00":
            at += 1
    return found, ""


def _sanitise(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_sanitise(key): _sanitise(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_sanitise(item) for item in value]
    if isinstance(value, float) and value == int(value if abs(value) < _INT64_MAX else 0):
        return int(value)
    if isinstance(value, int) and abs(value) > _INT64_MAX:
        return None
    return value


def _convert(value: Any, shape: type[T], dropped: list[str], at: str) -> T:
    """Decode ``value`` as ``shape``; where that fails, field by field, dropping only what does not fit."""
    try:
        return msgspec.json.decode(msgspec.json.encode(value), type=shape)
    except msgspec.ValidationError:
        pass
    fields: dict[str, Any] = {}
    hints = get_type_hints(shape)
    for field in msgspec.structs.fields(shape):
        if field.encode_name not in value:
            continue
        item, kind = value[field.encode_name], hints[field.name]
        try:
            fields[field.name] = msgspec.json.decode(msgspec.json.encode(item), type=kind)
        except msgspec.ValidationError:
            inner = _struct_in(kind)
            if inner is not None and isinstance(item, dict):
                fields[field.name] = _convert(item, inner, dropped, f"{at}{field.encode_name}.")
            elif inner is not None and isinstance(item, list):
                fields[field.name] = [_convert(part, inner, dropped, at) for part in item if isinstance(part, dict)]
            else:
                dropped.append(at + field.encode_name)
    return shape(**fields)


def _struct_in(kind: Any) -> type[msgspec.Struct] | None:
    """The Struct within ``X``, ``X | None`` or ``list[X] | str | None``."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind
    for part in getattr(kind, "__args__", ()):
        found = _struct_in(part)
        if found is not None:
            return found
    return None
