"""What a detector gets to see of one session."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import cached_property

import msgspec

from tachograph.analysis.detectors._carrying import Carrying, Estimate, PriceTokens, add_up
from tachograph.model import TURN_KINDS, FactValue, Finding, Marker, Prompt, Response, Session, TokenPrices, ToolCall


class WasteOptions(msgspec.Struct, frozen=True):
    """Thresholds that a user may choose."""

    heavy_result_usd: float = 0.25
    """A result is heavy when carrying it cost more than this; USD."""


class Scene:
    """One session's own records in order, with prices. Everything else is made when first asked for."""

    def __init__(
        self, session: Session, price_tokens: PriceTokens, options: WasteOptions | None = None, after: int = -1
    ) -> None:
        """Records up to the position ``after`` are copies from another session and not looked at."""
        self.session = session if after < 0 else _own(session, after)
        self.options = options or WasteOptions()
        self._price_tokens = price_tokens

    @cached_property
    def responses(self) -> list[Response]:
        """In order of position."""
        return sorted(self.session.responses, key=_position)

    @cached_property
    def calls(self) -> list[ToolCall]:
        """In order of position: the order in which they were made."""
        return sorted(self.session.tool_calls, key=_position)

    @cached_property
    def prompts(self) -> list[Prompt]:
        """In order of position."""
        return sorted(self.session.prompts, key=_position)

    @cached_property
    def markers(self) -> list[Marker]:
        """In order of position."""
        return sorted(self.session.markers, key=_position)

    @cached_property
    def carrying(self) -> Carrying:
        """What calls and results weigh and cost."""
        return Carrying(self.session, self._price_tokens)

    def prices(self, response: Response) -> TokenPrices | None:
        """Picodollars per token in this response; None when no price is known."""
        return self._price_tokens(response)

    def folder(self, call: ToolCall) -> str:
        """The folder a call ran in; ``""`` when it is not known."""
        return call.cwd or (self.session.cwds[0] if self.session.cwds else "")

    def turn(self, position: int) -> int:
        """Number of the turn that a position lies in, from 1; 0 before the first prompt."""
        return bisect_right(self._openings, position)

    def responses_before(self, position: int) -> int:
        """How many responses the agent had given up to ``position``."""
        return bisect_left(self._response_positions, position)

    @cached_property
    def _response_positions(self) -> list[int]:
        return [response.position for response in self.responses]

    @cached_property
    def _openings(self) -> list[int]:
        return [prompt.position for prompt in self.prompts if prompt.kind in TURN_KINDS]

    def finding(
        self,
        calls: Sequence[ToolCall] = (),
        responses: Sequence[Response] = (),
        *,
        wasted: Sequence[ToolCall] | None = None,
        estimate: Estimate | None = None,
        count: int = 1,
        is_estimate: bool = True,
        facts: dict[str, FactValue] | None = None,
    ) -> Finding:
        """A finding proved by ``calls`` and ``responses``; its cost is ``estimate``, else that of the calls ``wasted``.

        Raises ValueError when nothing proves it.
        """
        proof: list[ToolCall | Response] = [*calls, *responses]
        first = min(proof, key=_position)
        if estimate is None:
            estimate = add_up([self.carrying.estimate(call) for call in wasted or ()])
        return Finding(
            position=first.position,
            at=first.started_at,
            calls=tuple(call.id for call in calls),
            responses=tuple(response.id for response in responses),
            turns=tuple(sorted({self.turn(record.position) for record in proof})),
            count=count,
            tokens=estimate.tokens,
            carried_tokens=estimate.carried_tokens,
            cost_pico=estimate.cost_pico,
            is_estimate=is_estimate,
            facts=facts or {},
        )


def _position(record: Response | ToolCall | Prompt | Marker) -> int:
    return record.position


def _own(session: Session, after: int) -> Session:
    return msgspec.structs.replace(
        session,
        responses=tuple(r for r in session.responses if r.position > after),
        tool_calls=tuple(c for c in session.tool_calls if c.position > after),
        prompts=tuple(p for p in session.prompts if p.position > after),
        markers=tuple(m for m in session.markers if m.position > after),
    )
