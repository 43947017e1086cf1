"""What is judged apart from what is learned: other repositories, or where there are few of them other sessions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from tachograph.app.commands.dataset import row_of, write_dataset
from tachograph.app.ml.examples import read_examples, stored_examples
from tachograph.app.ml.models import load_model
from tachograph.app.ml.train import TrainRequest, train_model
from tachograph.app.workspace import Workspace
from tachograph.errors import TachographError
from tachograph.learning.ml.matrix import read_matrix, sort_rows
from tachograph.learning.ml.splits import split
from tachograph.learning.ml.table import Table
from tachograph.model import CommandEvent, CommandLabel
from tests.ml.rows import commands, store

Examples = list[tuple[CommandEvent, CommandLabel]]


def in_sessions(repositories: int, each: int = 10) -> Examples:
    """300 commands, ``each`` in one session after the other, the sessions dealt out to so many repositories."""
    made = sorted(commands(), key=lambda one: one[0].executed_at)
    return [
        (
            msgspec.structs.replace(event, repo=f"/r{n // each % repositories}", session=f"codex:{n // each}"),
            label,
        )
        for n, (event, label) in enumerate(made)
    ]


def sides(table: Table, examples: Examples) -> tuple[set[str], set[str]]:
    """The sessions learned from, and those that judge."""
    session = {event.id: event.session or "" for event, _ in examples}
    rows = sort_rows(table)
    parts = split(read_matrix(rows, len(table.features)))
    assert parts is not None
    return tuple({session[row.id] for row, is_in in zip(rows, flags.tolist(), strict=True) if is_in}
                 for flags in (parts.learned, parts.held_out))  # type: ignore[return-value]  # fmt: skip


@pytest.mark.parametrize(("repositories", "grouped_by"), [(1, "session"), (4, "session"), (12, "repository")])
def test_few_repositories_are_divided_by_session(tmp_path: Path, repositories: int, grouped_by: str) -> None:
    examples = in_sessions(repositories) if repositories < 12 else commands()
    store(tmp_path, examples)
    report = train_model(Workspace(tmp_path), TrainRequest(target="productivity", n_estimators=20))
    assert report.model.grouped_by == grouped_by
    assert load_model(Path(report.folder))[1].parts.grouped_by == grouped_by


@pytest.mark.parametrize("repositories", [1, 3])
def test_no_session_is_on_both_sides(tmp_path: Path, repositories: int) -> None:
    examples = in_sessions(repositories)
    store(tmp_path, examples)
    learned, held_out = sides(stored_examples(Workspace(tmp_path), None, "productivity"), examples)
    assert len(learned) >= 20
    assert len(held_out) >= 5
    assert not learned & held_out
    assert max(int(one.partition(":")[2]) for one in learned) < max(int(one.partition(":")[2]) for one in held_out)


def test_neither_is_one_that_worked_in_two_of_many_repositories(tmp_path: Path) -> None:
    """Every fifth command of a session is run in another repository."""
    replace = msgspec.structs.replace
    examples = [
        (replace(event, repo=f"{event.repo}-lib" if n % 5 == 0 else event.repo, session=f"s{event.repo}"), label)
        for n, (event, label) in enumerate(commands())
    ]
    store(tmp_path, examples)
    table = stored_examples(Workspace(tmp_path), None, "productivity")
    learned, held_out = sides(table, examples)
    assert table.grouped_by == "repository"
    assert held_out
    assert not learned & held_out


def test_files_are_divided_in_the_same_way(tmp_path: Path) -> None:
    examples = in_sessions(1)
    rows = [
        msgspec.structs.replace(row_of(event), productivity_label=label.score, label_kind="outcome")
        for event, label in examples
    ]
    write_dataset(rows, "jsonl", tmp_path / "rows.jsonl", labels=True)
    table = read_examples(tmp_path / "rows.jsonl", "success")
    assert (table.grouped_by, len({row.group for row in table.rows})) == ("session", 30)


def at_once(examples: Examples) -> Examples:
    """The same as a person's, all of one repository and one day."""
    moment = examples[0][0].executed_at
    replace = msgspec.structs.replace
    return [
        (replace(event, repo="/r", session=None, executed_at=moment + n), label)
        for n, (event, label) in enumerate(examples)
    ]


@pytest.mark.parametrize(
    "examples", [in_sessions(1, each=300), at_once(commands())], ids=["one session", "one day of a person"]
)
def test_what_cannot_be_divided_is_refused(
    tmp_path: Path, examples: Sequence[tuple[CommandEvent, CommandLabel]]
) -> None:
    store(tmp_path, examples)
    with pytest.raises(TachographError) as caught:
        train_model(Workspace(tmp_path), TrainRequest(target="productivity"))
    assert caught.value.slug == "too_little_data"


@pytest.mark.parametrize(
    ("repo", "session", "grouped_by"),
    [("/r", "codex:{n}", "repository"), (None, "codex:{n}", "session"), (None, None, "group")],
)
def test_rows_of_a_file_are_not_said_to_be_of_repositories_that_it_does_not_name(
    tmp_path: Path, repo: str | None, session: str | None, grouped_by: str
) -> None:
    replace, file = msgspec.structs.replace, tmp_path / "rows.jsonl"
    rows = []
    for n, (event, label) in enumerate(commands()):
        here = replace(event, repo=repo and f"{repo}{n % 30}", session=session and session.format(n=n % 30))
        rows.append(replace(row_of(here), productivity_label=label.score, label_kind="outcome"))
    write_dataset(rows, "jsonl", file, labels=True)
    assert read_examples(file, "productivity").grouped_by == grouped_by
