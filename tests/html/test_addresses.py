"""Which addresses a page may hold."""

from __future__ import annotations

import pytest

from tachograph.report.html.addresses import anchor, local_href, with_params


@pytest.mark.parametrize(
    "href", ["/", "/sessions", "/session?id=agent%3Aab#finding-3", "#turn-4", "/a?q=%22%3C", "/a?b=//c", "#"]
)
def test_places_on_this_server_are_kept(href):
    assert local_href(href) == href


@pytest.mark.parametrize(
    "href",
    [
        "",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "https://elsewhere.example/",
        "//elsewhere.example/",
        "/\\elsewhere.example/",
        "\\\\elsewhere.example",
        "/\t/elsewhere.example",
        " /sessions",
        "/a b",
        "/a\nb",
        "/a\x00b",
        "/a\u202eb",
        "/a\ud800b",
        "sessions",
        "?q=1",
        "mailto:a@b.example",
    ],
)
def test_all_others_are_dropped(href):
    assert local_href(href) == ""


@pytest.mark.parametrize(
    ("address", "params", "result"),
    [
        ("/sessions", {"sort": "cost"}, "/sessions?sort=cost"),
        ("/sessions?sort=old&q=a+b&page=3", {"sort": "cost", "page": None}, "/sessions?q=a+b&sort=cost"),
        ("/?project=%2Fa%26b", {"sort": "x"}, "/?project=%2Fa%26b&sort=x"),
        ("/?sort=x", {"sort": None}, "/"),
    ],
)
def test_parameters_are_replaced(address, params, result):
    assert with_params(address, **params) == result


def test_ids_hold_nothing_that_ends_an_attribute_or_an_address():
    assert anchor('spend"by<day) é') == "spend_22_by_3c_day_29__20__e9_"
    assert anchor("by-day_2.x") == "by-day_2.x"
