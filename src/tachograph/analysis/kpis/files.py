"""KPIs of the files that were worked on."""

from __future__ import annotations

from bisect import bisect_left

from tachograph.analysis.kpis._documents import find_documents, read_documents
from tachograph.analysis.kpis._registry import Lacking, Seen, Value, kpi
from tachograph.analysis.kpis._session_facts import in_order, working_turns
from tachograph.model import ToolCall

LEAST_EDITS = 5
"""In fewer, one edit more or less would move the rate by more than .2."""
_UNCOUNTED = Lacking("its log does not say how many lines its edits took out")


@kpi(
    "rework_rate",
    "ratio",
    "Edits that took out earlier work",
    better="down",
    source="Our own. No thresholds: work in small steps over many turns has more of it.",
    least_sd=0.05,
)
def rework_rate(seen: Seen) -> Value:
    """Successful edits that took lines out of a file to which the session had added lines in an earlier turn / edits.

    A changed line is one taken out and one added. Whether the lines taken out are those that were added is not
    recorded, so this is an upper bound of what was undone; changes by shell commands are not seen. Edits within one
    turn are how work goes and never count. Does not apply to sessions of one turn or of fewer than 5 edits; lacking
    where an edit that may count has no line counts.
    """
    starts = [prompt.position for prompt in working_turns(seen.session)]
    edits = [call for call in in_order(seen.session.tool_calls) if call.category == "edit" and call.status == "ok"]
    if len(starts) < 2 or len(edits) < LEAST_EDITS:
        return None
    added_in: dict[str, int] = {}
    again = 0
    for edit in edits:
        turn = bisect_left(starts, edit.position)
        paths = _paths(edit)
        if any(added_in.get(path, turn) < turn for path in paths):
            if edit.lines_removed is None:
                return _UNCOUNTED
            again += edit.lines_removed > 0
        if edit.lines_added != 0:  # not known counts as added: later edits then ask for counts
            for path in paths:
                added_in.setdefault(path, turn)
    return again / len(edits)


@kpi(
    "document_coverage",
    "ratio",
    "Named documents that were read",
    better="up",
    source="Our own, for the published plan's rule that fewer documents were read than named. No thresholds: some "
    "documents are named to be written.",
    least_sd=0.1,
)
def document_coverage(seen: Seen) -> Value:
    """Documents named in prompts that a successful call read / documents named in prompts.

    Documents are file names with the endings of texts and tables (.md .txt .rst .docx .pdf .html .csv …), not code, in
    what a person typed or a parent agent asked. Read by a reading tool or by a command that prints files (``cat``),
    wholly or in part. Left out: names in fenced blocks and in web addresses; instructions that the agent's program
    reads by itself (CLAUDE.md, AGENTS.md); in Claude Code files given with ``@``; files that the session made itself.
    Prompts are stored up to 2,000 characters: what is named beyond is not seen, nor is what subagents or tools of MCP
    servers read. Does not apply where no document is named, or no text is stored.
    """
    documents = find_documents(seen.session)
    return len(read_documents(seen.session, documents)) / len(documents) if documents else None


def _paths(call: ToolCall) -> list[str]:
    return [path for path in (call.path, *(touch.path for touch in call.more_files)) if path]
