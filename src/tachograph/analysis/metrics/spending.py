"""Metrics of what the models read and wrote."""

from __future__ import annotations

from tachograph.analysis.metrics._registry import metric
from tachograph.model import Session, Usage


@metric("tokens", "tokens", "Tokens by kind")
def tokens(session: Session) -> dict[str, int]:
    """Sum over the session's own responses; ``reasoning`` is a part of ``output``, the other kinds add up.

    ``output`` is a lower bound where ``output_unreliable_responses`` is above 0.
    """
    total = sum((response.usage for response in session.responses), Usage())
    return {
        "input": total.input,
        "cache_read": total.cache_read,
        "cache_write_5m": total.cache_write_5m,
        "cache_write_1h": total.cache_write_1h,
        "output": total.output,
        "reasoning": total.reasoning,
    }


@metric("web_searches", "searches", "Billed web searches")
def web_searches(session: Session) -> int:
    """Searches that the provider ran and bills, as the responses' usage says."""
    return sum(response.usage.web_searches for response in session.responses)


@metric("responses", "responses", "Responses")
def responses(session: Session) -> int:
    """API answers, each once, whatever number of log lines it was spread over."""
    return len(session.responses)


@metric("output_unreliable_responses", "responses", "Responses whose output is a lower bound")
def output_unreliable_responses(session: Session) -> int:
    """Responses of which the log holds a placeholder instead of the true output count."""
    return sum(not response.output_reliable for response in session.responses)


@metric("models", "models", "Models")
def models(session: Session) -> list[str]:
    """Every model that answered, in order of its first response; those of further passes included."""
    names: dict[str, None] = {}
    for response in session.responses:
        names.update(dict.fromkeys([response.model, *(one.model for one in response.passes)]))
    return list(names)
