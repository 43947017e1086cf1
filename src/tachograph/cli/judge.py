"""``tacho judge``."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from tachograph.app.calibrate import GivenVerdict, Target, calibrate, find_targets
from tachograph.app.find_session import current_folder, find_last, find_session
from tachograph.app.judging import judge_config
from tachograph.app.learn.run import learn_if_free
from tachograph.app.quality import QualityRow, choose_unscored, judge_quality
from tachograph.app.workspace import Workspace
from tachograph.cli._calibration import describe_calibration
from tachograph.cli._options import MANY, chosen_filter, filter_options, json_option, update_option
from tachograph.cli._output import print_document, print_json
from tachograph.cli._quality import describe_quality, tell_scores
from tachograph.cli._session import note, report_connection
from tachograph.errors import UsageError
from tachograph.report.sanitise import harmless


@click.group()
def command() -> None:
    """Have a model score the quality of sessions, and see what its verdicts are worth."""


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


@command.command("quality")
@click.argument("sessions", nargs=-1, metavar="[SESSION...]")
@click.option("--last", is_flag=True, help="The session that ended last in the project you stand in, else in all.")
@click.option("--model", metavar="NAME", help="The model to ask, instead of the one of the settings.")
@click.option(
    "--limit", type=click.IntRange(1, MANY), default=10, show_default=True, metavar="N",
    help="How many to ask about at most; not of those named.",
)  # fmt: skip
@filter_options
@update_option
@json_option
def quality_command(
    sessions: tuple[str, ...], last: bool, model: str | None, limit: int, as_json: bool, no_ingest: bool,
    since: str | None, until: str | None, project: str | None, agent: str | None, tz: str | None,
) -> None:  # fmt: skip
    """Have the judge score sessions: relevance, faithfulness, coherence, hallucination, 0 to 1 each.

    Without SESSION: main sessions of the selection that have no scores by this model, the latest first. A session that
    is as it was is not asked about again. The scores become KPIs (tacho kpis).

    Asks the server of the settings (judge.endpoint), whatever judge.mode says. A score that the record does not show
    is absent, never 0.
    """
    if (sessions or last) and any((since, until, project, agent)):
        raise UsageError("Name sessions, or choose some: not both.")
    workspace = Workspace()
    chosen = chosen_filter(workspace, since, until, project, agent, tz)
    config = judge_config(workspace.settings)
    config = msgspec.structs.replace(config, model=model or config.model)
    waiting = 0
    with report_connection(workspace, no_ingest) as connection:
        ids = [find_session(connection, name) for name in sessions]
        if last:
            ids.append(find_last(connection, workspace.clean.name(current_folder())))
        if not sessions and not last:
            found = choose_unscored(connection, chosen, config.model)
            ids, waiting = found[:limit], len(found[limit:])
    report = judge_quality(workspace, list(dict.fromkeys(ids)), config, waiting=waiting, on_scored=_tell_scored)
    if any(one.reason is None and not one.cached for one in report.sessions):
        learn_if_free(workspace, update=False, note=note)
    print_json("judge_quality", report) if as_json else print_document(describe_quality(report))


def _tell_scored(done: int, everything: int, row: QualityRow) -> None:
    note(harmless(f"{done} of {everything}: {row.id}: {tell_scores(row)}"))


def _tell(done: int, everything: int, target: Target, given: GivenVerdict) -> None:
    """One line on stderr for each session: a model may think for minutes."""
    said = given.verdict or f"no verdict: {given.reason}"
    again = " (stored)" if given.cached else ""
    note(harmless(f"{done} of {everything}: {target.session}, {given.model}: {said}{again}"))
