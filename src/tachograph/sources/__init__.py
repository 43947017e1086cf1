"""From an agent's log files to sessions: one module per agent, found by name."""

from tachograph.sources._hashing import hash_bytes, hash_text
from tachograph.sources._projects import project_of
from tachograph.sources._source import CannotResume, LogFile, Resume, Source, load_sources

__all__ = ["CannotResume", "LogFile", "Resume", "Source", "hash_bytes", "hash_text", "load_sources", "project_of"]
