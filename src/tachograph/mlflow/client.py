"""Loading MLflow: the one module that imports it, when it is first needed, with its telemetry off.

What opens sockets is MLflow, and only towards the store that a person names.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tachograph.errors import NotFound, TachographError

# The catalog is a price list that MLflow would fetch for models whose cost we do not state.
QUIET = {
    "MLFLOW_MODEL_CATALOG_URI": "",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "GIT_PYTHON_REFRESH": "quiet",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}
_PATIENCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2"}
"""Unless the environment has it: MLflow's own seven tries take four minutes to say that no server is there."""

_FAULT_CHARS = 400
_PASSWORD = re.compile(r"(://[^\s/:@]+:)[^\s/@]+(?=@)")
_MISSING = ("RESOURCE_DOES_NOT_EXIST", "NOT_FOUND")


def load_mlflow() -> Any:
    """The module ``mlflow``. Raises TachographError (``mlflow_missing``) where it is not installed whole."""
    fresh = "mlflow" not in sys.modules
    if fresh:
        os.environ.update({**_PATIENCE, **os.environ, **QUIET})
    try:
        import mlflow
        import mlflow.genai.scorers  # needs pandas
        import mlflow.tracing.client
        import sqlalchemy  # noqa: F401 (a store in a database needs it)
    except ImportError as error:
        raise TachographError(
            f"MLflow is not installed, or not whole: {error.name or error} is missing.",
            slug="mlflow_missing",
            hint="pip install 'tachograph[mlflow]'",
        ) from error
    if fresh:  # who uses MLflow by themselves have set its logs as they want them
        for name in ("mlflow", "alembic"):
            logging.getLogger(name).setLevel(logging.ERROR)
    return mlflow


def show_uri(uri: str) -> str:
    """``uri`` without the password it may hold."""
    return _PASSWORD.sub(r"\1…", uri)


@contextmanager
def in_our_words(attempt: str) -> Iterator[None]:
    """MLflow's errors as ours: NotFound for what is not there, TachographError (``mlflow_failed``) for the rest."""
    try:
        yield
    except (load_mlflow().exceptions.MlflowException, OSError, ImportError) as error:  # a database's driver
        told = _PASSWORD.sub(r"\1…", " ".join(str(error).split()))[:_FAULT_CHARS] or type(error).__name__
        if getattr(error, "error_code", None) in _MISSING:
            raise NotFound(f"{attempt}: {told}", slug="mlflow_not_found") from error
        hint = "MLflow itself said this; look at the tracking URI, and whether its server runs."
        if "maintenance mode" in told or "MLFLOW_ALLOW_FILE_STORE" in told:
            hint = "MLflow no longer keeps stores of files: use a database, such as sqlite:///mlflow.db."
        raise TachographError(f"{attempt}: {told}", slug="mlflow_failed", hint=hint) from error
