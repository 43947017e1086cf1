"""What a call and its result weighed, and what it cost to carry them in the context: an estimate."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import accumulate

import msgspec

from tachograph.analysis.detectors._rewinds import find_rewinds, left_behind
from tachograph.model import Response, Session, TokenPrices, ToolCall

PriceTokens = Callable[[Response], TokenPrices | None]
"""The prices of one token in this response; None when no price is known."""

CHARS_PER_TOKEN = {"claude_code": 2.7, "codex": 4.0}
"""Characters of a tool's input or result that make one token, by agent.

Measured as the growth of the prompt from one response to the next with one large result between them, median: Claude
Code 2.5 to 2.8 over 520 results of reads, searches and commands; Codex 4.2 over 156 commands.
"""
_OTHER = 4.0


class Estimate(msgspec.Struct, frozen=True):
    """What a call and its result cost."""

    tokens: int | None
    """Input and result, once. None: stored by a version that did not keep the sizes."""
    carried_tokens: int
    """The same as often as responses after the first one read them again."""
    cost_pico: int | None
    """None when the size, or the price of any response concerned, is not known."""


NOTHING = Estimate(0, 0, 0)


class Carrying:
    """The responses of one session as carriers of what was said before them.

    A call is written once, at the price of output. The first response after it takes it and its result in, at the
    price of what it writes to the cache (of input when it writes nothing). Every later one up to the next compaction
    reads it again: from the cache, or anew when that response read less than half of its prompt from the cache. A call
    on a branch that was rewound is carried up to the rewind.
    """

    def __init__(self, session: Session, price_tokens: PriceTokens) -> None:
        responses = sorted(session.responses, key=lambda response: response.position)
        self._positions = [response.position for response in responses]
        self._index = {response.id: number for number, response in enumerate(responses)}
        self._compactions = sorted(m.position for m in session.markers if m.kind == "compaction")
        rewinds = find_rewinds(session.prompts, session.markers)
        behind = zip(rewinds, left_behind(rewinds, self._positions), strict=True)
        self._rewound = {index: rewind.end for rewind, left in behind for index in left}
        self._sizes = [response.usage.prompt_size for response in responses]
        self._ratio = CHARS_PER_TOKEN.get(session.agent, _OTHER)
        rates = [_rates(response, price_tokens(response)) for response in responses]
        self._first = [rate[0] for rate in rates]
        self._output = [rate[2] for rate in rates]
        self._again = [0, *accumulate(rate[1] or 0 for rate in rates)]
        self._unpriced = [0, *accumulate(rate[0] is None or rate[1] is None for rate in rates)]
        self._siblings: dict[int, int] = {}
        for call in session.tool_calls:
            maker = self._maker(call)
            self._siblings[maker] = self._siblings.get(maker, 0) + _chars(call)

    def cheaper_than(self, chars: int, pico: int) -> bool:
        """Whether text of this length certainly cost no more than ``pico``, wherever it came: a quick look first."""
        return chars / self._ratio * self._dearest <= pico

    @cached_property
    def _dearest(self) -> int:
        """The most that a token can have cost: taken in at the highest price, and read again by every response."""
        return max((rate for rate in self._first if rate is not None), default=0) + self._again[-1]

    def estimate(self, call: ToolCall, *, result_alone: bool = False) -> Estimate:
        """What ``call`` and its result cost from being written to the next compaction, or its result alone."""
        if call.input_chars is None:
            return Estimate(None, 0, None)
        maker = self._maker(call)
        tokens = self._weigh(call, maker, (call.result_chars or 0) if result_alone else _chars(call))
        first, end = maker + 1, self._end(maker)
        carriers = max(0, end - first)
        written = 0 if result_alone else min(tokens, round(call.input_chars / self._ratio))
        return Estimate(tokens, tokens * max(0, carriers - 1), self._price(tokens, written, maker, first, end))

    def _maker(self, call: ToolCall) -> int:
        """Index of the response that made the call; -1 when it comes before all of them."""
        known = self._index.get(call.response)
        return bisect_right(self._positions, call.position) - 1 if known is None else known

    def _end(self, maker: int) -> int:
        """Index of the first response after the next compaction, or after the rewind that left this one behind."""
        position = self._positions[maker] if maker >= 0 else -1
        at = bisect_right(self._compactions, position)
        ends = [*self._compactions[at : at + 1], *([self._rewound[maker]] if maker in self._rewound else [])]
        return bisect_right(self._positions, min(ends)) if ends else len(self._positions)

    def _weigh(self, call: ToolCall, maker: int, chars: int) -> int:
        """Tokens of ``chars`` characters, but no more than their share of what the prompt really grew by."""
        tokens = round(chars / self._ratio)
        if 0 <= maker < len(self._sizes) - 1 and self._end(maker) > maker + 1:
            growth = self._sizes[maker + 1] - self._sizes[maker]
            if growth > 0:
                tokens = min(tokens, growth * chars // max(1, self._siblings.get(maker, _chars(call))))
        return tokens

    def _price(self, tokens: int, written: int, maker: int, first: int, end: int) -> int | None:
        output = self._output[maker] if written and maker >= 0 else 0
        if output is None or self._unpriced[max(first, end)] > self._unpriced[first]:
            return None
        cost = written * output
        if first < end:
            fresh = self._first[first]
            assert fresh is not None
            cost += tokens * (fresh + self._again[end] - self._again[first + 1])
        return cost


def add_up(estimates: Sequence[Estimate]) -> Estimate:
    """The sum; unknown where a part is."""
    tokens = [one.tokens for one in estimates if one.tokens is not None]
    costs = [one.cost_pico for one in estimates if one.cost_pico is not None]
    return Estimate(
        sum(tokens) if len(tokens) == len(estimates) else None,
        sum(one.carried_tokens for one in estimates),
        sum(costs) if len(costs) == len(estimates) else None,
    )


def _chars(call: ToolCall) -> int:
    return (call.input_chars or 0) + (call.result_chars or 0)


def _rates(response: Response, prices: TokenPrices | None) -> tuple[int | None, int | None, int | None]:
    """Picodollars per token that this response takes in, that it reads again, and that it writes."""
    if prices is None:
        return None, None, None
    usage = response.usage
    fresh = prices.input
    if usage.cache_write_1h > usage.cache_write_5m:
        fresh = prices.cache_write_1h
    elif usage.cache_write_5m:
        fresh = prices.cache_write_5m
    return fresh, prices.cache_read if 2 * usage.cache_read >= usage.prompt_size else fresh, prices.output
