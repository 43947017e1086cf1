"""``tacho mlflow setup``: MLflow's own tracing of Claude Code, announced, run and verified."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Literal

import msgspec

from tachograph.errors import TachographError
from tachograph.mlflow.client import QUIET, show_uri

SETTINGS = Path(".claude") / "settings.json"
_ENABLED, _URI = "MLFLOW_CLAUDE_TRACING_ENABLED", "MLFLOW_TRACKING_URI"
_NAME, _ID = "MLFLOW_EXPERIMENT_NAME", "MLFLOW_EXPERIMENT_ID"
_PLUGIN = "claude plugin install mlflow-tracing@mlflow-plugins --scope local"
_MARKET = (
    "claude plugin marketplace add mlflow/mlflow --scope local --sparse .claude-plugin"
    " libs/typescript/integrations/claude-code"
)
_SECONDS = 300
_SAID_CHARS = 1_000


class Change(msgspec.Struct, frozen=True):
    """A variable in the ``env`` of ``.claude/settings.json``."""

    name: str
    before: str | None
    """null: it is not there."""
    after: str | None
    """null: see ``kind``."""
    kind: Literal["set", "removed", "decided"] = "set"
    """removed: it will not be there; decided: MLflow finds out what to write, see the notes."""


class SetupReport(msgspec.Struct, frozen=True):
    """What setting up changes, and whether it was done."""

    directory: str
    settings_file: str
    mlflow: str | None
    """The program that is run; null: it is not installed."""
    claude: str | None
    """Claude Code's program, which MLflow runs; null: it is not installed."""
    command: list[str]
    """What is run."""
    changes: list[Change]
    also_runs: list[str]
    """What that command runs in its turn."""
    notes: list[str]
    done: bool = False
    verified: bool = False
    """Whether MLflow's own status and the settings file say that it is as it was to be."""
    status: str = ""
    """What ``mlflow autolog claude --status`` says afterwards."""


def plan_setup(directory: Path, tracking_uri: str | None, experiment: str | None) -> SetupReport:
    """What setting up would change in ``directory``. Asks MLflow's program what it can do; changes nothing."""
    mlflow, claude = _find_mlflow(), shutil.which("claude")
    told = _run([mlflow, "autolog", "claude", "--help"], directory).stdout if mlflow else ""
    as_plugin = not told or "--non-interactive" in told
    command = [mlflow or "mlflow", "autolog", "claude", "-d", str(directory)]
    command += ["-u", tracking_uri] if tracking_uri else []
    command += ["-n", experiment] if experiment else []
    command += ["-y"] if as_plugin else []
    return SetupReport(
        str(directory),
        str(directory / SETTINGS),
        mlflow,
        claude,
        [show_uri(word) for word in command],
        _list_changes(_read_env(directory), tracking_uri, experiment),
        [_MARKET, _PLUGIN] if as_plugin else [],
        list(_list_notes(mlflow, claude, tracking_uri, experiment, as_plugin=as_plugin)),
    )


def set_up(directory: Path, tracking_uri: str | None, experiment: str | None) -> SetupReport:
    """Run MLflow's own command in ``directory``, and look whether it did what it was to do.

    Raises TachographError where a program is missing (``mlflow_missing``, ``claude_missing``), and when the command
    fails or the settings are not as they were to be (``mlflow_setup_failed``).
    """
    plan = plan_setup(directory, tracking_uri, experiment)
    if plan.mlflow is None:
        raise TachographError(
            "The program mlflow is not installed.", slug="mlflow_missing", hint="pip install 'tachograph[mlflow]'"
        )
    if plan.claude is None:
        raise TachographError(
            "Claude Code's program claude is not installed, and MLflow needs it for this.",
            slug="claude_missing",
            hint="Install Claude Code, or use tacho mlflow log: it needs no set-up.",
        )
    command = [*plan.command]
    if tracking_uri:
        command[command.index("-u") + 1] = tracking_uri
    ran = _run(command, directory)
    if ran.returncode:
        raise _failed("MLflow's command failed", ran.stderr or ran.stdout)
    status = _run([plan.mlflow, "autolog", "claude", "-d", str(directory), "--status"], directory)
    _verify(_read_env(directory), status, tracking_uri, experiment)
    return msgspec.structs.replace(plan, done=True, verified=True, status=_show(status.stdout))


