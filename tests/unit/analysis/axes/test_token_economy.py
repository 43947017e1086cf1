from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.analysis.axes.quantiles import Sample
from tachograph.analysis.axes.reference import Band, BundledBand, PublicBand, bundled_bands
from tachograph.analysis.axes.token_economy import (
    NEEDED,
    Reference,
    References,
    TokenFacts,
    TokenScore,
    score_tokens,
)
from tests.effort import takes_at_most


def facts(session: str = "own", real: int = 500, **fields: object) -> TokenFacts:
    """A debug-fix with ``real`` tokens, half of them on the input side."""
    known: dict[str, object] = {
        "session": session,
        "kind": "main",
        "task_type": "debug-fix",
        "family": "opal",
        "turns": 5,
        "real_tokens": real,
        "input_tokens": real // 2,
        "reliable": True,
    }
    return TokenFacts(**(known | fields))  # type: ignore[arg-type]


def some(count: int, name: str = "o", **fields: object) -> list[TokenFacts]:
    """``count`` others with 100, 200, 300 … real tokens."""
    return [facts(f"{name}{number}", number * 100, **fields) for number in range(1, count + 1)]


def turned(*turns: int) -> list[TokenFacts]:
    return [facts(f"t{number}", number * 100, turns=count) for number, count in enumerate(turns, 1)]


BAND = PublicBand(4, Band(p25=200.0, median=400.0, p75=600.0, n=20, p10_turns=3.0))
INPUT_BAND = PublicBand(6, Band(p25=20.0, median=40.0, p75=60.0, n=25, p10_turns=2.0))
PUBLIC = {"debug-fix": BundledBand(25, BAND, INPUT_BAND)}
HALF_PUBLIC = {"debug-fix": BundledBand(25, input_side_tokens=INPUT_BAND)}

OWN_10 = Reference("own", "debug-fix", "opal", 10)
OWN_11 = Reference("own", "debug-fix", "opal", 11)
ALL_10 = Reference("own", "debug-fix", None, 10)
ALL_20 = Reference("own", "debug-fix", None, 20)
PUBLIC_20 = Reference("bundled", "debug-fix", None, 20)
PUBLIC_25 = Reference("bundled", "debug-fix", None, 25)

UNRELIABLE: dict[str, object] = {"reliable": False}
EQUAL = [facts(f"e{number}", 500) for number in range(10)]
OTHER_TYPE = some(50, "m", task_type="ml-eval")
PLACEHOLDERS = some(9, "u", reliable=False)
MIXED = [*some(5), *some(5, "u", reliable=False)]

