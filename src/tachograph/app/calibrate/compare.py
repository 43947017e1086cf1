"""From the models' verdicts to what they are worth."""

from __future__ import annotations

from collections.abc import Sequence

from tachograph.analysis.agreement import Agreement, measure_agreement
from tachograph.analysis.axes.trajectory import PROMPT_VERSION, Verdict
from tachograph.app.calibrate.asking import OnJudged, ask_model
from tachograph.app.calibrate.record import CalibrationReport, GivenVerdict, JudgedSession, ModelCalibration
from tachograph.app.calibrate.storing import store_calibration
from tachograph.app.calibrate.targets import LEAST, Target, Targets
from tachograph.app.workspace import Workspace
from tachograph.errors import TachographError
from tachograph.judge import JudgeConfig


def calibrate(
    workspace: Workspace,
    targets: Targets,
    configs: Sequence[JudgeConfig],
    *,
    seed: int = 42,
    on_judged: OnJudged | None = None,
) -> CalibrationReport:
    """Ask the model of each config about each session; compare with the labels, and the second model with the first.

    A session on which a model gives no verdict is listed, and left out of that model's numbers. Numbers from two or
    more labels are stored for the model. Raises TachographError (exit code 4) when there is no verdict at all.
    """
    given: list[list[GivenVerdict]] = []
    everything = len(targets.found) * len(configs)
    for config in configs:
        given.append([])
        for target, answer in zip(targets.found, ask_model(workspace, targets, config), strict=True):
            given[-1].append(answer)
            if on_judged is not None:
                on_judged(sum(map(len, given)), everything, target, answer)
    if not any(answer.verdict for answers in given for answer in answers):
        raise TachographError(
            "The judge gave no verdict on any session.", slug="judge_unavailable", hint=given[0][0].reason or ""
        )
    return CalibrationReport(
        PROMPT_VERSION,
        seed,
        tuple(_calibrate_one(workspace, targets.found, answers, seed) for answers in given),
        _measure([answer.verdict for answer in given[0]], given[1], seed) if len(given) > 1 else None,
        tuple(
            JudgedSession(target.line, target.session, target.label, answers)
            for target, answers in zip(targets.found, zip(*given, strict=True), strict=True)
        ),
        targets.bad_rows,
    )


def _calibrate_one(
    workspace: Workspace, targets: Sequence[Target], answers: Sequence[GivenVerdict], seed: int
) -> ModelCalibration:
    """One model beside the labels; its numbers are kept when there are enough."""
    model = answers[0].model
    judged = sum(answer.verdict is not None for answer in answers)
    labels = [target.label for target in targets]
    if not any(labels):
        return ModelCalibration(model, judged, len(answers) - judged, None, stored=False)
    found = _measure(labels, answers, seed)
    missing = sum(label is not None for label in labels) - found.pairs
    kept = found.pairs >= LEAST and store_calibration(workspace, model, PROMPT_VERSION, missing, found, seed)
    return ModelCalibration(model, judged, len(answers) - judged, found, kept)


def _measure(reference: Sequence[Verdict | None], answers: Sequence[GivenVerdict], seed: int) -> Agreement:
    """Over the sessions on which both sides say something."""
    pairs = [
        (first, answer.verdict)
        for first, answer in zip(reference, answers, strict=True)
        if first is not None and answer.verdict is not None
    ]
    return measure_agreement([first for first, _ in pairs], [second for _, second in pairs], seed=seed)
