"""Which commands a person is asked about, and the asking."""

from __future__ import annotations

import json
import os
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tachograph.app.commands.review import Review, plan_review
from tachograph.app.commands.uncertainty import rank_uncertain
from tachograph.app.ml.models import load_model, save_model
from tachograph.app.ml.score import CommandModel
from tachograph.app.ml.train import TrainRequest, train_model
from tachograph.app.workspace import Workspace
from tachograph.capture.store import open_commands
from tachograph.model import CommandLabel, CommandScore
from tests.capture.at_terminal import CTRL_C, CTRL_D, Person
from tests.commands.logged import NOW, Machine, captured
from tests.ml.rows import commands, dataset
from tests.unit.cli.running import Tacho, assert_valid, tacho

__all__ = ["tacho"]


def identity(number: int) -> str:
    return captured(number).id


def score(number: int, value: float, low: float | None, high: float | None) -> CommandScore:
    return CommandScore(identity(number), "m", value, low, high, "exit_failed", -1.0)


def planned(folder: Path, limit: int) -> Review:
    """What there is to ask about, of a store in a folder of its own, without any model."""
    with open_commands(folder) as store:
        return plan_review(Workspace(folder), None, store, limit)


def numbers(folder: Path, limit: int) -> list[int]:
    return [int(item.id[4:], 16) for item in planned(folder, limit).items]


def test_where_a_model_is_least_sure_comes_first(tmp_path: Path) -> None:
    with open_commands(tmp_path) as store:
        store.note_all([(captured(number), ()) for number in range(1, 8)])
        store.put_scores([
            score(1, 90, 80, 100), score(2, 50, 20, 80), score(3, 30, 0, 60), score(4, 52, 47, 57),
            score(5, 10, None, None), score(6, 50, 0, 100),
        ])  # fmt: skip
        store.put_labels([CommandLabel(identity(6), "human", "person", 1, 1)])
    review = planned(tmp_path, 10)
    assert numbers(tmp_path, 10) == [2, 3, 1, 4, 5, 7]
    assert (review.by, review.model, review.commands, review.unlabelled) == ("uncertainty", None, 7, 6)
    assert numbers(tmp_path, 3) == [2, 3, 1]


def test_without_scores_programs_and_repositories_take_turns(tmp_path: Path) -> None:
    kinds = [("ls", "/a"), ("ls", "/a"), ("ls", "/a"), ("make", "/a"), ("make", "/b"), ("ls", None)]
    with open_commands(tmp_path) as store:
        for number, (program, repo) in enumerate(kinds, 1):
            store.note(captured(number, program=program, repo=repo, executed_at=NOW + number))
    assert planned(tmp_path, 9).by == "spread"
    assert numbers(tmp_path, 9) == [3, 6, 5, 4, 2, 1]


def test_of_equal_ones_those_come_first_of_which_nothing_is_known(tmp_path: Path) -> None:
    with open_commands(tmp_path) as store:
        for number in (1, 2, 3):
            store.note(captured(number, program=f"p{number}", executed_at=NOW + number))
        store.put_labels([CommandLabel(identity(3), "outcome", "survival", 100, 1)])
    known = planned(tmp_path, 3).items[-1].known
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
    assert tacho.out.startswith("There is no command to be labelled yet.\n")


def test_when_each_has_a_label_it_says_so(home: Path, tacho: Tacho) -> None:
    Machine(home).note(captured(1))
    assert tacho("label", identity(1), "--score", "5") == 0
    assert tacho("label", "review", "--no-ingest") == 0
    assert tacho.out.startswith("Each of the 1 command that are stored has a label of yours.\n")


def test_hostile_text_is_shown_harmless(home: Path, tacho: Tacho) -> None:
    machine = Machine(home)
    machine.note(captured(1, program="\x1b]0;x\x07\u202ebad", repo="/r\x1b[2J", command="a\nb"))
    assert tacho("label", "review", "--no-ingest") == 0
    assert not {"\x1b", "\x07", "\u202e"} & set(tacho.out)


