"""Whatever a log says stays text: 320 hostile texts in every field of a session, on every page that shows it."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote, urlencode

import pytest

from tests.browser.conftest import Server, Watched, environment_of
from tests.browser.hostile import write_hostile_history
from tests.browser.pages import addresses
from tests.browser.payloads import payloads

PARTS = 4


class Poisoned:
    """A dashboard of hostile sessions."""

    def __init__(self, server: Server, ids: list[str]) -> None:
        self.server = server
        self.ids = ids


@pytest.fixture(scope="module")
def poisoned(tmp_path_factory: pytest.TempPathFactory, serve: Callable[..., Server]) -> Poisoned:
    folder = tmp_path_factory.mktemp("hostile")
    texts = payloads()
    assert len(set(texts)) >= 300
    ids = write_hostile_history(folder / "data", folder / "claude", texts)
    return Poisoned(serve(environment_of(folder), "--no-watch"), ids)


@pytest.mark.parametrize("part", range(PARTS))
def test_the_page_of_every_hostile_session_is_harmless(
    poisoned: Poisoned, visit: Callable[..., Watched], part: int
) -> None:
    watched = visit(poisoned.server)
    for id in poisoned.ids[part::PARTS]:
        response = watched.go("/session?" + urlencode({"id": id}))
        assert response.status == 200, id
        watched.page.evaluate("() => document.querySelectorAll('details').forEach(one => { one.open = true })")
        watched.page.hover("h1")
        assert watched.page.url.startswith(poisoned.server.origin + "/session?")
    watched.page.wait_for_timeout(300)
    assert watched.is_clean()


@pytest.mark.parametrize("part", range(PARTS))
def test_the_calls_of_every_hostile_turn_are_harmless(
    poisoned: Poisoned, visit: Callable[..., Watched], part: int
) -> None:
    watched = visit(poisoned.server)
    for id in poisoned.ids[part::PARTS]:
        response = watched.go("/turn?" + urlencode({"id": id, "n": 1}))
        assert response.status == 200, id
    watched.page.wait_for_timeout(300)
    assert watched.is_clean()


def test_every_other_page_is_harmless_whatever_it_sorts_by(poisoned: Poisoned, visit: Callable[..., Watched]) -> None:
    watched = visit(poisoned.server)
    paths = {name: path for name, path in addresses(watched).items() if name not in ("wrong", "unknown", "nowhere")}
    paths |= {f"page {n}": f"/sessions?range=all&page={n}&sort=cost" for n in range(1, 8)}
    paths |= {f"all {name}": f"/{name}?range=all" for name in ("waste", "tools", "models", "trends", "suggestions")}
    for name, path in paths.items():
        assert watched.go(path).status == 200, name
        watched.page.evaluate("() => document.querySelectorAll('details').forEach(one => { one.open = true })")
        watched.page.wait_for_timeout(50)
        assert watched.page.url.startswith(poisoned.server.origin)
    assert watched.is_clean()


def test_hostile_texts_in_the_address_are_harmless(poisoned: Poisoned, visit: Callable[..., Watched]) -> None:
    watched = visit(poisoned.server)
    for number, text in enumerate(payloads()):
        name = ("q", "project", "agent", "sort", "id")[number % 5]
        watched.go(f"/{'session' if name == 'id' else 'sessions'}?{name}={quote(text)}")
        assert watched.page.url.startswith(poisoned.server.origin)
    watched.page.wait_for_timeout(300)
    watched.errors = [error for error in watched.errors if "404" not in error and "400" not in error]
    assert watched.is_clean()


def test_a_hostile_project_can_be_chosen_and_left_again(poisoned: Poisoned, visit: Callable[..., Watched]) -> None:
    watched = visit(poisoned.server)
    for text in payloads()[:40]:
        response = watched.go("/?" + urlencode({"range": "all", "project": text}))
        assert response.status == 200
    watched.page.wait_for_timeout(300)
    assert watched.is_clean()
