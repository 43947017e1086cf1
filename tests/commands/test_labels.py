"""Labels: which one counts, giving and taking back one's own, and their list."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tachograph.app.commands.labels import effective_label, label, list_labels
from tachograph.errors import NotFound, UsageError
from tachograph.model import CommandLabel, LabelKind
from tests.commands.logged import NOW, Machine, captured
from tests.unit.cli.running import Tacho, assert_valid, tacho

__all__ = ["tacho"]

EVENT = captured(1).id


def made(kind: LabelKind, source: str, score: float, at: int = 1, note: str = "") -> CommandLabel:
    return CommandLabel("evt_x", kind, source, score, at, note)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([], None),
        ([made("pseudo", "m", 30)], made("pseudo", "m", 30)),
        ([made("synthetic", "formula", 1), made("pseudo", "m", 30)], made("pseudo", "m", 30)),
        ([made("outcome", "survival", 100), made("pseudo", "m", 30)], made("outcome", "survival", 100)),
        ([made("outcome", "survival", 100), made("human", "person", 10)], made("human", "person", 10)),
        (
            [made("outcome", "survival", 100, 5, "kept"), made("outcome", "next_check", 0, 9), made("pseudo", "m", 1)],
            made("outcome", "next_check+survival", 50, 9, "kept"),
        ),
        (
            [made("outcome", "b", 100, 1, "two"), made("outcome", "a", 0, 2, "one"), made("outcome", "c", 20, 3)],
            made("outcome", "a+b+c", 40, 3, "one; two"),
        ),
    ],
)
def test_the_strongest_kind_counts_and_within_it_the_mean(
    labels: list[CommandLabel], expected: CommandLabel | None
) -> None:
    assert effective_label(labels) == expected
    assert effective_label(reversed(labels)) == expected


def prepare(home: Path) -> Machine:
    machine = Machine(home)
    machine.session().prompt().shell("ls")
    machine.ingest()
    machine.note(captured(1), captured(2, id=f"{EVENT[:-1]}2"))
    return machine


def test_a_person_labels_a_command_and_changes_their_mind(home: Path) -> None:
    machine = prepare(home)
    with machine.store() as store:
        label(machine.workspace, store, EVENT, 80, "all was well", at=5)
        told = label(machine.workspace, store, EVENT, 20, "after all not", at=6)
    assert (told.target, told.score, told.kind, told.source) == (EVENT, 20, "human", "person")
    assert machine.labels() == [CommandLabel(EVENT, "human", "person", 20, 6, "after all not")]


@pytest.mark.parametrize(("more", "note"), [((), "why"), (("--note", "other"), "other"), (("--note", ""), "")])
def test_a_note_stays_until_another_one_is_given(home: Path, tacho: Tacho, more: tuple[str, ...], note: str) -> None:
    machine = prepare(home)
    assert tacho("label", EVENT, "--score", "80", "--note", "why") == 0
    assert tacho("label", EVENT, "--score", "20", *more) == 0
    assert [(one.score, one.note) for one in machine.labels()] == [(20, note)]


@pytest.mark.parametrize(("score", "shown"), [("50.5", "50.5"), ("33.25", "33.25"), ("70", "70")])
def test_a_score_is_shown_as_it_was_given(home: Path, tacho: Tacho, score: str, shown: str) -> None:
    prepare(home)
    assert tacho("label", EVENT, "--score", score) == 0
    assert tacho.out == f"{EVENT}: {shown}\n"
    assert tacho("label", "list") == 0
    assert tacho.out.splitlines()[-1].split()[2] == shown
    assert tacho("commands", "show", EVENT) == 0
    assert f"label (human) {shown}, told by person" in " ".join(tacho.out.split())
    assert tacho("commands", "list") == 0
    assert shown in tacho.out.split()


def test_the_mean_of_outcomes_is_not_rounded_to_another_score(home: Path, tacho: Tacho) -> None:
    machine = prepare(home)
    with machine.store() as store:
        store.put_labels([CommandLabel(EVENT, "outcome", "survival", 33.3, 1)])
        store.put_labels([CommandLabel(EVENT, "outcome", "next_check", 100, 1)])
    assert tacho("label", "review", "--no-ingest") == 0
    assert "66.65 next_check+survival" in " ".join(tacho.out.split())


def test_the_beginning_of_an_events_id_is_enough_as_far_as_it_is_no_sessions(home: Path, tacho: Tacho) -> None:
    machine = prepare(home)
    machine.note(captured(id="evt_abcdef00000000000000"), captured(id="evt_00000001000000000000"))
    assert tacho("label", "abcdef", "--score", "5") == 0
    assert tacho.out == "evt_abcdef00000000000000: 5\n"
    assert tacho("label", "00000001", "--score", "5") == 3
    assert "Both a command and a session begin with 00000001." in tacho.err
    assert tacho("label", "0000000", "--score", "5") == 3
    assert "Several commands begin with" in tacho.err


@pytest.mark.parametrize("score", [-0.1, 100.5, float("nan"), float("inf")])
def test_a_score_is_a_number_from_0_to_100(home: Path, score: float) -> None:
    machine = prepare(home)
    with machine.store() as store, pytest.raises(UsageError):
        label(machine.workspace, store, EVENT, score, at=5)
    assert machine.labels() == []


@pytest.mark.parametrize("target", ["evt_ffff", "nobody", "evt_'; DROP TABLE labels", EVENT[:-1], "\x1b[31m"])
def test_what_is_not_there_or_not_told_apart_is_not_labelled(home: Path, target: str) -> None:
    machine = prepare(home)
    with machine.store() as store, pytest.raises(NotFound):
        label(machine.workspace, store, target, 50, at=5)
    assert machine.labels() == []


def test_a_note_is_redacted_and_cut(home: Path) -> None:
    machine = prepare(home)
    with machine.store() as store:
        told = label(machine.workspace, store, EVENT, 1, "key sk-ant-api03-" + "a1B2" * 24 + " " + "x" * 900, at=5)
    assert "a1B2" not in told.note
    assert len(told.note) == 500


def test_the_command_labels_a_session_by_a_prefix(home: Path, tacho: Tacho) -> None:
    machine = Machine(home)
    log = machine.session().prompt().shell("ls")
    machine.ingest()
    answer = _json(tacho, "label", log.session_id[:8], "--score", "75", "--note", "fine")
    assert answer["schema"] == "tachograph.label/1"
    assert (answer["target"], answer["score"], answer["note"]) == (f"claude_code:{log.session_id}", 75, "fine")


@pytest.mark.parametrize("before", [("label",), ("label", "set")])
def test_set_need_not_be_said(home: Path, tacho: Tacho, before: tuple[str, ...]) -> None:
    machine = prepare(home)
    assert tacho(*before, "--score", "62.5", EVENT) == 0
    assert tacho.out == f"{EVENT}: 62.5\n"
    assert machine.labels()[0].score == 62.5


def test_a_label_is_taken_back_once(home: Path, tacho: Tacho) -> None:
    machine = prepare(home)
    with machine.store() as store:
        store.put_labels([made("outcome", "survival", 100), CommandLabel(EVENT, "outcome", "survival", 100, 1)])
    tacho("label", EVENT, "--score", "10")
    assert tacho("label", EVENT, "--remove") == 0
    assert tacho.out == f"{EVENT}: your label 10 is taken back\n"
    assert tacho("label", EVENT, "--remove") == 3
    assert [one.kind for one in machine.labels()] == ["outcome", "outcome"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((EVENT,), 2),
        ((EVENT, "--score", "5", "--remove"), 2),
        ((EVENT, "--score", "101"), 2),
        ((EVENT, "--score", "nan"), 2),
        ((EVENT, "--score", "much"), 2),
        ((EVENT, "80"), 2),
        (("", "--score", "5"), 3),
        ((" ", "--score", "5"), 3),
        (("evt_", "--score", "5"), 3),
        (("", "--remove"), 3),
        (("evt_00", "--score", "5", "--path", "gone"), 3),
        (("evt_ff", "--score", "5"), 3),
    ],
)
def test_mistakes_get_a_sentence_and_their_exit_code(
    home: Path, tacho: Tacho, arguments: tuple[str, ...], code: int
) -> None:
    prepare(home)
    assert tacho("label", *arguments) == code
    assert tacho.err
    assert not tacho.out


def test_a_score_without_its_option_is_told_how_to_write_it(home: Path, tacho: Tacho) -> None:
    machine = prepare(home)
    assert tacho("label", EVENT, "80") == 2
    assert tacho.err.splitlines() == [
        f"tacho: What is '80'? TARGET is '{EVENT}' already.",
        "One command or session at a time; its score comes after --score: tacho label TARGET --score 80.",
    ]
    assert machine.labels() == []


def test_an_empty_id_is_not_the_only_command_there_is(home: Path, tacho: Tacho) -> None:
    Machine(home).note(captured(1))
    for name in ("", "evt_"):
        assert tacho("commands", "show", name) == 3
        assert "An empty id names no command." in tacho.err


def test_the_list_counts_by_kind_and_source_and_shows_the_latest(home: Path, tacho: Tacho) -> None:
    machine = prepare(home)
    given: list[CommandLabel] = [
        CommandLabel("evt_a", "outcome", "survival", 100, NOW),
        CommandLabel("evt_b", "outcome", "survival", 50, NOW + 1, "1 of 2 files kept"),
        CommandLabel("evt_a", "human", "person", 10, NOW + 2, "\x1b[31mred\u202e"),
        CommandLabel("evt_a", "synthetic", "formula", 1, NOW),
    ]
    with machine.store() as store:
        store.put_labels(given)
        found = list_labels(store, "outcome", 1)
    assert [(one.kind, one.source, one.labels, one.mean) for one in found.counts] == [
        ("human", "person", 1, 10), ("outcome", "survival", 2, 75), ("synthetic", "formula", 1, 1),
    ]  # fmt: skip
    assert (found.matching, [one.target for one in found.labels]) == (2, ["evt_b"])
    assert tacho("label", "list") == 0
    assert "\x1b" not in tacho.out
    assert "\u202e" not in tacho.out
    assert "person" in tacho.out.splitlines()[2]
    answer: dict[str, Any] = _json(tacho, "label", "list", "--kind", "human")
    assert (answer["schema"], answer["matching"], len(answer["labels"])) == ("tachograph.labels/1", 1, 1)


def test_an_empty_store_has_no_labels(home: Path, tacho: Tacho) -> None:
    assert tacho("label", "list") == 0
    assert tacho.out.startswith("No labels yet.\n")


def _json(tacho: Tacho, *arguments: str) -> dict[str, Any]:
    assert tacho(*arguments, "--json") == 0, tacho.err
    answer: dict[str, Any] = json.loads(tacho.out)
    assert_valid(answer["schema"].removeprefix("tachograph.").removesuffix("/1"), answer)
    return answer
