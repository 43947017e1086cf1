"""What the entries of one key came to, put together."""

from __future__ import annotations

from collections.abc import Iterable

from tachograph.analysis.expectations._outcome import Outcome
from tachograph.analysis.expectations._recording import Call, Recording
from tachograph.model import CheckStatus, Evidence

MAX_EVIDENCE = 50
"""Most records that one result names as its proof; the rationale says how many more there are."""


class Tally:
    """Collects what is said of each entry, and makes one outcome of it: a fail outweighs what is not known."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._said: dict[CheckStatus, list[str]] = {"pass": [], "fail": [], "unknown": []}
        self._proof: dict[CheckStatus, list[Call | Evidence]] = {"pass": [], "fail": [], "unknown": []}

    def passed(self, text: str, calls: Iterable[Call] = ()) -> None:
        """An entry is as expected; ``calls`` prove it."""
        self._add("pass", text, calls)

    def failed(self, text: str, calls: Iterable[Call] = (), proof: Iterable[Evidence] = ()) -> None:
        """An entry is not; ``calls`` prove it, or other records do."""
        self._add("fail", text, calls, proof)

    def unknown(self, text: str, calls: Iterable[Call] = ()) -> None:
        """It cannot be told for an entry, because of ``calls``."""
        self._add("unknown", text, calls)

    def _add(self, status: CheckStatus, text: str, calls: Iterable[Call], proof: Iterable[Evidence] = ()) -> None:
        self._said[status].append(text)
        self._proof[status] += [*calls, *proof]

    def outcome(self) -> Outcome:
        """fail with all that failed and is not known, else unknown, else pass; skip when there was no entry."""
        if self._said["fail"]:
            return self._outcome("fail", [*self._said["fail"], *self._said["unknown"]])
        if self._said["unknown"]:
            return self._outcome("unknown", self._said["unknown"])
        if self._said["pass"]:
            return self._outcome("pass", self._said["pass"])
        return Outcome("skip", "nothing is expected")

    def _outcome(self, status: CheckStatus, said: list[str]) -> Outcome:
        proof = list({one.number if isinstance(one, Call) else one: one for one in self._proof[status]}.values())
        shown = [self._recording.prove(one) if isinstance(one, Call) else one for one in proof[:MAX_EVIDENCE]]
        more = f"; {len(proof) - MAX_EVIDENCE:,} more records prove it" if len(proof) > MAX_EVIDENCE else ""
        return Outcome(status, f"{'; '.join(said)} ({self._recording.scope_words}){more}", tuple(shown))
