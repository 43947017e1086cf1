"""The SQL that lies beside the schema."""

from __future__ import annotations

from importlib import resources


def read_query(name: str) -> str:
    """The text of ``queries/<name>.sql``; what it returns, column by column, is said in its first lines."""
    return resources.files("tachograph.warehouse").joinpath("queries", f"{name}.sql").read_text("utf-8")
