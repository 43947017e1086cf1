"""Which folders are watched for logs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tachograph.sources import LogFile, load_sources
from tests.builders.claude import ClaudeHome
from tests.builders.codex import CodexHome


@pytest.mark.parametrize(
    ("agent", "folders"), [("claude_code", ["projects"]), ("codex", ["sessions", "archived_sessions"])]
)
def test_the_folders_in_which_logs_appear(agent, folders):
    assert load_sources()[agent].homes(Path("/home/ada/place")) == [Path("/home/ada/place", name) for name in folders]


def test_every_log_of_a_root_lies_in_one_of_them(home):
    claude = ClaudeHome(home / ".claude")
    claude.project().session().prompt().response().subagent().prompt().response()
    codex = CodexHome(home / ".codex")
    codex.session()
    claude.write()
    codex.write()
    for source in load_sources().values():
        for root in source.roots():
            found = [log.path for log in source.discover(root) if isinstance(log, LogFile)]
            assert found
            assert all(any(Path(path).is_relative_to(place) for place in source.homes(root)) for path in found)
