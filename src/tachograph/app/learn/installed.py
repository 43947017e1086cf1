"""What was chosen when the hooks were installed, and whom they can speak to."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tachograph.app.hooks.installed import read_installed
from tachograph.app.learn.briefing import is_safe_type
from tachograph.app.learn.fold import Folded
from tachograph.settings import Settings


class Installed(msgspec.Struct, frozen=True):
    """The hooks of this data folder."""

    agents: tuple[str, ...] = ()
    """Agents that call them; empty: none was installed."""
    activation: str = "manual"
    """auto or manual, as it was answered."""

    @property
    def stamp(self) -> str:
        """Changes with what is installed."""
        return f"{','.join(self.agents)}:{self.activation}"

    def activates(self, settings: Settings) -> bool:
        """Whether free places are filled without asking: only where hooks can bring the texts to anybody."""
        chosen = self.activation if settings.learn_activation == "installed" else settings.learn_activation
        return bool(self.agents) and chosen == "auto"

    def reachable(self, folded: Folded) -> frozenset[tuple[str, str]]:
        """Agents and agent types that a suggestion can be tried with; an empty agent is any of them.

        Those of subagents too: both agents' programs hand them the text, tried on the real ones (docs/hooks.md).
        """
        return frozenset(
            (agent, group.agent_type)
            for group in folded.baselines
            if group.agent in self.agents and is_safe_type(group.agent_type)
            for agent in (group.agent, "")
        )


def load_installed(folder: Path) -> Installed:
    """What ``tacho hooks install`` wrote down in the data folder; nothing without such a file, or with a broken one."""
    held = read_installed(folder)
    return Installed(tuple(sorted({one.agent for one in held.files})), held.activation or "manual")
