"""Stored rows for other programs: as CSV or as one JSON object a line."""

from tachograph.app.export.tables import TABLES, Column, Kind, Table
from tachograph.app.export.write import Format, export_table, write_privately

__all__ = ["TABLES", "Column", "Format", "Kind", "Table", "export_table", "write_privately"]
