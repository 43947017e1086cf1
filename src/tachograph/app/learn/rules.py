"""The rules of alerts: those that come along, with the user's own rows beside or instead of them."""

from __future__ import annotations

from pathlib import Path

from tachograph.errors import TachographError
from tachograph.learning.alerts import RuleTable, load_rules, read_rules
from tachograph.paths import config_file

FILE = "alerts.toml"
"""Beside config.toml: rows with the id of a rule replace it, others are added."""


def user_rules_file() -> Path:
    """Where the user's own rows are, if there are any."""
    return config_file().with_name(FILE)


def load_user_rules(file: Path | None = None) -> RuleTable:
    """The rules with those of ``file``, else of ``alerts.toml`` beside config.toml where there is one.

    Raises TachographError (``bad_rules``) for a file that is none or cannot be read.
    """
    place = file if file is not None else user_rules_file()
    try:
        text = place.read_text("utf-8")
    except FileNotFoundError:
        if file is None:
            return load_rules()
        raise TachographError(f"{place} does not exist.", slug="bad_rules") from None
    except (OSError, UnicodeDecodeError) as error:
        raise TachographError(f"{place} cannot be read: {error}.", slug="bad_rules") from error
    try:
        own = read_rules(text)
    except ValueError as error:
        raise TachographError(
            f"{place} holds no table of rules: {error}",
            slug="bad_rules",
            hint="The docs page on alerts shows what a row looks like.",
        ) from error
    replaced = {rule.id for rule in own.rules}
    return RuleTable((*(rule for rule in load_rules().rules if rule.id not in replaced), *own.rules))
