"""What ``tacho ml`` tells people."""

from __future__ import annotations

import shlex
from pathlib import Path

from tachograph.app.ml.active import COMMAND_TARGETS
from tachograph.app.ml.admission import features_of
from tachograph.app.ml.compare import Duel
from tachograph.app.ml.drift import DriftReport, FeatureShift
from tachograph.app.ml.facts import BASELINES, MEASURES, ModelFacts
from tachograph.app.ml.generate import GenerateReport
from tachograph.app.ml.retrain import Outcome, Retraining, RetrainReport
from tachograph.app.ml.score import ScoreReport
from tachograph.app.ml.shortage import GROUPS
from tachograph.app.ml.status import InUse, ModelChange, ModelRow, StatusReport
from tachograph.app.ml.train import TrainReport
from tachograph.learning.ml.metadata import Comparison, Estimate
from tachograph.report.document import Block, Column, Document, Facts, Heading, Line, Table
from tachograph.report.sanitise import harmless
from tachograph.report.units import UNKNOWN, count, counted, percent

_SHOWN_SHIFTS = 12
MADE_UP = "No known outcome is behind it, only synthetic labels: what it says tells nothing of your work."
"""Of a model without any real label, wherever it is shown."""
_LEARN_HERE = "tacho ml train --from-warehouse learns from what happened here."
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
                *((MEASURES[name], _estimate(value)) for name, value in model.measures.items()),
                *(
                    [("coverage", f"{_share(model.coverage)} of labels within the 90 % intervals")]
                    if model.coverage
                    else []
                ),
                ("moved most by", "; ".join(model.top_titles)),
            ]
        ),
        _comparisons(model),
        *([Line("Errors are differences of natural logarithms.", "dim")] if model.target in _LOGARITHMS else []),
        *([Line(_tell_unknown_kinds(report.labels_without_kind), "warn")] if report.labels_without_kind else []),
        Line(),
        *_verdict(report),
    ]
    return Document(blocks)


def _tell_unknown_kinds(labels: int) -> str:
    return (
        f"{counted(labels, 'label')} without a label_kind: nobody says where they are from, so they count as synthetic,"
        " the weakest kind. A column label_kind (human, outcome, pseudo, synthetic) in the file says it."
    )


def _tell_kinds(model: ModelFacts) -> str:
    kinds = ", ".join(f"{count(rows)} {kind}" for kind, rows in model.rows_by_kind.items())
    return f"{count(model.rows)}: {kinds}"


def _tell_held_out(model: ModelFacts) -> str:
    one, several = GROUPS[model.grouped_by]
    groups = f"{count(model.groups_held_out)} {one if model.groups_held_out == 1 else several}"
    rows = f"{counted(model.rows_held_out, 'row')} of {groups} that it has not seen"
    if model.grouped_by == "session" and model.target in COMMAND_TARGETS:
        rows += ", later ones of repositories that it may know"
    if model.grouped_by == "group":
        rows += ", each row by itself, as none says its repository or session"
    return f"{rows}; judged by {' and '.join(model.judged_on)} labels"


def _comparisons(model: ModelFacts) -> Table:
    columns = [
        Column("against", "left"), Column("measure", "left"), Column("theirs"), Column("ours", style="strong"),
        Column("better by", "left"),
    ]  # fmt: skip
    return Table(columns, [_comparison_row(one, model) for one in model.comparisons])


def _comparison_row(one: Comparison, model: ModelFacts) -> list[str]:
    ours = model.measures.get(one.measure)
    return [
        BASELINES[one.baseline], MEASURES[one.measure], f"{one.theirs:.3g}",
        UNKNOWN if ours is None else f"{ours.value:.3g}", _estimate(one.gain),
    ]  # fmt: skip


def _verdict(report: TrainReport) -> list[Line]:
    made_up = _warn_made_up(report.model.made_up)
    if report.is_active:
        return [*made_up, Line("It beats both baselines and is in use now.", "good")]
    if report.why_not:
        return [*made_up, Line(f"It is not put to use: {report.why_not}.", "warn")]
    is_kept = Path(report.folder).name == report.model.name  # else it was written to a folder of the person's
    name = report.model.name if is_kept else shlex.quote(harmless(report.folder))
    return [*made_up, Line(f"It beats both baselines. tacho ml activate {name} puts it to use.", "good")]


def _warn_made_up(made_up: bool, indent: int = 0) -> list[Line]:
    return [Line(MADE_UP, "warn", indent)] if made_up else []


