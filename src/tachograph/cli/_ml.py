"""What ``tacho ml`` tells people."""

from __future__ import annotations

import shlex
from pathlib import Path

from tachograph.app.ml.compare import Duel
from tachograph.app.ml.drift import DriftReport, FeatureShift
from tachograph.app.ml.facts import ModelFacts
from tachograph.app.ml.generate import GenerateReport
from tachograph.app.ml.retrain import Outcome, Retraining, RetrainReport
from tachograph.app.ml.score import ScoreReport
from tachograph.app.ml.status import InUse, ModelChange, ModelRow, StatusReport
from tachograph.app.ml.train import TrainReport
from tachograph.learning.ml.metadata import Comparison, Estimate
from tachograph.report.document import Block, Column, Document, Facts, Heading, Line, Table
from tachograph.report.sanitise import harmless
from tachograph.report.units import UNKNOWN, count, counted, percent

_BASELINES = {"constant": "a constant", "one_rule": "one rule"}
_MEASURES = {"mae": "mean error", "auc": "AUC", "brier": "Brier score"}
_SHOWN_SHIFTS = 12
_LOGARITHMS = ("session_cost", "session_waste")


def describe_generated(report: GenerateReport) -> Document:
    """A file of made-up rows."""
    rows = counted(report.rows, "made-up row")
    return Document([Line(f"{rows} with labels in {report.out} ({report.format}, seed {report.seed}).")])


def describe_training(report: TrainReport) -> Document:
    """A model that was trained, and whether it is any good."""
    model = report.model
    blocks: list[Block] = [
        Heading(f"Model {model.name}", f"{model.trees} trees in {report.seconds:.1f} s"),
        Facts(
            [
                ("folder", report.folder),
                ("labels", _tell_kinds(model)),
                ("held out", _tell_held_out(model)),
                *((_MEASURES[name], _estimate(value)) for name, value in model.measures.items()),
                *(
                    [("coverage", f"{_share(model.coverage)} of labels within the 90 % intervals")]
                    if model.coverage
                    else []
                ),
                ("moved most by", ", ".join(model.top_features)),
            ]
        ),
        _comparisons(model),
        *([Line("Errors are differences of natural logarithms.", "dim")] if model.target in _LOGARITHMS else []),
        Line(),
        *_verdict(report),
    ]
    return Document(blocks)


def _tell_kinds(model: ModelFacts) -> str:
    kinds = ", ".join(f"{count(rows)} {kind}" for kind, rows in model.rows_by_kind.items())
    return f"{count(model.rows)}: {kinds}"


def _tell_held_out(model: ModelFacts) -> str:
    rows = f"{counted(model.rows_held_out, 'row')} of {counted(model.groups_held_out, 'group')}"
    return f"{rows} that it has not seen; judged by {' and '.join(model.judged_on)} labels"


def _comparisons(model: ModelFacts) -> Table:
    columns = [
        Column("against", "left"), Column("measure", "left"), Column("theirs"), Column("ours", style="strong"),
        Column("better by", "left"),
    ]  # fmt: skip
    return Table(columns, [_comparison_row(one, model) for one in model.comparisons])


def _comparison_row(one: Comparison, model: ModelFacts) -> list[str]:
    ours = model.measures.get(one.measure)
    return [
        _BASELINES[one.baseline], _MEASURES[one.measure], f"{one.theirs:.3g}",
        UNKNOWN if ours is None else f"{ours.value:.3g}", _estimate(one.gain),
    ]  # fmt: skip


def _verdict(report: TrainReport) -> list[Line]:
    if report.model.judged_on == ["synthetic"]:
        made_up = [Line("It was judged by made-up labels: that says nothing of your work.", "warn")]
    else:
        made_up = []
    if report.is_active:
        return [*made_up, Line("It beats both baselines and is in use now.", "good")]
    if report.why_not:
        return [*made_up, Line(f"It is not put to use: {report.why_not}.", "warn")]
    is_kept = Path(report.folder).name == report.model.name  # else it was written to a folder of the person's
    name = report.model.name if is_kept else shlex.quote(harmless(report.folder))
    return [*made_up, Line(f"It beats both baselines. tacho ml activate {name} puts it to use.", "good")]


def describe_scoring(report: ScoreReport) -> Document:
    """A file that was scored."""
    tops = ", ".join(f"{name or '(none)'} {percent(rows, report.rows)}" for name, rows in report.top_features.items())
    lines = [Line(f"{counted(report.rows, 'row')} scored by {report.model} in {report.out} ({report.format}).")]
    if report.mean is not None:
        lines.append(Line(f"mean {report.mean:.1f} of 100; moved most by: {tops}", "dim"))
    return Document([*lines])


def describe_status(report: StatusReport) -> Document:
    """All models."""
    if not report.models and not report.in_use:
        hint = Line("tacho ml train --from-warehouse makes one; tacho ml generate makes rows to try it with.", "dim")
        return Document([Line("There is no model yet."), hint])
    columns = [
        Column("model", "left", style="strong"), Column("", "left"), Column("labels"),
        Column("real", rank=1), Column("held out", rank=2), Column("error", "left"), Column("beats baseline", "left"),
    ]  # fmt: skip
    rows = [_status_row(one) for one in report.models]
    lines = [_tell_use(target, one) for target, one in report.in_use.items()]
    return Document([Heading("Models", report.folder), Table(columns, rows), Line(), *lines])


