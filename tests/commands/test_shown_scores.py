"""What people are told of scores: what a number is, in which unit, and nothing of what is not there."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from tachograph.app.commands.events import CommandDetail, CommandList, CommandRow
from tachograph.cli._commands import describe_detail, describe_list
from tachograph.model import ChangedPath
from tachograph.report.document import Document
from tachograph.report.text import render

ROW = CommandRow(
    id="evt_a0000000000000000001", origin="run", agent=None, executed_at=datetime(2026, 5, 20, tzinfo=UTC),
    command_hash="ab" * 16, hash_key="k", program="make", duration_ms=4200, exit_code=0, timed_out=False, signal=None,
    files_touched_count=3, lines_added=12, lines_deleted=4, binary_files=0, renames=0, commits=0, repo=None,
    session=None, command=None, productivity_label=None, label_kind=None, label_source=None,
    predicted_productivity=None, predicted_low=None, predicted_high=None, top_contribution_feature=None,
    top_contribution_value=None, model_ref=None, predicted_kind=None,
)  # fmt: skip
PRODUCTIVITY = msgspec.structs.replace(
    ROW, predicted_productivity=66.25, predicted_low=50.0, predicted_high=80.5, top_contribution_feature="exit_failed",
    top_contribution_value=-7.54, model_ref="points", predicted_kind="productivity",
)  # fmt: skip
CHANCE = msgspec.structs.replace(
    PRODUCTIVITY, predicted_productivity=22.4, predicted_low=19.0, predicted_high=25.2, model_ref="luck",
    predicted_kind="chance",
)  # fmt: skip
ALONE = msgspec.structs.replace(CHANCE, predicted_low=None, predicted_high=None)


def lay(document: Document, width: int = 400) -> str:
    return render(document, width)


def listed(*rows: CommandRow, width: int = 400) -> str:
    return lay(describe_list(CommandList("UTC", len(rows), rows, ()), UTC), width)


def shown(row: CommandRow, *paths: ChangedPath) -> str:
    return lay(describe_detail(CommandDetail(row, None, None, None, "", paths, ()), UTC))


@pytest.mark.parametrize(
    ("row", "cell"),
    [
        (PRODUCTIVITY, "66 (50–80)  whether it failed -7.5"),
        (CHANCE, "22 % (of such 19–25 %)  whether it failed -7.5"),
        (ALONE, "22 %   whether it failed -7.5"),
    ],
)
def test_each_score_in_the_list_says_what_it_is(row: CommandRow, cell: str) -> None:
    assert cell in listed(row)


@pytest.mark.parametrize(
    ("rows", "there", "absent"),
    [
        ([ROW], ["lines: what the command itself changed"], ["score", "moved by", "label:", "exit:", "from logs"]),
        ([PRODUCTIVITY], ["meant to hold it in 9 of 10 cases", "by how many points"], ["score in %"]),
        ([CHANCE], ["score in %: the chance of success", "what share of commands with such a chance"], ["score:"]),
        ([PRODUCTIVITY, CHANCE], ["score: the label that a model expects", "score in %: the chance"], []),
        ([msgspec.structs.replace(ROW, origin="log")], ["of commands from logs, the agent's edits"], []),
        ([msgspec.structs.replace(ROW, exit_code=130)], ["exit: 124 the time was over, 128 and more a signal"], []),
        ([msgspec.structs.replace(ROW, productivity_label=80.0)], ["label: how it turned out, 0"], ["score"]),
    ],
)  # fmt: skip
def test_the_legend_tells_of_what_is_shown_alone(rows: list[CommandRow], there: list[str], absent: list[str]) -> None:
    text = listed(*rows)
    for part in there:
        assert part in text
    for part in absent:
        assert part not in text


def test_what_the_width_leaves_out_is_not_explained_either() -> None:
    assert "moved by:" in listed(PRODUCTIVITY, width=120)
    narrow = listed(PRODUCTIVITY, width=75)
    assert "whether it failed" not in narrow
    assert "moved by" not in narrow
    assert "score: the label that a model expects" in " ".join(narrow.split())


@pytest.mark.parametrize(
    ("row", "facts"),
    [
        (
            PRODUCTIVITY,
            ["score          66 of 100; 50 to 80 is meant to hold it in 9 of 10 cases",
             "moved most by  whether it failed -7.5 points", "model          points"],
        ),
        (
            CHANCE,
            ["chance of success  22 %; of commands with such a chance 19 to 25 % succeeded",
             "moved most by      whether it failed -7.5 points of chance", "model              luck"],
        ),
        (ALONE, ["chance of success  22 %, which commands with such a chance do not bear out"]),
        (msgspec.structs.replace(CHANCE, top_contribution_feature=""), ["moved most by      nothing"]),
    ],
)  # fmt: skip
def test_one_command_tells_its_score_in_words(row: CommandRow, facts: list[str]) -> None:
    lines = [line.rstrip() for line in shown(row).splitlines()]
    for fact in facts:
        assert fact in lines


def test_without_a_score_nothing_is_said_of_one() -> None:
    text = shown(ROW)
    assert "score" not in text
    assert "model" not in text


@pytest.mark.parametrize(
    ("touched", "kept", "said"),
    [
        (203, 200, "and 3 files more, whose names are not kept"),
        (201, 200, "and 1 file more, whose names are not kept"),
        (200, 200, ""),
        (None, 1, ""),
        (3, 0, ""),
    ],
)
def test_files_that_are_not_listed_are_counted(touched: int | None, kept: int, said: str) -> None:
    paths = [ChangedPath(f"f{number}", 1, 0) for number in range(kept)]
    lines = shown(msgspec.structs.replace(ROW, files_touched_count=touched), *paths).splitlines()
    assert [line for line in lines if line.startswith("and ")] == ([said] if said else [])


@pytest.mark.parametrize(
    ("duration", "told"),
    [(None, "–"), (0, "<0.1s"), (49, "<0.1s"), (50, "0.1s"), (99, "0.1s"), (4200, "4.2s"), (61_000, "1m 01s")],
)
def test_what_took_next_to_no_time_is_always_written_the_same(duration: int | None, told: str) -> None:
    lines = shown(msgspec.structs.replace(ROW, duration_ms=duration)).splitlines()
    assert next(line.split()[1:] for line in lines if line.startswith("took")) == told.split()
