from __future__ import annotations

import random

import msgspec
import pytest

from tachograph.learning.trials import REVIEW_AFTER, Outcome, Trial, TrialState, estimate_effect, judge_trial
from tachograph.learning.trials.decide import LONGEST, PATIENCE
from tests.effort import takes_at_most
from tests.unit.learning.trials.worlds import history

TRIAL = Trial("batch_tasks:main:7", "batch_tasks", "main", "made_up", "up", started_at=0)
NOW = 10**12
GUARD = "guard"


def judge(policy: str = "trial", *, trial: Trial = TRIAL, now: int = NOW, **outcomes: list[Outcome]) -> TrialState:
    return judge_trial(trial, {"made_up": [], **outcomes}, policy, now)


def target(effect: float, n: int = 100, seed: int = 1, **how: float) -> list[Outcome]:
    """``effect`` in standard deviations (of 2)."""
    return history(random.Random(seed), n, effect=2 * effect, before=10, **how)


def guard_of(outcomes: list[Outcome], effect: float, seed: int = 2) -> list[Outcome]:
    """Another KPI (10 ± 1) of the same sessions, larger by ``effect`` where they were treated."""
    chance = random.Random(seed)
    return [
        msgspec.structs.replace(one, value=chance.gauss(10, 1) + effect * one.treated, expected=10.0, spread=1.0)
        for one in outcomes
    ]


def sessions_until(state: TrialState, outcomes: list[Outcome]) -> int:
    """Outcomes up to the one that decided."""
    return sum(one.ended_at <= state.decided_at for one in outcomes)


# ------------------------------------------------------------------------------------------------------------ states


def test_before_its_start_it_is_a_candidate() -> None:
    state = judge(trial=msgspec.structs.replace(TRIAL, started_at=NOW + 1))
    assert (state.state, state.decided_at, state.review_due_at) == ("candidate", None, None)


def test_it_is_active_from_its_start_on() -> None:
    state = judge()
    assert (state.state, state.reason) == ("active", "No session with a known outcome yet")
    assert (state.trial, state.suggestion, state.agent_type) == ("batch_tasks:main:7", "batch_tasks", "main")


def test_undecided_says_how_it_stands() -> None:
    some = target(0.0, n=10)
    state = judge(made_up=some)
    assert state.state == "active"
    assert state.target == estimate_effect(some, "up")
    arms = f"{state.target.n_treatment} sessions with it, {state.target.n_control} without"
    assert state.reason == (
        f"Undecided: made_up is better by {state.target.difference:.3g} (95% interval of the difference"
        f" {state.target.low:+.3g} to {state.target.high:+.3g}); {arms}; evidence"
        f" {state.target.e_value:.3g} of the 20 that prove it"
    )


def test_proven_with_the_session_that_proved_it_and_due_for_review_after_90_days() -> None:
    some = target(1.0)
    state = judge(made_up=some)
    assert state.state == "proven"
    assert state.reason.startswith("Proven: made_up is better by ")
    proof = next(one for one in some if one.session == state.target.proven_at)
    assert state.decided_at == proof.ended_at
    assert state.review_due_at == proof.ended_at + 90 * 24 * 3600 * 1000 == proof.ended_at + REVIEW_AFTER


def test_less_may_be_better() -> None:
    trial = msgspec.structs.replace(TRIAL, better="down")
    assert judge(trial=trial, made_up=target(-1.0)).state == "proven"
    assert judge(trial=trial, made_up=target(1.0)).state == "harmful"


def test_harmful_to_its_own_target_long_before_the_trial_would_end() -> None:
    some = target(-1.5)
    state = judge(made_up=some)
    assert state.state == "harmful"
    assert state.reason.startswith("Harmful: made_up is worse by ")
    assert state.review_due_at is None
    assert sessions_until(state, some) < PATIENCE


def test_harmful_to_a_guard_although_the_target_gains() -> None:
    some = target(0.3)
    state = judge(made_up=some, guard=guard_of(some, 2.0))
    assert state.state == "harmful"
    assert state.reason.startswith("Harmful: guard is worse by ")
    assert state.guards[GUARD].harm_e_value >= 2 * 20  # alone, of two
    assert sessions_until(state, some) < PATIENCE


