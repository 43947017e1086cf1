"""Sessions that look like further attempts: how many are subagents."""

from __future__ import annotations

from tachograph.analysis.intervals import bootstrap, ratio_of_sums, wilson
from tachograph.app.mechanisms._records import Account, Figure, share_figure
from tachograph.app.mechanisms._registry import mechanism
from tachograph.app.mechanisms._scene import MainSession, Scene

_SHOWN = 5


@mechanism(
    "apparent_retries",
    "Apparent retries that are subagents",
    not_proved=(
        "A second session with the same prompt, or on the same branch, need not be a failed first one: branches are"
        " worked on for days, and the same order may be given twice on purpose. A retry within a session is not seen"
        " here: see tacho retries."
    ),
)
def apparent_retries(scene: Scene) -> Account:
    """An apparent retry is a session that a count of log files takes for a further attempt at the same work: one below
    a main session (a subagent), or a main session that began within 24 hours after another of its project with the
    same first prompt, or that goes on from a copy of another. Branches are told beside: a main session counts that
    began within 24 hours after another on the same branch of its project. Intervals: by main session, resampled for
    the first share, Wilson's for the others."""
    mains = scene.sessions
    return Account([
        _subagent_share(mains),
        _share("below", "main sessions with subagents", mains, [one for one in mains if one.subagents]),
        _share("same_prompt", "begun again with the same prompt", mains, [one for one in mains if one.by_prompt]),
        _share("forked", "gone on from a copy of another", mains, [one for one in mains if one.forked]),
        _share("same_branch", "begun soon after another on the branch", mains, [one for one in mains if one.by_branch]),
    ])  # fmt: skip


def _subagent_share(mains: list[MainSession]) -> Figure:
    """Of all apparent retries."""
    looks = [one for one in mains if one.subagents or one.by_prompt or one.forked]
    units = [(one.subagents, one.subagents + (one.by_prompt or one.forked)) for one in looks]
    return share_figure(
        "subagents",
        "apparent retries that are subagents",
        sum(unit[0] for unit in units),
        sum(unit[1] for unit in units),
        "apparent retries",
        bootstrap(units, ratio_of_sums),
        sessions=len(looks),
        evidence=[one.id for one in sorted(looks, key=lambda one: -one.subagents) if one.subagents][:_SHOWN],
    )


def _share(key: str, title: str, mains: list[MainSession], those: list[MainSession]) -> Figure:
    interval = wilson(len(those), len(mains))
    evidence = [one.id for one in those][:_SHOWN]
    return share_figure(key, title, len(those), len(mains), "main sessions", interval, evidence=evidence)
