"""Secrets out of every text before it is cut and stored."""

from tachograph.redaction.cleaner import Cleaner, default_cleaner
from tachograph.redaction.engine import Redactor
from tachograph.redaction.rule_table import Rule, bundled_rules, parse_rules

__all__ = ["Cleaner", "Redactor", "Rule", "bundled_rules", "default_cleaner", "parse_rules"]