def test_a_guard_that_gains_harms_nobody() -> None:
    some = target(0.0, n=100)
    state = judge(made_up=some, guard=guard_of(some, -2.0))
    assert state.state == "active"
    assert state.guards[GUARD].e_value > 20


def test_more_guards_make_harm_no_likelier_by_chance() -> None:
    """Evidence on any one must outweigh the silence of the others."""
    some = target(0.0, n=40)
    harm = guard_of(some, 1.2)
    alone = judge(made_up=some, guard=harm)
    among_many = judge(made_up=some, guard=harm, **{f"other_{i}": guard_of(some, 0.0, seed=i) for i in range(8)})
    assert alone.state == "harmful"
    assert among_many.decided_at is None or among_many.decided_at > alone.decided_at


def test_what_comes_first_decides() -> None:
    """Proven first; that the guard suffers shows only later."""
    some = target(1.5)
    late = guard_of(some, 3.0)[60:]
    assert judge(made_up=some, guard=late).state == "proven"
    assert judge(made_up=some[60:], guard=guard_of(some, 3.0)).state == "harmful"


def test_a_proof_waits_while_a_guard_may_be_getting_worse() -> None:
    some = target(1.5, seed=3)
    at = judge(made_up=some).decided_at
    few = [one for one in some if one.ended_at <= at]
    worse = guard_of(few, 2.0)
    waiting = judge(made_up=few, guard=worse)
    assert waiting.state == "active"
    assert waiting.reason.startswith("Proof held back while a guard may be getting worse: made_up is better by ")
    harmless = guard_of(some, -1.0)[len(few) :]
    released = judge(made_up=some, guard=worse + harmless)
    assert (released.state, released.decided_at > at) == ("proven", True)
    harmful = guard_of(some, 2.0)[len(few) :]
    assert judge(made_up=some, guard=worse + harmful).state == "harmful"


def test_no_proof_after_150_outcomes_is_no_effect() -> None:
    some = target(0.0, n=LONGEST, seed=3)
    assert judge(made_up=some[:-1]).state == "active"
    state = judge(made_up=some)
    assert (state.state, state.decided_at) == ("no_effect", some[-1].ended_at)
    assert state.reason.startswith("No proof after 150 sessions: made_up is ")


def test_a_gain_worth_having_can_be_ruled_out_sooner_but_not_before_60() -> None:
    some = target(-0.4, n=140, seed=3)
    state = judge(made_up=some)
    assert state.state == "no_effect"
    assert state.reason.startswith("A gain of 0.2 standard deviations or more is ruled out: made_up is worse by ")
    assert PATIENCE <= sessions_until(state, some) < LONGEST


def test_ended_by_decision_before_it_was_decided() -> None:
    some = target(1.0)
    trial = msgspec.structs.replace(TRIAL, ended_at=10)
    state = judge(trial=trial, made_up=some)
    assert (state.state, state.decided_at) == ("retired", 10)
    assert state.reason.startswith("Ended by decision, undecided: ")
    assert state.target.n_treatment + state.target.n_control == sum(one.ended_at <= 10 for one in some)


def test_what_was_decided_stays_decided_after_its_end() -> None:
    some = target(1.0)
    at = judge(made_up=some).decided_at
    state = judge(trial=msgspec.structs.replace(TRIAL, ended_at=at + 5), made_up=some)
    assert (state.state, state.decided_at) == ("proven", at)


# ----------------------------------------------------------------------------------------------- order and repetition


@pytest.mark.parametrize(("effect", "found"), [(1.0, "proven"), (-1.5, "harmful"), (-0.4, "no_effect")])
def test_later_sessions_change_no_decision(effect: float, found: str) -> None:
    some = target(effect, n=140, seed=3)
    first = judge(made_up=some)
    opposite = [
        msgspec.structs.replace(one, session=f"b:{i}", ended_at=1000 + i, value=one.value - 4 * effect * one.treated)
        for i, one in enumerate(some)
    ]
    again = judge(made_up=some + opposite)
    assert (first.state, first.decided_at) == (found, again.decided_at)
    assert again.state == found


