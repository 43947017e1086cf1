"""The GitHub Action and the pre-commit hook: their shell is run, as the runner and pre-commit run it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest

from tachograph.app.expect.document import read_document
from tests.builders.claude import ClaudeHome
from tests.conftest import ROOT

ACTION: Any = read_document((ROOT / "action.yml").read_bytes(), "action.yml").value
(HOOK,) = read_document((ROOT / ".pre-commit-hooks.yaml").read_bytes(), "hooks").value  # type: ignore[misc]
CI_PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")

BASH = shutil.which("bash")
needs_bash = pytest.mark.skipif(BASH is None, reason="the action's shell is bash")

_EXPRESSION = re.compile(r"\$\{\{ (inputs|steps\.(\w+)\.outputs)\.([\w-]+) \}\}")

PYTHON = """#!/usr/bin/env bash
printf '%s\\n' "$@" END >> "$CALLS"
case "$*" in
  *secrets*) echo 0123456789abcdef ;;
  *venv*) mkdir -p "${@: -1}/bin" && cp "$0" "${@: -1}/bin/python" ;;
  *"tachograph check"*)
    echo "::error::from a session"
    if [ -n "${REASON:-}" ]; then printf '%b' "$REASON" >&2; exit "$CODE"; fi
    for one in "$@"; do case "$one" in --markdown=*) echo "### checked" > "${one#*=}" ;; esac; done
    exit "${CODE:-0}" ;;
esac
"""
"""Stands for every Python: writes down what it is called with, makes the environment, prints what a session said."""

REAL_PYTHON = """#!/bin/sh
case "$*" in
  *venv*) for home; do :; done; mkdir -p "$home/bin" && cp "$0" "$home/bin/python" ;;
  *pip*) ;;
  *) exec "{python}" "$@" ;;
