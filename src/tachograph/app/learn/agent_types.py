"""Which baseline a session is held against: its agent type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tachograph.errors import TachographError

MAIN = "main"
SUBAGENT = "subagent"
"""Type of a subagent that neither its own log nor its parent's names."""


class AgentTypes:
    """The user's table ``[agent_types]``: parts of projects' paths and the type of the main sessions there."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        """Raises TachographError (slug ``config_value``) for a type that is no name."""
        for part, name in table.items():
            if not isinstance(name, str) or not part or not _is_name(name):
                raise TachographError(
                    f"config.toml: the type of {part!r} in [agent_types] must be a short name, not {name!r}.",
                    slug="config_value",
                    hint='A line looks like "work/docs" = "translation": letters, digits, hyphens, underscores.',
                )
        self.places = sorted(((part.lower(), name) for part, name in table.items()), key=lambda one: -len(one[0]))
        """Lower-case part of a path and type, the longest part first: the first that fits counts."""

    def find(self, kind: str, agent_type: str | None, project: str | None) -> str:
        """The type of a session; ``agent_type`` is what its log or the hooks say.

        A main session has one of its own when it was started as an agent (``claude --agent NAME``).
        """
        if kind != MAIN:
            return agent_type or SUBAGENT
        if agent_type not in (None, "", MAIN, *(name for _, name in self.places)):
            return str(agent_type)
        where = (project or "").lower()
        return next((name for part, name in self.places if part in where), MAIN)


def _is_name(text: str) -> bool:
    return 0 < len(text) <= 40 and all(char.isascii() and (char.isalnum() or char in "_:-") for char in text)
