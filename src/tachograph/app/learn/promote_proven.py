"""Promotion by itself, for those who have chosen it."""

from __future__ import annotations

from collections.abc import Sequence

from tachograph.app.learn.activation import state_of
from tachograph.app.workspace import Workspace
from tachograph.errors import TachographError


def promote_proven(workspace: Workspace, agents: Sequence[str]) -> list[str]:
    """Write what is proven into the agents' files; returns a sentence for each that was, or could not be.

    What has no file of its own to go into stays as it is: given to every session by the hooks.
    """
    from tachograph.app.promoting import promote_suggestion  # only for those who have chosen it
    from tachograph.app.suggestions import load_state

    notes = []
    activations, states = load_state(workspace)
    for one in activations:
        if one.closed is not None or state_of(one, states) != "proven":
            continue
        for agent in (name for name in agents if one.agent in ("", name)):  # it is proven for nobody else
            try:
                done = promote_suggestion(
                    workspace, one.suggestion, one.agent_type, agent=agent, project=None, apply=True, remove=False,
                    by="auto",
                )  # fmt: skip
            except TachographError as error:
                notes.append(f"{one.suggestion} is proven, but was not promoted: {error.message}")
            else:
                notes.append(f"{one.suggestion} was promoted: {done.path}.")
    return notes
