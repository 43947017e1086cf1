"""Money and time as rationales tell them."""

from __future__ import annotations

from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

from tachograph.model.rates import PICO

_CENTS = 2
_FINEST = 12
"""Digits of a picodollar."""


def tell_cost(pico: int, limit: Decimal = Decimal(0), *, is_least: bool = False) -> str:
    """``$3.72`` of picodollars, with more digits only where cents would not tell it from ``limit``, or from nothing.

    ``is_least``: it is a lower bound, and is rounded down.
    """
    amount = Decimal(pico) / PICO
    apart = (Decimal(0), limit / PICO)
    rounding = ROUND_FLOOR if is_least else ROUND_HALF_EVEN
    for digits in range(_CENTS, _FINEST):
        shown = amount.quantize(Decimal(1).scaleb(-digits), rounding)
        if all(_compare(shown, other) == _compare(amount, other) for other in apart):
            return f"${shown:,f}"
    return tell_usd(pico)


def tell_usd(pico: int | Decimal) -> str:
    """``$2.00`` of picodollars, with every digit that counts."""
    return f"${_plain(Decimal(pico) / PICO, least=_CENTS)}"


def tell_seconds(ms: int | Decimal) -> str:
    """``1,260.5 s`` of milliseconds."""
    return f"{_plain(Decimal(ms) / 1000)} s"


def _compare(one: Decimal, other: Decimal) -> int:
    return (one > other) - (one < other)


def _plain(number: Decimal, least: int = 0) -> str:
    """Every digit that counts, at least so many behind the point."""
    whole, _, rest = f"{number:,f}".partition(".")
    rest = rest.rstrip("0").ljust(least, "0")
    return f"{whole}.{rest}" if rest else whole
