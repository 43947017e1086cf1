"""Which commands a person is asked about, and the asking."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from tachograph.app.commands.review import plan_review
from tachograph.capture.store import open_commands
from tachograph.model import CommandLabel, CommandScore
from tests.capture.at_terminal import Person
from tests.commands.logged import NOW, Machine, captured
from tests.unit.cli.running import Tacho, assert_valid, tacho

__all__ = ["tacho"]


def identity(number: int) -> str:
    return captured(number).id


def score(number: int, value: float, low: float | None, high: float | None) -> CommandScore:
    return CommandScore(identity(number), "m", value, low, high, "exit_failed", -1.0)


def numbers(folder: Path, limit: int) -> list[int]:
    with open_commands(folder) as store:
        return [int(item.id[4:], 16) for item in plan_review(store, limit).items]


def test_where_a_model_is_least_sure_comes_first(tmp_path: Path) -> None:
    with open_commands(tmp_path) as store:
        store.note_all([(captured(number), ()) for number in range(1, 8)])
        store.put_scores([
            score(1, 90, 80, 100), score(2, 50, 20, 80), score(3, 30, 0, 60), score(4, 52, 47, 57),
            score(5, 10, None, None), score(6, 50, 0, 100),
        ])  # fmt: skip
        store.put_labels([CommandLabel(identity(6), "human", "person", 1, 1)])
        review = plan_review(store, 10)
    assert numbers(tmp_path, 10) == [2, 3, 1, 4, 5, 7]
    assert (review.by, review.unlabelled) == ("uncertainty", 6)
    assert numbers(tmp_path, 3) == [2, 3, 1]


def test_without_scores_programs_and_repositories_take_turns(tmp_path: Path) -> None:
    kinds = [("ls", "/a"), ("ls", "/a"), ("ls", "/a"), ("make", "/a"), ("make", "/b"), ("ls", None)]
    with open_commands(tmp_path) as store:
        for number, (program, repo) in enumerate(kinds, 1):
            store.note(captured(number, program=program, repo=repo, executed_at=NOW + number))
        assert plan_review(store, 9).by == "spread"
    assert numbers(tmp_path, 9) == [3, 6, 5, 4, 2, 1]


def test_of_equal_ones_those_come_first_of_which_nothing_is_known(tmp_path: Path) -> None:
    with open_commands(tmp_path) as store:
        for number in (1, 2, 3):
            store.note(captured(number, program=f"p{number}", executed_at=NOW + number))
        store.put_labels([CommandLabel(identity(3), "outcome", "survival", 100, 1)])
        known = plan_review(store, 3).items[-1].known
    assert numbers(tmp_path, 3) == [2, 1, 3]
    assert known is not None
    assert (known.score, known.source) == (100, "survival")


def test_without_a_terminal_the_list_is_printed(home: Path, tacho: Tacho) -> None:
    machine = Machine(home)
    machine.session().prompt().shell("touch a").shell("pytest -q", exit_code=1)
    machine.claude.write()
    assert tacho("label", "review") == 0
    assert "2 of 2 without a label of yours" in tacho.out
    assert "0 next_check" in tacho.out
    assert tacho("label", "review", "--limit", "1", "--no-ingest", "--json") == 0
    answer = json.loads(tacho.out)
    assert_valid("label_review", answer)
    assert (answer["schema"], answer["unlabelled"], len(answer["items"])) == ("tachograph.label_review/1", 2, 1)


def test_nothing_is_left_to_ask(home: Path, tacho: Tacho) -> None:
    assert tacho("label", "review", "--no-ingest") == 0
    assert tacho.out.startswith("No command is left to be labelled.\n")


def test_hostile_text_is_shown_harmless(home: Path, tacho: Tacho) -> None:
    machine = Machine(home)
    machine.note(captured(1, program="\x1b]0;x\x07\u202ebad", repo="/r\x1b[2J", command="a\nb"))
    assert tacho("label", "review", "--no-ingest") == 0
    assert not {"\x1b", "\x07", "\u202e"} & set(tacho.out)


@pytest.mark.skipif(os.name == "nt", reason="no pseudo-terminals")
def test_on_a_terminal_it_asks_one_by_one(home: Path) -> None:
    machine = Machine(home)
    for number in (1, 2, 3, 4):
        machine.note(captured(number, program=f"tool{number}", executed_at=NOW + number, repo="/r\x1b[2J"))
    person = Person(
        [sys.executable, "-m", "tachograph", "label", "review", "--no-ingest"], os.environ | {"TERM": "xterm"}
    )
    try:
        person.sees("4 commands without a label")
        for program, answers in {"tool4": ["much", "101", "90"], "tool3": [""], "tool2": ["0"], "tool1": ["q"]}.items():
            assert "\x1b[2J" not in person.sees(program)
            for answer in answers:
                person.sees("Score: ")
                person.types(answer + "\n")
        person.sees("2 labelled")
        assert person.ends() == 0
    finally:
        person.leaves()
    assert [(one.target, one.score) for one in machine.labels()] == [(identity(2), 0), (identity(4), 90)]
