from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.builders.small import SITE, TOOLS, Week, week, write_config
from tests.golden import check_golden
from tests.unit.cli.running import Tacho, tacho

__all__ = ["tacho", "week"]


@pytest.fixture(autouse=True)
def configured(home: Path) -> None:
    write_config(home)


def sessions(tacho: Tacho) -> int:
    assert tacho("cost", "--json", "--by", "project") == 0
    import json

    return int(json.loads(tacho.out)["total"]["sessions"])


def test_a_dry_run_removes_nothing(tacho: Tacho, week: Week) -> None:
    answer = tacho.json("purge", "--project", SITE, "--dry-run")
    assert (answer["removed"], answer["erased"], answer["main_sessions"], answer["subagents"]) == (False, False, 4, 2)
    assert sessions(tacho) == 6


def test_with_yes_it_is_gone_for_good(tacho: Tacho, week: Week) -> None:
    answer = tacho.json("purge", "--project", SITE, "--yes")
    assert (answer["removed"], answer["erased"], answer["logs"]) == (True, True, 6)
    assert sessions(tacho) == 2
    assert tacho("ingest", "--rebuild") == 0
    assert sessions(tacho) == 2


def test_a_session_by_its_prefix(tacho: Tacho, week: Week) -> None:
    answer = tacho.json("purge", "--session", week.other.session_id[:8], "--yes")
    assert answer["session"] == f"claude_code:{week.other.session_id}"
    assert [found["id"] for found in answer["sessions"]] == [answer["session"]]


def test_what_ended_before_a_date_of_the_readers_zone(tacho: Tacho, week: Week) -> None:
    assert tacho.json("purge", "--before", "2026-05-18T18:00", "--tz", "UTC", "--dry-run")["main_sessions"] == 2
    assert tacho("purge", "--before", "2026-05-18T16:00", "--tz", "Asia/Tokyo", "--dry-run") == 3


def test_what_is_on_disk_but_not_yet_stored_is_purged_too(tacho: Tacho, week: Week) -> None:
    assert tacho("purge", "--project", SITE, "--yes") == 0
    assert sessions(tacho) == 2


def test_as_a_person_sees_it(tacho: Tacho, week: Week) -> None:
    assert tacho("purge", "--project", SITE, "--dry-run") == 0
    check_golden("purge-dry-run.txt", tacho.out)
    assert tacho("purge", "--project", SITE, "--yes") == 0
    assert tacho.out.startswith("Removed\n")


def test_shared_history_is_told(tacho: Tacho, week: Week) -> None:
    fork = week.other.fork("2026-05-21T09:00:00Z").prompt("Other way.").response()
    week.claude.write()
    assert tacho("purge", "--session", f"claude_code:{week.other.session_id}", "--dry-run") == 0
    assert "1 other session (forks, resumed ones) with copies" in tacho.out
    assert fork.session_id in tacho.out.replace("\n", " ")


def test_without_a_terminal_it_does_not_ask(tacho: Tacho, week: Week) -> None:
    assert tacho("purge", "--project", SITE) == 2
    assert "Give --yes, or --dry-run to look first." in tacho.err
    assert sessions(tacho) == 6


@pytest.mark.parametrize(("answer", "code", "left"), [("y\n", 0, 2), ("n\n", 130, 6), ("\n", 130, 6)])
def test_on_a_terminal_it_asks(
    tacho: Tacho, week: Week, monkeypatch: pytest.MonkeyPatch, answer: str, code: int, left: int
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdin", Terminal(answer))
        patch.setattr(sys.stderr, "isatty", lambda: True)
        assert tacho("purge", "--project", SITE, "--no-ingest") == 4, "there is no warehouse yet"
        patch.setattr(sys, "stdin", Terminal(answer))
        assert tacho("ingest") == 0
        assert tacho("purge", "--project", SITE) == code
        assert "main sessions 4 · subagents 2" in tacho.err
    assert sessions(tacho) == left


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], 2),
        (["--project", "site", "--before", "7d"], 2),
        (["--project", "ada"], 2),
        (["--project", "nowhere"], 3),
        (["--session", "ffff"], 3),
        (["--before", "1990-01-01"], 3),
        (["--before", "soon"], 2),
    ],
)
def test_exit_codes(tacho: Tacho, week: Week, arguments: list[str], code: int) -> None:
    assert tacho("purge", *arguments, "--yes") == code
    assert sessions(tacho) == 6


def test_candidates_are_shown(tacho: Tacho, week: Week) -> None:
    assert tacho("purge", "--project", "ada", "--yes") == 2
    assert SITE in tacho.err
    assert TOOLS in tacho.err


def test_schema_refuses_what_is_not_published(tacho: Tacho, week: Week) -> None:
    from jsonschema import ValidationError

    from tests.unit.cli.running import assert_valid

    answer: dict[str, Any] = {**tacho.json("purge", "--project", SITE, "--dry-run"), "more": 1}
    with pytest.raises(ValidationError):
        assert_valid("purge", answer)
