"""Write the JSON Schemas of docs/schemas/ from the records that ``--json`` prints.

python tools/make_schemas.py           writes them
python tools/make_schemas.py --check   writes nothing; exit code 1 when a file is not what the code says
"""

from __future__ import annotations

import sys
import typing
from pathlib import Path
from typing import Any

import msgspec

from tachograph.analysis.metrics import load_metrics
from tachograph.app.alerts import AcknowledgedAlerts, AlertList, Replay
from tachograph.app.baselines import BaselineReport, ResetReport
from tachograph.app.bootstrap.message import MessageCheck
from tachograph.app.bootstrap.report import BootstrapReport
from tachograph.app.bootstrap.scan import StagedScan
from tachograph.app.calibrate import CalibrationReport
from tachograph.app.cases.add import AddedCase
from tachograph.app.cases.candidate import CandidateList
from tachograph.app.cases.promote import Promotion
from tachograph.app.cases.review import CandidateReview
from tachograph.app.commands.backfill import BackfillReport
from tachograph.app.commands.events import CommandDetail, CommandList
from tachograph.app.commands.init_store import StoreInit
from tachograph.app.commands.labels import LabelList, LabelRecord
from tachograph.app.commands.review import Review as LabelReview
from tachograph.app.compare.report import ComparisonReport
from tachograph.app.cost import CostReport, Reconciliation
from tachograph.app.expect.explain import ExplainedFile
from tachograph.app.expect.learn import LearnReport
from tachograph.app.expect.lint import LintReport
from tachograph.app.explain import Explanation
from tachograph.app.goals.accept import Accepted
from tachograph.app.goals.audit import AuditReport
from tachograph.app.goals.coverage import CoverageReport
from tachograph.app.goals.fsck import FsckReport
from tachograph.app.goals.history import HistoryComparison
from tachograph.app.goals.imports import ImportReport
from tachograph.app.goals.infer import Proposals
from tachograph.app.goals.recovery import EnsuredGoal
from tachograph.app.goals.report import GoalReport
from tachograph.app.goals.retro import RetroTimeline
from tachograph.app.goals.sync import SyncReport
from tachograph.app.goals.telling import GoalList, GoalTold
from tachograph.app.hooks.install import HooksChange
from tachograph.app.hooks.status import HooksStatus
from tachograph.app.kpis import KpiReport, SessionKpis
from tachograph.app.learn.measures import LoopStatus
from tachograph.app.learn.run import LearnReport as RoundReport
from tachograph.app.mechanisms import FindingsReport
from tachograph.app.ml.compare import Duel
from tachograph.app.ml.drift import DriftReport
from tachograph.app.ml.generate import GenerateReport
from tachograph.app.ml.predict import Forecast, StartForecast
from tachograph.app.ml.registry import PublishReport, PullReport
from tachograph.app.ml.retrain import RetrainReport
from tachograph.app.ml.score import ScoreReport as ModelScoreReport
from tachograph.app.ml.status import ModelChange, StatusReport
from tachograph.app.ml.train import TrainReport
from tachograph.app.overview import Overview
from tachograph.app.promoting import Promotion as FilePromotion
from tachograph.app.quality import QualityReport
from tachograph.app.reports.html_report import HtmlReport
from tachograph.app.reports.incident import IncidentReport
from tachograph.app.reports.session import SessionReport
from tachograph.app.reports.weekly import WeeklyReport
from tachograph.app.score_targets import ScoreReport
from tachograph.app.sessions import SessionList
from tachograph.app.show import SessionStory
from tachograph.app.suggestions import DecisionList, SuggestionChange, SuggestionDetails, SuggestionList
from tachograph.app.trials import TrialList, TrialRow
from tachograph.app.waste import WasteReport
from tachograph.cli.ingest import Published
from tachograph.cli.redact import RedactedFile
from tachograph.cli.serve import ServedAddress
from tachograph.mlflow.setup import SetupReport
from tachograph.mlflow.writing import LogReport
from tachograph.model import CheckReport
from tachograph.web.record_schema import Schema, describe_types, plain_text

