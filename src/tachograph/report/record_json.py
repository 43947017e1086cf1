"""Records as JSON."""

from __future__ import annotations

from typing import Any

import msgspec


def encode_record(schema: str, record: msgspec.Struct | dict[str, Any]) -> bytes:
    """``record`` with ``"schema": "tachograph.<schema>/1"`` before its own fields."""
    head = msgspec.json.encode({"schema": f"tachograph.{schema}/1"})
    body = encode_json(record)
    return head if body == b"{}" else head[:-1] + b"," + body[1:]


def encode_json(value: Any) -> bytes:
    """UTF-8 JSON; half a character, which a file's name may hold, becomes a question mark."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return msgspec.json.encode(_mend(msgspec.to_builtins(value)))


def _mend(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_mend(key): _mend(one) for key, one in value.items()}
    return [_mend(one) for one in value] if isinstance(value, list) else value
