"""What a person does with the dashboard: gets in, looks for something, finds it, goes back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from tests.browser.conftest import Server, Watched
from tests.browser.pages import read

Visit = Callable[..., Watched]


@pytest.fixture
def told(demo: Server, visit: Visit) -> Iterator[Watched]:
    """A window on the demo's dashboard; whatever the test did there, nothing complained and nothing went out."""
    watched = visit(demo)
    yield watched
    assert watched.is_clean()


def stay(watched: Watched) -> Callable[[], bool]:
    """Tells whether the page is still the one that was loaded now, changed in place or not."""
    watched.page.evaluate("() => { window.stayed = true }")
    return lambda: watched.page.evaluate("() => window.stayed === true")


def address(watched: Watched) -> str:
    return watched.page.url.removeprefix(watched.origin)


def first_column(watched: Watched) -> list[str]:
    return watched.page.locator("main tbody th[scope=row] a").all_inner_texts()


# ------------------------------------------------------------------------------------------------------ getting in


def test_a_code_lets_one_browser_in_and_no_second_one(demo: Server, opened: Callable[..., object]) -> None:
    url = demo.fresh_url()
    first, second = opened().new_page(), opened().new_page()
    assert first.goto(url).status == 200
    assert first.url == f"{demo.origin}/"  # the code is not left in the address
    assert first.locator("h1").inner_text() == "Overview"
    refused = second.goto(url)
    assert refused.status == 403
    assert "Overview" not in refused.text()
    assert first.reload().status == 200


def test_without_the_cookie_there_is_nothing(demo: Server, opened: Callable[..., object]) -> None:
    stranger = opened().new_page()
    for path in ("/", "/sessions", "/session?id=x", "/api/v1", "/api/v1/overview", "/events", "/nowhere"):
        answer = stranger.goto(demo.origin + path)
        assert (answer.status, len(answer.text()) < 400) == (403, True), path
        assert stranger.locator("h1").count() == 0
    assert stranger.context.cookies() == []


# ------------------------------------------------------------------------------------- range, order, filter, paging


def test_a_table_is_ordered_in_place_and_back_restores_it(told: Watched, expect) -> None:
    told.go("/tools?range=all")
    stayed = stay(told)
    before = told.page.locator("th[aria-sort]").first.inner_text()
    told.page.locator("thead th:not([aria-sort]) a").first.click()
    expect(told.page).to_have_url(re.compile("sort="))
    expect(told.page.locator("th[aria-sort]").first).not_to_have_text(before)
    told.page.go_back()
    expect(told.page).not_to_have_url(re.compile("sort="))
    expect(told.page.locator("th[aria-sort]").first).to_have_text(before)
    assert stayed()


def test_parts_of_a_list_are_addresses_and_back_restores_them(told: Watched, expect) -> None:
    told.go("/sessions?range=all&size=7")
    stayed = stay(told)
    first = first_column(told)
    assert len(first) == 7
    told.page.locator("a[rel=next]").click()
    expect(told.page).to_have_url(re.compile(r"[?&]page=2"))
    expect(told.page.locator(".paging span")).to_have_text(re.compile("^8–14 of "))
    second = first_column(told)
    assert first != second
    told.page.go_back()
    expect(told.page.locator(".paging span")).to_have_text(re.compile("^1–7 of "))
    assert first_column(told) == first
    told.page.go_forward()
    expect(told.page.locator(".paging span")).to_have_text(re.compile("^8–14 of "))
    assert stayed()
    told.page.reload()
    assert first_column(told) == second


def test_choices_narrow_the_list_at_once_and_stand_in_the_address(told: Watched, expect) -> None:
    told.go("/sessions?range=all")
    stayed = stay(told)
    everything = told.page.locator(".paging span").inner_text()
    field = told.page.locator("main select[name=task]")
    wanted = field.locator("option").nth(1).get_attribute("value")
    field.select_option(wanted)
    expect(told.page).to_have_url(re.compile(rf"[?&]task={wanted}\b"))
    expect(told.page.locator(".paging span")).not_to_have_text(everything)
    rows = told.page.locator("main tbody tr th")
    assert rows.count() > 0
    assert all(wanted in text for text in rows.all_inner_texts())
    field.select_option("")
    expect(told.page).not_to_have_url(re.compile("task="))
    expect(told.page.locator(".paging span")).to_have_text(everything)
    assert stayed()


