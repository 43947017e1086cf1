"""Whether what models need is installed: the extra ``ml``."""

from __future__ import annotations

from tachograph.errors import TachographError

INSTALL = "pip install 'tachograph[ml]'"


def need_engine() -> None:
    """Return when models can be trained and used here. Raises TachographError (``ml_missing``)."""
    try:
        from tachograph.learning.ml import booster

        booster.load_library()
    except ImportError as error:
        raise TachographError(
            f"Models need an extra that is not installed whole: {error.name or error} is missing.",
            slug="ml_missing",
            hint=INSTALL,
        ) from error
