"""A CLI of each kind, when the environment names one: `make test-agents` installs them and does so."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agents.agent_cli import AgentCli, ClaudeCode, Codex
from tests.agents.model_server import model_server

PROGRAMS = {"AGENT_CODEX": Codex, "AGENT_CLAUDE_CODE": ClaudeCode}


@pytest.fixture(params=PROGRAMS, ids=lambda name: name.removeprefix("AGENT_").lower())
def cli(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AgentCli]:
    """The CLI in a home of its own, its model on loopback; nothing may have been asked of any other place."""
    program = os.environ.get(request.param, "")
    if not program:
        pytest.skip("needs real agent CLIs: make test-agents")
    with model_server() as model:
        yield PROGRAMS[request.param](program, tmp_path / "machine", model)
        assert model.outward == []
