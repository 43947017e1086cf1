"""Which models are comparable: the line of a vendor's models, without version and date."""

from __future__ import annotations

import re
from functools import lru_cache

_NAMESPACE = re.compile(r"(?:[a-z][a-z-]*\.)+(?=[a-z])")
"""Region and vendor in front of a name, as in ``us.anthropic.claude-…``."""
_REST = re.compile(r"[@:\[].*", re.DOTALL)
"""Date, revision, tag or size of the context behind a name: ``@20250514``, ``-v1:0``, ``:free``, ``[1m]``."""
_NUMBERED = re.compile(r"([a-z]+)\d[\d.]*")
"""A name with a version glued to it: ``qwen3``, ``llama3.2``, ``o4``."""
_STATES = frozenset(
    ["latest", "preview", "exp", "experimental", "alpha", "beta", "snapshot", "stable", "instruct", "it", "v"]
)
"""Words that tell a model's state, not its line."""
_EFFORTS = frozenset(["max", "xhigh", "high", "medium", "low", "minimal", "none"])
"""Words for the effort of one and the same line, where they stand behind its name: ``gpt-5.1-codex-max``."""


@lru_cache(maxsize=1024)
def model_family(model: str) -> str:
    """The line that ``model`` belongs to: ``claude-opus-4-5-20251101`` -> ``claude-opus``, ``gpt-5.2`` -> ``gpt``.

    Models of one family use tokens in a comparable way. Provider, region, version, size in parameters, date and words
    like "latest" are left out. Lower case. A name of which nothing would be left is its own family; only an empty name
    gives an empty one.
    """
    name = model.strip().lower()
    name = name.rpartition("/")[2] or name
    name = _NAMESPACE.sub("", name.removeprefix("ft:"), count=1)
    words: list[str] = []
    for part in re.split(r"[-_\s]+", _REST.sub("", name)):
        word = _unnumbered(part)
        if word and word not in _STATES and not (len(words) > 1 and word in _EFFORTS):
            words.append(word)
    return "-".join(words) or model.strip() or model


def _unnumbered(part: str) -> str:
    """``part`` without the version glued to it; ``""`` for a version, a date or a size (``4o``, ``70b``, ``a3b``)."""
    if not any(character.isdigit() for character in part):
        return part
    numbered = _NUMBERED.fullmatch(part)
    return numbered[1] if numbered else ""
