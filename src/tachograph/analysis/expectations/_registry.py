"""What an expectation is, where they are found, and how they are checked."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, Literal, TypeAlias, get_type_hints

import msgspec

from tachograph.analysis.expectations._answers import limit_time
from tachograph.analysis.expectations._outcome import Outcome
from tachograph.analysis.expectations._reading import Expectations
from tachograph.analysis.expectations._recording import Recording
from tachograph.model import CheckResult, TextKind

Check = Callable[[Any, Recording], Outcome]
Need: TypeAlias = TextKind | Literal["prices"]
"""What a check looks at beyond the records that are stored: full texts; or costs, and findings that hang on them."""

SCORERS = {
    "tool_count": "tool_limits",
    "token_budget": "token_budget",
    "required_tools": "required_tools",
    "banned_tools": "banned_tools",
    "file_existence": "expected_files",
    "tool_sequence": "tool_sequence",
    "category_limits": "category_limits",
}
"""The names by which manifests choose checks, and the keys that these check."""


class Expectation(msgspec.Struct, frozen=True):
    """One key of the language and the function that checks it."""

    key: str
    needs: frozenset[Need]
    check: Check

    @property
    def doc(self) -> str:
        """What it asks for: the function's docstring; its first line reads on with the value."""
        from inspect import cleandoc

        return cleandoc(self.check.__doc__ or "")

    @property
    def value_type(self) -> Any:
        """The type of its value: that of the function's first argument."""
        return next(iter(get_type_hints(self.check, include_extras=True).values()))


def expectation(*needs: Need) -> Callable[[Check], Expectation]:
    """Make a pure function ``(value, recording) -> Outcome`` the check of the key that it is named for."""
    return lambda check: Expectation(check.__name__, frozenset(needs), check)


@cache
def load_expectations(package: str = "tachograph.analysis.expectations") -> dict[str, Expectation]:
    """All expectations by key, in order of modules and, within one, as they are written there."""
    found: dict[str, Expectation] = {}
    home = importlib.import_module(package)
    for info in sorted(pkgutil.iter_modules(home.__path__), key=lambda info: info.name):
        if not info.name.startswith("_"):
            module = importlib.import_module(f"{package}.{info.name}")
            found |= {one.key: one for one in vars(module).values() if isinstance(one, Expectation)}
    return found


def wanted_texts(*all_expectations: Expectations) -> frozenset[TextKind]:
    """What has to be read at full length to check these."""
    return frozenset(need for need in _needs(all_expectations) if need != "prices")


def wants_prices(*all_expectations: Expectations) -> bool:
    """Whether checking these takes prices."""
    return "prices" in _needs(all_expectations)


def _needs(all_expectations: Iterable[Expectations]) -> frozenset[Need]:
    """What these look at; a value may say that it needs less (``needs``) than its key."""
    known = load_expectations()
    asked = [(known[key], value) for one in all_expectations for key, value in one.asked.items()]
    return frozenset(need for key, value in asked for need in getattr(value, "needs", key.needs))


def run_checks(expectations: Expectations, recording: Recording) -> tuple[CheckResult, ...]:
    """The result of every key, in the order of the file; then those that ask for nothing."""
    seen = recording.within(expectations.scope)
    known = load_expectations()
    with limit_time():
        results = [_sign(key, known[key].check(value, seen)) for key, value in expectations.asked.items()]
    results += [CheckResult(key, "skip", "nothing is expected") for key in expectations.empty]
    return tuple(results)


def _sign(key: str, outcome: Outcome) -> CheckResult:
    return CheckResult(key, outcome.status, outcome.rationale, outcome.evidence)
