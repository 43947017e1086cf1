"""The shape of a calibration: the report, and what is kept of it."""

from __future__ import annotations

import msgspec

from tachograph.analysis.agreement import Agreement
from tachograph.analysis.axes.trajectory import Verdict
from tachograph.app.calibrate.labels import BadRow


class GivenVerdict(msgspec.Struct, frozen=True):
    """What one model says of one session."""

    model: str
    verdict: Verdict | None
    """Null when there is none."""
    reason: str | None = None
    """Why there is none."""
    cached: bool = False
    """True: an earlier answer, given on the session as it is now."""


class JudgedSession(msgspec.Struct, frozen=True):
    """One session of the file."""

    line: int
    """1-based line of the file."""
    session: str
    """Its id."""
    label: Verdict | None
    """The person's verdict; null where the file gives none."""
    verdicts: tuple[GivenVerdict, ...]
    """One for each model, in the order of ``models``."""


class ModelCalibration(msgspec.Struct, frozen=True):
    """One model beside the labels."""

    model: str
    judged: int
    """Sessions on which it gave a verdict."""
    unavailable: int
    """Sessions on which it gave none: in none of its numbers."""
    agreement: Agreement | None
    """Its verdicts (tested) beside the labels (reference); null when the file has no labels."""
    stored: bool
    """True: its verdicts are quoted with these numbers from now on."""


class CalibrationReport(msgspec.Struct, frozen=True):
    """What ``tacho judge calibrate`` tells."""

    prompt: int
    """Version of our prompt; another version asks for another calibration."""
    seed: int
    """Of the resamples behind the intervals."""
    models: tuple[ModelCalibration, ...]
    """The judge, then the model of ``--against``."""
    against: Agreement | None
    """The verdicts of the second model (tested) beside those of the first (reference); null without ``--against``."""
    sessions: tuple[JudgedSession, ...]
    """In the order of the file."""
    bad_rows: tuple[BadRow, ...]
    """Rows of the file that could not be used."""


class CalibrationRecord(msgspec.Struct, frozen=True):
    """What the warehouse keeps of one model's calibration: the axis quotes it beside every verdict of that model."""

    model: str
    prompt: int
    labels: int
    """Sessions with both a label and a verdict."""
    unavailable: int
    """Labelled sessions without a verdict."""
    exact: float | None
    exact_low: float | None
    exact_high: float | None
    spearman: float | None
    spearman_low: float | None
    spearman_high: float | None
    kappa: float | None
    kappa_low: float | None
    kappa_high: float | None
    seed: int
