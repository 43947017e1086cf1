"""Cached prefixes that had to be written again."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from functools import cached_property

import msgspec

from tachograph.analysis.detectors._carrying import Estimate
from tachograph.analysis.detectors._order import any_between
from tachograph.analysis.detectors._registry import detector
from tachograph.analysis.detectors._rewinds import find_rewinds
from tachograph.analysis.detectors._scene import Scene
from tachograph.model import HUMAN_KINDS, TURN_KINDS, Finding, Response, TokenPrices, Usage

_MIN_PREFIX = 5_000
_SHORT, _LONG = 300, 3_600
"""Seconds that a cached prefix lives unused. Anthropic: 5 minutes, or an hour when written for an hour. OpenAI's
guide: usually 5 to 10 minutes, at most an hour, for newer models up to a day; its logs tell of no kind."""
_SETUP_COMMANDS = frozenset({
    "/add-dir", "/agents", "/config", "/effort", "/exit", "/fast", "/hooks", "/mcp", "/memory", "/output-style",
    "/permissions", "/plugin", "/quit", "/reload-plugins", "/resume", "/sandbox", "/skills",
})  # fmt: skip
"""Slash commands after which tools, system prompt or request options may differ (a new process makes them anew)."""


@detector("cache_rebuild", "Cached prefixes written again")
def cache_rebuild(scene: Scene) -> Iterator[Finding]:
    """A response sent a prefix anew that the previous response of the same agent had read from the cache.

    It counts when the previous one had a prefix (read and written) of at least 5,000 tokens and read some of it, and
    this one read less than half of what that one read, and wrote more than 20 % of its own prompt. After a rewind the
    previous response is the last one that is still part of the conversation.

    The cause, the first that applies:

    - ``compaction``: the context was summarised in between; a rebuild is then to be expected. Also, where nothing below
      applies: within a turn the prompt became smaller by a tenth, so that a part of the context was dropped silently
    - ``model_switch``: another model answered; each has a cache of its own
    - ``idle``: since the agent's last response, in whatever branch, more time had passed than a prefix lives unused: an
      hour when at least half of what the agent wrote last was written for an hour, else 5 minutes (also for OpenAI,
      whose logs do not say and which may keep it for longer)
    - ``setup_change``: tools, system prompt or request options may have changed: another version of the agent, another
      speed, a command such as ``/mcp``, a new process
    - ``unexplained``: none of these; the provider dropped it, or something changed that no log tells of

    Tokens: what was written, but no more than what of the previous prefix was not read. Cost: these tokens at this
    response's price of writing (of input, where a response writes nothing: OpenAI) less its price of reading.
    """
    rewinds = deque(find_rewinds(scene.prompts, scene.markers))
    events = _Events(scene)
    live: list[Response] = []
    latest: Response | None = None
    lifetime = _SHORT
    for response in scene.responses:
        while rewinds and rewinds[0].end < response.position:
            start = rewinds.popleft().start
            while live and live[-1].position >= start:
                live.pop()
        if latest is not None and live and _is_rebuild(live[-1], response):
            yield _finding(events, live[-1], latest, response, lifetime)
        live.append(response)
        latest = response
        lifetime = _lifetime(_usage(response)) or lifetime


class _Events:
    """What happened in a session that may explain a rebuild: positions, in order."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    @cached_property
    def compactions(self) -> list[int]:
        return [marker.position for marker in self.scene.markers if marker.kind == "compaction"]

    @cached_property
    def setups(self) -> list[int]:
        """After which tools, system prompt or request options may be others."""
        slashes = (prompt for prompt in self.scene.prompts if prompt.kind == "slash")
        commands = [prompt.position for prompt in slashes if prompt.text.partition(" ")[0] in _SETUP_COMMANDS]
        return sorted(commands + [m.position for m in self.scene.markers if m.kind == "setup_change"])

    @cached_property
    def prompts(self) -> list[int]:
        return [prompt.position for prompt in self.scene.prompts if prompt.kind in (*HUMAN_KINDS, *TURN_KINDS)]

    @cached_property
    def _last_calls(self) -> dict[str, int]:
        """When the last call of each response was made."""
        found: dict[str, int] = {}
        for call in self.scene.calls:
            found[call.response] = max(call.started_at, found.get(call.response, call.started_at))
        return found

    def end(self, response: Response) -> int:
        """When it was complete: Codex tells the usage only after the calls it made have run."""
        return min(response.ended_at, self._last_calls.get(response.id, response.ended_at))


