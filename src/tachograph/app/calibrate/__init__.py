"""What a judge is worth: its verdicts beside a person's labels, and beside another model's."""

from tachograph.app.calibrate.asking import OnJudged
from tachograph.app.calibrate.compare import calibrate
from tachograph.app.calibrate.record import CalibrationReport, GivenVerdict, JudgedSession, ModelCalibration
from tachograph.app.calibrate.targets import Target, Targets, find_targets

__all__ = [
    "CalibrationReport",
    "GivenVerdict",
    "JudgedSession",
    "ModelCalibration",
    "OnJudged",
    "Target",
    "Targets",
    "calibrate",
    "find_targets",
]
