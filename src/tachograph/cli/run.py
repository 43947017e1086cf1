"""``tacho run``."""

from __future__ import annotations

import math
from pathlib import Path

import click

from tachograph.cli._quick_run import run_and_tell


def _finite(ctx: click.Context, param: click.Parameter, value: float | None) -> float | None:
    if value is not None and not math.isfinite(value):
        raise click.BadParameter(f"{value} is no such number.", ctx, param)
    return value


@click.command(context_settings={"allow_interspersed_args": False})
@click.option("--agent", metavar="NAME", help="Who runs it; else what the agent's environment tells.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    callback=_finite,
    metavar="SECONDS",
    help="End it, and all that it started, after this time; the exit code is then 124.",
)
@click.option(
    "--repo",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The repository whose changes count; else the one around the current folder.",
)
@click.option(
    "--path",
    "folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Keep it in the store in DIR, such as .tacho.",
)
@click.option("--model-dir", type=click.Path(path_type=Path), metavar="DIR", help="Score it with the model in DIR.")
@click.option(
    "--label",
    type=click.FloatRange(0, 100),
    callback=_finite,
    metavar="0..100",
    help="Your own judgement of what it is good for.",
)
@click.option("--no-score", is_flag=True, help="Do not score it.")
@click.option("--skip-unchanged", is_flag=True, help="Do not keep it when it changed nothing in the repository.")
@click.option("--keep-text", is_flag=True, help="Keep the command's text, redacted; else only a keyed hash of it.")
@click.argument("argv", metavar="COMMAND…", nargs=-1, required=True, type=click.UNPROCESSED)
def command(
    agent: str | None, timeout: float | None, repo: Path | None, folder: Path | None, model_dir: Path | None,
    label: float | None, no_score: bool, skip_unchanged: bool, keep_text: bool, argv: tuple[str, ...],
) -> int:  # fmt: skip
    """Run a command and keep what it changed in the repository.

    Write -- before COMMAND. Its input, output, signals and exit code are its own; its output is not kept. 124: the time
    was over; 126, 127: it could not be started; 128 and more: a signal ended it. tacho commands list shows what was
    kept. Whatever goes wrong with the keeping, the command runs.
    """
    options = {
        "agent": agent, "timeout": timeout, "repo": repo, "folder": folder, "model_dir": model_dir, "label": label,
        "score": not no_score, "skip_unchanged": skip_unchanged, "keep_text": keep_text,
    }  # fmt: skip
    return run_and_tell(options, argv)
