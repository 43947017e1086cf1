"""Test cases: what each asks, on top of what its manifest asks of all, and of which session."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tachograph.analysis.expectations import Expectations, read_expectations
from tachograph.app.expect.blocks import CASES, Base, override, read_case_block, refuse_stray
from tachograph.app.expect.errors import quoted
from tachograph.app.expect.session_names import NamedSession, made_here, read_named_session
from tachograph.app.expect.sheet import Sheet, shorten


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of one session."""

    id: str | None = None
    """As the file gives it, ``#3`` for the third case where it gives none; None in a file without cases."""
    expectations: Expectations = Expectations()
    target: str | None = None
    """The session that the file names: a log's path, or an id."""
    mlflow_run: str | None = None
    """Id of the MLflow run that holds the session."""
    mlflow_trace: str | None = None
    """Id of the MLflow trace that is the session."""
    prompt: str = ""
    """What the session was asked to do, where the case says so; whole, as in the file."""
    line: int = 1
    """Where it begins, 1-based."""
    not_chosen: tuple[str, ...] = ()
    """Keys that are left out because the manifest's choice of scorers does not name theirs."""
    plain: dict[str, object] = {}
    """The value of each key as the file has it, the manifest's included: reading it gives ``expectations`` again."""


def make_case(plain: dict[str, object], chosen: frozenset[str] | None, named: NamedSession | None = None) -> Case:
    """The case of a file that has only one. ``plain``: values of which each is known to hold."""
    named = named or NamedSession()
    expectations = read_expectations(plain, chosen)
    run = {"scope", *expectations.asked, *expectations.empty}
    kept = {key: value for key, value in plain.items() if key in run}
    return Case(
        expectations=expectations,
        target=named.target,
        mlflow_run=named.mlflow_run,
        mlflow_trace=named.mlflow_trace,
        not_chosen=tuple(key for key in plain if key not in run),
        plain={**kept, **dict.fromkeys(expectations.empty)},
    )


def read_cases(sheet: Sheet, base: Base, folder: Path) -> tuple[tuple[Case, ...], list[str]]:
    """The cases of a ground truth, and other people's keys as paths; paths of logs are relative to ``folder``."""
    foreign: dict[str, None] = {}
    cases: dict[int, Case] = {}
    for number, item in enumerate(sheet.items((CASES,), "expected a list of cases")):
        if isinstance(item, dict):
            cases[number] = _read_case(sheet, number, item, base, folder, foreign)
        else:
            sheet.refuse("expected a mapping with id, inputs, expectations", (CASES, number))
    _refuse_twins(sheet, cases)
    return tuple(cases.values()), list(foreign)


def _read_case(
    sheet: Sheet, number: int, item: dict[str, object], base: Base, folder: Path, foreign: dict[str, None]
) -> Case:
    here = (CASES, number)
    values, theirs = read_case_block(sheet, (*here, "expectations"))
    named = read_named_session(sheet, here, folder)
    ours = ("id", "expectations", "metadata", *(("review", "status") if made_here(item.get("metadata")) else ()))
    for key in item:
        path = (*here, key)
        if key in ours or refuse_stray(sheet, path, "expectations"):
            continue
        if not sheet.refuse_slip(path, ("expectations",)):
            foreign[f"{CASES}[].{shorten(key)}"] = None
    foreign |= {f"{CASES}[].expectations.{key}": None for key in theirs}
    foreign |= {f"{CASES}[].{key}": None for key in named.foreign}
    plain = override(base.plain, values)
    case = make_case(plain, base.chosen, named)
    return msgspec.structs.replace(case, id=_read_id(sheet, number), prompt=_prompt_of(item), line=sheet.line(here))


def _read_id(sheet: Sheet, number: int) -> str:
    """What the case is called; numbers are names too."""
    path = (CASES, number, "id")
    value = sheet.at(path)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return sheet.text(path) or f"#{number + 1}"


def _refuse_twins(sheet: Sheet, cases: dict[int, Case]) -> None:
    first: dict[str | None, int] = {}
    for number, case in cases.items():
        earlier = first.setdefault(case.id, number)
        if earlier != number:
            told = f"two cases are called {quoted(str(case.id))}, the first one on line {cases[earlier].line}"
            sheet.refuse(told, (CASES, number, "id"))


def _prompt_of(item: dict[str, object]) -> str:
    """``inputs`` itself, or what it holds under ``prompt``."""
    inputs = item.get("inputs")
    prompt = inputs.get("prompt") if isinstance(inputs, dict) else inputs
    return prompt if isinstance(prompt, str) else ""
