"""docs/trials.md says the numbers that the code goes by."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from tachograph.learning.trials import REVIEW_AFTER, betting, decide, effect, quick, strata

PAGE = (Path(__file__).parents[4] / "docs" / "trials.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (`[A-Z_`, ]+`) \| ([\d., ]+) \|", PAGE.partition("## Constants")[2], re.MULTILINE)
HOMES = {"LEAST": strata, "GAIN": quick, "NEEDED": quick, "SESSIONS": quick, "FOLLOWED": strata, "ALPHA": effect}


def value_of(name: str) -> object:
    home = HOMES.get(name) or next(one for one in (betting, decide) if hasattr(one, name))
    return getattr(home, name)


@pytest.mark.parametrize(("names", "numbers"), ROWS, ids=[names for names, _ in ROWS])
def test_constants(names: str, numbers: str) -> None:
    known = [value_of(name) for name in re.findall(r"[A-Z]+", names)]
    flat = known[0] if len(known) == 1 and isinstance(known[0], tuple) else known
    assert [float(one) for one in numbers.split(",")] == [float(one) for one in flat]


def test_every_constant_is_there() -> None:
    public = {
        name
        for home in (betting, decide, strata, quick)
        for name, value in vars(home).items()
        if name.isupper() and not name.startswith("_") and isinstance(value, int | float | tuple)
    }
    named = {name for names, _ in ROWS for name in re.findall(r"[A-Z_]+", names)}
    assert public - named == {"LEAST_SPREAD"}
    assert f"due for review {REVIEW_AFTER // 86_400_000} days after its proof" in PAGE


def test_how_often_chance_passes_the_quick_rule() -> None:
    spreads, passes = (
        [int(one) for one in re.findall(r"(\d+) %", line)]
        for line in re.findall(r"^\| (?:standard deviation of the KPI|passes by chance).*", PAGE, re.MULTILINE)
    )
    better = [0.5 * math.erfc(quick.GAIN / (spread / 100) / math.sqrt(2)) for spread in spreads]
    assert passes == [round(100 * (3 * one**2 * (1 - one) + one**3)) for one in better]
