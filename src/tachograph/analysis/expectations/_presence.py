"""What has to be among the calls, and what must not."""

from __future__ import annotations

from collections.abc import Callable

from tachograph.analysis.expectations._answers import Answer, count_calls, point, search
from tachograph.analysis.expectations._recording import Call, Recording
from tachograph.analysis.expectations._tally import Tally

Ask = Callable[[Recording, Call], Answer]


def require(tally: Tally, recording: Recording, text: str, ask: Ask) -> None:
    """Note whether a call that was carried out is what ``text`` asks for; the first such call proves it."""
    found = search(recording.calls, lambda call: ask(recording, call))
    name = recording.name(text)
    done = [call for call in found.hits if call.carried_out]
    if done:
        tally.passed(f"{name}: {count_calls(done)}, {point(recording, done)}", done[:1])
        return
    tried = f", {len(found.hits):,} not carried out" if found.hits else ""
    unsure = [call for call, _ in found.doubts if call.carried_out]
    if unsure:
        tally.unknown(f"{name}: 0 calls{tried}, {found.explain_doubts(recording)}", unsure)
    else:
        tally.failed(f"{name}: 0 of {count_calls(recording.calls)}{tried}", found.hits)


def forbid(tally: Tally, recording: Recording, text: str, ask: Ask) -> None:
    """Note whether no call is what ``text`` forbids; an attempt that was not carried out counts."""
    found = search(recording.calls, lambda call: ask(recording, call))
    name = recording.name(text)
    if found.hits:
        tried = sum(not call.carried_out for call in found.hits)
        suffix = f" ({tried:,} not carried out)" if tried else ""
        tally.failed(f"{name}: {count_calls(found.hits)}{suffix}, {point(recording, found.hits)}", found.hits)
    elif found.doubts:
        calls = [call for call, _ in found.doubts]
        tally.unknown(f"{name}: 0 calls, {found.explain_doubts(recording)}", calls)
    else:
        tally.passed(f"{name}: 0 of {count_calls(recording.calls)}")
