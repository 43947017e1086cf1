"""Training that is refused, and what is said to be missing."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from tachograph.learning.ml.metadata import Params
from tachograph.learning.ml.table import Goal, Row, Table
from tachograph.learning.ml.training import Lack, Shortage, TooLittleData, train
from tests.ml.engine_tables import FEATURES, numbers


def relabel(table: Table, **changes: object) -> Table:
    return Table(table.features, [msgspec.structs.replace(row, **changes) for row in table.rows])


def short(of: Lack, there: int) -> Shortage:
    needed = {"outcomes": 100, "groups": 5, "successes": 20, "failures": 20, "newer groups": 1}
    return Shortage(of, there, needed.get(of, 2))


NOTHING = (short("outcomes", 0), short("groups", 0))
FEW: list[tuple[str, Sequence[Row], Goal, tuple[Shortage, ...]]] = [
    ("nothing", [], "number", NOTHING),
    ("99 rows", numbers(1, 99).rows, "number", (short("outcomes", 99),)),
    ("four groups", [r for r in numbers(1, 2000).rows if r.group <= "repo-003"], "number", (short("groups", 4),)),
    ("one value", relabel(numbers(1, 500), label=7.0).rows, "number", (short("different outcomes", 1),)),
    ("no failure", relabel(numbers(1, 500), label=1.0).rows, "probability", (short("failures", 0),)),
    ("no success", relabel(numbers(1, 500), label=0.0).rows, "probability", (short("successes", 0),)),
    ("guesses only", relabel(numbers(1, 500), kind="pseudo").rows, "number", NOTHING),
    ("no labels", relabel(numbers(1, 500), label=None).rows, "number", NOTHING),
    ("all at once", relabel(numbers(1, 500), at=1).rows, "number", (short("newer groups", 0),)),
]


@pytest.mark.parametrize(("rows", "goal", "missing"), [case[1:] for case in FEW], ids=[case[0] for case in FEW])
def test_too_little_is_refused_with_what_is_missing(
    rows: Sequence[Row], goal: Goal, missing: tuple[Shortage, ...]
) -> None:
    with pytest.raises(TooLittleData) as refused:
        train(Table(FEATURES, rows), goal, Params())
    assert refused.value.missing == missing
    assert refused.value.slug == "too_little_data"


def test_the_engine_itself_says_how_much_is_needed() -> None:
    with pytest.raises(TooLittleData) as refused:
        train(Table(FEATURES, []), "number", Params())
    assert refused.value.message == (
        "There is too little to learn from: 0 outcomes, 100 are needed; 0 groups, 5 are needed."
    )
