"""The book: who is asked first, what is remembered, what is handed out to be kept."""

from __future__ import annotations

import msgspec
import pytest

from tachograph.model.rates import UNBOUNDED_FROM, UNBOUNDED_UNTIL, Rates, ResolvedRates, Tier
from tachograph.model.usage import Usage
from tachograph.pricing import PriceBook, book, read_overrides, snapshot_version
from tests.unit.pricing.oracle import DAY_MS, library_total, ms

FEBRUARY, APRIL = ms(2026, 2, 20), ms(2026, 4, 20)
USAGE = Usage(input=300_000)
MADE_UP = Rates("x", "made-up", (Tier(0, 1, 1, 1, 1, 1),))


def record(model: str, rates: Rates | None = MADE_UP, **changes: object) -> ResolvedRates:
    plain = ResolvedRates("anthropic", model, "standard", UNBOUNDED_FROM, UNBOUNDED_UNTIL, rates, snapshot_version())
    return msgspec.structs.replace(plain, **changes)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, int, str]]:
    """Every question to the snapshot."""
    questions: list[tuple[str, str, int, str]] = []
    real = book.resolve

    def resolve(provider: str, model: str, at_ms: int, speed: str) -> ResolvedRates:
        questions.append((provider, model, at_ms, speed))
        return real(provider, model, at_ms, speed)

    monkeypatch.setattr(book, "resolve", resolve)
    return questions


def test_each_response_is_priced_at_its_own_date() -> None:
    prices = PriceBook()
    for at, dollars in ((FEBRUARY, 3.0), (APRIL, 1.5), (FEBRUARY, 3.0)):
        cost = prices.price("anthropic", "claude-opus-4-6", at, "standard", USAGE)
        assert cost is not None
        assert cost.total == dollars * 10**12


def test_unknown_is_none_and_no_error() -> None:
    prices = PriceBook()
    assert prices.rates("anthropic", "claude-nonsense", APRIL) is None
    assert prices.price("nobody", "claude-opus-5", APRIL, "standard", USAGE) is None
    assert [kept.rates for kept in prices.resolved()] == [None, None]


def test_a_year_of_one_model_needs_as_many_resolutions_as_it_has_prices(asked: list[object]) -> None:
    prices = PriceBook()
    for day in range(365):
        prices.rates("anthropic", "claude-opus-4-6", ms(2025, 12, 1) + (day * 97 % 365) * DAY_MS)
    assert len(asked) == 2


def test_off_peak_hours_are_each_resolved_once(asked: list[object]) -> None:
    prices = PriceBook()
    hours = [ms(2025, 7, 1) + hour * DAY_MS // 24 for hour in range(24 * 7)]
    for at in hours + hours[::-1]:
        cost = prices.price("deepseek", "deepseek-chat", at, "standard", USAGE)
        assert cost is not None
        assert cost.total == library_total("deepseek", "deepseek-chat", at, "standard", USAGE)
    assert len(asked) == len(prices.resolved()) == 2 * 7 + 1


def test_what_was_resolved_serves_the_next_book(asked: list[object]) -> None:
    first = PriceBook()
    questions = [("anthropic", "claude-opus-4-6", at, "standard") for at in (FEBRUARY, APRIL)]
    questions += [("anthropic", "claude-opus-4-8", APRIL, "fast"), ("openai", "gpt-nonsense", APRIL, "standard")]
    before = [first.rates(*question) for question in questions]
    kept = msgspec.json.decode(msgspec.json.encode(first.resolved()), type=list[ResolvedRates])
    asked.clear()
    second = PriceBook(known=iter(kept[::-1]))
    assert [second.rates(*question) for question in questions] == before
    assert second.resolved() == ()
    assert not asked


def test_only_what_is_new_is_handed_out() -> None:
    prices = PriceBook(known=[record("claude-opus-5")])
    prices.rates("anthropic", "claude-opus-5", APRIL)
    prices.rates("anthropic", "claude-opus-4-8", APRIL)
    prices.rates("anthropic", "claude-opus-4-8", FEBRUARY)
    assert [kept.model for kept in prices.resolved()] == ["claude-opus-4-8"]


def test_a_record_holds_in_its_interval_only() -> None:
    known = [record("claude-opus-5", from_ms=FEBRUARY, until_ms=APRIL)]
    moments = (FEBRUARY - 1, FEBRUARY, APRIL - 1, APRIL)
    found = [PriceBook(known=known).rates("anthropic", "claude-opus-5", at) for at in moments]
    assert [rates == MADE_UP for rates in found] == [False, True, True, False]


@pytest.mark.parametrize("changes", [{"speed": "fast"}, {"provider": "openai"}, {"snapshot": "genai-prices-0.0.1"}])
def test_a_record_of_something_else_is_ignored(changes: dict[str, str]) -> None:
    prices = PriceBook(known=[record("claude-opus-5", **changes)])
    assert prices.rates("anthropic", "claude-opus-5", APRIL) != MADE_UP


def test_a_known_absence_is_remembered_too(asked: list[object]) -> None:
    assert PriceBook(known=[record("claude-opus-5", None)]).rates("anthropic", "claude-opus-5", APRIL) is None
    assert not asked


def test_user_prices_win_and_are_not_kept(asked: list[object]) -> None:
    overrides = read_overrides({"claude-opus-5": {"input": 3}})
    prices = PriceBook(overrides, known=[record("claude-opus-5")])
    cost = prices.price("anthropic", "claude-opus-5[1m]", APRIL, "standard", Usage(input=2))
    assert cost is not None
    assert cost.total == 6_000_000
    assert prices.resolved() == ()
    assert not asked


def test_user_prices_do_not_borrow_from_the_snapshot() -> None:
    prices = PriceBook(read_overrides({"claude-opus-5": {"input": 3}}))
    assert prices.price("anthropic", "claude-opus-5", APRIL, "standard", Usage(input=2, output=1)) is None


def test_other_speeds_and_providers_keep_the_snapshot_s_price() -> None:
    prices = PriceBook(read_overrides({"claude-opus-5": {"input": 3, "provider": "anthropic"}}))
    fast = prices.price("anthropic", "claude-opus-5", APRIL, "fast", Usage(input=1))
    elsewhere = prices.price("google", "claude-opus-5", APRIL, "standard", Usage(input=1))
    assert fast is not None
    assert elsewhere is not None
    assert (fast.total, elsewhere.total) == (10_000_000, 5_000_000)


def test_the_fingerprint_follows_snapshot_and_user_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = PriceBook().fingerprint
    assert plain == PriceBook(known=[record("claude-opus-5")]).fingerprint
    assert plain.startswith(snapshot_version())
    assert PriceBook(read_overrides({"m": {"input": 1}})).fingerprint != plain
    monkeypatch.setattr(book, "snapshot_version", lambda: "genai-prices-0.9")
    assert PriceBook().fingerprint == "genai-prices-0.9/none"
