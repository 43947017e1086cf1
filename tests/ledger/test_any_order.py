"""Whatever is done, and however git puts lines together: the same goals, sound ones, and no event lost."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.ledger.goals import Goals
from tachograph.ledger.lines import encode
from tachograph.ledger.reading import read_ledger
from tachograph.ledger.repair import repair
from tachograph.ledger.transitions import Refused
from tachograph.model.goal import FAILURE_REASONS, GOAL_TYPES, RESULT_FITS, Goal, SyncedUsage

from .making import NOW, Writer, has_cycle, problems_of

REASONS = st.sampled_from(FAILURE_REASONS)
FITS = st.sampled_from((*RESULT_FITS, None))
GOALS = st.integers(0, 5)
MOMENTS = st.integers(NOW - 5_000, NOW + 5_000)
STEPS = st.one_of(
    st.tuples(st.just("start"), st.sampled_from(GOAL_TYPES), st.none() | GOALS, MOMENTS),
    st.tuples(st.just("resume"), GOALS, REASONS, MOMENTS),
    st.tuples(st.just("finish"), GOALS, st.sampled_from(("success", "fail")), FITS, st.none() | REASONS, MOMENTS),
    st.tuples(st.just("update"), GOALS, st.none() | st.integers(1, 4), st.fixed_dictionaries({}, optional={
        "title": st.text(max_size=9), "goal_type": st.sampled_from(GOAL_TYPES), "status": st.just("in_progress"),
        "result_fit": FITS, "failure_reason": REASONS, "started_at": MOMENTS, "finished_at": MOMENTS,
        "notes": st.text(max_size=9),
    })),
    st.tuples(st.just("supersede"), GOALS, st.none() | GOALS),
    st.tuples(st.just("link"), GOALS, st.sampled_from("xyz"), st.booleans()),
    st.tuples(st.just("merge"), GOALS, GOALS),
    st.tuples(st.just("usage"), GOALS, st.sampled_from(("1.5", "nonsense", None)), st.none() | st.integers(0, 9)),
    st.tuples(st.just("sync"), GOALS, st.sampled_from("xyz"), st.integers(0, 9)),
)  # fmt: skip
WORK = st.lists(STEPS, max_size=20)
LITTLE = st.lists(STEPS, max_size=7)


def do(writer: Writer, step: tuple[Any, ...], started: list[str]) -> None:
    kind, *told = step

    def pick(number: int) -> str:
        return started[number % len(started)] if started else "never"

    match kind:
        case "start":
            started.append(f"{(writer.events and writer.events[-1].event_id[-8:]) or '0' * 8}{len(started)}")
            superseded = None if told[1] is None else pick(told[1])
            writer.start(started[-1], goal_type=told[0], supersedes=superseded, started_at=told[2])
        case "resume":
            writer.resume(pick(told[0]), told[1], started_at=told[2])
        case "finish":
            writer.finish(pick(told[0]), told[1], result_fit=told[2], failure_reason=told[3], finished_at=told[4])
        case "update":
            writer.update(pick(told[0]), told[1], **told[2])
        case "supersede":
            writer.update(pick(told[0]), supersedes=None if told[1] is None else pick(told[1]))
        case "link":
            writer.update(pick(told[0]), **{"link" if told[2] else "unlink": (f"codex:{told[1]}",)})
        case "merge":
            writer.merge(pick(told[0]), pick(told[1]))
        case "usage":
            writer.add_usage(pick(told[0]), told[1], told[2])
        case "sync":
            writer.sync(pick(told[0]), SyncedUsage(session=f"codex:{told[1]}", responses=told[2]))


def work(writer: Writer, steps: list[tuple[Any, ...]], started: list[str]) -> int:
    """Do all of it; how many of the events were not possible."""
    refused = 0
    for step in steps:
        try:
            do(writer, step, started)
        except Refused:
            refused += 1
        for goal in writer.goals.values():
            assert problems_of(goal) == []
        assert not has_cycle(writer.goals)
    return refused


def by_key(goals: Any) -> dict[str, Goal]:
    """Names are given at the end: without them."""
    return {goal.key: msgspec.structs.replace(goal, id="") for goal in goals}


@given(WORK, st.randoms(use_true_random=False))
def test_lines_in_any_order_say_what_was_done(steps: list[tuple[Any, ...]], dice: random.Random) -> None:
    writer = Writer()
    refused = work(writer, steps, [])
    lines = [encode(event) for event in writer.events]
    for change in (
        list,
        lambda lines: dice.sample(lines, len(lines)),
        lambda lines: [*lines, *dice.choices(lines, k=3)],
    ):
        found = read_ledger(b"".join(change(lines)) if lines else b"")
        assert by_key(found.state.goals) == by_key(writer.goals.values())
        assert len(found.state.refused) == refused
        assert {one.event for one in found.events} == set(writer.events)
        assert len({goal.id for goal in found.state.goals}) == len(found.state.goals)


@given(LITTLE, LITTLE, LITTLE, st.randoms(use_true_random=False))
def test_two_clones_agree_after_any_merge(common: Any, ours: Any, theirs: Any, dice: random.Random) -> None:
    base = Writer("a")
    started: list[str] = []
    work(base, common, started)
    clones = []
    for name, steps in (("b", ours), ("c", theirs)):
        clone = Writer(name, start=NOW * 1000 + 1_000_000 + (name == "c") * 500)
        clone.goals, clone.events = Goals(base.goals.values()), list(base.events)
        work(clone, steps, list(started))
        clones.append([encode(event) for event in clone.events])
    shared = len(base.events)
    mine, yours = clones[0][shared:], clones[1][shared:]
    merges: list[Callable[[], list[bytes]]] = [
        lambda: [*clones[0], *yours], lambda: [*clones[1], *mine],
        lambda: [*clones[0][:shared], b"<<<<<<< HEAD\n", *mine, b"=======\n", *yours, b">>>>>>> theirs\n"],
        lambda: dice.sample([*clones[0], *yours], len(clones[0]) + len(yours)),
    ]  # fmt: skip
    found = [read_ledger(b"".join(merge())) for merge in merges]
    assert all(one.state.goals == found[0].state.goals for one in found)
    assert {len(one.events) for one in found} == {shared + len(mine) + len(yours)}
    assert {len(one.state.refused) for one in found} == {len(found[0].state.refused)}
    assert all(problems_of(goal) == [] for goal in found[0].state.goals)
    assert not has_cycle({goal.key: goal for goal in found[0].state.goals})


HARM = st.sampled_from([b"<<<<<<< HEAD\n", b"=======\n", b"{torn", b"\n", b"[]\n", b'{"event_type": "x"}\n', b"\xff\n"])


@given(LITTLE, st.lists(st.tuples(st.integers(0, 9), HARM), max_size=5), st.booleans())
def test_a_repair_changes_nothing_that_is_said_and_is_done_once(steps: Any, harm: Any, edited: bool) -> None:
    writer = Writer()
    work(writer, steps, [])
    lines = [encode(event) for event in writer.events]
    if edited and lines:
        lines[0] = lines[0].replace(b'"notes"', b'"title"').replace(b"Goal", b"Coal")
    for place, what in harm:
        lines.insert(place % (len(lines) + 1), what if what.endswith(b"\n") else what + b"\n")
    content = b"".join(lines)
    before, mended = read_ledger(content), repair(content)
    after = read_ledger(mended.content)
    assert after.state.goals == before.state.goals
    assert len(after.state.refused) == len(before.state.refused)
    assert {one.slug for one in after.problems} <= {"refused_event", "same_name", "duplicate_event"}
    assert repair(mended.content) == type(mended)(mended.content, b"", 0, 0, 0)
    kept = set(mended.content.split(b"\n")) | set(mended.rejected.split(b"\n"))
    assert all(
        line.strip() in kept for line in lines if not edited and line.strip()[:7] not in (b"<<<<<<<", b"=======")
    )


@given(
    st.binary(max_size=400) | st.lists(st.sampled_from([b"{", b'"', b":", b"}", b"\n", b"event_type"])).map(b"".join)
)
def test_no_bytes_make_it_stumble(content: bytes) -> None:
    found = read_ledger(content)
    assert found.lines >= len(found.events)
    repair(content)


@pytest.mark.parametrize("size", [10_000])
def test_ten_thousand_events_are_read_in_a_moment(size: int) -> None:
    from tests.effort import takes_at_most

    writer = Writer()
    while len(writer.events) < size:
        key = writer.start()
        writer.resume(key)
        writer.finish(key)
    content = b"".join(encode(event) for event in writer.events)
    takes_at_most(2.0, lambda: read_ledger(content))
