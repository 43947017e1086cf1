"""Scoring one command that was just captured, in a process of its own: nobody waits for it."""

from __future__ import annotations

from pathlib import Path

from tachograph.app.ml.active import find_scoring_model
from tachograph.app.ml.examples import to_row
from tachograph.app.ml.score import CommandModel
from tachograph.app.workspace import Workspace
from tachograph.capture.store import open_commands
from tachograph.errors import NotFound
from tachograph.learning.ml.table import Table
from tachograph.model import CommandScore


def score_event(
    workspace: Workspace, folder: Path | None, event_id: str, model_dir: Path | None = None
) -> CommandScore | None:
    """Score an event of the store in ``folder`` (None: the data folder) and keep the score beside it.

    The model is the one in ``model_dir``, else ``model-xgb`` in the store's folder, else the one in use; None: there is
    none, and nothing is kept. Raises NotFound for an event that is not there, TachographError for a model or a store
    that cannot be used.
    """
    place = find_scoring_model(workspace, folder, model_dir)
    if place is None:
        return None
    model = CommandModel(place)
    with open_commands(folder or workspace.folder) as store:
        events = store.events("id = ?", (event_id,))
        if not events:
            raise NotFound(f"There is no command {event_id[:40]}.", slug="no_such_command")
        table = Table(model.features, [to_row(events[0], None, "productivity")])
        ((score, _),) = model.score(table)
        store.put_scores([score])
    return score
