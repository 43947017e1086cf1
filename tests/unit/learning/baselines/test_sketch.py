from __future__ import annotations

import random

import pytest

from tachograph.learning.baselines.sketch import Sketch, merge

SHARES = [0.50, 0.95, 0.99]


def sketch_of(values) -> Sketch:
    sketch = Sketch()
    for value in values:
        sketch.add(value)
        sketch.quantiles(SHARES)
    return sketch


def test_few_values_have_exact_quantiles():
    assert sketch_of([3.0, 1.0, 2.0]).quantiles([0.5]) == [2.0]


def test_many_values_have_quantiles_within_a_few_per_cent():
    chance = random.Random(1)
    values = [chance.lognormvariate(0, 1) for _ in range(20_000)]
    exact = [sorted(values)[int(share * len(values))] for share in SHARES]
    assert sketch_of(values).quantiles(SHARES) == pytest.approx(exact, rel=0.10)


def test_merged_sketches_tell_the_quantiles_of_all():
    chance = random.Random(2)
    values = [chance.gauss(10, 2) for _ in range(2_000)]
    merged = merge([sketch_of(values[:500]), sketch_of(values[500:])])
    assert merged is not None
    assert merged.quantiles(SHARES) == pytest.approx([10, 13.29, 14.65], rel=0.03)


def test_merging_leaves_the_parts_as_they_are():
    part = sketch_of([1.0, 2.0, 3.0])
    before = part.dump()
    merge([part, sketch_of([9.0])])
    assert part.dump() == before


def test_no_values_have_no_quantiles():
    assert merge([Sketch(), Sketch()]) is None
    with pytest.raises(ValueError, match="empty"):
        Sketch().quantiles(SHARES)


def test_one_that_was_read_back_goes_on_like_one_that_never_was_written():
    chance = random.Random(3)
    values = [chance.random() for _ in range(3_000)]
    straight = sketch_of(values)
    resumed = Sketch(sketch_of(values[:1_003]).dump())
    for value in values[1_003:]:
        resumed.add(value)
        resumed.quantiles(SHARES)
    assert resumed.dump() == straight.dump()
