"""MLflow: reading sessions from it, writing sessions to it, and checks as its scorers.

Needs the extra ``mlflow`` (``pip install 'tachograph[mlflow]'``); nothing of it is imported before it is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import Any

__all__ = ["scorers"]


def scorers(expectations: Mapping[str, Any] | str | PathLike[str] | None = None) -> list[Any]:
    """Every key of the language of expectations as an ``mlflow.genai`` scorer of that name.

    For ``mlflow.genai.evaluate(data=traces, scorers=scorers())`` and for direct calls,
    ``scorer(trace=…, expectations={…})``. What is expected comes from the row's ``expectations``, where keys that are
    not ours are left alone, and below it from ``expectations`` here: a mapping, or the path of a file. The feedback is
    ``yes``, ``no`` (also where the trace does not tell what the check has to know) or ``skip`` (nothing is expected),
    with the reason.

    Raises TachographError where MLflow is missing, or the file is wrong.
    """
    from tachograph.mlflow.scoring import make_scorers

    return make_scorers(expectations)
