"""Parameters of addresses."""

from __future__ import annotations

import pytest

from tachograph.app.dashboard.page import Page, Param
from tachograph.errors import UsageError
from tachograph.report.view import View
from tachograph.web.query import MAX_VALUE, own_params, read_query, scope_params


def page(*params: Param, scoped: bool = True) -> Page:
    return Page("p", "P", lambda *_: None, lambda *_: View("P"), "A page.", params=params, scoped=scoped)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {}),
        ("a=1&b=2", {"a": "1", "b": "2"}),
        ("a=1&a=2", {"a": "2"}),
        ("a=&b=2&c", {"b": "2"}),
        ("a=%2Fhome%2Fada+x", {"a": "/home/ada x"}),
        ("a=%ff", {"a": "\ufffd"}),
        ("a=" + "x" * MAX_VALUE, {"a": "x" * MAX_VALUE}),
    ],
)
def test_values_by_name(query: str, found: dict[str, str]) -> None:
    assert read_query(query) == found


@pytest.mark.parametrize("query", ["a=" + "x" * (MAX_VALUE + 1), "&".join(f"a{n}=1" for n in range(101))])
def test_too_much_is_refused(query: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_query(query)
    assert caught.value.slug == "bad_parameter"
    assert len(caught.value.message) < 100


def test_a_page_is_given_its_own_parameters_alone() -> None:
    told = {"sort": "cost", "x": "1", "range": "7d", "q": "", "project": "/home/ada"}
    sort = Param("sort", "Order.", ("recent", "cost"), "recent")
    assert own_params(page(sort, Param("q", "Search.")), told) == {"sort": "cost"}
    assert scope_params(page(), told) == {"range": "7d", "project": "/home/ada"}
    assert scope_params(page(scoped=False), told) == {}


def test_a_value_that_is_none_of_the_choices_is_refused() -> None:
    with pytest.raises(UsageError, match="sort cannot be 'x'") as caught:
        own_params(page(Param("sort", "Order.", ("", "recent", "cost"))), {"sort": "x"})
    assert caught.value.hint == "It can be recent, cost."