# Ten others with 100 … 1,000: p25 = 325, median = 550, p75 = 775; their input side: 50 … 500, 162.5 … 387.5.
VERDICTS: list[tuple[str, TokenFacts, list[TokenFacts], str, Reference | None, float | None]] = [
    ("below the band", facts(real=324), some(10), "below_p25", OWN_10, 30.0),
    ("at p25", facts(real=325), some(10), "within_band", OWN_10, 30.0),
    ("within", facts(real=550), some(10), "within_band", OWN_10, 50.0),
    ("at p75", facts(real=775), some(10), "within_band", OWN_10, 70.0),
    ("above the band", facts(real=776), some(10), "above_p75", OWN_10, 70.0),
    ("less than all", facts(real=1), some(10), "below_p25", OWN_10, 0.0),
    ("more than all", facts(real=9_999), some(10), "above_p75", OWN_10, 100.0),
    ("a tie counts half", facts(real=300), some(10), "below_p25", OWN_10, 25.0),
    ("all equal, it too", facts(real=500), EQUAL, "within_band", OWN_10, 50.0),
    ("all equal, it more", facts(real=501), EQUAL, "above_p75", OWN_10, 100.0),
    ("all equal, it less", facts(real=499), EQUAL, "below_p25", OWN_10, 0.0),
    ("left out of its own reference", facts(real=400), [*some(10), facts(real=400)], "within_band", OWN_10, 35.0),
    ("stored when it was shorter", facts(real=776), [*some(10), facts(real=5)], "above_p75", OWN_10, 70.0),
    ("stored as another type", facts(), [*some(10), facts(task_type="ml-eval")], "within_band", OWN_10, 45.0),
    ("nine others", facts(), some(9), "within_band", PUBLIC_20, None),
    ("nine others and itself", facts(), [*some(9), facts()], "within_band", PUBLIC_20, None),
    ("no others", facts(real=601), [], "above_p75", PUBLIC_20, None),
    ("bundled, at p75", facts(real=600), [], "within_band", PUBLIC_20, None),
    ("bundled, at p25", facts(real=200), [], "within_band", PUBLIC_20, None),
    ("bundled, below", facts(real=199), [], "below_p25", PUBLIC_20, None),
    ("nine of the family", facts(), [*some(9), facts("x", 1_000, family="jade")], "within_band", ALL_10, 45.0),
    ("ten of the family", facts(), [*some(10), *some(10, "j", family="jade")], "within_band", OWN_10, 45.0),
    ("another family", facts(family="ruby"), [*some(10), *some(10, "j", family="jade")], "within_band", ALL_20, 45.0),
    ("family not known", facts(family=None), some(10), "within_band", ALL_10, 45.0),
    ("others' family not known", facts(), some(10, family=None), "within_band", ALL_10, 45.0),
    ("other types do not count", facts(), [*some(9), *OTHER_TYPE], "within_band", PUBLIC_20, None),
    ("subagents do not count", facts(), [*some(9), *some(50, "s", kind="subagent")], "within_band", PUBLIC_20, None),
    ("no task does not count", facts(), [*some(9), *some(50, "n", task_type=None)], "within_band", PUBLIC_20, None),
    ("no responses do not count", facts(), [*some(9), facts("z", 0)], "within_band", PUBLIC_20, None),
    ("unreliable others do not count", facts(), [*some(9), *PLACEHOLDERS], "within_band", PUBLIC_20, None),
    ("unreliable: input side, at p75", facts(input_tokens=387, **UNRELIABLE), some(10), "within_band", OWN_10, 70.0),
    ("unreliable: input side, above", facts(input_tokens=388, **UNRELIABLE), some(10), "above_p75", OWN_10, 70.0),
    ("unreliable: input side, below", facts(input_tokens=162, **UNRELIABLE), some(10), "below_p25", OWN_10, 30.0),
    ("unreliable with unreliable", facts(**UNRELIABLE), some(10, reliable=False), "within_band", OWN_10, 45.0),
    ("unreliable with both", facts(input_tokens=200, **UNRELIABLE), MIXED, "within_band", OWN_10, 70.0),
    ("unreliable, bundled", facts(input_tokens=61, **UNRELIABLE), some(9), "above_p75", PUBLIC_25, None),
    ("subagent with subagents", facts(kind="subagent"), some(10, kind="subagent"), "within_band", OWN_10, 45.0),
    ("turns at the gate", facts(turns=3), turned(*[3] * 10), "within_band", OWN_10, 45.0),
    ("turns at an interpolated gate", facts(turns=2), turned(1, *[2] * 10), "within_band", OWN_11, 450 / 11),
    ("bundled gate", facts(turns=3), [], "within_band", PUBLIC_20, None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("own", "others", "verdict", "reference", "percentile"),
    [case[1:] for case in VERDICTS],
    ids=[case[0] for case in VERDICTS],
)
def test_a_verdict(
    own: TokenFacts, others: list[TokenFacts], verdict: str, reference: Reference, percentile: float | None
) -> None:
    score = score_tokens(own, others, PUBLIC)
    assert (score.verdict, score.reference, score.reason, score.hint) == (verdict, reference, None, None)
    assert score.percentile == (None if percentile is None else pytest.approx(percentile))
    assert score.value == (own.real_tokens if own.reliable else own.input_tokens)
    assert score.unit == ("real_tokens" if own.reliable else "input_side_tokens")
    assert score.task_type == "debug-fix"
    assert score.band is not None
    assert score.band.n == reference.n
    assert str(reference.n) in score.domain_of_validity


UNAVAILABLE: list[tuple[str, TokenFacts, list[TokenFacts], str, int | None, Reference | None]] = [
    ("no responses", facts(real=0), some(10), "no_responses", None, None),
    ("no task", facts(task_type=None), some(10), "no_task", 500, None),
    ("neither", facts(real=0, task_type=None), some(10), "no_responses", None, None),
    ("unreliable without a task", facts(task_type=None, **UNRELIABLE), [], "no_task", 250, None),
    ("type without a bundled band", facts(task_type="ml-eval"), OTHER_TYPE[:9], "no_reference", 500, None),
    ("subagents have no bundled band", facts(kind="subagent"), some(9, kind="subagent"), "no_reference", 500, None),
    ("main sessions are none for a subagent", facts(kind="subagent"), some(50), "no_reference", 500, None),
    ("one turn too few", facts(turns=2), turned(*[3] * 10), "out_of_scope", 500, OWN_10),
    ("below an interpolated gate", facts(turns=1), turned(1, *[2] * 9), "out_of_scope", 500, OWN_10),
    ("no turn at all", facts(turns=0), some(10), "out_of_scope", 500, OWN_10),
    ("below the bundled gate", facts(turns=2), [], "out_of_scope", 500, PUBLIC_20),
    ("below the bundled gate of the input side", facts(turns=1, **UNRELIABLE), [], "out_of_scope", 250, PUBLIC_25),
]  # fmt: skip


@pytest.mark.parametrize(
    ("own", "others", "reason", "value", "reference"),
    [case[1:] for case in UNAVAILABLE],
    ids=[case[0] for case in UNAVAILABLE],
)
def test_an_unavailable_verdict_says_why(
    own: TokenFacts, others: list[TokenFacts], reason: str, value: int | None, reference: Reference | None
) -> None:
    score = score_tokens(own, others, PUBLIC)
    assert (score.verdict, score.reason, score.value, score.reference) == ("unavailable", reason, value, reference)
    assert (score.percentile, score.band is None) == (None, reference is None)
    assert score.hint is not None
    assert score.hint.endswith(".")
    assert ("Nothing was compared." in score.domain_of_validity) == (reference is None)


def test_the_band_is_that_of_the_others() -> None:
    band = score_tokens(facts(real=5_000, turns=9), [*some(10), facts(real=5_000)], PUBLIC).band
    assert band == Band(p25=325.0, median=550.0, p75=775.0, n=10, p10_turns=5.0)


def test_the_gate_is_that_of_the_family_when_the_family_is_the_reference() -> None:
    short = some(10, "j", family="jade", turns=1)
    assert score_tokens(facts(turns=2), [*some(10, turns=3), *short], {}).reason == "out_of_scope"
    assert score_tokens(facts(turns=2), [*some(9, turns=3), *short], {}).verdict == "within_band"


def test_the_hint_says_how_many_are_missing() -> None:
    assert score_tokens(facts(), [*some(7), facts(), *some(3, "u", reliable=False)], {}).hint == (
        "There are 7 of the 10 other main sessions of type debug-fix whose output counts are reliable that are needed"
        " (3 missing), and the bundled reference has too few sessions of this type."
    )
    assert score_tokens(facts(kind="subagent", **UNRELIABLE), [], PUBLIC).hint == (
        "There are 0 of the 10 other subagent sessions of type debug-fix that are needed (10 missing), and the bundled"
        " reference holds main sessions only."
    )


def test_the_hint_says_what_the_gate_is() -> None:
    assert score_tokens(facts(turns=1), turned(1, *[2] * 9), {}).hint == (
        "The session's turns (1) are fewer than the 10th percentile of the sessions it would be compared with (1.9)."
    )


def test_a_reliable_session_is_not_compared_with_the_input_side_alone() -> None:
    assert score_tokens(facts(), [], HALF_PUBLIC).reason == "no_reference"
    assert score_tokens(facts(input_tokens=60, **UNRELIABLE), [], HALF_PUBLIC).verdict == "within_band"


@pytest.mark.parametrize(
    ("own", "others", "said"),
    [
        (facts(), some(10), "10 other main sessions of your own, of type debug-fix, model family opal."),
        (facts(family=None), some(10), "10 other main sessions of your own, of type debug-fix, all model families."),
        (facts(), [], "20 public sessions of type debug-fix from 4 repositories whose owners chose to publish them"),
        (facts(), some(10), "output of the session's own responses; not cache reads and subagents"),
        (facts(**UNRELIABLE), [], "only input and cache writes of the session's own responses, because"),
        (facts(**UNRELIABLE), [], "25 public sessions of type debug-fix from 6 repositories"),
        (facts(), [], "It says how many tokens were used, not how well."),
    ],
)  # fmt: skip
def test_the_domain_of_validity_says_what_was_compared(own: TokenFacts, others: list[TokenFacts], said: str) -> None:
    assert said in score_tokens(own, others, PUBLIC).domain_of_validity


def test_the_bundled_reference_of_the_program_is_used_unless_another_is_given() -> None:
    own = facts(task_type="feature-build", turns=50)
    band = bundled_bands()["feature-build"].real_tokens
    assert band is not None
    assert score_tokens(own, []).band == band.band
    assert score_tokens(own, [], {}).reason == "no_reference"


# ------------------------------------------------------------------------------------------------------ properties

SEEDS = st.integers(0, 1 << 32)


def make_history(seed: int, count: int = 40) -> list[TokenFacts]:
    """Sessions so alike that ties, empty ones and groups of about ten are frequent."""
    dice = random.Random(seed)
    return [
        TokenFacts(
            session=f"s{number}",
            kind=dice.choice(["main", "main", "main", "subagent"]),
            task_type=dice.choice(["debug-fix", "debug-fix", "debug-fix", "ml-eval", None]),
            family=dice.choice(["opal", "opal", "jade", None]),
            turns=dice.randrange(5),
            real_tokens=dice.choice([0, *range(5, 50)]),
            input_tokens=dice.randrange(30),
            reliable=dice.random() < 0.7,
        )
        for number in range(count)
    ]


def naive_score(own: TokenFacts, others: Sequence[TokenFacts]) -> tuple[str, float | None, float | None]:
    """Verdict, p25 and percentile, by the words of the documentation and without any index."""
    fit = [one for one in others if one.session != own.session and one.real_tokens and one.task_type == own.task_type]
    fit = [one for one in fit if one.kind == own.kind and (one.reliable or not own.reliable)]
    family = [one for one in fit if own.family is not None and one.family == own.family]
    chosen = family if len(family) >= NEEDED else fit
    if not own.real_tokens or own.task_type is None or len(chosen) < NEEDED:
        return "unavailable", None, None
    tokens = [one.real_tokens if own.reliable else one.input_tokens for one in chosen]
    value = own.real_tokens if own.reliable else own.input_tokens
    p25, p75 = naive_quantile(tokens, 25), naive_quantile(tokens, 75)
    if own.turns < naive_quantile([one.turns for one in chosen], 10):
        return "unavailable", p25, None
    rank = sum(1.0 if token < value else 0.5 if token == value else 0.0 for token in tokens)
    verdict = "above_p75" if value > p75 else "below_p25" if value < p25 else "within_band"
    return verdict, p25, 100 * rank / len(tokens)


def naive_quantile(values: Sequence[int], percent: int) -> float:
    ordered = sorted(values)
    scaled = percent * (len(ordered) - 1)
    upper = ordered[-(-scaled // 100)]
    return ordered[scaled // 100] + (scaled % 100) / 100 * (upper - ordered[scaled // 100])


def summary(score: TokenScore) -> tuple[str, float | None, float | None]:
    return score.verdict, score.band and score.band.p25, score.percentile


@given(SEEDS)
def test_the_index_gives_what_the_words_say(seed: int) -> None:
    history = make_history(seed)
    references = References(history, {})
    for own in history:
        verdict, p25, percentile = naive_score(own, history)
        expected = (verdict, p25 and pytest.approx(p25), percentile and pytest.approx(percentile))
        assert summary(references.score(own)) == expected


@given(SEEDS)
def test_the_order_of_the_others_never_matters(seed: int) -> None:
    history = make_history(seed)
    mixed = random.Random(seed).sample(history, len(history))
    first, second = References(history, PUBLIC), References(mixed, PUBLIC)
    assert [first.score(one) for one in history] == [second.score(one) for one in history]


@given(SEEDS)
def test_a_session_never_is_in_its_own_reference(seed: int) -> None:
    history = make_history(seed)
    references = References(history, PUBLIC)
    for own in history[:10]:
        others = [one for one in history if one.session != own.session]
        assert references.score(own) == score_tokens(own, others, PUBLIC)


@given(SEEDS)
def test_other_types_and_kinds_never_change_a_verdict(seed: int) -> None:
    history = make_history(seed)
    unrelated = [facts(f"x{number}", number + 1, task_type="infra-deploy") for number in range(15)]
    unrelated += [facts(f"y{number}", number + 1, kind="workflow") for number in range(15)]
    before, after = References(history, PUBLIC), References([*history, *unrelated], PUBLIC)
    assert [before.score(one) for one in history] == [after.score(one) for one in history]


# -------------------------------------------------------------------------------------------------------- quantiles


@pytest.mark.parametrize(
    ("values", "left_out", "percent", "expected"),
    [
        ([7], None, 25, 7.0),
        ([1, 2], None, 25, 1.25),
        ([1, 2, 3, 4, 5], None, 25, 2.0),
        ([1, 2, 3, 4, 5], None, 75, 4.0),
        ([1, 2, 3, 4], None, 50, 2.5),
        ([1, 2, 3, 4], None, 0, 1.0),
        ([1, 2, 3, 4], None, 100, 4.0),
        ([1, 2, 3, 4], 1, 0, 2.0),
        ([1, 2, 3, 4], 4, 100, 3.0),
        ([1, 2, 2, 3], 2, 50, 2.0),
        (list(range(11)), None, 10, 1.0),
        (list(range(71)), None, 10, 7.0),
    ],
)
def test_a_quantile(values: list[int], left_out: int | None, percent: int, expected: float) -> None:
    assert Sample(values, left_out).quantile(percent) == expected


@pytest.mark.parametrize(
    ("values", "left_out", "value", "expected"),
    [
        ([1, 2, 3, 4], None, 0, 0.0),
        ([1, 2, 3, 4], None, 2, 37.5),
        ([1, 2, 3, 4], None, 5, 100.0),
        ([1, 2, 2, 3], 2, 2, 50.0),
        ([1, 2, 3, 4], 1, 1, 0.0),
        ([1, 2, 3, 4, 5], 1, 4, 62.5),
        ([1, 2, 3, 4, 5], 5, 4, 87.5),
    ],
)
def test_a_percentile(values: list[int], left_out: int | None, value: int, expected: float) -> None:
    assert Sample(values, left_out).percentile(value) == expected


def test_an_empty_sample_has_neither() -> None:
    with pytest.raises(ValueError, match="quantiles"):
        Sample([3], 3).quantile(50)
    with pytest.raises(ValueError, match="ranks"):
        Sample([]).percentile(1)


def test_ten_thousand_sessions_are_scored_in_a_moment() -> None:
    dice = random.Random(3)
    history = [facts(f"s{number}", dice.randrange(1, 10**7), turns=dice.randrange(9)) for number in range(10_000)]

    def score() -> list[TokenScore]:
        references = References(history, PUBLIC)
        return [references.score(one) for one in history]

    scores = takes_at_most(2.0, score)  # pairwise comparison would take minutes
    assert 0.4 < sum(score.verdict == "within_band" for score in scores) / len(scores) < 0.6