# --------------------------------------------------------------------------------------- a model that is in use


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model of productivity and one of success."""
    folder = tmp_path_factory.mktemp("models")
    rows = dataset(folder / "rows.csv")
    for target in ("productivity", "success"):
        asked = TrainRequest(target=target, dataset=rows, out_dir=folder / target, n_estimators=20)  # type: ignore[arg-type]
        train_model(Workspace(folder), asked)
    return folder


@pytest.mark.parametrize("target", ["productivity", "success"])
def test_commands_that_nothing_has_scored_are_scored_by_the_model_in_use(
    tmp_path: Path, models: Path, target: str
) -> None:
    folder = tmp_path / "store"
    made = [event for event, _ in commands(60)]
    with open_commands(folder) as store:
        store.note_all([(event, ()) for event in made])
        store.put_labels([CommandLabel(made[0].id, "human", "person", 1, 1)])
        store.put_scores([CommandScore(made[1].id, "old", 50, 0, 100, "exit_failed", -1.0)])
        save_model(folder / "model-xgb", *load_model(models / target))
        review = plan_review(Workspace(tmp_path), folder, store, 20)
        kept = store.scores()
    said = [item.score for item in review.items]
    if target == "productivity":
        doubt = [0 if one.low is None else one.high - one.low for one in said]  # type: ignore[operator, union-attr]
    else:
        doubt = [-abs(one.score - 50) for one in said]  # type: ignore[union-attr]
    assert all(one >= other - 1 for one, other in pairwise(doubt)), "to a whole point"
    assert doubt[0] > doubt[-1]
    name = CommandModel(models / target).metadata.name
    assert (review.by, review.model, review.unlabelled, len(review.items)) == ("uncertainty", name, 59, 20)
    assert {one.model for one in said if one is not None} == {name}
    assert made[0].id not in {item.id for item in review.items}
    assert [one.model for one in kept] == ["old"], "nothing is kept of it"


def test_of_commands_that_are_equally_uncertain_each_kind_comes_in_turn(tmp_path: Path, models: Path) -> None:
    folder = tmp_path / "store"
    with open_commands(folder) as store:
        for number in range(1, 7):
            program = "zig" if number == 1 else "make"
            store.note(captured(number, program=program, duration_ms=None, exit_code=None, executed_at=NOW + number))
        save_model(folder / "model-xgb", *load_model(models / "productivity"))
        found = rank_uncertain(Workspace(tmp_path), folder, store, 3)
        first = [int(one.event[4:], 16) for one in found.scores]
    assert len(first) == 3
    assert 1 in first[:2]


def test_a_model_that_cannot_be_used_is_told_and_the_order_is_todays(home: Path, tacho: Tacho, models: Path) -> None:
    machine = Machine(home)
    machine.note(captured(1), captured(2))
    model, metadata = load_model(models / "productivity")
    folder = machine.workspace.folder / "model-xgb"
    save_model(folder, model, metadata)
    (folder / "model.json").write_bytes(model + b" ")
    answer = tacho_json(tacho, "label", "review", "--no-ingest")
    assert (answer["by"], answer["model"], len(answer["items"])) == ("spread", None, 2)
    assert answer["why_not"] != ""
    assert tacho("label", "review", "--no-ingest") == 0
    assert "The model in use was not asked: " in tacho.out
    assert "the latest of each program in each repository in turn" in " ".join(tacho.out.split())


def test_the_list_says_by_which_order_and_model(home: Path, tacho: Tacho, models: Path) -> None:
    machine = Machine(home)
    machine.note(captured(1), captured(2))
    save_model(machine.workspace.folder / "model-xgb", *load_model(models / "success"))
    name = load_model(models / "success")[1].name
    assert tacho("label", "review", "--no-ingest") == 0
    assert f"those first that the model in use ({name}) is least sure of" in " ".join(tacho.out.split())
    assert " % chance" in tacho.out


def tacho_json(tacho: Tacho, *arguments: str) -> dict[str, Any]:
    assert tacho(*arguments, "--json") == 0, tacho.err
    answer: dict[str, Any] = json.loads(tacho.out)
    assert_valid("label_review", answer)
    return answer


# --------------------------------------------------------------------------------------------------- the asking


@pytest.mark.skipif(os.name == "nt", reason="no pseudo-terminals")
@pytest.mark.parametrize(
    ("key", "code", "said"),
    [
        (CTRL_D, 0, r"Score: (?:\^D)?[\x08 ]*\r\n1 labelled\."),
        (CTRL_C, 130, r"Score: (?:\^C)?\r\ntacho: interrupted; what was stored is consistent\."),
    ],
)
def test_what_was_said_stays_however_one_leaves(home: Path, key: str, code: int, said: str) -> None:
    machine = Machine(home)
    machine.note(captured(1, program="one", executed_at=NOW + 2), captured(2, program="two", executed_at=NOW + 1))
    person = Person(
        [sys.executable, "-m", "tachograph", "label", "review", "--no-ingest"], os.environ | {"TERM": "xterm"}
    )
    try:
        person.sees("the latest of each program in each repository in turn")
        person.sees("Score: ")
        person.types("50.5\n")
        person.sees("2 of 2.*(?=Score: )")
        person.types(key)
        person.sees(said)
        assert person.ends() == code
    finally:
        person.leaves()
    assert [(one.target, one.score) for one in machine.labels()] == [(identity(1), 50.5)]


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
