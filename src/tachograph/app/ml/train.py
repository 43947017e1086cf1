"""Training a model and putting it down, with all that is known of how good it is."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import msgspec

from tachograph.app.ml.active import Target, put_to_use
from tachograph.app.ml.engine import need_engine
from tachograph.app.ml.examples import LABELS, count_without_kind, read_examples, stored_examples
from tachograph.app.ml.facts import ModelFacts, tell_model, why_not_better
from tachograph.app.ml.models import hash_model, keep_model, save_model
from tachograph.app.ml.shortage import tell_shortage
from tachograph.app.workspace import Workspace
from tachograph.errors import TachographError, UsageError
from tachograph.learning.ml.metadata import Metadata, Params
from tachograph.learning.ml.session_features import GOALS, LEAST_LABEL, What
from tachograph.learning.ml.table import Goal, Table

_SESSION = "session_"


class TrainRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to learn, from what, how, and where to."""

    target: Target
    dataset: Path | None = None
    """None: what is stored here."""
    path: Path | None = None
    """Folder of the commands' store; None: the data folder."""
    turns: int | None = None
    """Of sessions: their first turns are known."""
    out_dir: Path | None = None
    """None: a folder of the model's name in the models folder."""
    seed: int = 42
    n_estimators: int | None = None
    max_depth: int | None = None
    learning_rate: float | None = None
    activate: bool = False


class TrainReport(msgspec.Struct, frozen=True):
    """A model that was trained."""

    model: ModelFacts
    folder: str
    is_active: bool
    """Whether it is in use now."""
    why_not: str
    """Why it is not fit for use, as far as one can say; empty: it beats the baselines."""
    seconds: float
    """What training took."""
    labels_without_kind: int
    """Labels of the file that do not say of which kind they are: they count as synthetic."""


def choose_target(target: str, what: str | None) -> Target:
    """What ``--target`` and ``--what`` mean together. Raises UsageError."""
    if target == "session":
        return cast(Target, f"{_SESSION}{what or 'cost'}")
    if what is not None:
        raise UsageError("--what goes with --target session.")
    return cast(Target, target)


def train_model(workspace: Workspace, request: TrainRequest, now_ms: int | None = None) -> TrainReport:
    """Train as ``request`` says and write ``model.json`` and ``metadata.json``.

    With ``activate`` it is put to use if it beats the baselines, and not otherwise. Raises TachographError:
    ``too_little_data``, ``ml_missing``, ``bad_dataset``, and as the stores do.
    """
    need_engine()
    table = gather(workspace, request)
    started = time.monotonic()
    model, metadata = fit(table, request.target, choose_params(request), now_ms)
    seconds = time.monotonic() - started
    if request.out_dir is None:
        folder = keep_model(workspace, model, metadata)
    else:
        folder = request.out_dir
        save_model(folder, model, metadata)
    is_active = request.activate and metadata.beats_baseline
    if is_active:
        keep_model(workspace, model, metadata)
        put_to_use(workspace.folder, request.target, metadata.name)
    return TrainReport(
        tell_model(metadata),
        str(folder),
        is_active,
        why_not_better(metadata),
        round(seconds, 3),
        count_without_kind(table),
    )


def gather(workspace: Workspace, request: TrainRequest) -> Table:
    """The rows to learn from."""
    if request.target in LABELS:
        if request.turns is not None:
            raise UsageError("--turns goes with --target session.")
        if request.dataset is not None:
            return read_examples(request.dataset, request.target)
        return stored_examples(workspace, request.path, request.target)
    if request.dataset is not None:
        raise UsageError("Sessions are learned from the warehouse.", hint="Leave out --dataset.")
    from tachograph.app.ml.sessions import TURNS, session_table

    return session_table(workspace, what_of(request.target), request.turns or TURNS)


def what_of(target: Target) -> What:
    """Of a target of sessions: what is predicted."""
    return cast(What, target.removeprefix(_SESSION))


def choose_params(request: TrainRequest) -> Params:
    """The engine's own settings, but for those that were asked for."""
    own = Params()
    lowest, highest = _bounds(request.target)
    return Params(
        seed=request.seed,
        n_estimators=own.n_estimators if request.n_estimators is None else request.n_estimators,
        max_depth=own.max_depth if request.max_depth is None else request.max_depth,
        learning_rate=own.learning_rate if request.learning_rate is None else request.learning_rate,
        lowest=lowest,
        highest=highest,
    )


def fit(table: Table, target: Target, params: Params, now_ms: int | None = None) -> tuple[bytes, Metadata]:
    """A model of ``table`` with complete metadata. Raises TachographError (``too_little_data``), which says what of."""
    from tachograph.learning.ml.training import TooLittleData, train

    try:
        trained = train(table, goal_of(target), params)
    except TooLittleData as error:
        raise TachographError(
            tell_shortage(target, table.grouped_by, error.missing),
            slug=error.slug,
            hint=_how_to_get_more(target),
            exit_code=error.exit_code,
        ) from error
    now = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    day = datetime.fromtimestamp(now / 1000, UTC).date().isoformat()
    found = trained.metadata
    # labels of another kind can give the same trees, and yet the model is another one: it is judged otherwise
    digest = hash_model(f"{found.model_hash}{found.data_hash}".encode())
    name = f"{target.replace('_', '-')}-{day}-{digest[:8]}"
    metadata = msgspec.structs.replace(
        found, name=name, target=target, label_definition=_define(target), created_at=now
    )
    return trained.model, metadata


def goal_of(target: Target) -> Goal:
    """Whether ``target`` is a number or a probability."""
    if target in LABELS:
        return "number" if target == "productivity" else "probability"
    return GOALS[what_of(target)]


def _bounds(target: Target) -> tuple[float | None, float | None]:
    """Between which labels lie."""
    if target == "productivity":
        return 0.0, 100.0
    return (None, None) if target in LABELS else (LEAST_LABEL[what_of(target)], None)


def _define(target: Target) -> str:
    if target in LABELS:
        return LABELS[target]
    from tachograph.app.ml.sessions import LABELS as SESSION_LABELS

    return SESSION_LABELS[what_of(target)]


def _how_to_get_more(target: Target) -> str:
    if target == "session_success":
        return "tacho label SESSION --score 0..100 says how a session went; tacho predict --task-type needs no model."
    if target not in LABELS:
        return "It comes with more sessions; tacho predict --task-type tells what is usual without a model."
    return (
        "tacho commands backfill takes commands from the agents' logs, tacho label review asks you about them;"
        " tacho ml generate makes rows to try things out with."
    )