def describe_scoring(report: ScoreReport) -> Document:
    """A file that was scored."""
    titles = {feature.name: feature.title for feature in features_of("productivity")}
    tops = "; ".join(
        f"{titles.get(name, name) or '(none)'} {percent(rows, report.rows)}"
        for name, rows in report.top_features.items()
    )
    lines = [Line(f"{counted(report.rows, 'row')} scored by {report.model} in {report.out} ({report.format}).")]
    if report.mean is not None:
        mean = f"chance {report.mean:.1f} %" if report.kind == "chance" else f"{report.mean:.1f} of 100"
        lines.append(Line(f"mean {mean}; moved most by: {tops}", "dim"))
    return Document([*lines])


def describe_status(report: StatusReport) -> Document:
    """All models."""
    if not report.models and not report.in_use:
        hint = Line("tacho ml train --from-warehouse makes one; tacho ml generate makes rows to try it with.", "dim")
        return Document([Line("There is no model yet."), hint])
    columns = [
        Column("model", "left", style="strong"), Column("", "left"), Column("labels"), Column("real"),
        Column("held out", rank=2), Column("error", "left", rank=1), Column("baseline", "left"),
    ]  # fmt: skip
    rows = [_status_row(one) for one in report.models]
    lines = [line for target, one in report.in_use.items() for line in _tell_use(target, one)]
    return Document([Heading("Models", report.folder), Table(columns, rows), Line(), *(lines or _tell_unused(report))])


def _status_row(one: ModelRow) -> list[str]:
    facts = one.facts
    if facts is None:
        return [one.name, "broken", "", "", "", one.fault, ""]
    real = sum(rows for kind, rows in facts.rows_by_kind.items() if kind in ("human", "outcome"))
    name, error = next(iter(facts.measures.items()))
    return [
        one.name, "in use" if one.in_use else "", count(facts.rows), count(real), count(facts.rows_held_out),
        f"{MEASURES[name]} {_estimate(error)}", "beaten" if facts.beats_baseline else "not beaten",
    ]  # fmt: skip


def _tell_use(target: str, one: InUse) -> list[Line]:
    before = f"; before: {', '.join(one.before)}" if one.before else ""
    text = f"{target}: {one.name} since {one.since:%Y-%m-%d %H:%M} UTC{before}"
    if not one.is_there:
        return [Line(f"{text}. It is not there any more: tacho ml rollback --target {target}.", "bad")]
    lines = [Line(f"{text}. Used although {one.despite}." if one.despite else text, "warn" if one.despite else "")]
    return [*lines, *_warn_made_up(one.made_up, indent=2)]


def _tell_unused(report: StatusReport) -> list[Line]:
    """What to do next when there are models and none is in use."""
    good = [one.facts for one in report.models if one.facts is not None and one.facts.beats_baseline]
    real = [facts for facts in good if not facts.made_up]
    newest = max(real or good, key=lambda facts: facts.created_at, default=None)
    if newest is None:
        told = "none of these beats the baseline. More labels help: tacho label review asks for them."
        return [Line(f"None is in use: {told}", "dim")]
    lines = [Line(f"None is in use: tacho ml activate {newest.name} puts the newest good one to use.", "dim")]
    return lines if real else [*lines, Line(MADE_UP, "warn"), Line(_LEARN_HERE, "dim")]


def describe_change(report: ModelChange) -> Document:
    """What is in use now."""
    if report.now is None:
        return Document([Line(f"{report.target}: no model is in use any more; it was {report.before}.")])
    if report.now == report.before:
        told = "is in use already."
    else:
        told = f"is in use now{f' instead of {report.before}' if report.before else ''}."
    lines = [Line(f"{report.target}: {report.now} {told}")]
    if report.despite:
        lines.append(Line(f"Although {report.despite}.", "warn"))
    return Document([*lines, *_warn_made_up(report.made_up)])


def describe_comparison(report: Duel) -> Document:
    """Two models on the same rows."""
    measure = MEASURES[report.measure]
    rows = f"{counted(report.rows, 'row')} of {counted(report.groups, 'group')}"
    rows += " that neither has learned from" if report.new_to_both else ", which may have been learned from"
    table = Table(
        [Column("model", "left", flexible=True), Column(measure, style="strong")],
        [[report.first, f"{report.first_error:.4g}"], [report.second, f"{report.second_error:.4g}"]],
    )
    told = f"{report.better} is better." if report.better else "Which is better cannot be told."
    gain = Line(f"difference {_estimate(report.gain)}; above 0 the first is better", "dim")
    blocks: list[Block] = [Heading(f"Models of {report.target}", rows), table, Line(), Line(told), gain]
    return Document(blocks if report.new_to_both else [*blocks, Line(_NO_TIMES, "warn")])


