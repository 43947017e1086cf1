"""Setting up MLflow's own tracing, with programs that stand in for the real ones."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tachograph.errors import TachographError
from tachograph.mlflow.setup import Change, plan_setup, set_up
from tests.unit.cli.running import Tacho, tacho

__all__ = ["tacho"]

MLFLOW = """#!{python}
import json, os, pathlib, sys
here = pathlib.Path({folder!r})
with (here / "calls.jsonl").open("a") as calls:
    calls.write(json.dumps([sys.argv[1:], os.environ.get("MLFLOW_DISABLE_TELEMETRY")]) + "\\n")
mode = (here / "mode").read_text()
given = sys.argv[3:]
if "--help" in given:
    print("  --status" + ("" if mode == "old" else "  -y, --non-interactive"))
elif "--status" in given:
    print("\\x1b[32mClaude tracing is enabled" if mode != "lying" else "Claude tracing is not enabled")
elif mode == "failing":
    print("Failed to run `claude plugin install`: no network", file=sys.stderr)
    sys.exit(1)
elif mode != "idle":
    values = dict(zip(given, given[1:]))
    file = pathlib.Path(values["-d"]) / ".claude" / "settings.json"
    file.parent.mkdir(exist_ok=True)
    settings = json.loads(file.read_text()) if file.exists() else {{}}
    env = settings.setdefault("env", {{}})
    env["MLFLOW_CLAUDE_TRACING_ENABLED"] = "true"
    env["MLFLOW_TRACKING_URI"] = values.get("-u", "sqlite:///default.db")
    env["MLFLOW_EXPERIMENT_ID"] = "7"
    if "-n" in values:
        env["MLFLOW_EXPERIMENT_NAME"] = values["-n"]
    file.write_text(json.dumps(settings))
"""


class Programs:
    """A PATH with a ``mlflow`` and a ``claude`` of our own."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        folder.mkdir()
        self.write("mlflow", MLFLOW.format(python=sys.executable, folder=str(folder)))
        self.write("claude", "#!/bin/sh\n")
        self.mode("new")
        monkeypatch.setenv("PATH", str(folder))
        monkeypatch.setattr("sys.executable", str(folder / "python"))  # else mlflow is found beside the real one
        for name in [name for name in os.environ if name.startswith("MLFLOW_")]:
            monkeypatch.delenv(name)

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)
        (self.folder / name).chmod(0o755)

    def mode(self, name: str) -> None:
        (self.folder / "mode").write_text(name)

    def calls(self) -> list[list[str]]:
        """Arguments of each run, without asking for help."""
        file = self.folder / "calls.jsonl"
        lines = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        assert {quiet for _, quiet in lines} <= {"true"}
        return [arguments for arguments, _ in lines if "--help" not in arguments]


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    return Programs(tmp_path / "bin", monkeypatch)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    return folder


def settings(project: Path) -> Any:
    return json.loads((project / ".claude" / "settings.json").read_text())


def test_the_plan_says_what_would_change(programs: Programs, project: Path) -> None:
    (project / ".claude").mkdir()
    (project / ".claude" / "settings.json").write_text(
        '{"env": {"MLFLOW_TRACKING_URI": "http://ada:hunter2@old:5000"}, "model": "x"}'
    )
    plan = plan_setup(project, "databricks://work", "/Users/ada@x.org/agents")
    assert plan.command == [
        str(programs.folder / "mlflow"), "autolog", "claude", "-d", str(project), "-u", "databricks://work", "-n",
        "/Users/ada@x.org/agents", "-y",
    ]  # fmt: skip
    assert plan.settings_file == str(project / ".claude" / "settings.json")
    assert plan.changes == [
        Change("MLFLOW_CLAUDE_TRACING_ENABLED", None, "true"),
        Change("MLFLOW_TRACKING_URI", "http://ada:…@old:5000", "databricks://work"),
        Change("MLFLOW_EXPERIMENT_NAME", None, "/Users/ada@x.org/agents"),
        Change("MLFLOW_EXPERIMENT_ID", None, None, "decided"),
    ]
    assert plan.also_runs == [
        "claude plugin marketplace add mlflow/mlflow --scope local --sparse .claude-plugin"
        " libs/typescript/integrations/claude-code",
        "claude plugin install mlflow-tracing@mlflow-plugins --scope local",
    ]
    assert plan.notes == [
        "MLflow looks up the id of this experiment, and makes the experiment if there is none.",
        "The plugin is fetched from GitHub by Claude Code, for you in this project alone.",
    ]
    assert (plan.done, programs.calls()) == (False, [])


