from __future__ import annotations

from decimal import Decimal
from itertools import permutations
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.analysis.expectations import Recording, read_expectations, run_checks
from tachograph.analysis.expectations._learn import (
    Learnt,
    LeftOut,
    Observation,
    confirm_lessons,
    learn_expectations,
    observe,
)
from tachograph.analysis.expectations._learn.lesson import raise_limit, round_up, tell
from tachograph.analysis.expectations._learn.limits import escape_glob
from tachograph.model import FileTouch, Session
from tests.builders.recording import found, record, recording_of, with_parts
from tests.builders.session import SessionScript, play

FIFTH = Decimal("0.2")


def learn(*recordings: Recording, margin: Decimal = FIFTH) -> Learnt:
    return confirm_lessons(learn_expectations([observe(one) for one in recordings], margin), recordings)


def lesson(learnt: Learnt, key: str) -> Any:
    return next(one for one in learnt.lessons if one.key == key)


def reason(learnt: Learnt, key: str) -> str:
    return next(one.reason for one in learnt.left_out if one.key == key)


def seen(**fields: Any) -> Observation:
    return Observation("claude_code:s1", **fields)


def taught(*observations: Observation, margin: Decimal = FIFTH) -> dict[str, Any]:
    return learn_expectations(observations, margin).block


def named(session: Session, number: int) -> Session:
    return msgspec.structs.replace(session, id=f"claude_code:s{number}")


# ----------------------------------------------------------------------------------------------------- observing


def test_observation_counts_the_session_and_its_subagents() -> None:
    main = play("> go", "$ ls", "$ make !boom", "read a.py", "tool Task subagent", "$ rm x ?denied")
    recording = with_parts(
        recording_of(main, play("> look", "read b.py", "$ ls")),
        {"cost_pico": 5, "findings": (found("heavy_result"),)},
        {"cost_pico": 7, "findings": (found("redundant_read"),)},
    )

    assert observe(recording) == Observation(
        session="claude_code:s1",
        calls={"Bash": 4, "Read": 2, "Task": 1},
        categories={"shell": 4, "read": 2, "subagent": 1},
        order=("Bash", "Read", "Task"),
        responses=7,
        output=70,
        total=140,
        cost_pico=12,
        active_ms=5_500,
        turns=1,
        errors=1,
        finished=6,
        detectors=frozenset({"heavy_result", "redundant_read"}),
    )


def test_observation_takes_only_tools_that_were_carried_out_into_the_order() -> None:
    recording = record("$ ls ?denied", "edit a.py ?cancelled", "read a.py !gone", "edit a.py")

    assert observe(recording).order == ("Read", "Edit")


def test_a_price_that_is_missing_anywhere_leaves_no_cost() -> None:
    recording = with_parts(record("$ ls"), {"cost_pico": 5, "unpriced": (("house-model", 1),)})

    assert observe(recording).cost_pico is None


def test_observation_knows_the_files_that_are_there_at_the_end() -> None:
    script = SessionScript()
    script.touch("create", "/home/ada/site/src/a.py").touch("modify", "src/b.py")
    script.touch("create", "/home/ada/site/gone.py").touch("delete", "/home/ada/site/gone.py")
    script.touch("create", "/home/ada/site/failed.py", "error").touch("read", "/home/ada/site/read.py")
    script.touch("create", "/tmp/scratch.py", more=(FileTouch("/home/ada/site/c.sql", "create"),))
    session = script.done(project="/home/ada/site", cwds=("/home/ada/site",))

    assert observe(recording_of(session)).made == {"src/a.py", "src/b.py", "c.sql"}


# ------------------------------------------------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    ("most", "margin", "limit"),
    [
        (0, "0.2", 0),
        (1, "0", 1),
        (1, "0.2", 2),
        (5, "0.2", 6),
        (10, "0.1", 11),
        (100, "0.07", 107),
        (999, "0", 999),
        (1000, "0.2", 1200),
        (12_345, "0", 12_400),
        (12_345, "0.2", 14_900),
        (1_000_001, "0", 1_010_000),
    ],
)
def test_a_limit_is_the_most_and_the_margin_rounded_up(most: int, margin: str, limit: int) -> None:
    assert raise_limit(most, Decimal(margin)) == limit