_NO_TIMES = (
    "Rows without executed_at, or a model of such rows: whether they were learned from cannot be told. A model that"
    " knows them by heart looks better than it is."
)


def describe_drift(report: DriftReport) -> Document:
    """How far inputs have moved."""
    since = "" if report.since is None else f" since {report.since:%Y-%m-%d %H:%M} UTC"
    heading = Heading(f"Drift of {report.model}", f"{counted(report.rows, 'row')}{since}")
    if not report.features:
        return Document([heading, Line("Nothing came in that could be compared."), Line(_comes_in(report), "dim")])
    columns = [
        Column("feature", "left", flexible=True),
        Column("PSI", style="strong"),
        Column("by chance"),
        Column("", "left"),
    ]
    shown = [one for place, one in enumerate(report.features) if place < _SHOWN_SHIFTS or one.psi > one.by_chance]
    drifted = [one.title for one in report.features if one.drifted]
    told = f"Drifted: {'; '.join(drifted)}." if drifted else "Nothing has drifted."
    legend = Line(
        "PSI: 0 as in training, above 0.2 far from it · by chance: what so few rows reach without drift", "dim"
    )
    rest = len(report.features) - len(shown)
    more = [Line(f"and {counted(rest, 'other feature')}, moved no more than by chance", "dim")] if rest else []
    table = Table(columns, [_shift_row(one) for one in shown])
    return Document([heading, table, *more, Line(), Line(told, "warn" if drifted else "good"), legend])


def _comes_in(report: DriftReport) -> str:
    if report.target not in COMMAND_TARGETS:
        return "It looks at sessions that began after the training."
    return "tacho run and tacho commands backfill bring commands in; --dataset FILE compares the rows of a file."


def _shift_row(one: FeatureShift) -> list[str]:
    told = "" if not one.drifted else "drifted: no row has it" if one.is_gone else "drifted"
    return [one.title, f"{one.psi:.3f}", f"{one.by_chance:.3f}", told]


def describe_retraining(report: RetrainReport) -> Document:
    """What was due, and what came of it."""
    if not report.targets:
        return Document(
            [
                Line("No model is in use: nothing is due."),
                Line("tacho ml train --from-warehouse --activate trains one.", "dim"),
            ]
        )
    return Document([line for one in report.targets for line in _tell_retraining(one)])


_OUTCOMES: dict[Outcome, str] = {
    "not_due": "nothing is due",
    "due": "is due",
    "too_little": "was due, and could not be trained: nothing was changed",
    "activated": "was trained, and the new one is in use",
    "kept": "was trained, and the one in use stays",
    "not_better": "was trained, and is not put to use",
}


def _tell_retraining(one: Retraining) -> list[Line]:
    names = [f"{title} {name}" for title, name in (("new:", one.trained), ("in use:", one.in_use)) if name]
    lines = [Line(f"{one.target}: {_OUTCOMES[one.outcome]}", "good" if one.outcome == "activated" else "")]
    details = [*one.reasons, *([one.remark] if one.remark else []), *_tell_failure(one)]
    details += [", ".join(names)] if names else []
    if one.duel is not None:
        details.append(
            f"{MEASURES[one.duel.measure]} {one.duel.first_error:.4g} against {one.duel.second_error:.4g} on"
            f" {counted(one.duel.rows, 'held-out row')}: better by {_estimate(one.duel.gain)}"
        )
    return [*lines, *(Line(detail, "dim", indent=2) for detail in details)]


def _tell_failure(one: Retraining) -> list[str]:
    """The last training failed, and when it is tried again; of one that failed just now only the latter."""
    failed = one.failed
    if failed is None or one.outcome == "due":
        return []
    before = [f"The last training, {failed.at:%Y-%m-%d %H:%M} UTC, failed. {failed.why}"]
    later = "" if failed.again_from is None else f", or from {failed.again_from:%Y-%m-%d} on with any that are new"
    again = f"It is tried again with {counted(failed.again_labels, 'label')}{later}; there were {count(failed.labels)}."
    return [*([] if one.outcome == "too_little" else before), again]


def _estimate(one: Estimate) -> str:
    return f"{one.value:.3g} ({one.low:.3g} to {one.high:.3g})"


def _share(one: Estimate) -> str:
    return f"{100 * one.value:.0f} % ({100 * one.low:.0f} to {100 * one.high:.0f})"
