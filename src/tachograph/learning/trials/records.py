"""What a trial is judged by, and what comes out."""

from __future__ import annotations

from typing import Literal

import msgspec

from tachograph.analysis.kpis import Direction

Policy = Literal["trial", "quick"]
Scale = Literal["linear", "log"]
"""log: values above 0 that spread over orders of magnitude; their logarithms are compared."""
State = Literal["candidate", "active", "proven", "harmful", "no_effect", "retired"]


class Trial(msgspec.Struct, frozen=True):
    """A suggestion that is put to the test on the sessions of one agent type."""

    id: str
    suggestion: str
    agent_type: str
    kpi: str
    """What the suggestion is to improve."""
    better: Direction
    started_at: int
    """ms UTC."""
    ended_at: int | None = None
    """When it was ended by decision, ms UTC; what ended later does not count."""


class Outcome(msgspec.Struct, frozen=True):
    """One KPI of one session that chance gave the suggestion's text, or left without it."""

    session: str
    treated: bool
    share: float
    """Chance of treatment that the session had, above 0 and below 1; any other was no chance and tells nothing."""
    ended_at: int
    """ms UTC."""
    value: float
    expected: float | None = None
    """Mean of its group's baseline before the trial, in the KPI's unit; on a log scale the geometric one."""
    spread: float | None = None
    """Standard deviation of that baseline, in the KPI's unit; on a log scale that of the natural logarithm."""
    task_type: str | None = None
    project: str | None = None


class Effect(msgspec.Struct, frozen=True):
    """What the text did to one KPI, as far as it can be told. All but the counts and e-values in the KPI's unit.

    On a log scale the means are geometric, and the difference is what the arms' ratio makes of the control's mean.
    """

    n_treatment: int = 0
    n_control: int = 0
    mean_treatment: float | None = None
    """None, so the next two: an arm is empty."""
    mean_control: float | None = None
    difference: float | None = None
    """Treatment less control, each session held against its group's baseline before the trial."""
    low: float | None = None
    """Anytime-valid interval of the difference; None, so ``high``: there is no bound yet."""
    high: float | None = None
    spread: float | None = None
    """Standard deviation within the arms (log scale: of the natural logarithm); None with fewer than two sessions in
    an arm."""
    e_value: float = 1.0
    """Largest evidence so far that it makes it better: above ``x`` by chance with a probability of at most 1/x."""
    harm_e_value: float = 1.0
    """The same, that the text makes it worse."""
    proven_at: str | None = None
    """Session with which the evidence that it is better reached 1 / alpha."""


class Where(msgspec.Struct, frozen=True):
    """The effect on the target among sessions of one kind."""

    kind: Literal["task_type", "project"]
    stratum: str
    """Task type, or project as the log has it: not for an agent's eyes."""
    effect: Effect
    is_proven: bool
    """Its own evidence is enough, the number of strata allowed for."""


class TrialState(msgspec.Struct, frozen=True, kw_only=True):
    """Where a trial stands."""

    trial: str
    suggestion: str
    agent_type: str
    state: State
    reason: str
    """One sentence of ours, with numbers; no text from a log."""
    target: Effect
    guards: dict[str, Effect]
    where: tuple[Where, ...]
    decided_at: int | None = None
    """When the session ended that decided it, or the trial was ended; ms UTC."""
    review_due_at: int | None = None
    """When a proven one is to be looked at again, ms UTC."""
    policy: Policy = "trial"