@given(st.integers(0, 10**12), st.decimals(0, 10, places=3))
def test_a_limit_is_never_below_what_was_seen_and_hardly_above_the_margin(most: int, margin: Decimal) -> None:
    limit = raise_limit(most, margin)

    assert most * (1 + margin) <= limit < most * (1 + margin) * Decimal("1.01") + 1


def test_small_sums_keep_three_digits() -> None:
    assert [str(round_up(Decimal(one))) for one in ("0.0123401", "1.2", "12.341")] == ["0.0124", "1.20", "12.4"]


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        ([1], "1 call"),
        ([2], "2 calls"),
        ([5, 3, 4], "3, 4, 5 calls"),
        ([0, 0, 1], "0, 0, 1 calls"),
        ([7, 1, 2, 3, 4, 5, 6000], "1 to 6000 calls, median 4"),
        ([1, 2, 3, 4, 5, 6, 7, 8], "1 to 8 calls, median 4.5"),
    ],
)
def test_numbers_are_told_in_order(numbers: list[int], told: str) -> None:
    assert tell(numbers, "call") == told


# -------------------------------------------------------------------------------------------------- what may be


def test_limits_are_those_of_the_session_that_needed_most() -> None:
    learnt = learn_expectations(
        [
            seen(calls={"Bash": 3, "Read": 1}, categories={"shell": 3, "read": 1}),
            seen(calls={"Bash": 5}, categories={"shell": 5}),
            seen(calls={"Bash": 4}, categories={"shell": 4}),
        ],
        FIFTH,
    )

    limits = lesson(learnt, "tool_limits")
    assert limits.value == {"Bash": 6, "Read": 2}
    assert limits.observed == "observed in 3 sessions: calls of each tool"
    assert limits.notes == {"Bash": "observed: 3, 4, 5 calls", "Read": "observed: 0, 0, 1 calls"}
    assert lesson(learnt, "category_limits").value == {"read": 2, "shell": 6}


def test_tokens_are_learnt_unless_a_count_is_only_a_lower_bound() -> None:
    known = [seen(output=900, total=4000), seen(output=1000, total=3000)]
    learnt = learn_expectations(known, FIFTH)

    assert lesson(learnt, "token_budget").value == {"max_output": 1200, "max_total": 4800}
    assert lesson(learnt, "token_budget").notes["max_output"] == "observed: 900, 1000 tokens"
    vague = learn_expectations([*known, seen(reliable=False)], FIFTH)
    assert "token_budget" not in vague.block
    assert reason(vague, "token_budget") == "the count of output is only a lower bound in 1 session"


def test_cost_is_learnt_when_every_response_has_a_price() -> None:
    learnt = learn_expectations([seen(cost_pico=10**10), seen(cost_pico=25 * 10**9)], FIFTH)

    assert lesson(learnt, "cost_budget").value == {"max_usd": 0.03}
    assert lesson(learnt, "cost_budget").notes == {"max_usd": "observed: 0.0100, 0.0250 USD"}
    unpriced = learn_expectations([seen(cost_pico=10**10), seen(cost_pico=None)], FIFTH)
    assert reason(unpriced, "cost_budget") == "responses without a known price in 1 session"
    assert "cost_budget" not in taught(seen(cost_pico=0))


def test_cost_is_not_learnt_from_a_lower_bound_of_the_output() -> None:
    learnt = learn_expectations([seen(cost_pico=10**10), seen(cost_pico=10**10, reliable=False)], FIFTH)

    assert "cost_budget" not in learnt.block
    assert reason(learnt, "cost_budget") == "the count of output is only a lower bound in 1 session"


def test_time_and_turns_are_rounded_up_to_whole_ones() -> None:
    block = taught(seen(active_ms=90_001, turns=2), seen(active_ms=1, turns=3))

    assert block["duration"] == {"max_active_seconds": 109}
    assert block["max_turns"] == 4
    assert {"duration", "max_turns"} & taught(seen()).keys() == set()


@pytest.mark.parametrize(
    ("errors", "finished", "rate"), [(0, 50, 0.05), (1, 50, 0.05), (4, 61, 0.1), (1, 2, 0.6), (9, 10, 1.0)]
)
def test_error_rates_go_up_in_steps_and_one_slip_is_allowed(errors: int, finished: int, rate: float) -> None:
    assert taught(seen(errors=errors, finished=finished))["max_error_rate"] == rate


