"""Sessions whose truth is known, seen after each of three turns: what a model makes of them, on fresh ones."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

import pytest

from tachograph.learning.ml.metadata import Params
from tachograph.learning.ml.session_cut import Cut
from tachograph.learning.ml.session_features import FEATURES, LEAST_LABEL, Past, read_cut, reference_of, to_scale
from tachograph.learning.ml.table import Row, Table

pytest.importorskip("xgboost")

NOISE = 0.36
"""Standard deviation of the logarithm: what no feature tells, of which most is the same in a session's three rows."""


def session(number: int, chance: random.Random) -> Iterator[Row]:
    """Failures make what the third turn cost grow threefold, building twofold."""
    fails, builds = chance.random() < 0.3, chance.random() < 0.5
    spent = [math.exp(chance.gauss(0, 1))]
    while len(spent) < 3:
        spent.append(spent[-1] + spent[0] * math.exp(chance.gauss(-1, 0.5)))
    unknown = chance.gauss(0, 0.3) + chance.gauss(0, 0.2)
    total = spent[-1] * 1.5 * (3 if fails else 1) * (2 if builds else 1) * math.exp(unknown)
    for turns, usd in enumerate(spent, 1):
        reference = reference_of("cost", usd)
        assert reference is not None
        cut = Cut(
            turns=turns, agent="claude_code", is_fork=False, task_type="feature-build" if builds else "debug-fix",
            family="opus", first_prompt_chars=chance.randrange(10**3), prompt_chars=10**3 * turns, prompts=turns,
            seconds=60 * turns * chance.random(), responses=3 * turns, input=chance.randrange(10**5),
            cache_read=chance.randrange(10**6), output=chance.randrange(10**4), first_context=chance.randrange(10**5),
            last_context=chance.randrange(10**5), usd=usd, calls=5 * turns, errors=turns * fails,
        )  # fmt: skip
        label = to_scale("cost", total) - reference
        values = read_cut(cut, Past(chance.gauss(0, 1), 0.0, 0.0), reference)
        yield Row(f"s{number}@{turns}", values, label, "outcome", "price", f"s{number}", number * 1000)


def table(first: int, sessions: int, seed: int) -> Table:
    chance = random.Random(seed)
    return Table(FEATURES, [row for number in range(first, first + sessions) for row in session(number, chance)])


def test_it_comes_near_the_noise_and_its_intervals_hold_nine_of_ten_fresh_sessions():
    from tachograph.learning.ml.scoring import Scorer
    from tachograph.learning.ml.training import train

    trained = train(table(0, 300, seed=1), "number", Params(lowest=LEAST_LABEL["cost"]))
    fresh = table(10_000, 2_000, seed=2)
    scored = Scorer(trained.model, trained.metadata).score(fresh)
    pairs = [(one, row.label) for one, row in zip(scored, fresh.rows, strict=True) if row.label is not None]
    held = sum(one.low <= label <= one.high for one, label in pairs) / len(pairs)
    missed = sum(abs(one.prediction - label) for one, label in pairs) / len(pairs)
    assert trained.metadata.beats_baseline
    assert 0.87 <= held <= 0.93
    assert missed < 1.1 * NOISE * math.sqrt(2 / math.pi)  # the mean distance of that noise is 0.29
    assert [one.feature for one in trained.metadata.importances[:1]] == ["errors"]
