"""What is sent for one request, before it is known how: made in a thread, without knowing of the web's library."""

from __future__ import annotations

import msgspec

from tachograph.errors import Busy, NotFound, TachographError, UsageError
from tachograph.report.record_json import encode_json

HTML = "text/html; charset=utf-8"
JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
CSV = "text/csv; charset=utf-8; header=present"


class Reply(msgspec.Struct, frozen=True):
    """Status, body, and what the headers say of it."""

    body: bytes
    media_type: str = HTML
    status: int = 200
    headers: dict[str, str] = {}


def status_of(error: TachographError) -> int:
    """The HTTP status that says the same as the error's exit code."""
    if isinstance(error, NotFound):
        return 404
    if isinstance(error, UsageError):
        return 400
    return 503 if isinstance(error, Busy) else 500


def encode_error(error: TachographError) -> bytes:
    """What a program is told of a failure."""
    return encode_json({"error": {"slug": error.slug, "message": error.message, "hint": error.hint}})


class NotReady(Busy):
    """Nothing can be shown yet; it is being made."""


def file_headers(name: str) -> dict[str, str]:
    """Have the browser keep the reply as a file. ``name`` is made by us: letters, digits, dots and dashes."""
    safe = "".join(c if c.isascii() and (c.isalnum() or c in ".-_") else "-" for c in name)
    return {"Content-Disposition": f'attachment; filename="{safe}"'}
