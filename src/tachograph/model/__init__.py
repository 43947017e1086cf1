"""The records that travel between rooms: frozen Structs without I/O.

Times are integers: milliseconds since 1970-01-01 UTC. Tokens are integers. Texts have been through the
redactor before they get here (see :class:`Clean`).
"""

from tachograph.model.check import CheckedSession, CheckReport, CheckResult, CheckStatus, Evidence
from tachograph.model.cleaning import Clean
from tachograph.model.command import (
    LABEL_KINDS,
    ChangedPath,
    CommandEvent,
    CommandLabel,
    CommandOrigin,
    CommandScore,
    LabelKind,
    RepoDelta,
    ScoreKind,
)
from tachograph.model.finding import FactValue, Finding
from tachograph.model.moments import to_datetime
from tachograph.model.problem import Problem
from tachograph.model.rates import Cost, Rates, ResolvedRates, Tier, TokenPrices
from tachograph.model.records import (
    HUMAN_KINDS,
    TURN_KINDS,
    FileOp,
    FileTouch,
    Marker,
    MarkerKind,
    Pass,
    Prompt,
    PromptKind,
    Response,
    ResultKind,
    TaskChange,
    TaskState,
    ToolCall,
    ToolStatus,
)
from tachograph.model.session import ParsedLog, Session
from tachograph.model.texts import Said, TextKind, Texts
from tachograph.model.usage import Usage

__all__ = [
    "HUMAN_KINDS",
    "LABEL_KINDS",
    "TURN_KINDS",
    "ChangedPath",
    "CheckReport",
    "CheckResult",
    "CheckStatus",
    "CheckedSession",
    "Clean",
    "CommandEvent",
    "CommandLabel",
    "CommandOrigin",
    "CommandScore",
    "Cost",
    "Evidence",
    "FactValue",
    "FileOp",
    "FileTouch",
    "Finding",
    "LabelKind",
    "Marker",
    "MarkerKind",
    "ParsedLog",
    "Pass",
    "Problem",
    "Prompt",
    "PromptKind",
    "Rates",
    "RepoDelta",
    "ResolvedRates",
    "Response",
    "ResultKind",
    "Said",
    "ScoreKind",
    "Session",
    "TaskChange",
    "TaskState",
    "TextKind",
    "Texts",
    "Tier",
    "TokenPrices",
    "ToolCall",
    "ToolStatus",
    "Usage",
    "to_datetime",
]
