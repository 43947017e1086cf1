"""How well it went: errors, and findings of waste."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Self

from msgspec import Struct

from tachograph.analysis.expectations._outcome import Outcome
from tachograph.analysis.expectations._reading import Misread, kind_of, suggest
from tachograph.analysis.expectations._recording import Recording
from tachograph.analysis.expectations._registry import Need, expectation
from tachograph.analysis.expectations._tally import Tally
from tachograph.analysis.expectations._values import read_count, read_counts, read_list, read_text
from tachograph.model import Evidence, Finding, to_datetime

_ALL = "all detectors"


class Share(Struct, frozen=True):
    """A part of a whole, between 0 and 1."""

    value: Decimal

    @classmethod
    def read(cls, value: object) -> Self:
        """A number between 0 and 1, or a text like ``5%``. Raises Misread."""
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise Misread(f"expected a number between 0 and 1 or a text like 5%, got {kind_of(value)}")
        text = str(value).strip()
        try:
            share = Decimal(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except InvalidOperation:
            raise Misread("expected a number between 0 and 1 or a text like 5%") from None
        if not (share.is_finite() and 0 <= share <= 1):
            raise Misread("expected a number between 0 and 1 or a text like 5%")
        return cls(share)


_PRICED = frozenset({"heavy_result", ""})
"""Detectors that find something by what it cost, and what stands for all of them."""


class DetectorList(Struct, frozen=True):
    """Detectors that may find nothing."""

    names: tuple[str, ...]
    """``""`` stands for all of them."""

    @classmethod
    def read(cls, value: object) -> Self:
        """Names of detectors, or true for all of them. Raises Misread."""
        if isinstance(value, bool):
            return cls(("",) if value else ())
        if not isinstance(value, list | tuple):
            raise Misread(f"expected a list of detectors or true, got {kind_of(value)}")
        return cls(read_list(value, read_detector))

    @property
    def needs(self) -> frozenset[Need]:
        """Prices, where one of them looks at costs."""
        return _needs(self.names)


class FindingLimits(Struct, frozen=True):
    """How many findings there may be."""

    limits: tuple[tuple[str, int], ...]
    """By detector; ``""`` stands for all of them together."""

    @classmethod
    def read(cls, value: object) -> Self:
        """A number for all findings, or a mapping of detectors to numbers. Raises Misread."""
        if isinstance(value, dict):
            return cls(read_counts(value, read_detector, "detectors to numbers"))
        return cls((("", read_count(value)),))

    @property
    def needs(self) -> frozenset[Need]:
        """Prices, where one of them looks at costs."""
        return _needs(name for name, _ in self.limits)


def _needs(detectors: Iterable[str]) -> frozenset[Need]:
    return frozenset({"prices"}) if _PRICED.intersection(detectors) else frozenset()


def read_detector(value: object) -> str:
    """A detector's name. Raises Misread, with what may be meant, when there is none of this name."""
    from tachograph.analysis.detectors import detector_names

    name = read_text(value, "the name of a detector").strip()
    known = detector_names()
    if name not in known:
        raise Misread(f"unknown detector {name!r}", (), suggest(name, known))
    return name


@expectation()
def max_error_rate(limit: Share, recording: Recording) -> Outcome:
    """At most this share of the calls that were carried out failed, by the tools' own word."""
    done = [call for call in recording.calls if call.carried_out]
    failed = [call for call in done if call.tool.status == "error"]
    if not done:
        return Outcome("skip", f"no call was carried out ({recording.scope_words})")
    tally = Tally(recording)
    share = (Decimal(len(failed)) / len(done)).quantize(Decimal("0.0001"))
    told = f"{len(failed):,} of {len(done):,} calls failed: {_percent(share)}"
    if len(failed) > limit.value * len(done):
        tally.failed(f"{told} > {_percent(limit.value)}", failed)
    else:
        tally.passed(f"{told} ≤ {_percent(limit.value)}", failed)
    return tally.outcome()


@expectation("prices")
def no_findings(asked: DetectorList, recording: Recording) -> Outcome:
    """Nothing is found by these detectors of waste (true: by none of them)."""
    tally = Tally(recording)
    for name in asked.names:
        _hold(tally, recording, name, 0)
    return tally.outcome()


@expectation("prices")
def max_findings(asked: FindingLimits, recording: Recording) -> Outcome:
    """At most so many findings of waste (of all detectors together, or of each that is named)."""
    tally = Tally(recording)
    for name, limit in asked.limits:
        _hold(tally, recording, name, limit)
    return tally.outcome()


def _hold(tally: Tally, recording: Recording, name: str, limit: int) -> None:
    """Note whether there are no more findings than ``limit``; the calls of those beyond it prove that there are."""
    found = [
        (part.session.id, finding)
        for part in recording.parts
        for finding in part.findings
        if name in ("", finding.detector)
    ]
    told = f"{name or _ALL}: {len(found):,} finding{'' if len(found) == 1 else 's'}"
    if len(found) > limit:
        tally.failed(f"{told} > {limit:,}{_name_detectors(found) if not name else ''}", proof=_prove(recording, found))
    else:
        tally.passed(f"{told} ≤ {limit:,}")


def _name_detectors(found: Iterable[tuple[str, Finding]]) -> str:
    return f", of {', '.join(sorted({finding.detector for _, finding in found}))}"


def _prove(recording: Recording, found: Iterable[tuple[str, Finding]]) -> Iterator[Evidence]:
    """The calls of findings; where a finding has none, the session and the moment."""
    calls = {(call.part.session.id, call.tool.id): call for call in recording.calls}
    for session, finding in found:
        proof = [calls[session, one] for one in finding.calls if (session, one) in calls]
        yield from map(recording.prove, proof)
        if not proof:
            yield Evidence(session, at=to_datetime(finding.at), text=finding.detector)


def _percent(share: Decimal) -> str:
    return f"{(share * 100).normalize():f} %"
