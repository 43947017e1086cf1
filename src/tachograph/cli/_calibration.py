"""A calibration as a person reads it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tachograph.analysis.agreement import Agreement, ClassAgreement
from tachograph.analysis.bootstrap import Statistic
from tachograph.app.calibrate import CalibrationReport, ModelCalibration
from tachograph.report.document import Block, Column, Document, Heading, Line, Table
from tachograph.report.units import UNKNOWN, count, counted

_SHOWN = 10
_LABEL_LEGEND = (
    "95 % intervals from 2,000 resamples of the sessions. within one step: same verdict or its neighbour · Spearman:"
    " do both rank sessions alike, -1 to 1 · kappa: agreement beyond chance, large errors weigh more, up to 1 ·"
    " precision: where the judge says so, how often you did"
)
_AGAINST_LEGEND = "strict: the same verdict · top-2: the same verdict or a neighbour on the scale"


def describe_calibration(report: CalibrationReport) -> Document:
    """Tables of agreement, then what is in no number."""
    parts = [_describe_labels(one, one.agreement, report.prompt) for one in report.models if one.agreement is not None]
    if report.against is not None:
        parts.append(_describe_against([one.model for one in report.models], report.against))
    parts.append(_describe_rest(report))
    blocks = [block for part in parts if part for block in (*part, Line())]
    return Document(blocks[:-1])


def _describe_labels(one: ModelCalibration, found: Agreement, prompt: int) -> list[Block]:
    remark = f"{counted(found.pairs, 'session')}; prompt version {prompt}"
    return [
        Heading(f"{one.model} beside your verdicts", remark),
        _measures(found),
        Line(),
        _classes(
            found, "yours", "judge", (("both", _both), ("precision", _precision), ("interval", _precision_interval))
        ),
        Line(_LABEL_LEGEND, "dim"),
        *_say_stored(one),
    ]


def _describe_against(names: Sequence[str], found: Agreement) -> list[Block]:
    first, second = names
    return [
        Heading(f"{second} against {first}", counted(found.pairs, "session")),
        _measures(found),
        Line(),
        _classes(found, "first", "second", (("both", _both), ("strict", _strict), ("top-2", _top2))),
        Line(f"first: {first} · second: {second} · {_AGAINST_LEGEND}", "dim"),
    ]


def _measures(found: Agreement) -> Table:
    rows = [
        ["same verdict", *_share(found.exact)],
        ["within one step", *_share(found.top2)],
        ["Spearman", *_number(found.spearman)],
        ["weighted kappa", *_number(found.kappa)],
    ]
    return Table([Column("", "left"), Column(""), Column("95 % interval", "left", flexible=True)], rows)


def _classes(
    found: Agreement, reference: str, tested: str, more: Sequence[tuple[str, Callable[[ClassAgreement], str]]]
) -> Table:
    columns = [Column("verdict", "left"), Column(reference), Column(tested), *(Column(title) for title, _ in more)]
    return Table(
        columns,
        [
            [one.verdict, count(one.reference), count(one.tested), *(cell(one) for _, cell in more)]
            for one in reversed(found.classes)
        ],
    )


def _both(one: ClassAgreement) -> str:
    return count(one.both)


def _precision(one: ClassAgreement) -> str:
    return _share(one.precision)[0]


def _precision_interval(one: ClassAgreement) -> str:
    return _share(one.precision)[1] if one.precision.low is not None else UNKNOWN


def _strict(one: ClassAgreement) -> str:
    return _share(one.strict)[0]


def _top2(one: ClassAgreement) -> str:
    return _share(one.top2)[0]


def _share(value: Statistic) -> tuple[str, str]:
    return _cells(value, lambda share: f"{100 * share:.0f} %")


def _number(value: Statistic) -> tuple[str, str]:
    return _cells(value, lambda number: f"{number:.2f}")


def _cells(one: Statistic, write: Callable[[float], str]) -> tuple[str, str]:
    """The value, and its interval or why there is none."""
    interval = f"{write(one.low)} to {write(one.high)}" if one.low is not None and one.high is not None else one.reason
    return UNKNOWN if one.value is None else write(one.value), interval


def _say_stored(one: ModelCalibration) -> list[Block]:
    if one.stored:
        return [Line(f"Verdicts of {one.model} are quoted with these numbers from now on.")]
    return [Line("Not stored: too few sessions, or the warehouse was busy.", "warn")]


def _describe_rest(report: CalibrationReport) -> list[Block]:
    """What is in no number, and why."""
    lines = [
        f"{session.session}, {given.model}: {given.reason}"
        for session in report.sessions
        for given in session.verdicts
        if given.verdict is None
    ]
    blocks = _list(f"{counted(len(lines), 'verdict')} could not be had", lines)
    return blocks + _list(
        f"{counted(len(report.bad_rows), 'row')} could not be used",
        [f"line {row.line}: {row.reason}" for row in report.bad_rows],
    )


def _list(title: str, lines: Sequence[str]) -> list[Block]:
    if not lines:
        return []
    shown: list[Block] = [Line(line, indent=2) for line in lines[:_SHOWN]]
    rest = [Line(f"… and {count(len(lines) - _SHOWN)} more", "dim", indent=2)] if len(lines) > _SHOWN else []
    return [Line(f"{title}:", "warn"), *shown, *rest]
