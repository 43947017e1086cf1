"""JSON of which nothing is known: what is not of the type that was asked for counts as absent."""

import json


def parse(raw: bytes | bytearray) -> dict[str, object]:
    """The object that ``raw`` holds; an empty one when it holds none."""
    try:
        record = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def encode(record: dict[str, object]) -> bytes:
    """``record`` on one line, in ASCII, without its end."""
    return json.dumps(record, separators=(",", ":")).encode()


def text_of(record: dict[str, object], key: str) -> str:
    """The text under ``key``; empty when there is none."""
    value = record.get(key)
    return value if isinstance(value, str) else ""


def number_of(record: dict[str, object], key: str) -> float | None:
    """The finite number under ``key``; None when there is none."""
    value = record.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not -1e18 < value < 1e18:
        return None
    return value


def table_of(record: dict[str, object], key: str) -> dict[str, object]:
    """The object under ``key``; an empty one when there is none."""
    value = record.get(key)
    return value if isinstance(value, dict) else {}


def rows_of(record: dict[str, object], key: str) -> list[object]:
    """The array under ``key``; an empty one when there is none."""
    value = record.get(key)
    return value if isinstance(value, list) else []


def is_name(text: str, more: str = "_.-") -> bool:
    """Whether ``text`` is an id or a name: 1 to 128 ASCII letters, digits and the signs in ``more``."""
    return 0 < len(text) <= 128 and text.isascii() and all(char.isalnum() or char in more for char in text)
