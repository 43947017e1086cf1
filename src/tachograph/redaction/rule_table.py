"""Reading the table of rules."""

from __future__ import annotations

import re
import tomllib
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import msgspec

from tachograph.errors import TachographError

_ID = re.compile(r"(?=.{1,40}\Z)[a-z0-9]+(?:-[a-z0-9]+)*")
_PART = re.compile(r"\{\{(\w+)\}\}")
_FIELDS = {
    "id": str, "description": str, "source": str, "keywords": list, "regex": str,
    "group": int, "min_length": int, "before": int, "where": str,
}  # fmt: skip
_NEEDED = ("id", "description", "source", "keywords", "regex")


class Rule(msgspec.Struct, frozen=True, dict=True):
    """One kind of secret; the fields are those of a row of ``rules.toml``, with sets and parts filled in."""

    id: str
    description: str
    source: str
    keywords: tuple[str, ...]
    regex: str
    group: int = 0
    min_length: int = 1
    before: int = 0
    where: str = "text"

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The compiled regex; compiled when first needed, as most rules never are."""
        return re.compile(self.regex, re.ASCII if self.where == "text" else 0)

    @cached_property
    def marker(self) -> str:
        """What stands in the text instead of the secret."""
        return f"[redacted:{self.id}]"


@cache
def bundled_rules() -> tuple[Rule, ...]:
    """Return the rules that come with the program, in order of precedence."""
    table = Path(__file__).with_name("rules.toml").read_text(encoding="utf-8")  # importlib.resources loads for 15 ms
    return parse_rules(table, check=False)  # the tests check this table; compiling all of it takes too long here


def parse_rules(table: str, *, check: bool = True) -> tuple[Rule, ...]:
    """Return the rules of a TOML text; with ``check`` every regex is compiled and its group looked up.

    Raises ``TachographError`` (slug ``redaction_rules``) that names the row and what is wrong with it.
    """
    try:
        document = tomllib.loads(table)
    except tomllib.TOMLDecodeError as error:
        raise _wrong(f"is not TOML: {error}") from error
    sets: dict[str, list[str]] = document.get("sets", {})
    parts = _fill_parts(document.get("parts", {}))
    rules = tuple(_read_row(row, sets, parts) for row in document.get("rule", []))
    if len({rule.id for rule in rules}) != len(rules):
        raise _wrong("holds two rows with one id")
    if check:
        for rule in rules:
            _check_regex(rule)
    return rules


def _fill_parts(table: dict[str, str | list[str]]) -> dict[str, str]:
    """Resolve the parts in their order: each may use those above it."""
    parts: dict[str, str] = {}
    for name, value in table.items():
        regex = value if isinstance(value, str) else "(?:" + "|".join(value) + ")"
        parts[name] = _fill(regex, parts, f"part {name}")
    return parts


def _fill(regex: str, parts: dict[str, str], owner: str) -> str:
    def part(match: re.Match[str]) -> str:
        if match[1] not in parts:
            raise _wrong(f"uses an unknown part {match[0]} in {owner}")
        return parts[match[1]]

    return _PART.sub(part, regex)


def _read_row(row: dict[str, Any], sets: dict[str, list[str]], parts: dict[str, str]) -> Rule:
    name = f"rule {row.get('id', '?')}"
    for field, value in row.items():
        if field not in _FIELDS or type(value) is not _FIELDS[field]:
            raise _wrong(f"has an unknown field or a wrong type: {field} in {name}")
    for field in _NEEDED:
        if not row.get(field):
            raise _wrong(f"lacks {field} in {name}")
    if not _ID.fullmatch(row["id"]):
        raise _wrong(f"has an id that is not lower case, digits and hyphens, 40 at most: {name}")
    if row.get("where", "text") not in ("text", "account"):
        raise _wrong(f"has a 'where' that is neither text nor account: {name}")
    if row.get("before", 0) < 0:
        raise _wrong(f"has a negative 'before': {name}")
    keywords = _expand_keywords(row["keywords"], sets, name)
    return Rule(**{**row, "keywords": keywords, "regex": _fill(row["regex"], parts, name)})


def _expand_keywords(keywords: list[Any], sets: dict[str, list[str]], name: str) -> tuple[str, ...]:
    words: list[Any] = []
    for word in keywords:
        is_set = isinstance(word, str) and len(word) > 1 and word.startswith("@")
        words.extend(sets.get(word[1:], [""]) if is_set else [word])
    for word in words:
        if not isinstance(word, str) or not word or word != word.lower() or not word.isascii():
            raise _wrong(f"has a keyword that is not lower-case ASCII, or an unknown set: {name}")
    return tuple(dict.fromkeys(words))


def _check_regex(rule: Rule) -> None:
    try:
        groups = rule.pattern.groups
    except re.error as error:
        raise _wrong(f"has a regex that does not compile in rule {rule.id}: {error}") from error
    if not 0 <= rule.group <= groups:
        raise _wrong(f"names a group that the regex does not have in rule {rule.id}")


def _wrong(what: str) -> TachographError:
    return TachographError(f"The table of redaction rules {what}.", slug="redaction_rules")
