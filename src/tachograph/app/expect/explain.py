"""What a file asks, in words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from tachograph.analysis.expectations import Scope, load_expectations
from tachograph.app.expect.cases import Case
from tachograph.app.expect.forms import ExpectationFile, Form, load_expectation_file

_MOST_ITEMS = 50
_MOST_CHARS = 200
_USE = re.compile(r'[^\s(),"]+\([^(),"]+\)')
"""``Skill(commit)``: its end can be seen."""


class Asked(msgspec.Struct, frozen=True):
    """One key of a session's expectations."""

    key: str
    asks: str
    """What the key asks for; reads on with ``value``."""
    value: str
    """Its value in words, cut where it is long."""


class ExplainedCase(msgspec.Struct, frozen=True):
    """What is asked of one session."""

    id: str | None
    """Null in a file without cases."""
    line: int
    prompt: str
    """What the session was asked to do; empty where the file does not say."""
    session: str | None
    """Path or id of the session that is meant."""
    mlflow_run: str | None
    mlflow_trace: str | None
    scope: Scope
    """tree: subagents count; session: they are left out."""
    asked: tuple[Asked, ...]
    skipped: tuple[str, ...]
    """Keys that ask for nothing."""
    not_chosen: tuple[str, ...]
    """Keys that are left out because the scorers that are named do not include theirs."""


class ExplainedFile(msgspec.Struct, frozen=True):
    """What a file asks, in the order of the file."""

    file: str
    form: Form
    description: str
    cases: tuple[ExplainedCase, ...]
    not_ours: tuple[str, ...]
    """Keys that are other tools', as paths."""


def explain_file(path: Path, case: str | None = None) -> ExplainedFile:
    """What the file at ``path`` asks, or one case of it. Raises what :func:`load_expectation_file` does."""
    file = load_expectation_file(path, case)
    return explain_expectations(file)


def explain_expectations(file: ExpectationFile) -> ExplainedFile:
    """What ``file`` asks; a ground truth without cases: what its manifest asks of any session."""
    cases = tuple(explain_case(case) for case in file.cases or (file.common,))
    return ExplainedFile(file.path, file.form, file.description, cases, file.not_ours)


def explain_case(case: Case) -> ExplainedCase:
    """What one case asks."""
    expectations = case.expectations
    return ExplainedCase(
        case.id, case.line, case.prompt, case.target, case.mlflow_run, case.mlflow_trace,
        expectations.scope, _explain_keys(case), expectations.empty, case.not_chosen,
    )  # fmt: skip


def in_words(value: object, nested: bool = False) -> str:
    """A plain value as a person would say it: ``Bash 5, mcp__db__* 3``; long ones are cut."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:g}"
        case str():
            return _text(value)
    items = value.items() if isinstance(value, Mapping) else [(None, one) for one in _listed(value)]
    words = [in_words(one, True) if key is None else f"{_text(key)} {in_words(one, True)}" for key, one in items]
    joined = _join(words)
    return f"({joined})" if nested and words else joined


def _explain_keys(case: Case) -> tuple[Asked, ...]:
    known = load_expectations()
    lines = {key: known[key].doc.partition("\n")[0].removesuffix(".") for key in case.expectations.asked}
    values = case.expectations.asked
    return tuple(Asked(key, line, _explain_value(case.plain[key], values[key])) for key, line in lines.items())


def _explain_value(plain: object, value: object) -> str:
    """``plain`` in words, and how each entry of it is read, where ``value`` (what its check takes) says so."""
    readings: tuple[str, ...] = getattr(value, "readings", ())
    if not any(readings):
        return in_words(plain)
    entries = zip(_listed(plain), readings, strict=True)
    return _join([f"{in_words(one)} ({reading})" if reading else in_words(one) for one, reading in entries])


def _join(words: list[str]) -> str:
    """A list in words; ``nothing`` when it is empty."""
    more = [f"and {len(words) - _MOST_ITEMS:,} more"] if len(words) > _MOST_ITEMS else []
    return ", ".join(words[:_MOST_ITEMS] + more) or "nothing"


def _text(text: str) -> str:
    """``text`` in quotes where its end could not be seen without."""
    shown = text if len(text) <= _MOST_CHARS else text[: _MOST_CHARS - 1] + "…"
    is_clear = text == text.strip() and (_USE.fullmatch(text) or not set(text) & set(',()"'))
    return shown if text and is_clear else f'"{shown}"'


def _listed(value: object) -> Iterable[object]:
    return value if isinstance(value, list | tuple) else [str(value)]
