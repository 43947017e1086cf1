"""``tacho doctor``: is everything as it should be, and if not, why and what to do."""

from tachograph.app.doctor.check import Check, Status
from tachograph.app.doctor.examine import DoctorReport, examine

__all__ = ["Check", "DoctorReport", "Status", "examine"]
