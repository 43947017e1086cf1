"""Which settings files there are: by agent and scope."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from tachograph.app.hooks.entries import Agent, Scope
from tachograph.errors import NotFound, TachographError

AGENTS: tuple[Agent, ...] = ("claude_code", "codex")
_NAMES: dict[Agent, str] = {"claude_code": "settings.json", "codex": "hooks.json"}
_PROJECT_FOLDERS: dict[Agent, str] = {"claude_code": ".claude", "codex": ".codex"}


class Target(msgspec.Struct, frozen=True):
    """One settings file, which need not exist."""

    agent: Agent
    scope: Scope
    path: Path


def find_targets(agent: Agent | None, scope: Scope, directory: Path) -> list[Target]:
    """The file of ``agent``, or those of every agent that this user has.

    ``directory`` is where one stands: a project's file lies at the top of its repository. Raises NotFound
    (``no_agent``) when no agent is named and there is none, and TachographError (``no_home``).
    """
    agents = [agent] if agent else [one for one in AGENTS if home_of(one).is_dir()]
    if not agents:
        raise NotFound(
            f"Neither {home_of('claude_code')} nor {home_of('codex')} is there: no agent to install hooks for.",
            slug="no_agent",
            hint="Name it with --agent claude_code or --agent codex.",
        )
    return [Target(one, scope, settings_of(one, scope, directory)) for one in agents]


def settings_of(agent: Agent, scope: Scope, directory: Path) -> Path:
    """The settings file that hooks are written into. Raises TachographError (``no_home``)."""
    if scope == "user":
        return home_of(agent) / _NAMES[agent]
    return project_of(directory) / _PROJECT_FOLDERS[agent] / _NAMES[agent]


def home_of(agent: Agent) -> Path:
    """The agent's own folder. Raises TachographError (``no_home``) when this user has no home."""
    named = os.environ.get("CODEX_HOME" if agent == "codex" else "CLAUDE_CONFIG_DIR", "")
    first = named.split(",")[0].strip() if agent == "claude_code" else named
    place = Path(os.path.expanduser(first or f"~/{_PROJECT_FOLDERS[agent]}"))
    if str(place).startswith("~"):
        raise TachographError(
            "This user has no home folder, in which agents keep their settings.",
            slug="no_home",
            hint="Set HOME, or CLAUDE_CONFIG_DIR and CODEX_HOME.",
        )
    return place.absolute()


def project_of(directory: Path) -> Path:
    """The top of the repository that ``directory`` lies in, else itself."""
    place = directory.absolute()
    return next((one for one in (place, *place.parents) if (one / ".git").exists()), place)
