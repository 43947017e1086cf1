"""The tables of practices and themes: those that come along, with the user's own rows beside or instead of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tachograph.analysis.practices import PracticeTable, load_practices, read_practices
from tachograph.analysis.retro_themes import ThemeTable, load_themes, read_themes
from tachograph.app.cases.replacing import read_or_none
from tachograph.errors import TachographError
from tachograph.paths import config_file

PRACTICES, THEMES = "practices.toml", "retro_themes.toml"
"""Beside config.toml: rows with the name of one that comes along replace it, others are added."""

Table = TypeVar("Table")


def load_user_practices() -> PracticeTable:
    """The table of practices. Raises TachographError (``bad_practices``) for a file of the user's that is wrong."""
    own = _read_own(PRACTICES, read_practices, slug="bad_practices")
    return load_practices() if own is None else load_practices().beside(own)


def load_user_themes() -> ThemeTable:
    """The table of themes. Raises TachographError (``bad_themes``) for a file of the user's that is wrong."""
    own = _read_own(THEMES, read_themes, slug="bad_themes")
    return load_themes() if own is None else load_themes().beside(own)


def _read_own(name: str, read: Callable[[str], Table], *, slug: str) -> Table | None:
    place = config_file().with_name(name)
    hint = "The docs page on tacho findings shows what a row looks like."
    try:
        held = read_or_none(place)
        return None if held is None else read(held.decode())
    except TachographError as error:
        raise TachographError(error.message, slug=slug, hint=hint) from error
    except UnicodeDecodeError as error:
        raise TachographError(f"{place} cannot be read: it is not UTF-8 text.", slug=slug, hint=hint) from error
    except (ValueError, RecursionError) as error:
        reason = error if isinstance(error, ValueError) else "it is nested too deeply."
        raise TachographError(f"{place} is wrong: {reason}", slug=slug, hint=hint) from error
