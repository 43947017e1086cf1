"""Training anew what is due; the model in use stays unless the new one does better on the same held-out rows."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Literal

import msgspec

from tachograph.app.ml.active import LastTry, Target, note_try, put_to_use, read_active
from tachograph.app.ml.compare import Duel, Loaded, hold_against
from tachograph.app.ml.drift import compare, since_training, stored_since
from tachograph.app.ml.engine import need_engine
from tachograph.app.ml.facts import why_not_better
from tachograph.app.ml.models import find_active_model, keep_model, load_model
from tachograph.app.ml.status import active_targets
from tachograph.app.ml.train import TrainRequest, choose_params, fit, gather
from tachograph.app.workspace import Workspace
from tachograph.errors import TachographError
from tachograph.learning.ml.table import Table

MORE_LABELS = 1.2
"""So many times the labels that were learned from make a model due."""
DRIFT_ROWS = 200
"""New rows below which drift is not looked for: ten bins of twenty."""
DRIFT_DAYS = 7
"""Days after a try before drift makes a model due again: what drifted stays so until labels catch up."""
AGE_DAYS = 90
_DAY_MS = 24 * 60 * 60 * 1000

Outcome = Literal["not_due", "due", "too_little", "activated", "kept", "not_better"]
"""``due``: it would be trained (a dry run); ``kept``: the new one is not surely better than the one in use;
``not_better``: none is in use, and the new one does not beat the baseline."""


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


class RetrainReport(msgspec.Struct, frozen=True):
    """What came of each target that was looked at."""

    targets: list[Retraining]


def retrain(
    workspace: Workspace, target: Target | None, path: Path | None = None, *, dry_run: bool = False,
    now_ms: int | None = None,
) -> RetrainReport:  # fmt: skip
    """Train what is due of ``target``, or of all that a model is in use for; with no new labels nothing is.

    Raises TachographError (``ml_missing``) and as the stores do.
    """
    need_engine()
    now = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    targets = active_targets(workspace) if target is None else [target]
    return RetrainReport([_retrain(workspace, one, path, dry_run, now) for one in targets])


def _retrain(workspace: Workspace, target: Target, path: Path | None, dry_run: bool, now: int) -> Retraining:
    request = TrainRequest(target=target, path=path)
    table = gather(workspace, request)
    folder = find_active_model(workspace, target)
    champion = None if folder is None else load_model(folder)
    last = read_active(workspace.folder).tries.get(target)
    tried = LastTry(_hash(table), len(table.known()), now, "")
    reasons = _reasons(workspace, champion, last, tried, path)
    in_use = None if champion is None else champion[1].name
    if not reasons or dry_run:
        return Retraining(target=target, outcome="due" if reasons else "not_due", reasons=reasons, in_use=in_use)
    try:
        challenger = fit(table, target, choose_params(request), now)
    except TachographError as error:
        if error.slug != "too_little_data":
            raise
        note_try(workspace.folder, target, tried)
        return Retraining(target=target, outcome="too_little", reasons=reasons, in_use=in_use, remark=error.message)
    keep_model(workspace, *challenger)
    came = _decide(workspace, target, table, challenger, champion, reasons)
    note_try(workspace.folder, target, msgspec.structs.replace(tried, name=challenger[1].name))
    return came


def _decide(
    workspace: Workspace, target: Target, table: Table, challenger: Loaded, champion: Loaded | None, reasons: list[str]
) -> Retraining:
    """Put the challenger to use if it beats the baselines and, on the same rows, the champion."""
    new, old = challenger[1].name, None if champion is None else champion[1].name
    came = Retraining(target=target, outcome="kept", reasons=reasons, in_use=old, trained=new)
    weak = why_not_better(challenger[1])
    if weak:
        outcome: Outcome = "not_better" if champion is None else "kept"
        return msgspec.structs.replace(came, outcome=outcome, remark=f"{new} does not beat the baseline: {weak}")
    if champion is not None:
        try:
            duel = hold_against(table, challenger, champion)
        except TachographError as error:
            return msgspec.structs.replace(came, remark=error.message)
        came = msgspec.structs.replace(came, duel=duel)
        if duel.better != new:
            return msgspec.structs.replace(came, remark=f"{new} is not surely better than {old} on the same rows")
    put_to_use(workspace.folder, target, new)
    return msgspec.structs.replace(came, outcome="activated", in_use=new)


def _reasons(
    workspace: Workspace, champion: Loaded | None, last: LastTry | None, tried: LastTry, path: Path | None
) -> list[str]:
    """Why there is something to train; none without new labels."""
    if last is not None and last.data_hash == tried.data_hash:
        return []
    if champion is None:
        more = last is None or tried.rows >= MORE_LABELS * last.rows
        return ["no model is in use"] if more else []
    known = champion[1]
    if known.data_hash == tried.data_hash:
        return []
    since = known.created_at if last is None else max(known.created_at, last.at)
    is_made_up = known.parts.judged_on == ("synthetic",)  # then its rows say nothing of how many there are here
    rows = max(0 if is_made_up else known.rows, 0 if last is None else last.rows)
    reasons = []
    if tried.rows and tried.rows >= MORE_LABELS * rows:
        reasons.append(f"{tried.rows:,} labels, {rows:,} at the last training")
    if tried.at - since >= AGE_DAYS * _DAY_MS:
        reasons.append(f"the last training was {(tried.at - since) // _DAY_MS} days ago")
    if last is None or tried.at - last.at >= DRIFT_DAYS * _DAY_MS:
        reasons += _drift(workspace, champion, path)
    return reasons


def _drift(workspace: Workspace, champion: Loaded, path: Path | None) -> list[str]:
    since = since_training(champion[1])
    table = stored_since(workspace, champion[1], since, path)
    if len(table.rows) < DRIFT_ROWS:
        return []
    drifted = compare(champion[1], table, since).drifted
    return [f"inputs have drifted: {', '.join(drifted)}"] if drifted else []


def _hash(table: Table) -> str:
    from tachograph.learning.ml.matrix import hash_rows, sort_rows

    return hash_rows(table, sort_rows(table))