FOLDER = Path(__file__).parent.parent / "docs" / "schemas"
RECORDS: dict[str, tuple[str, type[msgspec.Struct]]] = {
    "alerts": ("tacho alerts list --json", AlertList),
    "alerts_acked": ("tacho alerts ack --json", AcknowledgedAlerts),
    "alerts_replay": ("tacho alerts replay --json", Replay),
    "baseline_reset": ("tacho baseline reset TYPE --json", ResetReport),
    "baselines": ("tacho baseline list --json", BaselineReport),
    "bootstrap": ("tacho bootstrap --json", BootstrapReport),
    "bootstrap_message": ("tacho bootstrap check-message FILE --json", MessageCheck),
    "bootstrap_scan": ("tacho bootstrap scan-staged --json", StagedScan),
    "cases_add": ("tacho cases add --json", AddedCase),
    "cases_list": ("tacho cases list --json", CandidateList),
    "cases_promote": ("tacho cases promote --json", Promotion),
    "cases_review": ("tacho cases review --json", CandidateReview),
    "check": ("tacho check --json", CheckReport),
    "command": ("tacho commands show COMMAND --json", CommandDetail),
    "commands": ("tacho commands list --json", CommandList),
    "commands_backfill": ("tacho commands backfill --json", BackfillReport),
    "commands_init": ("tacho commands init --json", StoreInit),
    "compare": ("tacho compare --json", ComparisonReport),
    "cost": ("tacho cost --json", CostReport),
    "expect_explain": ("tacho expect explain FILE --json", ExplainedFile),
    "expect_learn": ("tacho expect learn SESSION --json", LearnReport),
    "expect_lint": ("tacho expect lint FILE --json", LintReport),
    "finding": ("tacho waste --explain ID --json", Explanation),
    "findings": ("tacho findings --json", FindingsReport),
    "goal": ("tacho goal show ID --json", GoalTold),
    "goal_audit": ("tacho goal audit --json", AuditReport),
    "goal_compare": ("tacho goal compare --json", HistoryComparison),
    "goal_coverage": ("tacho goal coverage --json", CoverageReport),
    "goal_ensure_active": ("tacho goal ensure-active --json", EnsuredGoal),
    "goal_fsck": ("tacho goal fsck --json", FsckReport),
    "goal_import": ("tacho goal import FILE --json", ImportReport),
    "goal_infer": ("tacho goal infer --json", Proposals),
    "goal_infer_accepted": ("tacho goal infer --accept ID --json", Accepted),
    "goal_report": ("tacho goal report --json", GoalReport),
    "goal_retro_timeline": ("tacho goal retro-timeline --json", RetroTimeline),
    "goal_sync": ("tacho goal sync --json", SyncReport),
    "goals": ("tacho goal list --json", GoalList),
    "hooks_install": ("tacho hooks install --json", HooksChange),
    "hooks_status": ("tacho hooks status --json", HooksStatus),
    "hooks_uninstall": ("tacho hooks uninstall --json", HooksChange),
    "ingest": ("tacho ingest --json", Published),
    "judge_calibrate": ("tacho judge calibrate FILE --json", CalibrationReport),
    "judge_quality": ("tacho judge quality --json", QualityReport),
    "kpis": ("tacho kpis --json", KpiReport),
    "label": ("tacho label TARGET --score N --json", LabelRecord),
    "label_review": ("tacho label review --json", LabelReview),
    "labels": ("tacho label list --json", LabelList),
    "learn": ("tacho learn --json", RoundReport),
    "learn_status": ("tacho learn status --json", LoopStatus),
    "ml_activate": ("tacho ml activate NAME --json", ModelChange),
    "ml_compare": ("tacho ml compare MODEL MODEL --json", Duel),
    "ml_drift": ("tacho ml drift --json", DriftReport),
    "ml_generate": ("tacho ml generate --out FILE --json", GenerateReport),
    "ml_publish": ("tacho ml publish NAME --registry URI --json", PublishReport),
    "ml_pull": ("tacho ml pull --registry URI --json", PullReport),
    "ml_retrain": ("tacho ml retrain --json", RetrainReport),
    "ml_rollback": ("tacho ml rollback --json", ModelChange),
    "ml_score": ("tacho ml score --dataset FILE --out FILE --json", ModelScoreReport),
    "ml_status": ("tacho ml status --json", StatusReport),
    "ml_train": ("tacho ml train --json", TrainReport),
    "mlflow_log": ("tacho mlflow log --json", LogReport),
    "mlflow_setup": ("tacho mlflow setup --json", SetupReport),
    "overview": ("tacho --json", Overview),
    "predict": ("tacho predict SESSION --json", Forecast),
    "predict_start": ("tacho predict --task-type TYPE --json", StartForecast),
    "promotion": ("tacho suggest promote ID --json", FilePromotion),
    "reconcile": ("tacho cost --reconcile --json", Reconciliation),
    "redact": ("tacho redact FILE --json", RedactedFile),
    "report_incident": ("tacho report incident ID --json", IncidentReport),
    "report_html": ("tacho report html --json", HtmlReport),
    "report_session": ("tacho report session ID --json", SessionReport),
    "report_weekly": ("tacho report weekly --json", WeeklyReport),
    "score": ("tacho score TARGET --json", ScoreReport),
    "serve": ("tacho serve --url --json", ServedAddress),
    "session_kpis": ("tacho kpis SESSION --json", SessionKpis),
    "sessions": ("tacho sessions --json", SessionList),
    "show": ("tacho show SESSION --json", SessionStory),
    "suggestion": ("tacho suggest show ID --json", SuggestionDetails),
    "suggestion_activated": ("tacho suggest activate ID --json", SuggestionChange),
    "suggestion_disabled": ("tacho suggest disable ID --json", SuggestionChange),
    "suggestion_history": ("tacho suggest history --json", DecisionList),
    "suggestions": ("tacho suggest list --json", SuggestionList),
    "trial": ("tacho trials show TRIAL --json", TrialRow),
    "trials": ("tacho trials list --json", TrialList),
    "waste": ("tacho waste --json", WasteReport),
}


