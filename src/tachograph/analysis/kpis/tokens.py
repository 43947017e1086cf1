"""KPIs of what the models read and wrote."""

from __future__ import annotations

from tachograph.analysis.kpis._registry import Lacking, Seen, Value, kpi
from tachograph.model import Response, Session

LEAST_RESPONSES = 5
"""In a session with fewer, the start of its cache weighs more than how it was used: the quartiles of cache reuse are
.26 and .98 below it, .91 and .97 from it on (198 real sessions)."""
MOST_PLACEHOLDERS = 0.05
"""With a larger share of responses without a true output count, nothing is said. A session that a person interrupted
has one such response or two; agents that never wrote the count have nothing else."""
WINDOW_TOKENS = 200_000
"""What telemetry's share of the context is a share of: the usual window of the models that such telemetry is from."""

_PLAN = "the published plan for a self-optimising loop of agents"
_PLACEHOLDERS = Lacking("its log has placeholders in place of output counts")
_SUMS = Lacking("telemetry adds its answers up, so that the size of a single one is not known")


@kpi(
    "token_efficiency",
    "ratio",
    "Output among all tokens",
    better="up",
    source=f"Formula: {_PLAN}. Thresholds and default: 41 real sessions with true output counts (see the distribution "
    "below); the plan's .05 / .02 / .01 call 80 % of them critical. Its post-mortem session (.001) stays critical.",
    thresholds=(0.007, 0.003, 0.0015),
    least_sd=0.0005,
    default=(0.006, 0.004),
)
def token_efficiency(seen: Seen) -> Value:
    """Output / (input + cache reads + output), in tokens; cache writes are in neither.

    Falls with the length of a session, since each answer reads all that came before: compare sessions of one kind.
    Responses without a true output count are left out; lacking when more than 5 % of them are such. Does not apply to a
    session without responses.
    """
    responses = seen.session.responses
    told = [response.usage for response in responses if response.output_reliable]
    if len(responses) - len(told) > MOST_PLACEHOLDERS * len(responses):
        return _PLACEHOLDERS
    output = sum(usage.output for usage in told)
    total = output + sum(usage.input + usage.cache_read for usage in told)
    return output / total if total else None


@kpi(
    "cache_efficiency",
    "ratio",
    "Input read from a cache",
    better="up",
    source=f"Formula and thresholds: {_PLAN}.",
    thresholds=(0.90, 0.80, 0.70),
)
def cache_efficiency(seen: Seen) -> Value:
    """Cache reads / (input + cache reads), in tokens.

    Cache writes are in neither: for providers that bill them (Anthropic) the value is near 1 whatever is wasted, and
    ``cache_reuse`` tells more. Does not apply to sessions of fewer than 5 responses, in which the start of the cache
    weighs too much, nor where nothing was read.
    """
    if _is_short(seen):
        return None
    read = sum(response.usage.cache_read for response in seen.session.responses)
    total = read + sum(response.usage.input for response in seen.session.responses)
    return read / total if total else None


@kpi(
    "cache_reuse",
    "ratio",
    "Cache traffic that was reading",
    better="up",
    source="Our own: what the plan's cache efficiency leaves out. No thresholds: what is usual differs by kind of "
    "session.",
)
def cache_reuse(seen: Seen) -> Value:
    """Cache reads / (cache reads + cache writes), in tokens.

    Low where a cache expires and is written again. Does not apply where no writes are recorded (OpenAI has none that it
    bills), nor to sessions of fewer than 5 responses, in which the start of the cache weighs too much.
    """
    if _is_short(seen):
        return None
    usages = [response.usage for response in seen.session.responses]
    written = sum(usage.cache_write_5m + usage.cache_write_1h for usage in usages)
    read = sum(usage.cache_read for usage in usages)
    return read / (read + written) if written else None


@kpi(
    "context_peak",
    "tokens",
    "Fullest context",
    better="down",
    source="Our own. No thresholds: models' windows differ, and logs do not name them.",
    scale="log",
    least_sd=0.2,
)
def context_peak(seen: Seen) -> Value:
    """Tokens read by the answer that read most: input, cache reads and cache writes.

    Always tokens: where telemetry tells a share of the window in use (``context.utilization_percent``), it is taken as
    a share of 200,000, an estimate that is too low for larger windows. Does not apply to a session without responses;
    lacking where telemetry adds answers up and tells no share.
    """
    if seen.context_utilization is not None:
        return seen.context_utilization * WINDOW_TOKENS or None
    if seen.is_summed:
        return _SUMS if seen.session.responses else None
    return max(map(_prompt_size, seen.session.responses), default=0) or None


def _prompt_size(response: Response) -> int:
    """Of several passes, the largest: each read the context anew."""
    if response.passes:
        return max(one.usage.prompt_size for one in response.passes)
    return response.usage.prompt_size


def _is_short(seen: Seen) -> bool:
    return not seen.is_summed and _count(seen.session) < LEAST_RESPONSES


def _count(session: Session) -> int:
    return len(session.responses)
