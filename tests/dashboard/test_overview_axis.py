"""Steps of charts over time, and how models are put together."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date
from importlib import resources
from pathlib import Path

import pytest

from tachograph.app.dashboard.spend_chart import OTHERS, chart_cache, chart_spend, spend_over_time
from tachograph.app.dashboard.time_axis import history_begin, make_axis
from tachograph.app.rollups.cubes import UsageSums
from tachograph.app.scope import Scope

TODAY = date(2026, 11, 21)
EPOCH = date(1970, 1, 1)


def scope(first: date | None, last: date | None = None) -> Scope:
    return Scope(TODAY, "custom", first, last, None, None, UTC, "UTC")


@pytest.mark.parametrize(
    ("first", "last", "begin", "step", "labels"),
    [
        (date(2026, 11, 19), None, date(2026, 1, 1), "day", ["2026-11-19", "2026-11-20", "2026-11-21"]),
        (date(2026, 11, 1), None, date(2026, 11, 20), "day", ["2026-11-20", "2026-11-21"]),
        (None, date(2026, 11, 3), date(2026, 11, 2), "day", ["2026-11-02", "2026-11-03"]),
        (date(2026, 11, 20), date(2027, 5, 1), date(2026, 1, 1), "day", ["2026-11-20", "2026-11-21"]),
        (date(2027, 1, 1), None, date(2026, 1, 1), "day", []),
        (date(2026, 1, 1), date(2026, 1, 5), date(2026, 11, 1), "day", []),
        (None, None, None, "day", []),
    ],
)
def test_an_axis_is_the_known_part_of_the_range(
    first: date | None, last: date | None, begin: date | None, step: str, labels: list[str]
) -> None:
    axis = make_axis(scope(first, last), begin)
    assert (axis.step, axis.labels) == (step, labels)
    assert len(axis.numbers) == len(labels)


@pytest.mark.parametrize(
    ("first", "step", "number"),
    [
        (date(2026, 8, 24), "day", 90),
        (date(2026, 8, 23), "week", 14),
        (date(2025, 10, 18), "week", 58),
        (date(2025, 10, 17), "month", 14),
        (date(2025, 10, 1), "month", 14),
    ],
)
def test_long_ranges_have_longer_steps(first: date, step: str, number: int) -> None:
    axis = make_axis(scope(first), date(2020, 1, 1))
    assert (axis.step, len(axis.starts)) == (step, number)


def test_weeks_begin_on_monday_and_months_on_the_first() -> None:
    weeks = make_axis(scope(date(2026, 8, 1)), date(2020, 1, 1))
    assert (weeks.labels[0], weeks.starts[0].weekday(), weeks.labels[-1]) == ("2026-07-27", 0, "2026-11-16")
    assert weeks.numbers[0] == (date(2026, 7, 27) - EPOCH).days
    months = make_axis(scope(date(2024, 12, 31)), date(2020, 1, 1))
    assert (months.labels[0], months.labels[-1]) == ("2024-12", "2026-11")
    assert months.numbers[0] == 54 * 12 + 11


def test_days_can_be_ruled_out() -> None:
    axis = make_axis(scope(date(2026, 11, 18)), date(2020, 1, 1), most_days=0)
    assert (axis.step, axis.labels) == ("week", ["2026-11-16"])


@pytest.fixture
def rollups(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Empty rollups, attached as they are to a warehouse."""
    file = tmp_path / "rollups.sqlite"
    schema = resources.files("tachograph.app.rollups").joinpath("schema.sql").read_text("utf-8")
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(schema)
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("ATTACH ? AS roll", (str(file),))
        yield connection


def add_usage(connection: sqlite3.Connection, day: date, model: str, **sums: int) -> None:
    """One cell of all projects, of an agent called codex."""
    for text in (model, "codex", "main"):
        connection.execute("INSERT OR IGNORE INTO roll.names (text) VALUES (?)", (text,))
    number = dict(connection.execute("SELECT text, name FROM roll.names"))
    values = [sums.get(name, 0) for name in UsageSums.__struct_fields__]
    adding = ", ".join(f"{name} = {name} + excluded.{name}" for name in UsageSums.__struct_fields__)
    for grain, span in ((0, (day - EPOCH).days), (1, (day.year - 1970) * 12 + day.month - 1)):
        marks = ", ".join("?" * (len(values) + 6))
        connection.execute(
            f"INSERT INTO roll.usage_cells VALUES ({marks}) ON CONFLICT DO UPDATE SET {adding}",
            (grain, span, 0, number["codex"], number[model], number["main"], *values),
        )


