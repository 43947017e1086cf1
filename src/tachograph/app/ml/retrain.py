"""Training anew what is due; the model in use stays unless the new one does better on the same held-out rows."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from math import ceil
from pathlib import Path
from typing import Literal

import msgspec

from tachograph.app.ml.active import (
    ActiveModels,
    FailedTraining,
    LastTraining,
    Target,
    note_failure,
    note_training,
    put_to_use,
    read_active,
)
from tachograph.app.ml.compare import Duel, Loaded, hold_against
from tachograph.app.ml.drift import compare, since_training, stored_since
from tachograph.app.ml.engine import need_engine
from tachograph.app.ml.facts import is_made_up, why_not_better
from tachograph.app.ml.models import find_active_model, keep_model, load_model
from tachograph.app.ml.status import active_targets
from tachograph.app.ml.train import TrainRequest, choose_params, fit, gather
from tachograph.app.workspace import Workspace
from tachograph.errors import TachographError
from tachograph.learning.ml.table import Table
from tachograph.model import to_datetime

MORE_LABELS = 1.2
"""So many times the labels that were learned from make a model due."""
DRIFT_ROWS = 200
"""New rows below which drift is not looked for: ten bins of twenty."""
DRIFT_DAYS = 7
"""Days after a training, also after one that failed, before drift makes a model due again: what drifted stays so until
labels catch up."""
AGE_DAYS = 90
_DAY_MS = 24 * 60 * 60 * 1000

Outcome = Literal["not_due", "due", "too_little", "activated", "kept", "not_better"]
"""``due``: it would be trained (a dry run); ``kept``: the new one is not surely better than the one in use;
``not_better``: none is in use, and the new one does not beat the baseline."""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """The last training, which gave no model."""

    at: datetime
    labels: int
    """That there were."""
    why: str
    """One sentence."""
    again_labels: int
    """It is tried again with so many."""
    again_from: datetime | None
    """Or from then on, with any new ones; null: no model is in use, so that time alone changes nothing."""


class Retraining(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one target."""

    target: str
    outcome: Outcome
    reasons: list[str]
    """Why it is due; empty when it is not."""
    in_use: str | None
    """The model in use afterwards."""
    trained: str | None = None
    """The new model."""
    duel: Duel | None = None
    """The new one against the one that was in use."""
    remark: str = ""
    """Why it came so."""
    failed: Failure | None = None
    """Null: the last training, if there was one, gave a model."""


class RetrainReport(msgspec.Struct, frozen=True):
    """What came of each target that was looked at."""

    targets: list[Retraining]


def retrain(
    workspace: Workspace, targets: Sequence[Target] | None, path: Path | None = None, *, dry_run: bool = False,
    now_ms: int | None = None,
) -> RetrainReport:  # fmt: skip
    """Train what is due of ``targets``, or of all that a model is in use for; with no new labels nothing is.

    Raises TachographError (``ml_missing``) and as the stores do.
    """
    need_engine()
    now = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    chosen = active_targets(workspace) if targets is None else targets
    return RetrainReport([_retrain(workspace, one, path, dry_run, now) for one in chosen])


class _Before(msgspec.Struct, frozen=True):
    """What was there when a target was looked at."""

    champion: Loaded | None
    last: LastTraining | None
    failure: FailedTraining | None

    @property
    def rows(self) -> int:
        """Most labels that were learned from, or that there was too little in."""
        # of a model of made-up rows, their number says nothing of how many labels there are here
        learned = 0 if self.champion is None or is_made_up(self.champion[1]) else self.champion[1].rows
        return max(learned, *(one.rows for one in (self.last, self.failure) if one is not None), 0)

    @property
    def since(self) -> int:
        """The last training, one that failed included, ms UTC; 0: there was none."""
        made = 0 if self.champion is None else self.champion[1].created_at
        return max(made, *(one.at for one in (self.last, self.failure) if one is not None), 0)

    @property
    def enough(self) -> int:
        """Labels that make it due."""
        return max(self.rows + 1, ceil(MORE_LABELS * self.rows))

    def tell_failure(self) -> Failure | None:
        """The failure, if the last training failed, and when it is tried again."""
        if self.failure is None:
            return None
        again = None if self.champion is None else to_datetime(self.failure.at + AGE_DAYS * _DAY_MS)
        return Failure(
            at=to_datetime(self.failure.at), labels=self.failure.rows, why=self.failure.why, again_labels=self.enough,
            again_from=again,
        )  # fmt: skip


