"""Training that is refused, and what is said to be missing."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from tachograph.learning.ml.metadata import Params
from tachograph.learning.ml.table import Goal, Row, Table
from tachograph.learning.ml.training import TooLittleData, train
from tests.ml.engine_tables import FEATURES, numbers


def relabel(table: Table, **changes: object) -> Table:
    return Table(table.features, [msgspec.structs.replace(row, **changes) for row in table.rows])


KNOWN = "100 outcomes that are known (labels of people, or what checks and commits told), there are {}"
GROUPS = "outcomes in 5 groups (repositories), there are {}"
FEW: list[tuple[str, Sequence[Row], Goal, tuple[str, ...]]] = [
    ("nothing", [], "number", (KNOWN.format(0), GROUPS.format(0))),
    ("99 rows", numbers(1, 99).rows, "number", (KNOWN.format(99),)),
    ("four groups", [r for r in numbers(1, 2000).rows if r.group <= "repo-003"], "number", (GROUPS.format(4),)),
    ("one value", relabel(numbers(1, 500), label=7.0).rows, "number", ("outcomes that differ from each other",)),
    ("no failure", relabel(numbers(1, 500), label=1.0).rows, "probability", ("20 failures, there are 0",)),
    ("no success", relabel(numbers(1, 500), label=0.0).rows, "probability", ("20 successes, there are 0",)),
    ("guesses only", relabel(numbers(1, 500), kind="pseudo").rows, "number", (KNOWN.format(0), GROUPS.format(0))),
    ("no labels", relabel(numbers(1, 500), label=None).rows, "number", (KNOWN.format(0), GROUPS.format(0))),
    (
        "all at once",
        relabel(numbers(1, 500), at=1).rows,
        "number",
        ("older and newer outcomes in repositories apart from each other",),
    ),
]


@pytest.mark.parametrize(("rows", "goal", "missing"), [case[1:] for case in FEW], ids=[case[0] for case in FEW])
def test_too_little_is_refused_with_what_is_missing(rows: Sequence[Row], goal: Goal, missing: tuple[str, ...]) -> None:
    with pytest.raises(TooLittleData) as refused:
        train(Table(FEATURES, rows), goal, Params())
    assert refused.value.missing == missing
    assert refused.value.slug == "too_little_data"
    assert refused.value.message == f"There is too little to learn from: {'; '.join(missing)}."
