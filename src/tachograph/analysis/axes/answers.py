"""A judge's answer as an object, whatever stands around it."""

from __future__ import annotations

import re
from typing import Any

import msgspec

_FENCE = re.compile(r"\A```(?:json)?\s*\n(.*?)\n?\s*```\s*\Z", re.DOTALL | re.IGNORECASE)


def read_object(text: str) -> dict[str, Any]:
    """The JSON object that a model answered with.

    A block of thoughts before it and a code fence around it are tolerated. Raises ValueError with the reason, a clause
    such as ``it is no JSON``.
    """
    body = text.strip()
    if not body.startswith(("{", "```")):
        body = body.rpartition("</think>")[2].strip()
    fenced = _FENCE.match(body)
    try:
        answer = msgspec.json.decode((fenced[1] if fenced else body).encode("utf-8", "replace"))
    except msgspec.DecodeError as error:
        raise ValueError("it is empty" if not body else "it is no JSON") from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(answer, dict):
        raise ValueError("it is no JSON object")
    return answer
