"""The rules of alerts: those that come along, with the user's own rows beside or instead of them."""

from __future__ import annotations

from pathlib import Path

import xxhash

from tachograph.app.cases.replacing import read_or_none
from tachograph.errors import TachographError
from tachograph.learning.alerts import RuleTable, load_rules, read_rules
from tachograph.paths import config_file

FILE = "alerts.toml"
"""Beside config.toml: rows with the id of a rule replace it, others are added."""


def hash_user_rules() -> str:
    """Changes with the user's own rows; empty without a file."""
    try:
        return xxhash.xxh3_64_hexdigest(read_or_none(_user_file()) or b"")
    except TachographError:
        return ""


def _user_file() -> Path:
    return config_file().with_name(FILE)


def load_user_rules(file: Path | None = None) -> RuleTable:
    """The rules with those of ``file``, else of ``alerts.toml`` beside config.toml where there is one.

    Raises TachographError (``bad_rules``) for a file that is none or cannot be read.
    """
    place = file if file is not None else _user_file()
    try:
        held = read_or_none(place)
        text = None if held is None else held.decode()
    except TachographError as error:
        raise TachographError(error.message, slug="bad_rules") from error
    except UnicodeDecodeError as error:
        raise TachographError(f"{place} cannot be read: it is not UTF-8 text.", slug="bad_rules") from error
    if text is None:
        if file is None:
            return load_rules()
        raise TachographError(f"{place} does not exist.", slug="bad_rules")
    try:
        own = read_rules(text)
    except (ValueError, RecursionError) as error:
        reason = error if isinstance(error, ValueError) else "it is nested too deeply."
        raise TachographError(
            f"{place} holds no table of rules: {reason}",
            slug="bad_rules",
            hint="The docs page on alerts shows what a row looks like.",
        ) from error
    replaced = {rule.id for rule in own.rules}
    return RuleTable((*(rule for rule in load_rules().rules if rule.id not in replaced), *own.rules))
