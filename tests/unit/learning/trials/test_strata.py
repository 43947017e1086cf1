from __future__ import annotations

import random

import msgspec
import pytest

from tachograph.learning.trials import Outcome, estimate_effect
from tachograph.learning.trials.strata import FOLLOWED, find_where
from tests.unit.learning.trials.worlds import history

TYPES = ("debug-fix", "feature-build", "research-recon")


def mixed(effects: dict[str, float], n: int = 80, seed: int = 1) -> list[Outcome]:
    """``n`` sessions of each task type, in turn, with that effect (normal values, spread 2)."""
    chance = random.Random(seed)
    parts = [history(chance, n, effect=effect, before=10, task_type=name) for name, effect in effects.items()]
    return [
        msgspec.structs.replace(one, session=f"{one.session}:{place}", ended_at=10 * one.ended_at + place)
        for together in zip(*parts, strict=True)
        for place, one in enumerate(together)
    ]


def test_where_it_works_is_told_from_where_it_does_not() -> None:
    found = find_where(mixed({"debug-fix": 3.0, "research-recon": 0.0}), "up")
    assert [(one.kind, one.stratum, one.is_proven) for one in found] == [
        ("task_type", "debug-fix", True),
        ("task_type", "research-recon", False),
    ]
    assert found[0].effect.low > 0


def test_a_stratum_is_judged_by_its_own_sessions() -> None:
    some = mixed({"debug-fix": 1.0, "research-recon": 0.0}, n=40)
    first, _ = find_where(some, "up")
    assert first.effect == estimate_effect([one for one in some if one.task_type == "debug-fix"], "up")


@pytest.mark.parametrize(("in_treatment", "shown"), [(7, False), (8, True)])
def test_eight_in_each_arm_are_needed(in_treatment: int, shown: bool) -> None:
    some = [
        Outcome(f"{name}:{i}", i < in_treatment, 0.5, i, float(i % 5), task_type=name)
        for name in TYPES[:2]
        for i in range(in_treatment + 20)
    ]
    assert bool(find_where(some, "up")) is shown


def test_a_single_stratum_is_the_whole_and_says_nothing_new() -> None:
    assert find_where(history(random.Random(2), 60, project="p", task_type="debug-fix"), "up") == ()


def test_by_project_too_and_sessions_without_either_are_left_out() -> None:
    some = [
        msgspec.structs.replace(one, project=["/made/up", "/other", None][i % 3], task_type=None)
        for i, one in enumerate(history(random.Random(3), 120))
    ]
    found = find_where(some, "up")
    assert [(one.kind, one.stratum) for one in found] == [("project", "/made/up"), ("project", "/other")]
    assert sum(one.effect.n_treatment + one.effect.n_control for one in found) == 80


def test_the_evidence_of_one_must_allow_for_all_that_are_looked_at() -> None:
    some = mixed({"debug-fix": 2.0, "feature-build": 2.0, "research-recon": 2.0}, n=60, seed=4)
    for n in range(60, 181, 12):
        for one in find_where(some[:n], "up"):
            assert one.is_proven is (one.effect.e_value >= 20 * 2 * FOLLOWED)


def test_strata_beyond_the_fifth_are_not_looked_at() -> None:
    some = [
        msgspec.structs.replace(one, project=f"p{i % 7}") for i, one in enumerate(history(random.Random(5), 7 * 40))
    ]
    assert [one.stratum for one in find_where(some, "up")] == ["p0", "p1", "p2", "p3", "p4"]


def test_without_an_effect_hardly_any_place_is_ever_named() -> None:
    named = sum(
        any(one.is_proven for one in find_where(mixed(dict.fromkeys(TYPES, 0.0), n=60, seed=seed), "up"))
        for seed in range(60)
    )
    assert named <= 3
