"""What a name stands for, and the number that a session has under it."""

from __future__ import annotations

import pytest

from tachograph.analysis.kpis import load_kpis
from tachograph.app.compare.metrics import Chosen, choose_metrics, read_metric
from tachograph.errors import NotFound
from tachograph.model import Session
from tests.builders.session import SessionScript


def busy() -> Session:
    """Two turns, three responses, calls of two tools, two files."""
    script = SessionScript().prompt().response(input=10, output=5, cache_read=100).call("Bash").call("Read", "read")
    script.at(30).prompt().response(model="other", input=20, output=7).touch("create", "a.py").touch("create", "b.py")
    return script.at(90).response(output=1).call("Bash", status="error").done()


def one(name: str) -> Chosen:
    (found,) = choose_metrics((name,))
    return found


def test_without_a_name_all_kpis_are_chosen() -> None:
    assert [found.name for found in choose_metrics(())] == list(load_kpis())


def test_a_name_given_twice_counts_once() -> None:
    assert [found.name for found in choose_metrics(("usd", "turns", "usd"))] == ["usd", "turns"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("error_rate", Chosen("error_rate", "Failed tool calls", "ratio", "down", "linear", "kpi")),
        ("cost_per_turn", Chosen("cost_per_turn", "Cost per turn", "USD", "down", "log", "kpi")),
        ("usd", Chosen("usd", "Cost", "USD", "down", "log", "usd")),
        ("turns", Chosen("turns", "Turns", "turns", None, "linear", "metric")),
        (
            "tokens.output",
            Chosen("tokens.output", "Tokens by kind: output", "tokens", None, "linear", "metric", "output"),
        ),
    ],
)
def test_kpis_keep_their_direction_and_scale(name: str, expected: Chosen) -> None:
    assert one(name) == expected


@pytest.mark.parametrize("name", ["", "no_such", "Tokens", "usd.x", "error_rate.x", ".output", "__class__"])
def test_what_is_no_metric_is_not_found_and_the_hint_lists_them(name: str) -> None:
    with pytest.raises(NotFound) as caught:
        choose_metrics((name,))
    assert caught.value.slug == "no_metric"
    assert "usd, active_time_ratio" in caught.value.hint
    assert caught.value.hint.endswith("web_searches.")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("turns", 2.0),
        ("responses", 3.0),
        ("duration_seconds", 90.0),
        ("tokens.output", 13.0),
        ("tokens.cache_read", 100.0),
        ("tool_calls", 5.0),
        ("tool_calls_by_name.Bash", 2.0),
        ("tool_calls_by_name.Grep", 0.0),
        ("tool_calls_by_status.error", 1.0),
        ("models", 2.0),
        ("files_created", 2.0),
        ("web_searches", 0.0),
    ],
)
def test_the_number_of_a_session(name: str, value: float) -> None:
    assert read_metric(one(name), busy()) == value


def test_a_session_that_cannot_tell_has_none() -> None:
    assert read_metric(one("duration_seconds"), SessionScript().done(started_at=None, ended_at=None)) is None


@pytest.mark.parametrize(
    ("name", "value"), [("tokens.output", None), ("tokens.reasoning", None), ("tokens.input", 10.0), ("responses", 1.0)]
)
def test_output_that_is_a_lower_bound_is_not_known(name: str, value: float | None) -> None:
    session = SessionScript().prompt().response(input=10, output=1, reliable=False).done()
    assert read_metric(one(name), session) == value


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("tokens", "Name a kind of it, such as tokens.cache_read."),
        ("tool_calls_by_name", "Name a kind of it, such as tool_calls_by_name.Bash."),
        ("turns.x", ""),
        ("models.other", ""),
        ("files_created.paths", ""),
    ],
)
def test_what_is_not_one_number_says_how_to_name_one(name: str, hint: str) -> None:
    with pytest.raises(NotFound, match="is not one number") as caught:
        read_metric(one(name), busy())
    assert caught.value.hint == hint
