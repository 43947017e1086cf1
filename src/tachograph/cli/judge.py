"""``tacho judge``."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from tachograph.app.calibrate import GivenVerdict, Target, calibrate, find_targets
from tachograph.app.judging import judge_config
from tachograph.app.workspace import Workspace
from tachograph.cli._calibration import describe_calibration
from tachograph.cli._options import json_option, update_option
from tachograph.cli._output import print_document, print_json
from tachograph.cli._session import note, report_connection
from tachograph.errors import UsageError
from tachograph.report.sanitise import harmless


@click.group()
def command() -> None:
    """See what the judge of trajectories is worth with your model and your sessions."""


@command.command("calibrate")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--model", metavar="NAME", help="The model to ask, instead of the one of the settings.")
@click.option("--against", metavar="NAME", help="Ask this model too, and compare its verdicts with the first one's.")
@click.option(
    "--seed", type=click.IntRange(0), default=42, show_default=True, help="Of the resamples behind the intervals."
)
@update_option
@json_option
def calibrate_command(
    file: Path, model: str | None, against: str | None, seed: int, no_ingest: bool, as_json: bool
) -> None:
    """Measure how far the judge's verdicts agree with yours.

    FILE holds your verdicts: lines like {"session": "1f0c7a52", "verdict": "BETTER"}, or a CSV with the columns session
    and verdict. A session is an id, a unique beginning of one, or the path of a log; a verdict is MUCH_BETTER, BETTER,
    SIMILAR, WORSE or MUCH_WORSE. With --against the verdicts may be missing.

    Asks the server of the settings (judge.endpoint), whatever judge.mode says. Answers are stored, and not asked for
    again while session and prompt stay as they are. Verdicts of this model are quoted with the result from then on.
    """
    workspace = Workspace()
    config = judge_config(workspace.settings)
    names = [model or config.model, *([against] if against else [])]
    if len(set(names)) < len(names):
        raise UsageError("--against needs another model.", slug="same_model")
    with report_connection(workspace, no_ingest) as connection:
        targets = find_targets(connection, file, need_labels=against is None)
    configs = [msgspec.structs.replace(config, model=name) for name in names]
    report = calibrate(workspace, targets, configs, seed=seed, on_judged=_tell)
    print_json("judge_calibrate", report) if as_json else print_document(describe_calibration(report))


def _tell(done: int, everything: int, target: Target, given: GivenVerdict) -> None:
    """One line on stderr for each session: a model may think for minutes."""
    said = given.verdict or f"no verdict: {given.reason}"
    again = " (stored)" if given.cached else ""
    note(harmless(f"{done} of {everything}: {target.session}, {given.model}: {said}{again}"))