esac
"""
"""The Python of these tests, in which tacho is installed already."""


@dataclass
class Done:
    """What the action left behind."""

    code: int
    printed: str
    outputs: dict[str, str]
    summary: str
    calls: list[list[str]]
    """Arguments of each call of Python."""

    @property
    def check(self) -> list[str]:
        """The arguments of tacho check."""
        (call,) = [call for call in self.calls if "check" in call]
        return call[call.index("check") + 1 :]


class Runner:
    """Does with the action's steps what GitHub's runner does: fills in expressions, then runs bash -eo pipefail."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.work = folder / "work"
        self.work.mkdir()
        self.fake = folder / "python"
        self.fake.write_text(PYTHON)
        self.fake.chmod(0o755)

    def __call__(self, python: str | None = None, more: Mapping[str, str] | None = None, **inputs: str) -> Done:
        given = {name: one.get("default", "") for name, one in ACTION["inputs"].items()}
        given |= {name.replace("_", "-"): value for name, value in inputs.items()} | {
            "python": python or str(self.fake)
        }
        outputs: dict[str, dict[str, str]] = {}
        code, printed = 0, ""
        for step in ACTION["runs"]["steps"]:
            code, text = self._run(step, given, outputs, more or {})
            printed += text
            if code:
                break
        told = {name: _fill(one["value"], given, outputs) for name, one in ACTION["outputs"].items()}
        return Done(code, printed, told, self._read("summary"), self._calls())

    def _run(
        self, step: Any, inputs: dict[str, str], outputs: dict[str, dict[str, str]], more: Mapping[str, str]
    ) -> tuple[int, str]:
        script = self.folder / "step.sh"
        script.write_text(step["run"], encoding="utf-8")
        output = self.folder / "output"
        output.write_text("")
        assert step["shell"] == "bash"
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.folder), "TACHO_DATA_DIR": str(self.folder / "data"),
            "RUNNER_TEMP": str(self.folder / "temp"), "GITHUB_ACTION_PATH": "/srv/action", "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"), "CALLS": str(self.folder / "calls"), **more,
            **{name: _fill(value, inputs, outputs) for name, value in step["env"].items()},
        }  # fmt: skip
        (self.folder / "temp").mkdir(exist_ok=True)
        done = subprocess.run(
            [str(BASH), "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.work,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        lines = (line.partition("=") for line in output.read_text().splitlines())
        outputs[step["id"]] = {name: value for name, _, value in lines}
        return done.returncode, done.stdout

    def _read(self, name: str) -> str:
        path = self.folder / name
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def _calls(self) -> list[list[str]]:
        return [call.strip("\n").split("\n") for call in self._read("calls").split("\nEND\n") if call.strip("\n")]


def _fill(value: str, inputs: Mapping[str, str], outputs: Mapping[str, Mapping[str, str]]) -> str:
    def find(match: re.Match[str]) -> str:
        return inputs[match[3]] if match[1] == "inputs" else outputs.get(match[2], {}).get(match[3], "")

    return _EXPRESSION.sub(find, value)


def real_python(runner: Runner) -> str:
    """The path of :data:`REAL_PYTHON`."""
    path = runner.folder / "real"
    path.write_text(REAL_PYTHON.format(python=sys.executable))
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


# ------------------------------------------------------------------------------------------------- the action


def test_no_value_becomes_code() -> None:
    """Expressions stand in ``env`` and ``outputs`` alone, and only such as are known there."""
    inputs, steps = set(ACTION["inputs"]), {step["id"] for step in ACTION["runs"]["steps"]}
    for step in ACTION["runs"]["steps"]:
        assert set(step) == {"id", "shell", "env", "run"}
        assert "${{" not in step["run"]
        for value in [*step["env"].values(), *(one["value"] for one in ACTION["outputs"].values())]:
            found = _EXPRESSION.fullmatch(value)
            assert found is not None, value
            assert found[3] in inputs if found[1] == "inputs" else found[2] in steps


def test_every_input_is_used_and_explained() -> None:
    used = {
        found[3] for step in ACTION["runs"]["steps"] for found in map(_EXPRESSION.match, step["env"].values()) if found
    }
    assert set(ACTION["inputs"]) <= used
    for name, one in (*ACTION["inputs"].items(), *ACTION["outputs"].items()):
        assert one["description"].endswith(".")
        assert f"| `{name}` |" in CI_PAGE


@needs_bash
def test_without_inputs_the_actions_own_version_is_installed(runner: Runner) -> None:
    done = runner(expect="e.yaml")
    home = str(runner.folder / "temp" / "tachograph")
    assert done.calls[0] == ["-I", "-m", "venv", home]
    assert done.calls[1] == [
        "-I",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--",
        "/srv/action",
    ]
    markdown = str(runner.folder / "temp" / "tacho-check.md")
    assert done.check == [
        "--junit=tacho-junit.xml",
        f"--markdown={markdown}",
        "--fail-on=fail",
        "--expect=e.yaml",
        "--",
    ]
    assert (done.code, done.summary) == (0, "### checked\n")
    assert done.outputs == {"passed": "true", "junit": "tacho-junit.xml", "markdown": markdown}


@needs_bash
def test_every_input_reaches_tacho(runner: Runner) -> None:
    done = runner(
        skill="deploys", case="a b", last="true", target="  logs/a b.jsonl\r\n\n~/.claude/projects\n-x\n7abdab71",
        junit="out/j.xml", markdown="out/m.md", summary="false", version="tachograph==1.2.3", **{"fail-on": "skip"},
    )  # fmt: skip
    assert done.calls[1][-2:] == ["--", "tachograph==1.2.3"]
    assert done.check == [
        "--junit=out/j.xml", "--markdown=out/m.md", "--fail-on=skip", "--skill=deploys", "--case=a b", "--last", "--",
        "logs/a b.jsonl", f"{runner.folder}/.claude/projects", "-x", "7abdab71",
    ]  # fmt: skip


@needs_bash
@pytest.mark.parametrize("code", [1, 3, 4])
def test_what_failed_fails_the_step_and_is_still_reported(runner: Runner, code: int) -> None:
    done = runner(more={"CODE": str(code)}, expect="e.yaml")
    assert (done.code, done.outputs["passed"], done.summary) == (code, "false", "### checked\n")


@needs_bash
@pytest.mark.parametrize("code", [2, 3, 4, 70])
def test_what_could_not_be_checked_says_why_in_the_summary(runner: Runner, code: int) -> None:
    done = runner(more={"CODE": str(code), "REASON": "tacho: e.yaml:2:1: no.\n\nDid you mean it?\n"}, expect="e.yaml")
    assert (done.code, done.outputs["passed"]) == (code, "false")
    assert done.summary == (
        f"### ❌ tacho check: no results, exit code {code}\n\n    tacho: e.yaml:2:1: no.\n    \n    Did you mean it?\n"
    )
    lines = done.printed.splitlines()
    said = lines.index("tacho: e.yaml:2:1: no.")  # in the log as well, where it is no command to the runner
    assert lines.index("::stop-commands::0123456789abcdef") < said < lines.index("::0123456789abcdef::")


@needs_bash
def test_a_hostile_reason_stays_code(runner: Runner) -> None:
    """Every line is indented by four, also one that ends with a carriage return: it ends a line in Markdown."""
    reason = "```\n# <b>Title</b>\r@team\n\n\x1b[31m![x](y)\\0000\x07\n~~~\n| a |\n"
    done = runner(more={"CODE": "4", "REASON": reason}, expect="e.yaml")
    assert done.summary.splitlines()[2:] == [
        "    ```", "    # <b>Title</b>", "    @team", "    ", "    [31m![x](y)", "    ~~~", "    | a |",
    ]  # fmt: skip


@needs_bash
def test_of_a_long_reason_the_end_is_told(runner: Runner) -> None:
    done = runner(more={"CODE": "70", "REASON": "x" * 20_000 + "\nthe end"}, expect="e.yaml")
    assert done.summary.endswith("x\n    the end")
    assert 10_000 < len(done.summary) < 10_100


@needs_bash
def test_without_a_summary_no_reason_is_written(runner: Runner) -> None:
    done = runner(more={"CODE": "4", "REASON": "no"}, expect="e.yaml", summary="false")
    assert (done.code, done.summary) == (4, "")


@needs_bash
def test_what_sessions_say_is_no_command_to_the_runner(runner: Runner) -> None:
    lines = runner(expect="e.yaml").printed.splitlines()
    said = lines.index("::error::from a session")
    assert lines.index("::stop-commands::0123456789abcdef") < said < lines.index("::0123456789abcdef::")


HOSTILE = [
    "$(touch hacked)", "`touch hacked`", "; touch hacked;", "\"; touch hacked; \"", "'; touch hacked; '",
    "a\ntouch hacked\n", "--help", "-", "*", "\\", "$HOME ${x:-y}", "a\npassed=true", "!!", "é 日本 \u202e",
]  # fmt: skip


@needs_bash
@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_values_stay_values(runner: Runner, value: str) -> None:
    names = ("expect", "skill", "case", "fail-on", "target", "last", "summary")
    done = runner(**dict.fromkeys(names, value), version=value)
    assert done.code == 0
    lines = value.split("\n")
    options = [f"--{name}={value}" for name in ("expect", "skill", "case")]
    text = "\n".join(done.check)
    assert "\n".join([f"--fail-on={value}", *options, "--", *(line for line in lines if line)]) in text
    assert "\n".join(done.calls[1]).endswith(f"--\n{value}".rstrip("\n"))
    assert list(runner.work.iterdir()) == []


@needs_bash
@pytest.mark.parametrize("name", ["junit", "markdown"])
def test_a_files_name_cannot_forge_an_output(runner: Runner, name: str) -> None:
    done = runner(expect="e.yaml", **{name: "x\npassed=true"})
    assert (done.code, done.outputs["passed"]) == (2, "")
    assert "::error::" in done.printed


@needs_bash
def test_with_the_real_tacho(runner: Runner) -> None:
    log = ClaudeHome(runner.folder / "claude").project().session().prompt("Fix the build.").shell("npm run build")
    (runner.work / "log.jsonl").write_bytes(log.response().content())
    (runner.work / "e.yaml").write_text("tool_limits: {Bash: 0}\n")
    (runner.work / "secrets.py").write_text("raise SystemExit('code of the checked folder was run')\n")
    done = runner(python=real_python(runner), expect="e.yaml", target="log.jsonl", junit="j.xml")
    assert (done.code, done.outputs["passed"]) == (1, "false"), done.printed
    assert "tool_limits" in done.printed
    assert done.summary.startswith("### ❌ tacho check: 1 of 1 check failed")
    assert fromstring((runner.work / "j.xml").read_text(encoding="utf-8")).attrib["failures"] == "1"


@needs_bash
def test_the_real_tacho_says_what_is_wrong_with_a_file(runner: Runner) -> None:
    (runner.work / "e.yaml").write_text("tool_limts: {Bash: 0}\n")
    done = runner(python=real_python(runner), expect="e.yaml", target="log.jsonl")
    assert done.code == 4, done.printed
    assert done.summary == (
        "### ❌ tacho check: no results, exit code 4\n\n"
        "    tacho: e.yaml:1:1: unknown key 'tool_limts'\n    Did you mean tool_limits?\n"
    )


# ------------------------------------------------------------------------------------------ the page about CI


def workflows() -> list[Any]:
    blocks = re.findall(r"^```yaml\n(.*?)^```$", CI_PAGE, re.DOTALL | re.MULTILINE)
    return [read_document(block, "docs/ci.md").value for block in blocks]


def test_the_examples_use_what_there_is() -> None:
    uses = [
        step
        for one in workflows() if "jobs" in one
        for job in one["jobs"].values()
        for step in job["steps"]
        if step.get("uses", "").startswith("OWNER/tachograph@")
    ]  # fmt: skip
    assert len(uses) >= 1
    for step in uses:
        assert set(step.get("with", {})) <= set(ACTION["inputs"])
    hooks = [hook["id"] for one in workflows() for repo in one.get("repos", ()) for hook in repo["hooks"]]
    assert hooks == [HOOK["id"]]


# ----------------------------------------------------------------------------------------- the pre-commit hook


@pytest.mark.parametrize(
    ("path", "is_meant"),
    [
        ("manifest.yaml", True),
        ("skills/deploy/manifest.yml", True),
        ("skills/deploy/tests/ground_truth.yaml", True),
        ("site.expect.yaml", True),
        ("tests/site.expect.yml", True),
        ("manifest.yaml.bak", False),
        ("my-manifest.yaml", False),
        ("expect.yaml", False),
        ("site.expect.json", False),
        ("ground_truth/notes.yaml", False),
    ],
)
def test_the_hook_takes_files_of_expectations(path: str, is_meant: bool) -> None:
    assert bool(re.search(HOOK["files"], path)) == is_meant


@needs_bash
def test_the_hook_finds_what_is_wrong(tmp_path: Path) -> None:
    """pre-commit puts the files behind the entry."""
    assert (HOOK["language"], set(HOOK)) == ("python", {"id", "name", "description", "entry", "language", "files"})
    (tmp_path / "good.expect.yaml").write_text("tool_limits: {Bash: 5}\n")
    (tmp_path / "bad.expect.yaml").write_text("tool_limts: {Bash: 5}\n")
    bin = str(Path(sys.executable).parent)
    codes, printed = [], ""
    for names in (["good.expect.yaml"], ["good.expect.yaml", "bad.expect.yaml"]):
        done = subprocess.run(
            [str(BASH), "-c", f'{HOOK["entry"]} "$@"', "hook", *names],
            cwd=tmp_path,
            env={**os.environ, "PATH": f"{bin}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )
        codes.append(done.returncode)
        printed += done.stdout
    assert codes == [0, 4]
    assert printed.startswith("bad.expect.yaml:1:1: unknown key 'tool_limts'")
    assert len(printed.splitlines()) == 1