def test_the_environment_says_what_is_not_named(
    programs: Programs, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", "12")
    plan = plan_setup(project, None, None)
    assert [(change.name[7:], change.after, change.kind) for change in plan.changes] == [
        ("CLAUDE_TRACING_ENABLED", "true", "set"),
        ("TRACKING_URI", "http://127.0.0.1:5000", "set"),
        ("EXPERIMENT_NAME", None, "removed"),
        ("EXPERIMENT_ID", "12", "set"),
    ]
    assert plan.command[3:] == ["-d", str(project), "-y"]


def test_an_older_mlflow_is_asked_in_its_own_way(programs: Programs, project: Path) -> None:
    programs.mode("old")
    plan = plan_setup(project, "sqlite:///x.db", None)
    assert plan.command[3:] == ["-d", str(project), "-u", "sqlite:///x.db"]
    assert plan.also_runs == []
    assert "This version of MLflow writes a Stop hook into the same file instead of a plugin." in plan.notes


def test_setting_up_runs_mlflows_command_and_verifies(programs: Programs, project: Path) -> None:
    uri = "postgresql://ada:hunter2@db/ml"
    report = set_up(project, uri, "/Users/ada/agents")
    assert (report.done, report.verified) == (True, True)
    assert report.status == "\ufffd[32mClaude tracing is enabled"
    assert programs.calls() == [
        ["autolog", "claude", "-d", str(project), "-u", uri, "-n", "/Users/ada/agents", "-y"],
        ["autolog", "claude", "-d", str(project), "--status"],
    ]  # fmt: skip
    assert "hunter2" not in repr(report)
    assert settings(project)["env"]["MLFLOW_TRACKING_URI"] == uri


@pytest.mark.parametrize(
    ("mode", "message", "hint"),
    [
        ("failing", "MLflow's command failed.", "Failed to run `claude plugin install`: no network"),
        (
            "idle",
            "MLflow's command ran, but .claude/settings.json does not have MLFLOW_CLAUDE_TRACING_ENABLED,"
            " MLFLOW_TRACKING_URI as asked.",
            "\ufffd[32mClaude tracing is enabled",
        ),
        (
            "lying",
            "MLflow's command ran, but its status says that tracing is not enabled.",
            "Claude tracing is not enabled",
        ),
    ],
)
def test_what_went_wrong_is_said(mode: str, message: str, hint: str, programs: Programs, project: Path) -> None:
    programs.mode(mode)
    with pytest.raises(TachographError) as failed:
        set_up(project, "sqlite:///x.db", None)
    assert (failed.value.message, failed.value.hint, failed.value.slug) == (message, hint, "mlflow_setup_failed")


@pytest.mark.parametrize(("program", "slug"), [("mlflow", "mlflow_missing"), ("claude", "claude_missing")])
def test_a_program_that_is_missing(program: str, slug: str, programs: Programs, project: Path) -> None:
    (programs.folder / program).unlink()
    plan = plan_setup(project, None, None)
    assert [plan.mlflow, plan.claude].count(None) == 1
    assert any("not installed" in note for note in plan.notes)
    with pytest.raises(TachographError) as missing:
        set_up(project, None, None)
    assert missing.value.slug == slug
    assert programs.calls() == []


@pytest.mark.slow
def test_what_is_said_of_mlflow_is_what_it_does(tmp_path: Path, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real ``mlflow`` with a ``claude`` that only notes what it is asked."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "claude").write_text(f'#!/bin/sh\necho "claude $*" >> {tmp_path}/asked\n')
    (programs / "claude").chmod(0o755)
    beside = Path(sys.executable).parent
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{beside}{os.pathsep}{os.environ['PATH']}")
    for name in [name for name in os.environ if name.startswith("MLFLOW_")]:
        monkeypatch.delenv(name)
    report = set_up(project, f"sqlite:///{tmp_path / 'x.db'}", "/Users/ada/agents")
    assert (tmp_path / "asked").read_text().splitlines() == report.also_runs
    env = settings(project)["env"]
    wanted = {change.name: change.after for change in report.changes if change.kind == "set"}
    assert {name: env[name] for name in wanted} == wanted
    assert set(env) == {change.name for change in report.changes}
    assert "Claude tracing is enabled" in report.status


# -------------------------------------------------------------------------------------------------- command line


def test_a_dry_run_only_says(programs: Programs, project: Path, tacho: Tacho) -> None:
    arguments = ("mlflow", "setup", "--directory", str(project), "--tracking-uri", "databricks", "--dry-run")
    assert tacho(*arguments) == 0
    assert "MLFLOW_TRACKING_URI" in tacho.out
    assert "databricks" in tacho.out
    assert tacho(*arguments, "--json") == 0
    answer = json.loads(tacho.out)
    assert (answer["schema"], answer["done"]) == ("tachograph.mlflow_setup/1", False)
    assert programs.calls() == []
    assert not (project / ".claude").exists()


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_without_a_terminal_nothing_is_run_unasked(
    more: list[str], programs: Programs, project: Path, tacho: Tacho
) -> None:
    assert tacho("mlflow", "setup", "--directory", str(project), *more) == 2
    assert "Give --yes, or --dry-run to look only." in tacho.err
    assert programs.calls() == []


def test_with_yes_it_is_done(programs: Programs, project: Path, tacho: Tacho, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    assert tacho("mlflow", "setup", "--tracking-uri", "sqlite:///x.db", "--yes", "--json") == 0
    answer = json.loads(tacho.out)
    assert (answer["done"], answer["verified"], answer["directory"]) == (True, True, str(project))
    assert settings(project)["env"]["MLFLOW_TRACKING_URI"] == "sqlite:///x.db"
