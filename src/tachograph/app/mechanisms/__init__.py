"""What a history shows about how agents are used, each mechanism with its n, interval and what it does not prove.

One file for each mechanism, found by itself. Not to be confused with findings of waste (``analysis/detectors``), which
are single cases with a cost.
"""

from tachograph.app.mechanisms._records import Account, Figure, FindingsReport, MechanismReport
from tachograph.app.mechanisms._registry import Mechanism, load_mechanisms, mechanism
from tachograph.app.mechanisms._report import report_findings
from tachograph.app.mechanisms._scene import Scene

__all__ = [
    "Account",
    "Figure",
    "FindingsReport",
    "Mechanism",
    "MechanismReport",
    "Scene",
    "load_mechanisms",
    "mechanism",
    "report_findings",
]
