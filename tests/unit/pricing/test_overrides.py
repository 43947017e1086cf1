"""Prices from config.toml: read exactly, or refused with a reason."""

from __future__ import annotations

import tomllib

import pytest

from tachograph.errors import TachographError
from tachograph.model.rates import Rates, Tier
from tachograph.pricing import Overrides, read_overrides


def read(toml: str) -> Overrides:
    table = tomllib.loads(toml).get("prices", {})
    return read_overrides(table)


def rates_of(toml: str, model: str = "mine", provider: str = "openai", speed: str = "standard") -> Rates:
    rates = read(toml).find(provider, model, speed)
    assert rates is not None
    return rates


def test_all_prices_in_their_units() -> None:
    toml = """
        [prices.mine]
        input = 1.25
        output = "10"
        cache_read = 0.1
        cache_write_5m = 2
        cache_write_1h = 2.5
        web_search = 10
    """
    tier = Tier(0, 1_250_000, 100_000, 2_000_000, 2_500_000, 10_000_000)
    assert rates_of(toml) == Rates("", "mine", (tier,), web_search=10**10)


def test_what_is_not_given_is_unknown_not_zero() -> None:
    assert rates_of("[prices.mine]\ninput = 1").tiers == (Tier(0, 1_000_000, None, None, None, None),)
    assert rates_of("[prices.mine]\ninput = 1").web_search is None
    assert rates_of("[prices.mine]\nweb_search = 0").web_search == 0


@pytest.mark.parametrize(
    ("written", "numerator", "scale"),
    [
        ("0.1", 100_000, 1),
        ('"0.1"', 100_000, 1),
        ("0.000001", 1, 1),
        ("1e-6", 1, 1),
        ("0.0000005", 1, 2),
        ("0.083333333", 83_333_333, 1_000),
        ("0", 0, 1),
        ("1_000_000", 10**12, 1),
    ],
)
def test_numbers_are_taken_as_written(written: str, numerator: int, scale: int) -> None:
    rates = rates_of(f"[prices.mine]\ninput = {written}")
    assert (rates.tiers[0].input, rates.scale) == (numerator, scale)


@pytest.mark.parametrize("model", ["mine", "MINE", "Mine", "mine[1m]"])
def test_names_match_in_any_case_and_without_suffix(model: str) -> None:
    assert read("[prices.Mine]\ninput = 1").find("anthropic", model, "standard") is not None


@pytest.mark.parametrize("model", ["mine-2", "min", "", "x/mine"])
def test_names_match_whole(model: str) -> None:
    assert read("[prices.mine]\ninput = 1").find("anthropic", model, "standard") is None


def test_a_name_with_a_suffix_can_be_meant() -> None:
    found = read('[prices."mine[1m]"]\ninput = 1')
    assert found.find("anthropic", "mine[1m]", "standard") is not None
    assert found.find("anthropic", "mine", "standard") is None


def test_a_provider_limits_the_price() -> None:
    found = read('[prices.mine]\nprovider = "OpenAI"\ninput = 1')
    assert found.find("openai", "mine", "standard") is not None
    assert found.find("anthropic", "mine", "standard") is None


def test_fast_mode_has_its_own_prices() -> None:
    both = "[prices.mine]\ninput = 1\n[prices.mine.fast]\ninput = 6"
    assert rates_of(both).tiers[0].input == 1_000_000
    assert rates_of(both, speed="fast").tiers[0].input == 6_000_000


def test_standard_prices_say_nothing_about_fast_mode() -> None:
    assert read("[prices.mine]\ninput = 1").find("openai", "mine", "fast") is None
    assert read("[prices.mine.fast]\ninput = 1").find("openai", "mine", "standard") is None


@pytest.mark.parametrize(
    ("toml", "reason"),
    [
        ("prices.mine = 3", "must be a table"),
        ("[prices.mine]", "has no price"),
        ('[prices.mine]\nprovider = "openai"', "has no price"),
        ("[prices.mine]\ninput = 1\nfast = 2", "must be a table"),
        ("[prices.mine.fast]", "has no price"),
        ("[prices.mine]\ninptu = 1", "unknown key: inptu"),
        ("[prices.mine]\ninput = true", "must be a number"),
        ("[prices.mine]\ninput = [1]", "must be a number"),
        ("[prices.mine]\ninput = 2026-01-01", "must be a number"),
        ('[prices.mine]\ninput = "cheap"', "is not a number"),
        ('[prices.mine]\ninput = ""', "is not a number"),
        ("[prices.mine]\ninput = -1", "between 0 and"),
        ("[prices.mine]\ninput = 1000001", "between 0 and"),
        ("[prices.mine]\ninput = inf", "between 0 and"),
        ("[prices.mine]\ninput = nan", "between 0 and"),
        ('[prices.mine]\ninput = "sNaN"', "between 0 and"),
        ("[prices.mine]\ninput = 1e-10", "more than 9 decimals"),
        ("[prices.mine]\nprovider = 3\ninput = 1", "must be a name"),
        ('[prices.mine]\nprovider = " "\ninput = 1', "must be a name"),
        ("[prices.mine]\ninput = 1\n[prices.MINE]\ninput = 2", "given twice"),
    ],
)
def test_nonsense_is_refused_with_a_reason(toml: str, reason: str) -> None:
    with pytest.raises(TachographError, match=reason) as raised:
        read(toml)
    assert raised.value.slug == "bad_price"
    assert raised.value.exit_code == 4
    assert "USD per million tokens" in raised.value.hint
    assert "mine" in raised.value.message.lower()


def test_the_dearest_and_finest_price_can_be_stored() -> None:
    rates = rates_of('[prices.mine]\ninput = "999999.999999999"\nweb_search = "999999.999999999"')
    assert rates.tiers[0].input == 999_999_999_999_999
    assert rates.scale == 1_000
    assert rates.web_search == 999_999_999_999_999


def test_fingerprint_follows_prices_not_their_order() -> None:
    one, two = "[prices.a]\ninput = 1\n", "[prices.b]\ninput = 2\n"
    assert read(one + two).fingerprint() == read(two + one).fingerprint()
    assert len({read(toml).fingerprint() for toml in ("", one, two, one + two, one.replace("1", "1.5"))}) == 5
    assert read("[prices.a]\ninput = 1.0").fingerprint() == read(one).fingerprint()
