"""The models in use for sessions, asked about moments of sessions."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from tachograph.app.ml.active import Target
from tachograph.app.ml.models import find_active_model, load_model
from tachograph.app.ml.session_outcomes import Root
from tachograph.app.ml.sessions import TURNS, SessionExamples
from tachograph.app.workspace import Workspace
from tachograph.learning.ml.metadata import Estimate, Metadata
from tachograph.learning.ml.session_cut import Cut
from tachograph.learning.ml.session_features import FEATURES, WHATS, What, from_scale, reference_of
from tachograph.learning.ml.table import Table

TARGETS: dict[What, Target] = {"cost": "session_cost", "success": "session_success", "waste": "session_waste"}
_UNITS: dict[What, str] = {"cost": "USD", "success": "probability", "waste": "USD"}


class Foreseen(msgspec.Struct, frozen=True, kw_only=True):
    """What a model says of a session at one moment."""

    what: What
    unit: str
    """USD of the whole session, or the probability of success, 0 to 1."""
    turns: int
    """That were over."""
    value: float
    low: float | None
    """Of USD the interval that is meant to hold the truth in 9 of 10 cases. Of a probability the interval (9 of 10) for
    the share that succeeded of the sessions with such a probability; null where the probability lies outside."""
    high: float | None
    spent_usd: float | None = None
    """What it had cost by then; null: not known."""
    actual: float | None = None
    """What it came to; null: not known, or not over."""
    learned_from: bool = False
    """The model has learned from this session, or from later ones: ``value`` proves nothing."""
    model: str
    beats_baseline: bool
    """False: on sessions that it had not seen it was no better than a simple guess."""
    top_feature: str
    """What moved the prediction most, in words."""


class AskedModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model in use, and how it did on sessions that it had not seen."""

    name: str
    what: What
    rows: int
    """Predictions that it was judged by, one for each of a session's first turns."""
    sessions: int
    """Whose predictions these are."""
    coverage: Estimate | None
    """Share of its intervals that held what came, 0 to 1; null for probabilities, whose intervals do not hold outcomes,
    but the share that succeeded of sessions with such a probability."""
    auc: Estimate | None
    """Of probabilities: the share of pairs of a success and a failure that it put in the right order; else null."""
    beats_baseline: bool
    """False: it was no better than a simple guess."""


class Moment(msgspec.Struct, frozen=True):
    """A session at a moment about which models are asked."""

    root: Root
    cut: Cut


class SessionModels:
    """The models in use. Their library is loaded when the first one is asked."""

    def __init__(self, connection: sqlite3.Connection, workspace: Workspace, now_ms: int) -> None:
        """``now_ms`` is the moment at which sessions are seen, ms UTC. Raises TachographError for a broken model."""
        self._connection, self._workspace, self._now = connection, workspace, now_ms
        self.models: dict[What, tuple[bytes, Metadata]] = {}
        for what in WHATS:
            folder = find_active_model(workspace, TARGETS[what])
            if folder is not None:
                self.models[what] = load_model(folder)

    @property
    def turns(self) -> int:
        """After how many first turns a model can say something."""
        return max((_most_turns(metadata) for _, metadata in self.models.values()), default=TURNS)

    def tell(self) -> list[AskedModel]:
        """Which they are."""
        told = []
        for what, (_, metadata) in self.models.items():
            held_out = metadata.held_out
            told.append(AskedModel(
                name=metadata.name, what=what, rows=held_out.rows, sessions=held_out.groups,
                coverage=held_out.coverage, auc=held_out.measures.get("auc"),
                beats_baseline=metadata.beats_baseline,
            ))  # fmt: skip
        return told

    def foresee(self, moments: Sequence[Moment]) -> dict[str, list[Foreseen]]:
        """What each model says, by the sessions' ids; ``moments`` are in the order in which sessions began."""
        found: dict[str, list[Foreseen]] = {moment.root.id: [] for moment in moments}
        for what, (model, metadata) in self.models.items():
            examples = SessionExamples(self._connection, self._workspace, what, self._now)
            for moment, one in self._ask(what, model, metadata, examples, moments):
                found[moment.root.id].append(one)
        return found

    def _ask(
        self, what: What, model: bytes, metadata: Metadata, examples: SessionExamples, moments: Sequence[Moment]
    ) -> list[tuple[Moment, Foreseen]]:
        from tachograph.learning.ml.scoring import Scorer

        titles = {feature.name: feature.title for feature in metadata.features}
        asked = [
            (moment, row)
            for moment in moments
            if moment.cut.turns <= _most_turns(metadata) and (row := examples.row(moment.root, moment.cut)) is not None
        ]
        scored = Scorer(model, metadata).score(Table(FEATURES, [row for _, row in asked]))
        told = []
        for (moment, _), one in zip(asked, scored, strict=True):
            start = reference_of(what, moment.cut.usd) or 0.0
            ends = (None if end is None else from_scale(what, start + end) for end in (one.low, one.high))
            low, high = ends
            known = examples.known.get(moment.root.id)
            told.append((moment, Foreseen(
                what=what, unit=_UNITS[what], turns=moment.cut.turns,
                value=from_scale(what, start + one.prediction), low=low, high=high,
                spent_usd=moment.cut.usd, actual=None if known is None else known.value,
                learned_from=known is not None and moment.root.started_at < metadata.parts.cut_at, model=metadata.name,
                beats_baseline=metadata.beats_baseline, top_feature=titles.get(one.top_feature, one.top_feature),
            )))  # fmt: skip
        return told


def _most_turns(metadata: Metadata) -> int:
    """After how many turns sessions were looked at in training: of later ones the model knows nothing.

    The bins of so few whole numbers end at each of them but the last.
    """
    edges = next((one.edges for one in metadata.histograms if one.feature == FEATURES[0].name), ())
    return int(edges[-1]) + 1 if edges else 1