def _retrain(workspace: Workspace, target: Target, path: Path | None, dry_run: bool, now: int) -> Retraining:
    request = TrainRequest(target=target, path=path)
    table = gather(workspace, request)
    before = _look_back(workspace, target, read_active(workspace.folder))
    now_there = LastTraining(_hash(table), len(table.known()), now, "")
    reasons = _reasons(workspace, before, now_there, path)
    in_use = None if before.champion is None else before.champion[1].name
    came = Retraining(
        target=target, outcome="due" if reasons else "not_due", reasons=reasons, in_use=in_use,
        failed=before.tell_failure(),
    )  # fmt: skip
    if not reasons or dry_run:
        return came
    try:
        challenger = fit(table, target, choose_params(request), now)
    except TachographError as error:
        if error.slug != "too_little_data":
            raise
        failure = FailedTraining(now_there.data_hash, now_there.rows, now, error.message)
        note_failure(workspace.folder, target, failure)
        told = msgspec.structs.replace(before, failure=failure).tell_failure()
        return msgspec.structs.replace(came, outcome="too_little", remark=error.message, failed=told)
    keep_model(workspace, *challenger)
    came = _decide(workspace, target, table, challenger, before.champion, reasons)
    note_training(workspace.folder, target, msgspec.structs.replace(now_there, name=challenger[1].name))
    return came


def _look_back(workspace: Workspace, target: Target, active: ActiveModels) -> _Before:
    folder = find_active_model(workspace, target)
    champion = None if folder is None else load_model(folder)
    failure = active.failures.get(target)
    if failure is not None and champion is not None and champion[1].created_at >= failure.at:
        failure = None  # somebody has trained one since
    return _Before(champion, active.trainings.get(target), failure)


def _decide(
    workspace: Workspace, target: Target, table: Table, challenger: Loaded, champion: Loaded | None, reasons: list[str]
) -> Retraining:
    """Put the challenger to use if it beats the baselines and, on the same rows, the champion.

    One of made-up rows gives way to any of real outcomes that is not surely worse.
    """
    new, old = challenger[1].name, None if champion is None else champion[1].name
    came = Retraining(target=target, outcome="kept", reasons=reasons, in_use=old, trained=new)
    weak = why_not_better(challenger[1])
    if weak:
        outcome: Outcome = "not_better" if champion is None else "kept"
        return msgspec.structs.replace(came, outcome=outcome, remark=f"{new} does not beat the baseline: {weak}")
    if champion is not None:
        came = _hold(came, table, challenger, champion)
        if came.remark:
            return came
    put_to_use(workspace.folder, target, new)
    return msgspec.structs.replace(came, outcome="activated", in_use=new)


def _hold(came: Retraining, table: Table, challenger: Loaded, champion: Loaded) -> Retraining:
    """With the duel; with a remark why the champion stays, if it does."""
    new, old = challenger[1].name, champion[1].name
    gives_way = is_made_up(champion[1]) and not is_made_up(challenger[1])
    try:
        duel = hold_against(table, challenger, champion)
    except TachographError as error:
        return came if gives_way else msgspec.structs.replace(came, remark=error.message)
    stays = duel.better == old if gives_way else duel.better != new
    why = f"{old} is surely better" if gives_way else f"{new} is not surely better than {old}"
    return msgspec.structs.replace(came, duel=duel, remark=f"{why} on the same rows" if stays else "")


def _reasons(workspace: Workspace, before: _Before, there: LastTraining, path: Path | None) -> list[str]:
    """Why there is something to train; none without new labels."""
    champion, tries = before.champion, [one for one in (before.last, before.failure) if one is not None]
    if any(one.data_hash == there.data_hash for one in tries):
        return []
    if champion is None:
        return ["no model is in use"] if not tries or there.rows >= before.enough else []
    if champion[1].data_hash == there.data_hash:
        return []
    reasons = []
    if there.rows >= before.enough:
        reasons.append(f"{there.rows:,} labels, {_when(before)}")
    age = (there.at - before.since) // _DAY_MS
    if age >= AGE_DAYS:
        reasons.append(f"the last {'try' if before.failure else 'training'} was {age} days ago")
    if all(there.at - one.at >= DRIFT_DAYS * _DAY_MS for one in tries):
        reasons += _drift(workspace, champion, path)
    return reasons


def _when(before: _Before) -> str:
    """How many labels there were when, before."""
    if not before.rows:
        return "and none is behind the one in use"
    if before.failure is not None and before.failure.rows == before.rows:
        return f"{before.rows:,} when it was tried last, in vain"
    return f"{before.rows:,} at the last training"


def _drift(workspace: Workspace, champion: Loaded, path: Path | None) -> list[str]:
    since = since_training(champion[1])
    table = stored_since(workspace, champion[1], since, path)
    if len(table.rows) < DRIFT_ROWS:
        return []
    drifted = [one.title for one in compare(champion[1], table, since).features if one.drifted]
    return [f"inputs have drifted: {'; '.join(drifted)}"] if drifted else []


def _hash(table: Table) -> str:
    from tachograph.learning.ml.matrix import hash_rows, sort_rows

    return hash_rows(table, sort_rows(table))