def test_the_history_begins_with_its_first_cell(rollups: sqlite3.Connection) -> None:
    assert history_begin(rollups) is None
    add_usage(rollups, date(2026, 11, 5), "m", responses=1)
    add_usage(rollups, date(2026, 11, 3), "m", responses=1)
    assert history_begin(rollups) == date(2026, 11, 3)


def test_of_many_models_the_cheapest_are_put_together(rollups: sqlite3.Connection) -> None:
    day = date(2026, 11, 20)
    for number in range(12):
        add_usage(rollups, day, f"model-{number:02}", responses=1, priced=1, micro=(12 - number) * 1_000_000)
    spend = spend_over_time(rollups, scope(day), make_axis(scope(day), day))
    assert [one.model for one in spend.models] == [*(f"model-{n:02}" for n in range(8)), OTHERS]
    assert spend.models[0].usd == [12.0, 0.0]
    assert spend.models[-1].usd == [4.0 + 3.0 + 2.0 + 1.0, 0.0]
    assert [step.usd for step in spend.steps] == [78.0, 0.0]


def test_nine_models_need_no_others(rollups: sqlite3.Connection) -> None:
    day = date(2026, 11, 21)
    for number in range(9):
        add_usage(rollups, day, f"model-{number}", responses=1, priced=1, micro=1_000_000)
    spend = spend_over_time(rollups, scope(day), make_axis(scope(day), day))
    assert len(spend.models) == 9
    assert OTHERS not in {one.model for one in spend.models}


def test_days_without_responses_are_zero_and_days_without_a_price_unknown(rollups: sqlite3.Connection) -> None:
    first = date(2026, 11, 18)
    add_usage(rollups, first, "known", responses=2, priced=2, micro=500_000, input=100, cache_read=300, output=50)
    add_usage(rollups, date(2026, 11, 20), "strange", responses=3, unpriced=3, input=10)
    spend = spend_over_time(rollups, scope(None), make_axis(scope(None), first))
    assert [step.usd for step in spend.steps] == [0.5, 0.0, None, 0.0]
    assert [step.unpriced for step in spend.steps] == [0, 0, 3, 0]
    assert [step.cache_share for step in spend.steps] == [0.75, None, 0.0, None]
    assert [(one.model, one.usd) for one in spend.models] == [("known", [0.5, 0.0, 0.0, 0.0])]
    chart = chart_spend(spend)
    assert (chart.kind, chart.unit, chart.live, chart.how) == ("stacked", "usd", True, "spend")
    assert "3 responses without a known price are not in it" in chart.description
    assert chart_cache(spend).series[0].values == [0.75, None, 0.0, None]


def test_a_model_called_as_the_others_stays_itself(rollups: sqlite3.Connection) -> None:
    day = date(2026, 11, 21)
    add_usage(rollups, day, OTHERS, responses=1, priced=1, micro=2_000_000)
    add_usage(rollups, day, "", responses=1, priced=1, micro=1_000_000)
    spend = spend_over_time(rollups, scope(day), make_axis(scope(day), day))
    assert [(one.model, one.usd) for one in spend.models] == [(OTHERS, [2.0]), ("(not known)", [1.0])]


@pytest.mark.parametrize(("first", "step"), [(date(2026, 3, 1), "week"), (date(2024, 1, 1), "month")])
def test_weeks_and_months_hold_all_their_days(rollups: sqlite3.Connection, first: date, step: str) -> None:
    for day in (first, date(2026, 11, 2), date(2026, 11, 8), date(2026, 11, 9)):
        add_usage(rollups, day, "m", responses=1, priced=1, micro=1_000_000)
    spend = spend_over_time(rollups, scope(first), make_axis(scope(first), first))
    assert spend.step == step
    by_start = {one.start: one.usd for one in spend.steps}
    assert sum(usd or 0 for usd in by_start.values()) == 4.0
    assert by_start["2026-11-02" if step == "week" else "2026-11"] == (2.0 if step == "week" else 3.0)
