"""Results so large that carrying them in the context cost more than a threshold."""

from __future__ import annotations

from collections.abc import Iterator

from tachograph.analysis.detectors._registry import detector
from tachograph.analysis.detectors._scene import Scene
from tachograph.model import Finding, ToolCall

_PICO = 10**12
_ADVICE = {
    "read": "read a range (offset and limit), or search for the lines that matter",
    "shell": "filter or cut the output (head, tail, grep, a quiet option), or write it to a file and read parts",
    "search": "search a narrower folder, list files only, or limit the matches",
    "web": "ask for the part that matters instead of the whole page",
    "subagent": "ask the subagent for a shorter answer",
    "edit": "edit the part that changes instead of writing the whole file",
    "mcp": "ask the server for fewer rows or fields",
}


@detector("heavy_result", "Results that were dear to carry")
def heavy_result(scene: Scene) -> Iterator[Finding]:
    """A tool's result whose carrying cost exceeds the threshold (``waste.heavy_result_usd``, default $0.25).

    Carrying cost: what the responses up to the next compaction paid to take the result in and to read it again, an
    estimate. It grows with the number of responses that follow: a small result can be dear in a long session. Nothing
    is said where a price is not known, or where the result was never sent on. Whether so much was needed is not judged.
    """
    limit = round(scene.options.heavy_result_usd * _PICO)
    for call in scene.calls:
        if not call.result_chars or scene.carrying.cheaper_than(call.result_chars + 1, limit):
            continue
        estimate = scene.carrying.estimate(call, result_alone=True)
        if estimate.cost_pico is not None and estimate.cost_pico > limit:
            yield scene.finding(
                [call],
                estimate=estimate,
                facts={
                    "tool": call.name,
                    "target": call.command or call.path,
                    "result_chars": call.result_chars,
                    "advice": _advice(call),
                },
            )


def _advice(call: ToolCall) -> str:
    kind = "mcp" if call.category.startswith("mcp:") else call.category
    if kind == "read" and call.limit is not None:
        return "read a smaller range, or search for the lines that matter"
    return _ADVICE.get(kind, "ask for less, or start a fresh session once it has been used")
