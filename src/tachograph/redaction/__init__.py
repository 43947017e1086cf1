"""Secrets out of every text before it is cut and stored."""

from tachograph.redaction.cleaner import Cleaner, default_cleaner
from tachograph.redaction.engine import Redactor, Secret
from tachograph.redaction.rule_table import Rule, bundled_rules, parse_rules
from tachograph.redaction.stream import Block, clean_stream

__all__ = [
    "Block",
    "Cleaner",
    "Redactor",
    "Rule",
    "Secret",
    "bundled_rules",
    "clean_stream",
    "default_cleaner",
    "parse_rules",
]
