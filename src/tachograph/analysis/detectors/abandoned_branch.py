"""Work on branches of the conversation that were left by going back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

import msgspec

from tachograph.analysis.detectors._carrying import Estimate
from tachograph.analysis.detectors._registry import detector
from tachograph.analysis.detectors._rewinds import Rewind, find_rewinds, left_behind
from tachograph.analysis.detectors._scene import Scene
from tachograph.model import HUMAN_KINDS, TURN_KINDS, FileTouch, Finding, Pass, Prompt, Response, ToolCall

_Record = TypeVar("_Record", Response, Prompt, ToolCall)
_PROMPTS = {*HUMAN_KINDS, *TURN_KINDS}
_CHANGES = ("create", "modify", "delete")
_FILES = 10
"""So many files are named; the number says how many there are."""


@detector("abandoned_branch", "Branches that were rewound")
def abandoned_branch(scene: Scene) -> Iterator[Finding]:
    """What the responses between a prompt and the rewind behind it used: that part of the conversation was left.

    Claude Code: a person later gave another prompt in answer to the same record; everything from the earlier prompt up
    to the later one counts. Codex: a rollback took back the last turns. One finding for each rewind. Where ranges nest
    or overlap, each response counts once, for the first rewind that left it. Rewinds before any response cost nothing
    and are none.

    The numbers are the responses' own, no estimate; a response that searched the web is unpriced here. Subagents
    started there count in their own sessions. What was learned, and the files edited, may still have been of use: the
    log does not say. Nor does it say when two terminals went on with one session, which looks the same.
    """
    rewinds = find_rewinds(scene.prompts, scene.markers)
    prompts = [prompt for prompt in scene.prompts if prompt.kind in _PROMPTS]
    asked, calls = _left_behind(rewinds, prompts), _left_behind(rewinds, scene.calls)
    for at, responses in enumerate(_left_behind(rewinds, scene.responses)):
        if responses:
            yield _finding(scene, responses, asked[at], calls[at])


def _left_behind(rewinds: Sequence[Rewind], records: Sequence[_Record]) -> list[list[_Record]]:
    """The records that each rewind took out of the conversation."""
    indices = left_behind(rewinds, [record.position for record in records])
    return [[records[index] for index in left] for left in indices]


def _finding(scene: Scene, left: Sequence[Response], prompts: Sequence[Prompt], calls: Sequence[ToolCall]) -> Finding:
    tokens = sum(response.usage.prompt_size + response.usage.output for response in left)
    files = _edited(calls)
    begun = min([left[0].started_at, *(prompt.at for prompt in prompts)])
    return scene.finding(
        responses=left,
        estimate=Estimate(tokens, 0, _total(_cost(scene, response) for response in left)),
        count=len(left),
        is_estimate=False,
        facts={
            "prompts": len(prompts),
            "tool_calls": len(calls),
            "files_edited": len(files),
            "files": ", ".join(files[:_FILES]),
            "seconds": round((max(response.ended_at for response in left) - begun) / 1000),
        },
    )


def _edited(calls: Sequence[ToolCall]) -> list[str]:
    """Files that the calls created, changed or deleted, in order."""
    touched = [
        touch
        for call in calls
        if call.status == "ok"
        for touch in (FileTouch(call.path or "", call.file_op), *call.more_files)
    ]
    return list(dict.fromkeys(touch.path for touch in touched if touch.path and touch.op in _CHANGES))


def _cost(scene: Scene, response: Response) -> int | None:
    """Picodollars of a response, each pass at its own model's prices."""
    parts = response.passes or (Pass(response.model, response.usage),)
    return _total(_price(scene, msgspec.structs.replace(response, model=p.model, usage=p.usage)) for p in parts)


def _price(scene: Scene, response: Response) -> int | None:
    usage, prices = response.usage, scene.prices(response)
    if prices is None:
        return None
    kinds = (
        (usage.input, prices.input),
        (usage.cache_read, prices.cache_read),
        (usage.cache_write_5m, prices.cache_write_5m),
        (usage.cache_write_1h, prices.cache_write_1h),
        (usage.output, prices.output),
        (usage.web_searches, None),  # their price is none of a token
    )
    return _total(None if price is None else count * price for count, price in kinds if count)


def _total(costs: Iterable[int | None]) -> int | None:
    """The sum; None where a part is not known."""
    total = 0
    for cost in costs:
        if cost is None:
            return None
        total += cost
    return total
