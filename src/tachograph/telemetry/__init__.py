"""A folder of OpenTelemetry spans, evaluations and logs, as the hooks of the self-optimising plan write them.

It is read only; sessions come out as the same records that transcripts give.
"""

from tachograph.telemetry.folder import fingerprint, read_telemetry
from tachograph.telemetry.records import Evaluation, FileProblem, Telemetry, TelemetrySession

__all__ = ["Evaluation", "FileProblem", "Telemetry", "TelemetrySession", "fingerprint", "read_telemetry"]
