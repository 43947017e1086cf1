"""Results of checks as feedback on a trace."""

from __future__ import annotations

import msgspec

from tachograph.mlflow.entities import Assessed
from tachograph.model import CheckResult, CheckStatus

_VALUES: dict[CheckStatus, str] = {"pass": "yes", "fail": "no", "skip": "skip", "unknown": "no"}
_PROOFS = 5
"""Calls that are named in the metadata, of which MLflow keeps little."""
_LARGEST_RATIONALE = 10_000


def assess(result: CheckResult, **metadata: str | None) -> Assessed:
    """``yes``, ``no`` or ``skip``; whether a ``no`` is that something is not known stands in the metadata."""
    told = {key: value for key, value in metadata.items() if value}
    proof = [one.call or one.session for one in result.evidence[:_PROOFS]]
    if proof:
        told["evidence"] = msgspec.json.encode(proof).decode()
    told["status"] = result.status
    return Assessed(
        result.key,
        _VALUES[result.status],
        result.rationale[:_LARGEST_RATIONALE],
        {f"tacho.{key}": value for key, value in told.items()},
    )
