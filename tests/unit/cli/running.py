"""Running a command line within a test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tachograph.cli._frame import run

SCHEMAS = Path(__file__).parents[3] / "docs" / "schemas"


class Tacho:
    """``tacho`` in this process: exit code, stdout and stderr of the last run are kept."""

    def __init__(self, capture: pytest.CaptureFixture[str]) -> None:
        self._capture = capture
        self.out = ""
        self.err = ""

    def __call__(self, *arguments: str) -> int:
        """Run a command line."""
        self._capture.readouterr()
        code = run(arguments)
        self.out, self.err = self._capture.readouterr()
        return code

    def json(self, *arguments: str) -> dict[str, Any]:
        """Run it with ``--json``, check the answer against its published schema, and return it."""
        assert self(*arguments, "--json") == 0, self.err
        answer: dict[str, Any] = json.loads(self.out)
        assert_valid(arguments[0], answer)
        return answer


def assert_valid(name: str, answer: dict[str, Any]) -> None:
    """Check ``answer`` against ``docs/schemas/<name>.schema.json``."""
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(answer)


@pytest.fixture
def tacho(capsys: pytest.CaptureFixture[str]) -> Tacho:
    """``tacho`` in this process."""
    return Tacho(capsys)