def make_schema(name: str) -> Schema:
    """The schema of what the command ``name`` prints."""
    title, record = RECORDS[name]
    metrics = {one.name: _result_of(one.compute) for one in load_metrics().values()} if record is SessionStory else {}
    types = [record, *metrics.values()]
    refs, definitions = describe_types(types, "#/$defs/{name}")
    root = definitions.pop(record.__name__)
    root["properties"] = {"schema": {"const": f"tachograph.{name}/1"}, **root["properties"]}
    root["required"].insert(0, "schema")
    if metrics:
        root["properties"]["metrics"] |= _describe_metrics(dict(zip(metrics, refs[1:], strict=True)))
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title}
    return {**head, **root, **({"$defs": dict(sorted(definitions.items()))} if definitions else {})}


def _result_of(function: Any) -> Any:
    return typing.get_type_hints(function).get("return", Any)


def _describe_metrics(values: dict[str, Schema]) -> Schema:
    """Every metric there is; others may be added."""
    found = load_metrics()
    properties = {
        name: {**schema, "description": plain_text(f"{found[name].title} ({found[name].unit}). {found[name].doc}")}
        for name, schema in values.items()
    }
    return {"type": "object", "properties": properties, "additionalProperties": True}


def main() -> int:
    """Write the schemas, or say which are not up to date."""
    stale = []
    for name in RECORDS:
        text = msgspec.json.format(msgspec.json.encode(make_schema(name)), indent=2).decode() + "\n"
        path = FOLDER / f"{name}.schema.json"
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            stale.append(path.name)
            if "--check" not in sys.argv[1:]:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
    print("\n".join(stale) or "Nothing to do.")
    return int(bool(stale) and "--check" in sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
