"""Check of the loop: how it does against the targets of the plan that it follows."""

from __future__ import annotations

from tachograph.app.doctor.check import Check, Scene, plural, without_store
from tachograph.app.learn.measures import Measure, measure_loop
from tachograph.report.units import UNKNOWN


def check_loop(scene: Scene) -> Check:
    """Whether the loop has gone round, and its six measures."""
    if scene.connection is None:
        return without_store("loop", scene)
    status = measure_loop(scene.connection, scene.now_ms)
    if status.last_round is None:
        return Check("loop", "ok", "has not gone round yet", hint="tacho learn computes KPIs, baselines and alerts.")
    missed = [one for one in status.measures if one.met is False]
    details = [show_measure(one) for one in status.measures]
    summary = f"last round {status.last_round:%Y-%m-%d %H:%M} UTC, {plural(status.sessions, 'session')} with KPIs"
    if missed:
        return Check(
            "loop", "info", f"{summary}; {plural(len(missed), 'target')} missed", details, "See tacho learn status."
        )
    return Check("loop", "ok", summary, details)


def show_measure(one: Measure) -> str:
    """A measure on one line."""
    if one.value is None:
        return f"{one.title}: {UNKNOWN} (target {one.target})"
    value = f"{one.value:.1f} s" if one.unit == "seconds" else f"{100 * one.value:.0f} %"
    return f"{one.title}: {value} (target {one.target})"
