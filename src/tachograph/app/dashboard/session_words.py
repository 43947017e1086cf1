"""Words and addresses that the pages of a session and of a turn share."""

from __future__ import annotations

import msgspec

from tachograph.analysis.detectors import load_detectors
from tachograph.app.dashboard.links import link
from tachograph.app.findings import FindingRecord
from tachograph.app.show import MarkerRecord
from tachograph.report.units import tokens
from tachograph.report.view import Special, Tone

MARKERS: dict[str, tuple[str, Tone]] = {
    "compaction": ("compaction", "warn"),
    "api_error": ("API error", "bad"),
    "interruption": ("interruption", "warn"),
    "model_fallback": ("change of model", "warn"),
    "rollback": ("rollback", "warn"),
    "setup_change": ("change of setup", ""),
    "pr_link": ("pull request", ""),
    "commit": ("commit", "good"),
    "turn_duration": ("turn's duration", ""),
}
STATUSES: dict[str, Tone] = {"ok": "", "error": "bad", "denied": "warn", "cancelled": "warn", "missing": "dim"}
"""Of a tool call, and how it is shown."""


class Copyable(msgspec.Struct, frozen=True):
    """Texts to be copied, each with what it is."""

    texts: list[tuple[str, str]]


def offer_copies(*texts: tuple[str, str]) -> Special:
    """Commands or paths with a button that copies them."""
    return Special("session_copy", Copyable(list(texts)))


def shorten(text: str, most: int) -> str:
    """The beginning of ``text`` on one line, at most ``most`` characters and an ellipsis."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def detector_title(name: str) -> str:
    """What a detector looks for; its name where it is no longer part of tacho."""
    known = load_detectors().get(name)
    return known.title if known else name


def proof_link(session: str, finding: FindingRecord) -> str:
    """Where the first call, or response, that proves a finding is shown; empty where it is not known."""
    turns, ids = finding.evidence["turns"], finding.evidence["calls"] or finding.evidence["responses"]
    return link("turn", anchor="proof", id=session, n=turns[0], call=ids[0]) if turns and ids else ""


def marker_value(marker: MarkerRecord) -> str:
    """What a marker's number says."""
    if marker.value is None:
        return ""
    if marker.kind == "compaction":
        return f"{tokens(marker.value)} tokens before it"
    if marker.kind == "api_error":
        return f"HTTP {marker.value}"
    if marker.kind == "pr_link":
        return f"#{marker.value}"
    return f"{marker.value:,} ms" if marker.kind == "turn_duration" else f"{marker.value:,}"
