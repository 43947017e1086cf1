"""How it is told what there is too little of, and why a model does not beat the baseline."""

from __future__ import annotations

import msgspec
import pytest

from tachograph.app.ml.active import Target
from tachograph.app.ml.facts import tell_model, why_not_better
from tachograph.app.ml.shortage import tell_shortage
from tachograph.learning.ml.metadata import Baseline, Comparison, Estimate, Measure
from tachograph.learning.ml.table import Grouping
from tachograph.learning.ml.training import Lack, Shortage
from tests.ml.registry_models import trained

SHORT: list[tuple[Target, Grouping, Lack, int, int, str]] = [
    ("productivity", "repository", "outcomes", 1, 100, "1 command with a known outcome or a label, 100 are needed"),
    ("success", "repository", "groups", 1, 5, "1 repository with such, 5 are needed"),
    ("success", "session", "groups", 4, 5, "4 sessions with such, 5 are needed"),
    ("success", "group", "groups", 0, 5, "0 groups with such, 5 are needed"),
    ("success", "repository", "successes", 3, 20, "3 that went well, 20 are needed"),
    ("success", "repository", "failures", 0, 20, "0 that went badly, 20 are needed"),
    (
        "productivity", "repository", "newer outcomes", 7, 20,
        "7 commands to judge by, the newest ones, in repositories apart from the others, 20 are needed",
    ),
    (
        "productivity", "session", "older outcomes", 1, 50,
        "1 command to learn from, older ones, in sessions apart from the newest, 50 are needed",
    ),
    ("productivity", "repository", "different outcomes", 1, 2, "all of them came out the same"),
    (
        "productivity", "repository", "newer groups", 0, 1,
        "there are no newer and older commands in repositories apart from each other",
    ),
    (
        "success", "repository", "mixed outcomes", 1, 2,
        "of the newest commands, or of a part of the older ones, all went well or all went badly",
    ),
    (
        "session_cost", "session", "outcomes", 12, 100,
        "12 first turns of sessions with a cost that is known, 100 are needed",
    ),
    (
        "session_success", "session", "outcomes", 0, 100,
        "0 first turns of sessions with a success or failure that is known, 100 are needed",
    ),
    ("session_waste", "session", "outcomes", 1, 100, "1 first turn with a waste that is known, 100 are needed"),
    ("session_success", "session", "failures", 2, 20, "2 that failed, 20 are needed"),
]  # fmt: skip


@pytest.mark.parametrize(("target", "grouped_by", "of", "there", "needed", "told"), SHORT)
def test_what_is_missing(target: Target, grouped_by: Grouping, of: Lack, there: int, needed: int, told: str) -> None:
    sentence = tell_shortage(target, grouped_by, [Shortage(of, there, needed)])
    assert sentence == f"There is too little to learn {target} from: {told}."


def test_all_that_is_missing_is_one_sentence() -> None:
    short = [Shortage("outcomes", 3, 100), Shortage("groups", 1, 5)]
    assert tell_shortage("productivity", "repository", short) == (
        "There is too little to learn productivity from: 3 commands with a known outcome or a label, 100 are needed;"
        " 1 repository with such, 5 are needed."
    )


def comparison(baseline: Baseline, measure: Measure, value: float, low: float) -> Comparison:
    return Comparison(baseline, measure, 1.0, Estimate(value, low, 2 * value - low))


@pytest.mark.parametrize(
    ("comparisons", "why"),
    [
        ((), "there was nothing to hold it against"),
        (
            (comparison("constant", "mae", 2, 1), comparison("one_rule", "mae", 1, -0.5)),
            "its gain over one rule (mean error 1, -0.5 to 2.5) is not surely above 0 (95 % intervals)",
        ),
        (
            (
                comparison("constant", "auc", 0.2, 0), comparison("constant", "brier", 0.02, 0.01),
                comparison("one_rule", "auc", 0.1, -0.1), comparison("one_rule", "brier", 0.01, -0.01),
            ),
            "its gain over a constant (AUC 0.2, 0 to 0.4) and over one rule (AUC 0.1, -0.1 to 0.3; Brier score 0.01,"
            " -0.01 to 0.03) is not surely above 0 (95 % intervals)",
        ),
    ],
)  # fmt: skip
def test_why_a_model_does_not_beat_the_baseline(comparisons: tuple[Comparison, ...], why: str) -> None:
    metadata = trained()[1]
    held_out = msgspec.structs.replace(metadata.held_out, comparisons=comparisons)
    assert why_not_better(msgspec.structs.replace(metadata, beats_baseline=False, held_out=held_out)) == why
    assert why_not_better(metadata) == ""


@pytest.mark.parametrize(
    ("judged_on", "made_up"), [(("synthetic",), True), (("outcome",), False), (("human", "outcome"), False)]
)
def test_what_only_made_up_labels_are_behind(judged_on: tuple[str, ...], made_up: bool) -> None:
    metadata = trained()[1]
    parts = msgspec.structs.replace(metadata.parts, judged_on=judged_on)
    assert tell_model(msgspec.structs.replace(metadata, parts=parts)).made_up is made_up


def test_features_have_titles() -> None:
    facts = tell_model(trained()[1])
    assert (facts.top_features[0], facts.top_titles[0]) == ("exit_failed", "whether it failed")
    assert len(facts.top_titles) == len(facts.top_features) == 5