def _status_row(one: ModelRow) -> list[str]:
    facts = one.facts
    if facts is None:
        return [one.name, "broken", "", "", "", one.fault, ""]
    real = sum(rows for kind, rows in facts.rows_by_kind.items() if kind in ("human", "outcome"))
    name, error = next(iter(facts.measures.items()))
    return [
        one.name, "in use" if one.in_use else "", count(facts.rows), count(real), count(facts.rows_held_out),
        f"{_MEASURES[name]} {_estimate(error)}", "yes" if facts.beats_baseline else "no",
    ]  # fmt: skip


def _tell_use(target: str, one: InUse) -> Line:
    before = f"; before: {', '.join(one.before)}" if one.before else ""
    text = f"{target}: {one.name} since {one.since:%Y-%m-%d %H:%M} UTC{before}"
    if not one.is_there:
        return Line(f"{text}. It is not there any more: tacho ml rollback --target {target}.", "bad")
    return Line(f"{text}. Used although {one.despite}." if one.despite else text, "warn" if one.despite else "")


def describe_change(report: ModelChange) -> Document:
    """What is in use now."""
    if report.now is None:
        return Document([Line(f"{report.target}: no model is in use any more; it was {report.before}.")])
    if report.now == report.before:
        return Document([Line(f"{report.target}: {report.now} is in use already.")])
    lines = [Line(f"{report.target}: {report.now} is in use{f'; before: {report.before}' if report.before else ''}.")]
    if report.despite:
        lines.append(Line(f"Although {report.despite}.", "warn"))
    return Document([*lines])


def describe_comparison(report: Duel) -> Document:
    """Two models on the same rows."""
    measure = _MEASURES[report.measure]
    rows = f"{counted(report.rows, 'row')} of {counted(report.groups, 'group')} that neither has learned from"
    table = Table(
        [Column("model", "left", flexible=True), Column(measure, style="strong")],
        [[report.first, f"{report.first_error:.4g}"], [report.second, f"{report.second_error:.4g}"]],
    )
    told = f"{report.better} is better." if report.better else "Which is better cannot be told."
    gain = Line(f"difference {_estimate(report.gain)}; above 0 the first is better", "dim")
    return Document([Heading(f"Models of {report.target}", rows), table, Line(), Line(told), gain])


def describe_drift(report: DriftReport) -> Document:
    """How far inputs have moved."""
    since = "" if report.since is None else f" since {report.since:%Y-%m-%d %H:%M} UTC"
    heading = Heading(f"Drift of {report.model}", f"{counted(report.rows, 'row')}{since}")
    if not report.features:
        return Document([heading, Line("Nothing came in that could be compared.")])
    columns = [
        Column("feature", "left", flexible=True),
        Column("PSI", style="strong"),
        Column("by chance"),
        Column("", "left"),
    ]
    rows = [_shift_row(one) for one in report.features[:_SHOWN_SHIFTS]]
    told = f"Drifted: {', '.join(report.drifted)}." if report.drifted else "Nothing has drifted."
    legend = Line(
        "PSI: 0 as in training, above 0.2 far from it · by chance: what so few rows reach without drift", "dim"
    )
    return Document([heading, Table(columns, rows), Line(), Line(told, "warn" if report.drifted else "good"), legend])


def _shift_row(one: FeatureShift) -> list[str]:
    return [one.title, f"{one.psi:.3f}", f"{one.by_chance:.3f}", "drifted" if one.drifted else ""]


def describe_retraining(report: RetrainReport) -> Document:
    """What was due, and what came of it."""
    if not report.targets:
        return Document(
            [Line("No model is in use: nothing is due."), Line("tacho ml train --activate trains one.", "dim")]
        )
    return Document([line for one in report.targets for line in _tell_retraining(one)])


_OUTCOMES: dict[Outcome, str] = {
    "not_due": "nothing is due",
    "due": "is due",
    "too_little": "was due, and could not be trained",
    "activated": "was trained, and the new one is in use",
    "kept": "was trained, and the one in use stays",
    "not_better": "was trained, and is not put to use",
}


def _tell_retraining(one: Retraining) -> list[Line]:
    names = [f"{title} {name}" for title, name in (("new:", one.trained), ("in use:", one.in_use)) if name]
    lines = [Line(f"{one.target}: {_OUTCOMES[one.outcome]}", "good" if one.outcome == "activated" else "")]
    details = [*one.reasons, *([one.remark] if one.remark else []), *([", ".join(names)] if names else [])]
    if one.duel is not None:
        details.append(
            f"{_MEASURES[one.duel.measure]} {one.duel.first_error:.4g} against {one.duel.second_error:.4g} on"
            f" {counted(one.duel.rows, 'held-out row')}: better by {_estimate(one.duel.gain)}"
        )
    return [*lines, *(Line(detail, "dim", indent=2) for detail in details)]


def _estimate(one: Estimate) -> str:
    return f"{one.value:.3g} ({one.low:.3g} to {one.high:.3g})"


def _share(one: Estimate) -> str:
    return f"{100 * one.value:.0f} % ({100 * one.low:.0f} to {100 * one.high:.0f})"
