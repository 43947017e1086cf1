"""A session on three axes: token economy, trajectory quality, proven waste. There is no sum of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from tachograph.analysis.axes.token_economy import References, TokenFacts, TokenScore
from tachograph.analysis.axes.trajectory import TrajectoryScore
from tachograph.app.filters import Filter
from tachograph.app.find_session import short_names
from tachograph.app.findings import FindingRecord, list_findings
from tachograph.app.token_facts import load_facts, load_references

WASTE_DOMAIN = (
    "Proved by the log alone: each finding names the calls or responses that prove it. What the log does not show is"
    " not found, so nothing found does not mean that nothing was wasted. Tokens and USD of estimates are estimates;"
    " detectors overlap, so they do not add up."
)
_BELOW = """
WITH RECURSIVE below(id) AS (
    SELECT id FROM sessions WHERE parent_id = ?1
    UNION
    SELECT s.id FROM below b JOIN sessions s ON s.parent_id = b.id
)
SELECT s.id, s.agent_type, s.real_tokens,
       (SELECT count(*) FROM findings f JOIN segments g USING (segment) WHERE g.session = s.id)
FROM below JOIN sessions s USING (id) ORDER BY s.started_at IS NULL, s.started_at, s.id"""
_READ_BEFORE = "This session's log is gone and was read by an older version, which kept no sizes of calls"
_UNEXAMINED = {
    "claude_code": f"{_READ_BEFORE}, no hashes of commands and not which record a prompt answers to: retries, heavy"
    " results and rewound branches are not found, and not all repeated reads.",
    "codex": f"{_READ_BEFORE} and no hashes of commands: retries, heavy results and repeated reads are not found.",
}
"""See :data:`tachograph.app.waste.UNEXAMINED`."""
NO_TEXT = (
    'No text of commands is kept (store.text = "none"): repeated commands that print files are not found, nor retries'
    " with other commands between them."
)
_LACKS_TEXT = """
SELECT EXISTS (SELECT 1 FROM meta WHERE name = 'store_text' AND value = 'none') OR EXISTS (
    SELECT 1 FROM segments g CROSS JOIN tool_calls t USING (segment)
    WHERE g.session = ? AND t.category = 'shell' AND t.command_hash IS NOT NULL AND coalesce(t.command, '') = '')"""


class WasteScore(msgspec.Struct, frozen=True):
    """Waste that is proved."""

    verdict: Literal["waste_found", "no_waste_found"]
    value: int
    """Number of findings."""
    findings: list[FindingRecord]
    """In the order in which they happened; those of subagents are in their sessions."""
    domain_of_validity: str
    """What the axis says and does not say; never empty."""

    @property
    def evidence(self) -> tuple[str, ...]:
        """What proves each finding, in words."""
        return tuple(_proof(finding) for finding in self.findings)


class SubagentScore(msgspec.Struct, frozen=True):
    """What a subagent used and wasted: beside its session's axes, never inside."""

    id: str
    agent_type: str | None
    real_tokens: int
    """Input, cache writes and output of its own responses."""
    findings: int


class Score(msgspec.Struct, frozen=True):
    """The three axes of one session."""

    id: str
    name: str
    """A short name by which ``tacho show`` finds it."""
    kind: str
    project: str | None
    title: str
    """Its title, else how it began."""
    task_type: str | None
    """Null: it has no prompt from which it could be told."""
    token: TokenScore
    trajectory: TrajectoryScore
    waste: WasteScore
    subagents: list[SubagentScore] = []


ScoreTrajectory = Callable[[str], TrajectoryScore]
"""The trajectory axis of the session with this id."""


def score_sessions(
    connection: sqlite3.Connection,
    ids: Sequence[str],
    score_trajectory: ScoreTrajectory,
    references: References | None = None,
) -> list[Score]:
    """The sessions ``ids``, in this order; ``references`` are those of ``connection`` unless given.

    Sessions that have left no log of their own are left out.
    """
    references = references or load_references(connection)
    facts = load_facts(connection, list(ids))
    names = short_names(connection, ids)
    return [
        _score(connection, facts[one], names[one], references, score_trajectory(one)) for one in ids if one in facts
    ]


def _score(
    connection: sqlite3.Connection, facts: TokenFacts, name: str, references: References, trajectory: TrajectoryScore
) -> Score:
    project, title = connection.execute(
        "SELECT project, coalesce(title, opening, '') FROM sessions WHERE id = ?", (facts.session,)
    ).fetchone()
    return Score(
        id=facts.session,
        name=name,
        kind=facts.kind,
        project=project,
        title=title,
        task_type=facts.task_type,
        token=references.score(facts),
        trajectory=trajectory,
        waste=score_waste(connection, facts.session),
        subagents=load_subagents(connection, facts.session),
    )


def score_waste(connection: sqlite3.Connection, id: str) -> WasteScore:
    """The waste axis of one session, from what ingestion found."""
    from tachograph.app.waste import unexamined_agent

    findings = list_findings(connection, Filter(), sessions=[id])
    agent = unexamined_agent(connection, id)
    lacks_text = connection.execute(_LACKS_TEXT, (id,)).fetchone()[0]
    return waste_score(findings, *([_UNEXAMINED[agent]] if agent else []), *([NO_TEXT] if lacks_text else []))


def waste_score(findings: list[FindingRecord], *caveats: str) -> WasteScore:
    """The waste axis of these findings; ``caveats`` are sentences on what could not be looked for."""
    verdict: Literal["waste_found", "no_waste_found"] = "waste_found" if findings else "no_waste_found"
    return WasteScore(verdict, len(findings), findings, " ".join([WASTE_DOMAIN, *caveats]))


def load_subagents(connection: sqlite3.Connection, id: str) -> list[SubagentScore]:
    """All subagents below the session ``id``, in order of their start."""
    return [SubagentScore(*row) for row in connection.execute(_BELOW, (id,))]


def _proof(finding: FindingRecord) -> str:
    calls, responses = finding.evidence["calls"], finding.evidence["responses"]
    proof = [f"{kind} {', '.join(ids)}" for kind, ids in (("calls", calls), ("responses", responses)) if ids]
    turns = ", ".join(str(turn) for turn in finding.evidence["turns"])
    return f"{finding.detector}: {'; '.join(proof)} (turns {turns})"