def test_no_error_rate_is_learnt_where_a_session_finished_no_call() -> None:
    assert "max_error_rate" not in taught(seen(errors=1, finished=4), seen())


# ------------------------------------------------------------------------------------ what must, and must not, be


def test_required_are_tools_that_every_session_carried_out() -> None:
    learnt = learn_expectations([seen(order=("Read", "Bash", "Edit")), seen(order=("Edit", "Read"))], FIFTH)

    assert lesson(learnt, "required_tools").value == ["Edit", "Read"]
    assert lesson(learnt, "required_tools").observed == "observed: carried out in all 2 sessions"


@pytest.mark.parametrize(
    ("orders", "steps"),
    [
        (["Read Edit Bash", "Read Edit Bash"], ["Read", "Edit", "Bash"]),
        (["Read Edit Bash", "Read Grep Edit Web Bash"], ["Read", "Edit", "Bash"]),
        (["Read Edit Bash", "Edit Read Bash"], ["Edit", "Bash"]),  # both are as long: the first by name
        (["Read Edit", "Edit Read"], None),
        (["Read", "Read"], None),
        (["A B C D E F G", "A B C D E F G"], ["A", "B", "C", "D", "E"]),
        (["A B C D", "B A D C", "A B C D"], ["A", "C"]),
    ],
)
def test_sequence_is_the_longest_order_that_all_sessions_share(orders: list[str], steps: list[str] | None) -> None:
    block = taught(*(seen(order=tuple(order.split()), turns=number) for number, order in enumerate(orders)))

    assert block.get("tool_sequence") == steps


def test_one_session_shows_no_order() -> None:
    learnt = learn_expectations([seen(order=("Read", "Edit"))], FIFTH)

    assert reason(learnt, "tool_sequence") == "one session does not show which order matters"


@pytest.mark.parametrize(
    ("made", "patterns"),
    [
        ([{"a.py", "b/c.sql"}], ["a.py", "b/c.sql"]),
        ([{"a.py", "x.md"}, {"a.py", "y.sql"}], ["a.py"]),
        ([{"q1.sql"}, {"q2.sql"}], ["*.sql"]),
        ([{"db/q1.sql"}, {"db/q2.sql", "q3.sql"}], ["db/*.sql"]),
        ([{"db/q1.sql"}, {"sql/q2.sql"}], ["*.sql"]),
        ([{"all.sql", "q1.sql"}, {"all.sql", "q2.sql"}], ["all.sql"]),  # *.sql would say nothing more
        ([{"Makefile"}, {"Dockerfile"}], None),
        ([{".env"}, {".envrc"}], None),
        ([{"a.py"}, set()], None),
    ],
)
def test_files_are_expected_by_name_or_by_ending(made: list[set[str]], patterns: list[str] | None) -> None:
    block = taught(*(seen(made=frozenset(one), turns=number) for number, one in enumerate(made)))

    assert block.get("expected_files") == patterns


def test_a_great_many_files_are_not_expected_one_by_one() -> None:
    learnt = learn_expectations([seen(made=frozenset(f"{number}.py" for number in range(21)))], FIFTH)

    assert reason(learnt, "expected_files") == "21 files are too many to expect each of them"


def test_only_detectors_of_failure_that_never_found_anything_are_kept_silent() -> None:
    block = taught(seen(detectors=frozenset({"failed_edit_loop", "heavy_result"})), seen())

    assert block["no_findings"] == ["repeated_failed_retry"]


def test_nothing_is_banned_because_it_did_not_happen_but_some_commands_are_suggested() -> None:
    learnt = learn(record("$ git push --force origin main", "$ sudo rm -fr build"))

    suggested = lesson(learnt, "banned_commands")
    assert suggested.is_suggestion
    assert {"rm -rf", "git push --force"} & set(suggested.value) == set()
    assert "git reset --hard" in suggested.value
    assert not {"banned_commands", "banned_tools"} & learnt.block.keys()


# -------------------------------------------------------------------------------------------------- confirmation