def _verify(
    env: dict[str, str], status: subprocess.CompletedProcess[str], tracking_uri: str | None, experiment: str | None
) -> None:
    """Raise TachographError unless the settings are as they were to be."""
    wanted = {_ENABLED: "true", _URI: tracking_uri, _NAME: experiment}
    wrong = [name for name, value in wanted.items() if value is not None and env.get(name) != value]
    if wrong:
        raise _failed(f"MLflow's command ran, but {SETTINGS} does not have {', '.join(wrong)} as asked", status.stdout)
    if status.returncode or "not enabled" in status.stdout:
        raise _failed("MLflow's command ran, but its status says that tracing is not enabled", status.stdout)


def _failed(what: str, said: str) -> TachographError:
    return TachographError(
        f"{what}.", slug="mlflow_setup_failed", hint=_show(said) or "It said nothing. Run it by hand to see more."
    )


def _find_mlflow() -> str | None:
    """The program on the PATH, else the one beside this Python."""
    beside = Path(sys.executable).parent / "mlflow"
    return shutil.which("mlflow") or (str(beside) if beside.is_file() else None)


def _run(command: list[str], directory: Path) -> subprocess.CompletedProcess[str]:
    """Run a program that is asked nothing and may take five minutes (it fetches a plugin)."""
    try:
        return subprocess.run(
            command,
            cwd=directory,
            env={**os.environ, **QUIET, "NO_COLOR": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _failed(f"{command[0]} could not be run", str(error)) from error


def _read_env(directory: Path) -> dict[str, str]:
    """The variables of the project's settings; none where there is no file, or one that cannot be read."""
    try:
        settings = msgspec.json.decode((directory / SETTINGS).read_bytes())
    except (OSError, msgspec.MsgspecError, RecursionError):
        return {}
    env = settings.get("env") if isinstance(settings, dict) else None
    return {str(key): str(value) for key, value in env.items()} if isinstance(env, dict) else {}


def _list_changes(env: dict[str, str], tracking_uri: str | None, experiment: str | None) -> list[Change]:
    name = experiment or os.environ.get(_NAME)
    uri = tracking_uri or os.environ.get(_URI)
    number = None if experiment else os.environ.get(_ID)
    return [
        Change(_ENABLED, env.get(_ENABLED), "true"),
        Change(_URI, _shown(env.get(_URI)), _shown(uri), "set" if uri else "decided"),
        Change(_NAME, env.get(_NAME), name, "set" if name else "removed"),
        Change(_ID, env.get(_ID), number or (None if name else "0"), "decided" if name and not number else "set"),
    ]


def _shown(value: str | None) -> str | None:
    return None if value is None else show_uri(value)


def _list_notes(
    mlflow: str | None, claude: str | None, tracking_uri: str | None, experiment: str | None, *, as_plugin: bool
) -> list[str]:
    notes = []
    if mlflow is None:
        notes.append("mlflow is not installed: pip install 'tachograph[mlflow]'.")
    if claude is None:
        notes.append("Claude Code's program claude is not installed; MLflow's command needs it.")
    if not (tracking_uri or os.environ.get(_URI)):
        notes.append("No --tracking-uri: MLflow writes its own default, a database in this folder.")
    if experiment:
        notes.append("MLflow looks up the id of this experiment, and makes the experiment if there is none.")
    elif not (os.environ.get(_NAME) or os.environ.get(_ID)):
        notes.append('No --experiment: MLflow takes the one with the id "0".')
    if as_plugin:
        notes.append("The plugin is fetched from GitHub by Claude Code, for you in this project alone.")
    else:
        notes.append("This version of MLflow writes a Stop hook into the same file instead of a plugin.")
    return notes


def _show(said: str) -> str:
    """What a program said, without marks of a terminal's."""
    from tachograph.report.sanitise import harmless_lines

    return harmless_lines(said.strip())[:_SAID_CHARS]
