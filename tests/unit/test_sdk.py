"""The public interface for programs."""

from __future__ import annotations

from pathlib import Path

import pytest

import tachograph
from tests.builders.claude import ClaudeHome


@pytest.mark.parametrize("name", tachograph.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(tachograph, name).__module__.startswith("tachograph.")


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'nothing'"):
        tachograph.nothing  # noqa: B018


def test_a_program_can_ingest_and_ask_for_the_cost(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    claude.project().session().prompt("Hello.").response(input=1_000_000, output=0, model="claude-opus-5")
    claude.write()
    workspace = tachograph.Workspace(home / "tachograph")
    tachograph.ingest(workspace)
    with tachograph.open_report(workspace, update=False, note=print) as connection:
        report = tachograph.report_cost(connection, "model", tachograph.make_filter(tz="UTC"))
    assert [(group.key, group.input, group.usd) for group in report.groups] == [("claude-opus-5", 1_000_000, 5.0)]