def test_range_project_and_agent_go_along_to_other_pages(told: Watched, expect) -> None:
    told.go("/")
    stayed = stay(told)
    told.page.select_option("select[name=range]", "90d")
    expect(told.page).to_have_url(re.compile(r"range=90d"))
    project = told.page.locator("select[name=project] option").nth(1).get_attribute("value")
    told.page.select_option("select[name=project]", project)
    expect(told.page).to_have_url(re.compile("project="))
    agent = told.page.locator("select[name=agent] option").nth(1).get_attribute("value")
    told.page.select_option("select[name=agent]", agent)
    expect(told.page).to_have_url(re.compile("agent="))
    assert stayed()
    told.page.get_by_role("link", name="Tools", exact=True).click()
    expect(told.page.locator("h1")).to_have_text("Tools")
    chosen = {name: told.page.locator(f"select[name={name}]").input_value() for name in ("range", "project", "agent")}
    assert chosen == {"range": "90d", "project": project, "agent": agent}


# ------------------------------------------------------------------------------------------------------ the keyboard


def test_a_slash_searches(told: Watched, expect) -> None:
    told.go("/sessions?range=all")
    word = max(re.findall(r"[a-z]{5,}", first_column(told)[0].lower()), key=len)
    told.page.keyboard.press("/")
    expect(told.page.locator("[data-search]")).to_be_focused()
    told.page.keyboard.type(word)
    told.page.keyboard.press("Enter")
    expect(told.page).to_have_url(re.compile(rf"[?&]q={word}"))
    expect(told.page.locator("[data-search]")).to_be_focused()  # so that one can go on typing
    assert told.page.locator("[data-search]").input_value() == word
    told.page.keyboard.press("Escape")
    expect(told.page.locator("[data-search]")).not_to_be_focused()
    assert first_column(told)


def test_j_and_k_walk_and_enter_opens(told: Watched, expect) -> None:
    told.go("/sessions?range=all")
    row = lambda: told.page.evaluate("() => document.activeElement.closest('tr')?.rowIndex")  # noqa: E731
    pressed = []
    for key in "jjjk":
        told.page.keyboard.press(key)
        pressed.append(row())
    assert pressed == [1, 2, 3, 2]
    href = told.page.locator("main tbody tr").nth(1).locator("a").first.get_attribute("href")
    told.page.keyboard.press("Enter")
    expect(told.page).to_have_url(told.origin + href)
    told.page.go_back()
    expect(told.page.locator("h1")).to_have_text("Sessions")


def test_a_question_mark_lists_the_keys(told: Watched, expect) -> None:
    told.go("/")
    expect(told.page.locator("#keys")).not_to_be_visible()
    told.page.keyboard.press("?")
    expect(told.page.locator("#keys")).to_be_visible()
    told.page.keyboard.press("j")  # none works while it is open
    assert told.page.evaluate("() => document.activeElement.closest('#keys') !== null")
    told.page.keyboard.press("Escape")
    expect(told.page.locator("#keys")).not_to_be_visible()


def test_g_and_a_letter_lead_to_each_page_of_the_menu(told: Watched, expect) -> None:
    told.go("/")
    links = told.page.locator("[data-key]")
    ways = [(one.get_attribute("data-key"), one.inner_text()) for one in links.all()]
    assert len(ways) >= 8
    assert len({key for key, _ in ways}) == len(ways)
    for key, title in ways[::3]:
        told.page.keyboard.press("g")
        told.page.keyboard.press(key)
        expect(told.page.locator("[aria-current=page]")).to_have_text(title)
    told.page.keyboard.press(ways[1][0])  # alone it means nothing
    expect(told.page.locator("[aria-current=page]")).to_have_text(ways[::3][-1][1])


def test_no_key_means_anything_while_one_types(told: Watched) -> None:
    told.go("/sessions?range=all")
    before = told.page.url
    told.page.keyboard.press("/")
    told.page.keyboard.type("jk?gt/")
    assert told.page.locator("[data-search]").input_value() == "jk?gt/"
    assert not told.page.locator("#keys").is_visible()
    assert told.page.url == before


