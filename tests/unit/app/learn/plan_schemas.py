"""The plan's file shapes as JSON schemas, written from its description alone: what tools built on it read."""

from __future__ import annotations

from typing import Any

TEXT, NUMBER, COUNT = {"type": "string"}, {"type": "number"}, {"type": "integer", "minimum": 0}
MOMENT = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"}
PERCENT = {"type": "string", "pattern": r"^[+-]\d+(\.\d+)?%$"}
LEVEL = {"enum": ["PASS", "WARNING", "CRITICAL"]}


def shape(optional: tuple[str, ...] = (), **fields: Any) -> dict[str, Any]:
    """An object with these fields, all but the optional ones required; others may stand beside them."""
    return {"type": "object", "properties": fields, "required": [name for name in fields if name not in optional]}


def many(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item}


def by_name(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": item}


KPI_BASELINE = shape(
    ("status",), mean=NUMBER, std_dev=NUMBER, p50=NUMBER, p95=NUMBER, p99=NUMBER,
    status={"enum": ["bootstrap", "converged"]},
)  # fmt: skip
BASELINES = shape(
    ("bootstrap_threshold",), agent_type=TEXT, version={"const": "1.0.0"}, last_updated=MOMENT, session_count=COUNT,
    baselines=by_name(KPI_BASELINE), bootstrap_threshold={"const": 5},
)  # fmt: skip
HISTORY = shape(
    session_id=TEXT, date=MOMENT, agent_type=TEXT, model=TEXT, duration_seconds=NUMBER, kpis=by_name(NUMBER),
    baselines=by_name(NUMBER), optimizations_active=many(TEXT), alert_level=LEVEL,
)  # fmt: skip
SUGGESTIONS = shape(
    session_id=TEXT, agent_type=TEXT, date=MOMENT,
    suggestions=many(shape(
        id=TEXT, priority={"enum": ["CRITICAL", "HIGH", "MEDIUM", "LOW"]}, category=TEXT, title=TEXT, description=TEXT,
        impact=TEXT, evidence=TEXT, implementation=TEXT, activation_status=TEXT,
        tracking=shape(
            activated_at={"anyOf": [MOMENT, {"type": "null"}]}, sessions_tracked=COUNT, sessions_target={"const": 3},
            impact_measured={"type": ["string", "null"]},
        ),
    )),
)  # fmt: skip
ACTIVE = shape(
    version={"const": "1.0.0"}, last_updated=MOMENT,
    suggestions=many(shape(
        id=TEXT, source_session=TEXT, agent_type=TEXT, activated_at=MOMENT, title=TEXT, implementation_guidance=TEXT,
        expected_impact=shape(kpi=TEXT, direction={"enum": ["increase", "decrease"]}, magnitude=TEXT),
        tracking=shape(
            ("effectiveness", "avg_improvement"), sessions_applied=many(TEXT), session_count=COUNT,
            impact_results=many(shape(session=TEXT, kpi_before=NUMBER, kpi_after=NUMBER, delta=PERCENT)),
            effectiveness={"enum": ["PROVEN", "INEFFECTIVE"]}, avg_improvement=PERCENT,
            promotion_eligible={"type": "boolean"},
        ),
    )),
)  # fmt: skip