def _is_rebuild(previous: Response, this: Response) -> bool:
    before, now = _usage(previous), _usage(this)
    return (
        _prefix(before) >= _MIN_PREFIX
        and 2 * now.cache_read < before.cache_read
        and 5 * _written(now) > now.prompt_size
    )


def _finding(events: _Events, previous: Response, latest: Response, this: Response, lifetime: int) -> Finding:
    before, now = _usage(previous), _usage(this)
    tokens = min(_written(now), _prefix(before) - now.cache_read)
    gap = max(0, this.started_at - events.end(latest)) / 1000
    finding = events.scene.finding(
        responses=[this, previous],
        estimate=Estimate(tokens, 0, _extra_cost(tokens, now, events.scene.prices(this))),
        facts={
            "cause": _cause(events, previous, latest, this, gap > lifetime),
            "previous_prefix": _prefix(before),
            "previous_read": before.cache_read,
            "read": now.cache_read,
            "written": _written(now),
            "gap_seconds": round(gap),
            "lifetime_seconds": lifetime,
            "model": this.model,
            "previous_model": previous.model,
        },
    )
    # It lies where it was paid: the response before may be days older, and after rewinds be so to several.
    return msgspec.structs.replace(finding, position=this.position, at=this.started_at)


def _cause(events: _Events, previous: Response, latest: Response, this: Response, outlived: bool) -> str:
    if any_between(events.compactions, latest.position, this.position):
        return "compaction"
    if this.model != previous.model:
        return "model_switch"
    if outlived:
        return "idle"
    if this.speed != previous.speed or any_between(events.setups, previous.position, this.position):
        return "setup_change"
    return "compaction" if _was_cut(events, latest, this) else "unexplained"


def _was_cut(events: _Events, latest: Response, this: Response) -> bool:
    """Whether old results were cleared within a turn: then nothing else makes the prompt smaller."""
    same_turn = not any_between(events.prompts, latest.position, this.position)
    return same_turn and 10 * _usage(this).prompt_size <= 9 * _usage(latest).prompt_size


def _usage(response: Response) -> Usage:
    """Of one pass: where there were several, the one that gave the answer."""
    return response.passes[0].usage if response.passes else response.usage


def _written(usage: Usage) -> int:
    return usage.cache_write_5m + usage.cache_write_1h or usage.input


def _prefix(usage: Usage) -> int:
    return usage.cache_read + _written(usage)


def _lifetime(usage: Usage) -> int | None:
    """Seconds that what this response wrote lives unused; None when it wrote nothing."""
    written = usage.cache_write_5m + usage.cache_write_1h
    if not written:
        return None
    return _LONG if 2 * usage.cache_write_1h >= written else _SHORT


def _extra_cost(tokens: int, usage: Usage, prices: TokenPrices | None) -> int | None:
    """Picodollars of sending ``tokens`` anew instead of reading them from the cache."""
    if prices is None or prices.cache_read is None:
        return None
    written = usage.cache_write_5m + usage.cache_write_1h
    parts = [(usage.cache_write_5m, prices.cache_write_5m), (usage.cache_write_1h, prices.cache_write_1h)]
    total = 0
    for count, price in parts if written else [(1, prices.input)]:
        if count and price is None:
            return None
        total += count * (price or 0)
    return max(0, tokens * total // (written or 1) - tokens * prices.cache_read)