# -------------------------------------------------------------------------------------------- from a list to the proof


def test_a_session_opens_from_the_list_with_its_turns(told: Watched, expect) -> None:
    told.go("/sessions?range=all&sort=tool-calls")
    label = first_column(told)[0]
    told.page.locator("main tbody th a").first.click()
    expect(told.page.locator("h1")).to_contain_text(label[:20])
    slot = told.page.locator("details.turn-open").first
    slot.locator("summary").first.click()
    expect(slot.locator("tbody tr.step").first).to_be_visible()
    calls = int(re.search(r"\d+", slot.locator("summary").first.inner_text().replace(",", ""))[0])
    assert slot.locator("tr.step.is-call").count() == min(calls, 200)


def test_a_finding_leads_to_the_calls_that_prove_it(told: Watched, expect) -> None:
    told.go("/waste?range=all")
    finding = told.page.locator("#findings tbody a[href*='/turn?']").first
    name = finding.get_attribute("title")
    finding.click()
    expect(told.page).to_have_url(re.compile(r"/turn\?.*call=.*#proof"))
    sought = told.page.locator("#proof")
    expect(sought).to_be_in_viewport()
    assert "is-proof" in sought.get_attribute("class")
    colour = "(one) => getComputedStyle(one.querySelector('td')).backgroundColor"
    other = told.page.locator("tr.step:not(.is-sought)").first
    assert sought.evaluate(colour) != other.evaluate(colour)
    tag = sought.locator("a.tag")
    assert tag.first.inner_text() == f"waste {name}"
    tag.first.click()  # and back to the finding
    expect(told.page).to_have_url(re.compile("#findings$"))
    expect(told.page.locator("#findings")).to_be_in_viewport()


# ----------------------------------------------------------------------------------------- colours, and what is kept


@pytest.mark.parametrize(("scheme", "is_dark"), [("light", False), ("dark", True)])
def test_colours_follow_the_scheme(demo: Server, visit: Visit, scheme: str, is_dark: bool) -> None:
    watched = visit(demo, scheme=scheme)
    watched.go("/?range=all")
    told = (
        "(name) => getComputedStyle(document.querySelector('select'))[name].match(/[\\d.]+/g).slice(0, 3).map(Number)"
    )
    ground, text = (sum(watched.page.evaluate(told, name)) / 765 for name in ("backgroundColor", "color"))
    assert (ground < 0.3 < text) if is_dark else (text < 0.3 < 0.8 < ground)
    shade = "() => [...document.querySelector('.u-over').parentElement.querySelector('canvas').getContext('2d')"
    shade += ".getImageData(0, 0, 900, 300).data].join().length"
    before = watched.page.evaluate(shade)
    watched.page.emulate_media(color_scheme="light" if is_dark else "dark")
    watched.page.locator(".u-over").first.wait_for()
    assert (sum(watched.page.evaluate(told, "backgroundColor")) / 765 > 0.8) is is_dark
    for _ in range(50):  # charts are drawn in the other colours, too, when the browser has told them
        if watched.page.evaluate(shade) != before:
            break
        watched.page.wait_for_timeout(100)
    assert watched.page.evaluate(shade) != before
    assert watched.is_clean()


def test_the_browser_keeps_nothing_of_what_was_seen(told: Watched) -> None:
    session = read(told, "/api/v1/sessions?range=all").split('"id":"')[1].split('"')[0]
    for path in ("/?range=all", f"/session?id={session}", "/sessions?range=all&q=secret"):
        told.go(path)
    told.page.locator("thead a").first.click() if told.page.locator("thead a").count() else None
    kept = "async () => [Object.entries(localStorage), Object.entries(sessionStorage), await indexedDB.databases(),"
    assert told.page.evaluate(kept + " await caches.keys(), document.cookie]") == [[], [], [], [], ""]


@pytest.mark.parametrize("anchor", ["#%", "#", "#no-such-place", "#%3Cimg%20src=x%20onerror=hit(1)%3E"])
def test_an_anchor_that_somebody_made_up_does_no_harm(told: Watched, expect, anchor: str) -> None:
    told.go(f"/how-we-count{anchor}")
    told.page.keyboard.press("?")
    expect(told.page.locator("#keys")).to_be_visible()
