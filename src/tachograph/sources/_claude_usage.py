"""Usage of Claude Code's responses: one line's worth, and the best of several."""

from __future__ import annotations

from tachograph.model import Pass, Usage
from tachograph.sources._builder import OpenResponse
from tachograph.sources._claude_lines import LineUsage, Message, PassUsage


def merge_usage(held: OpenResponse, message: Message, usage: LineUsage, model: str, at: int) -> None:
    """Take one more line of a response into account: the largest output wins, among equals the last."""
    held.lines += 1
    if at > held.ended_at:
        held.ended_at = at
    elif at < held.started_at:
        held.started_at = at
    final = message.stop_reason is not None
    if final:
        held.reliable = True
    rank = (usage.output_tokens or 0, final)
    if rank < held.rank:
        return
    held.rank = rank
    held.model = model
    held.stop_reason = message.stop_reason
    held.speed = usage.speed or "standard"
    searches = (usage.server_tool_use.web_search_requests or 0) if usage.server_tool_use else 0
    thinking = (usage.output_tokens_details.thinking_tokens or 0) if usage.output_tokens_details else 0
    passes = [p for p in usage.iterations if (p.type or "").endswith("message")] if usage.iterations else ()
    if len(passes) > 1:
        # The last hop comes first: it is the one that gave the response its model, and what is said once is said of it.
        *earlier, last = passes
        hidden = min(thinking, last.output_tokens or 0)
        first = Pass(last.model or model, _usage(last, hidden, searches))
        held.passes = (first, *(Pass(p.model or model, _usage(p, 0, 0)) for p in reversed(earlier)))
        held.usage = sum((p.usage for p in held.passes), Usage())
        return
    held.passes = ()
    held.usage = _usage(usage, thinking, searches)


def _usage(line: LineUsage | PassUsage, reasoning: int, searches: int) -> Usage:
    writes = line.cache_creation_input_tokens or 0
    hour = (line.cache_creation.ephemeral_1h_input_tokens or 0) if line.cache_creation else 0
    return Usage(
        line.input_tokens or 0,
        line.cache_read_input_tokens or 0,
        writes - hour,
        hour,
        line.output_tokens or 0,
        reasoning,
        searches,
    )