def test_a_lesson_that_its_own_check_does_not_pass_is_dropped_entry_by_entry() -> None:
    recording = record("$ ls", "read a.py")
    other = msgspec.structs.replace(observe(recording), order=("Bash", "Read", "Write"))
    learnt = confirm_lessons(learn_expectations([other], FIFTH), [recording])

    assert lesson(learnt, "required_tools").value == ["Bash", "Read"]


def test_a_sequence_is_kept_whole_or_not_at_all() -> None:
    both = [seen(order=("Read", "Edit", "Bash"), turns=1), seen(order=("Read", "Edit", "Bash"), turns=2)]
    learnt = confirm_lessons(learn_expectations(both, FIFTH), [record("read a.py", "$ ls", "edit a.py")])

    assert "tool_sequence" not in learnt.block
    assert LeftOut("tool_sequence", "its own check does not pass it") in learnt.left_out


def test_of_a_log_that_is_gone_the_stored_records_tell_what_they_can() -> None:
    learnt = learn(record("$ ls", "edit a.py", gone=True))

    assert learnt.block["expected_files"] == ["a.py"]
    assert learnt.block["tool_limits"] == {"Bash": 2, "Edit": 2}
    assert not any(one.is_suggestion for one in learnt.lessons)
    assert [one.key for one in learnt.left_out] == ["tool_sequence"]


def test_learning_needs_a_session() -> None:
    with pytest.raises(ValueError, match="no session"):
        learn_expectations([], FIFTH)


@pytest.mark.parametrize("name", ["Read", "mcp__db__*", "a?b", "[x]", "[!a]*"])
def test_a_tool_that_is_called_like_a_glob_is_meant_alone(name: str) -> None:
    recording = recording_of(SessionScript().call(name, "other").call(name + "x", "other").done())

    assert learn(recording, margin=Decimal(0)).block["tool_limits"] == {
        escape_glob(name): 1,
        escape_glob(name + "x"): 1,
    }


# ---------------------------------------------------------------------------------------------------- properties

_NAMES = [
    "Bash",
    "Read",
    "Edit",
    "a*",
    "[x",
    "rm -rf",
    "/x/",
    " ",
    "",
    "é: #",
    "mcp__db__q",
    "true",
    "../x",
    "\x1b[31m",
]
_PATHS = ["/home/ada/site/a.py", "b/c.sql", "/tmp/x", "q*.sql", "[id].tsx", "~/x", "./d", "e: f #g.md", "\x1b[1m.py"]


_CATEGORIES = ["shell", "mcp:d*b", "other", "odd"]
_COMMANDS = [None, "ls", "rm -rf x", "$X -rf", "echo 'rm -rf'", "git push -f"]


@st.composite
def sessions(draw: st.DrawFn) -> Session:
    script = SessionScript()
    script.prompt(draw(st.sampled_from(["Do it.", "/clear", ""])))
    for _ in range(draw(st.integers(0, 6))):
        status = draw(st.sampled_from(["ok", "error", "denied", "missing"]))
        script.at(script.seconds + draw(st.integers(0, 900)))
        if draw(st.booleans()):
            name, category = draw(st.sampled_from(_NAMES)), draw(st.sampled_from(_CATEGORIES))
            script.call(name, category, status, command=draw(st.sampled_from(_COMMANDS)))
        else:
            script.touch(draw(st.sampled_from(["create", "modify", "delete"])), draw(st.sampled_from(_PATHS)), status)
        script.response(output=draw(st.integers(0, 10**6)), input=draw(st.integers(0, 10**6)))
    return named(script.done(project="/home/ada/site", cwds=("/home/ada/site",)), draw(st.integers(1, 4)))


@settings(max_examples=60)
@given(st.lists(sessions(), min_size=1, max_size=4), st.decimals(0, 3, places=2), st.integers(0, 10**9))
def test_every_session_meets_what_was_learnt_in_whatever_order_they_come(
    made: list[Session], margin: Decimal, pico: int
) -> None:
    recordings = [with_parts(recording_of(one), {"cost_pico": pico}) for one in made]
    learnt = learn(*recordings, margin=margin)

    expectations = read_expectations(learnt.block)
    assert {result.status for one in recordings for result in run_checks(expectations, one)} <= {"pass"}
    for mixed in list(permutations(recordings))[:4]:
        assert learn(*mixed, *recordings[:1], margin=margin) == learnt
