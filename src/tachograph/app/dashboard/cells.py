"""Cells that several pages show alike: what something cost, verdicts, what a finding is about."""

from __future__ import annotations

from tachograph.app.dashboard.links import link
from tachograph.app.dashboard.root_rows import ListedSession
from tachograph.app.dashboard.waste_sums import DetectorWaste, WasteAmounts
from tachograph.app.findings import FindingRecord
from tachograph.app.scope import Scope
from tachograph.report.units import counted
from tachograph.report.view import Cell, Chart, Series, Tone

VERDICTS: dict[str, tuple[str, Tone]] = {
    "above_p75": ("above the band", "warn"),
    "within_band": ("within the band", ""),
    "below_p25": ("below the band", ""),
    "unavailable": ("no verdict", "dim"),
}
"""Of the token axis: in words, and how they are shown."""
TRAJECTORIES: dict[str, tuple[str, Tone]] = {
    "MUCH_BETTER": ("much better", "good"),
    "BETTER": ("better", "good"),
    "SIMILAR": ("similar", ""),
    "WORSE": ("worse", "warn"),
    "MUCH_WORSE": ("much worse", "bad"),
}
"""Of the trajectory axis: a judge's opinion."""
_TARGETS = ("command", "path", "target", "cause", "other_session", "tool", "cwd")
"""Facts of a finding that say what it is about, the first one that is there."""
_LONG, _PARTS = 40, 3
"""Of a longer path only so many parts are shown."""


def cost_cell(usd: float | None, unpriced: int, used: int, *, at_least: bool = False) -> Cell:
    """What ``used`` (tokens or calls) cost: where nothing was used, nothing; what has no price stays unpriced."""
    if usd is None and not used and not unpriced:
        return Cell(0.0)
    return Cell(usd, at_least=usd is not None and (unpriced > 0 or at_least))


def verdict_cell(verdict: str | None) -> Cell:
    """The verdict of the token axis as a label; empty where there is none."""
    if verdict is None or verdict == "unavailable":
        return Cell("")
    words, tone = VERDICTS.get(verdict, (verdict, ""))
    return Cell(words.removesuffix(" the band"), title=words, tone=tone, tag=True)


def trajectory_cell(verdict: str | None) -> Cell:
    """A judge's last answer as a label; empty where nobody has asked one."""
    if verdict is None:
        return Cell("")
    words, tone = TRAJECTORIES.get(verdict, (verdict, ""))
    return Cell(words, tone=tone, tag=True)


def session_label(session: ListedSession) -> str:
    """What a session is about, in the words there are."""
    return session.label or ("(its own log is missing)" if session.log_missing else "(no prompt)")


def project_cell(path: str | None, names: dict[str, str], scope: Scope, slug: str = "sessions") -> Cell:
    """A project's short name, which chooses it; ``names`` as :func:`name_projects` gives them."""
    if not path:
        return Cell("(no project)", tone="dim")
    return Cell(names[path], href=link(slug, scope, project=path), title=path)


def waste_tokens_cell(amounts: WasteAmounts) -> Cell:
    """What the findings weigh, once."""
    return Cell(amounts.tokens, at_least=amounts.tokens is not None and amounts.unweighed_findings > 0)


def waste_cost_cell(amounts: WasteAmounts) -> Cell:
    """What they cost: an estimate, and where one has no price a lower bound."""
    known, bound = amounts.usd is not None, amounts.unpriced_findings > 0
    return Cell(amounts.usd, at_least=known and bound, about=known and not bound)


def detector_cell(one: DetectorWaste, scope: Scope) -> Cell:
    """A detector in words and by name, which leads to its findings."""
    href = link("waste", scope, "findings", detector=one.detector)
    return Cell(one.title, href, one.detector.replace("_", " "), one.about)


def chart_waste(detectors: list[DetectorWaste], scope: Scope) -> Chart:
    """Level bars: what the findings of each detector cost, each by itself."""
    shown = [one for one in detectors if one.amounts.usd is not None]
    return Chart(
        "waste-cost", "What waste cost",
        "Estimated US dollars of each detector's findings by itself; detectors overlap, so there is no sum.", "bars",
        [one.detector.replace("_", " ") for one in shown],
        [Series("USD (estimate)", [one.amounts.usd for one in shown])], "usd",
        hrefs=[link("waste", scope, "findings", detector=one.detector) for one in shown], how="waste",
    )  # fmt: skip


def finding_target(finding: FindingRecord) -> str:
    """What a finding is about, in a few words."""
    facts = finding.facts
    if isinstance(facts.get("prompts"), int):
        return f"{counted(facts['prompts'], 'prompt')} taken back"
    name = next((name for name in _TARGETS if facts.get(name)), None)
    text = str(facts[name]) if name else ""
    if name == "cause":
        return f"cache rebuilt: {text.replace('_', ' ')}"
    if name == "other_session":
        return f"as in {text.rpartition('/')[2].rpartition(':')[2]}"
    return _end_of_path(text) if name in ("path", "target") and len(text) > _LONG else text


def _end_of_path(text: str) -> str:
    """The last parts of a path, which tell more than the first; any other text as it is."""
    path = text.replace("\\", "/")
    is_path = " " not in path and "/" in path
    return "…/" + "/".join(path.rstrip("/").rsplit("/", _PARTS)[-_PARTS:]) if is_path else text
