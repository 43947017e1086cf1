"""What the test has to know of a KPI."""

from __future__ import annotations

from typing import NamedTuple

from tachograph.analysis.kpis import Direction, load_kpis
from tachograph.learning.trials.records import Scale, Trial


class Nature(NamedTuple):
    """Which way a KPI is better, and on which scale its values are compared."""

    better: Direction
    scale: Scale


def nature_of(kpi: str, trial: Trial) -> Nature:
    """As the KPI itself says. The trial's own is better as the trial says; of an unknown one, less is better."""
    known = load_kpis().get(kpi)
    better = trial.better if kpi == trial.kpi else known.better if known else "down"
    return Nature(better, known.scale if known else "linear")