def test_any_order_of_reading_and_any_number_of_times_gives_the_same() -> None:
    some = [
        msgspec.structs.replace(one, task_type=["debug-fix", "feature-build"][i % 2], ended_at=i // 3)
        for i, one in enumerate(target(1.0))
    ]
    guard = guard_of(some, 0.2)
    state = judge(made_up=some, guard=guard)
    shuffled = random.Random(5).sample(some, len(some))
    assert judge(made_up=shuffled, guard=guard[::-1]) == state == judge(made_up=some, guard=guard)


def test_a_late_old_session_counts_where_it_belongs() -> None:
    some = target(1.0)
    assert judge(made_up=some[1:] + some[:1]) == judge(made_up=some)


# ------------------------------------------------------------------------------------------------- policies and kinds


def test_the_quick_rule_is_labelled_as_what_it_is() -> None:
    some = [Outcome(f"a:{i}", True, 0.5, i, value, 10.0, 2.0) for i, value in enumerate((13.0, 9.0, 12.5))]
    state = judge("quick", made_up=some)
    assert (state.state, state.policy, state.decided_at) == ("proven", "quick", 2)
    assert state.reason == (
        "Quick rule, no proof: better than the baseline by more than 20% in 2 or more of the first 3 sessions with it"
    )
    assert judge("trial", made_up=some).state == "active"


def test_the_quick_rule_drops_what_fails_it_and_waits_for_three() -> None:
    some = [Outcome(f"a:{i}", True, 0.5, i, value, 10.0, 2.0) for i, value in enumerate((13.0, 9.0, 9.0))]
    waiting = judge("quick", made_up=some[:2])
    assert waiting.state == "active"
    assert waiting.reason == (
        "Quick rule: waits for 3 sessions with it that have a baseline; 2 sessions with it, 0 without"
    )
    state = judge("quick", made_up=some)
    assert state.state == "no_effect"
    assert "in fewer than 2 of the first 3" in state.reason


def test_the_quick_rule_stops_harm_to_guards_too() -> None:
    some = target(0.0)
    without = [msgspec.structs.replace(one, expected=None, spread=None) for one in some]
    assert judge("quick", made_up=without, guard=guard_of(some, 2.0)).state == "harmful"


def test_a_kpi_on_a_log_scale_is_compared_by_ratios() -> None:
    """The registry says so of cost_per_turn; the baseline's spread is then that of the logarithm."""
    chance = random.Random(8)
    some = [
        Outcome(f"a:{i}", treated, 0.5, i, chance.lognormvariate(0, 1) * (0.3 if treated else 1.0), 1.0, 1.0)
        for i, treated in enumerate(chance.random() < 0.5 for _ in range(100))
    ]
    trial = Trial("t:main:1", "t", "main", "cost_per_turn", "down", 0)
    state = judge_trial(trial, {"cost_per_turn": some}, "trial", NOW)
    assert state.state == "proven"
    assert state.target == estimate_effect(some, "down", scale="log")
    assert state.target != estimate_effect(some, "down")


def test_where_goes_with_it() -> None:
    some = [
        msgspec.structs.replace(one, task_type=["debug-fix", "feature-build"][i % 2])
        for i, one in enumerate(target(1.5, n=160))
    ]
    assert [(one.stratum, one.is_proven) for one in judge(made_up=some).where] == [
        ("debug-fix", True),
        ("feature-build", True),
    ]


def test_no_text_from_a_log_is_in_the_reason() -> None:
    some = [
        msgspec.structs.replace(one, project=["<b>", "[x](y)"][i % 2], session=f"a:\x1b[2J{i:03}")
        for i, one in enumerate(target(1.5))
    ]
    assert judge(made_up=some).reason == judge(made_up=target(1.5)).reason


def test_500_outcomes_and_three_guards_are_judged_in_a_tenth_of_a_second() -> None:
    some = [
        msgspec.structs.replace(one, task_type="abcde"[i % 5], project="xyz"[i % 3])
        for i, one in enumerate(target(0.05, n=500))
    ]
    guards = {f"guard_{i}": guard_of(some, 0.0, seed=i) for i in range(3)}
    takes_at_most(0.2, lambda: judge(made_up=some, **guards))  # twice what it may take: machines differ
