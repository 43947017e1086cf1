"""What is worth a person's attention: rules in a table, alerts, incidents, and how often the rules were right."""

from tachograph.learning.alerts.completeness import Completeness
from tachograph.learning.alerts.incidents import Context, write_incident
from tachograph.learning.alerts.judge import Case, find_alert
from tachograph.learning.alerts.precision import RulePrecision, rule_precision
from tachograph.learning.alerts.records import SEVERITIES, Alert, Incident, IncidentRow, Severity
from tachograph.learning.alerts.rules import Rule, RuleTable, load_rules, read_rules
from tachograph.learning.alerts.streak import Streak

__all__ = [
    "SEVERITIES",
    "Alert",
    "Case",
    "Completeness",
    "Context",
    "Incident",
    "IncidentRow",
    "Rule",
    "RulePrecision",
    "RuleTable",
    "Severity",
    "Streak",
    "find_alert",
    "load_rules",
    "read_rules",
    "rule_precision",
    "write_incident",
]
