"""``tacho ml``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tachograph.app.workspace import Workspace
from tachograph.cli._ml_registry import publish_command, pull_command
from tachograph.cli._options import json_option, update_option
from tachograph.cli._output import print_document, print_json
from tachograph.cli._ranges import Share, WholeNumber
from tachograph.cli._session import report_connection
from tachograph.errors import UsageError
from tachograph.report.sanitise import harmless_lines

if TYPE_CHECKING:
    from tachograph.app.commands.formats import Format

_REFUSED = 1
_TARGETS = ("productivity", "success", "session")
_WHATS = ("cost", "success", "waste")
_IN_USE = (*_TARGETS, *(f"session_{what}" for what in _WHATS))
_STDOUT = "-"
_FORMATS = ("csv", "jsonl", "parquet")


F = TypeVar("F", bound=Callable[..., Any])


def _file(name: str, help: str, *, exists: bool = False, required: bool = False) -> Callable[[F], F]:
    kind = click.Path(path_type=Path, dir_okay=False, exists=exists)
    return click.option(name, type=kind, metavar="FILE", required=required, help=help)


def _folder(name: str, help: str) -> Callable[[F], F]:
    return click.option(name, type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help=help)


def _out_option(command: F) -> F:
    kind = click.Path(path_type=Path, dir_okay=False, allow_dash=True)
    text = "Where the rows go, readable by you alone; - for stdout."
    return click.option("--out", type=kind, metavar="FILE", required=True, help=text)(command)


def _format_option(command: F) -> F:
    text = "How FILE is written; else as its name ends, else csv."
    return click.option("--format", "form", type=click.Choice(_FORMATS), help=text)(command)


def _path_option(command: F) -> F:
    return _folder("--path", "The folder of the commands' store, such as .tacho; else the data folder.")(command)


def _dataset_option(command: F) -> F:
    return _file("--dataset", "Rows of tacho commands export or tacho ml generate.", exists=True)(command)


@click.group()
def command() -> None:
    """Learn from outcomes how commands and sessions turn out. Needs: pip install 'tachograph[ml]'."""


@command.command("generate")
@_out_option
@click.option("--rows", type=WholeNumber(1, 10_000_000), default=50_000, show_default=True, help="How many.")
@click.option("--seed", type=int, default=42, show_default=True, help="The same seed gives the same rows.")
@_format_option
@json_option
def generate_command(out: Path, rows: int, seed: int, form: Format | None, as_json: bool) -> None:
    """Write made-up commands with made-up labels, to try things out before there are outcomes.

    The labels follow a published formula with noise: a model of them knows the formula, nothing of your work.
    """
    from tachograph.app.ml.generate import generate_dataset
    from tachograph.cli._ml import describe_generated

    _check_streams(out, form, as_json)
    report = generate_dataset(out, rows, seed, form)
    if str(out) == _STDOUT:
        return
    print_json("ml_generate", report) if as_json else print_document(describe_generated(report))


@command.command("train")
@_dataset_option
@click.option("--from-warehouse", is_flag=True, help="Learn from what is stored here, brought up to date first.")
@click.option("--target", type=click.Choice(_TARGETS), default="productivity", show_default=True, help="What to learn.")
@click.option("--what", type=click.Choice(_WHATS), help="With --target session: what of it. [default: cost]")
@click.option("--turns", type=WholeNumber(1, 20), help="With --target session: known are its first N turns.")
@_folder("--out-dir", "Where model.json and metadata.json go; else a folder of the model's name in the data folder.")
@_path_option
@click.option("--seed", type=int, default=42, show_default=True, help="The same seed and rows give the same model.")
@click.option("--n-estimators", type=WholeNumber(1, 5000), help="Trees at most; the validation part may stop earlier.")
@click.option("--max-depth", type=WholeNumber(1, 8), help="Questions that a tree asks in a row.")
@click.option("--learning-rate", type=Share(), help="Share of its error that a tree corrects.")
@click.option("--activate", is_flag=True, help="Put it to use, if it beats the baseline.")
@update_option
@json_option
def train_command(
    dataset: Path | None, from_warehouse: bool, target: str, what: str | None, turns: int | None,
    out_dir: Path | None, path: Path | None, seed: int, n_estimators: int | None, max_depth: int | None,
    learning_rate: float | None, activate: bool, no_ingest: bool, as_json: bool,
) -> int:  # fmt: skip
    """Train a model and hold it against a constant and a one-rule baseline, on rows that it has not seen.

    The newest repositories (sessions: the newest days) are held out, no row of them is learned from. The exit code is
    1 when there is too little to learn from, and with --activate when the model does not beat the baseline.
    """
    from tachograph.app.ml.train import TrainRequest, choose_target, train_model
    from tachograph.cli._ml import describe_training

    if (dataset is None) != (from_warehouse or target == "session"):
        raise UsageError("Give either --dataset or --from-warehouse.", hint="Sessions are learned from the warehouse.")
    workspace = Workspace()
    request = TrainRequest(
        target=choose_target(target, what), dataset=dataset, out_dir=out_dir, path=path, turns=turns, seed=seed,
        n_estimators=n_estimators, max_depth=max_depth, learning_rate=learning_rate, activate=activate,
    )  # fmt: skip
    if dataset is None:
        _bring_up_to_date(workspace, no_ingest)
    report = train_model(workspace, request)
    print_json("ml_train", report) if as_json else print_document(describe_training(report))
    return _REFUSED if activate and not report.is_active else 0


@command.command("score")
@_folder("--model-dir", "The model's folder; else the one in use.")
@_file("--dataset", "Rows of tacho commands export or tacho ml generate.", exists=True, required=True)
@_out_option
@_format_option
@json_option
def score_command(model_dir: Path | None, dataset: Path, out: Path, form: Format | None, as_json: bool) -> None:
    """Score the rows of a file: 0 to 100, an interval, and what each feature contributed."""
    from tachograph.app.ml.score import score_dataset
    from tachograph.cli._ml import describe_scoring

    _check_streams(out, form, as_json)
    if str(out) == _STDOUT and sys.stdout.isatty():
        raise UsageError("Rows of a file are not shown on a terminal.", hint="Send stdout elsewhere, or name a file.")
    if out.exists() and out.samefile(dataset):
        raise UsageError("--out is the file that --dataset names: it would be lost.", hint="Name another file.")
    report = score_dataset(Workspace(), model_dir, dataset, out, form)
    if str(out) == _STDOUT:
        return
    print_json("ml_score", report) if as_json else print_document(describe_scoring(report))


@command.command("status")
@json_option
def status_command(as_json: bool) -> None:
    """List the models, which are in use, and how well they did on held-out rows."""
    from tachograph.app.ml.status import report_status
    from tachograph.cli._ml import describe_status

    report = report_status(Workspace())
    print_json("ml_status", report) if as_json else print_document(describe_status(report))


@command.command("activate")
@click.argument("name", metavar="NAME")
@click.option("--force", is_flag=True, help="Even though it does not beat the baseline.")
@json_option
def activate_command(name: str, force: bool, as_json: bool) -> None:
    """Put a model to use. NAME is one of tacho ml status, or a model's folder, which is copied first.

    The exit code is 1 when it does not beat the baseline, unless --force says that it is to be used all the same.
    """
    from tachograph.app.ml.status import activate
    from tachograph.cli._ml import describe_change

    report = activate(Workspace(), name, force=force)
    print_json("ml_activate", report) if as_json else print_document(describe_change(report))


@command.command("rollback")
@click.option(
    "--target", type=click.Choice(_IN_USE), default="productivity", show_default=True, help="What the model predicts."
)
@click.option("--what", type=click.Choice(_WHATS), help="With --target session: what of it, if several are in use.")
@json_option
def rollback_command(target: str, what: str | None, as_json: bool) -> None:
    """Go back to the model that was in use before; from the first one to none."""
    from tachograph.app.ml.status import choose_targets, roll_back
    from tachograph.cli._ml import describe_change

    workspace = Workspace()
    chosen = choose_targets(workspace, target, what)
    if len(chosen) > 1:
        raise UsageError(f"Models of {' and '.join(chosen)} are in use: --what says which is meant.")
    report = roll_back(workspace, chosen[0])
    print_json("ml_rollback", report) if as_json else print_document(describe_change(report))


@command.command("compare")
@click.argument("first", metavar="MODEL")
@click.argument("second", metavar="[MODEL]", required=False)
@_dataset_option
@_path_option
@update_option
@json_option
def compare_command(
    first: str, second: str | None, dataset: Path | None, path: Path | None, no_ingest: bool, as_json: bool
) -> None:
    """Hold two models against each other on the same rows; without a second, the one in use.

    Rows are those of --dataset, else what is stored here: the labelled ones that are newer than what either model has
    learned from. Rows without executed_at are judged by their place in the file, which proves nothing.
    """
    from tachograph.app.ml.compare import compare_models
    from tachograph.cli._ml import describe_comparison

    workspace = Workspace()
    if dataset is None:
        _bring_up_to_date(workspace, no_ingest)
    report = compare_models(workspace, first, second, dataset, path)
    print_json("ml_compare", report) if as_json else print_document(describe_comparison(report))


@command.command("drift")
@click.argument("model", metavar="[MODEL]", required=False)
@_dataset_option
@_path_option
@update_option
@json_option
def drift_command(model: str | None, dataset: Path | None, path: Path | None, no_ingest: bool, as_json: bool) -> None:
    """Show how far what comes in now is from what a model learned from (PSI, feature by feature)."""
    from tachograph.app.ml.drift import report_drift
    from tachograph.cli._ml import describe_drift

    workspace = Workspace()
    if dataset is None:
        _bring_up_to_date(workspace, no_ingest)
    report = report_drift(workspace, model, dataset, path)
    print_json("ml_drift", report) if as_json else print_document(describe_drift(report))


@command.command("retrain")
@click.option("--target", type=click.Choice(_IN_USE), help="Only this; else all that are in use.")
@click.option("--what", type=click.Choice(_WHATS), help="With --target session: what of it; else all that are in use.")
@click.option("--dry-run", is_flag=True, help="Say what is due, and change nothing.")
@_path_option
@update_option
@json_option
def retrain_command(
    target: str | None, what: str | None, dry_run: bool, path: Path | None, no_ingest: bool, as_json: bool
) -> None:
    """Train anew what is due, and put it to use where it does better on the same held-out rows.

    Due is a model when there are a fifth more labels than it learned from, when its inputs have drifted (PSI above
    0.2), or after 90 days with new labels. Running it again changes nothing; where there was too little to learn from,
    it says so, and when it will be tried again.
    """
    from tachograph.app.ml.retrain import retrain
    from tachograph.app.ml.status import choose_targets
    from tachograph.cli._ml import describe_retraining

    workspace = Workspace()
    if target is None and what is not None:
        raise UsageError("--what goes with --target session.")
    targets = None if target is None else choose_targets(workspace, target, what)
    _bring_up_to_date(workspace, no_ingest)
    report = retrain(workspace, targets, path, dry_run=dry_run)
    print_json("ml_retrain", report) if as_json else print_document(describe_retraining(report))


command.add_command(publish_command)
command.add_command(pull_command)


def _check_streams(out: Path, form: Format | None, as_json: bool) -> None:
    """Raise UsageError where rows and ``--json`` would both go to stdout; tell of a format that FILE does not mean."""
    from tachograph.app.commands.formats import contradiction

    if str(out) == _STDOUT and as_json:
        raise UsageError("--json and --out - would both write to stdout.", hint="Leave out --json, or name a file.")
    if remark := contradiction(out, form):
        print(harmless_lines(f"tacho: {remark}"), file=sys.stderr)


def _bring_up_to_date(workspace: Workspace, no_ingest: bool) -> None:
    if workspace.settings.ingest_auto and not no_ingest:
        with report_connection(workspace, no_ingest):
            pass  # opening it is what updates it
