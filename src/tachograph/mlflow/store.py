"""Talking to MLflow.

A store is reached through MLflow's own client. What no public function of it does, writing spans with ids and moments
of one's own, lies in :meth:`Store.write` alone.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from tachograph.errors import NotFound, TachographError
from tachograph.mlflow.client import in_our_words, load_mlflow, show_uri
from tachograph.mlflow.entities import SOURCE, Assessed, make_feedback, make_info, make_span
from tachograph.mlflow.records import TraceRecord, record_trace, unfinished

ARTIFACTS = ("trace.jsonl", "session.jsonl", "transcript.jsonl")
"""Names of a session's log among the artifacts of a run; the first one there counts."""

_PAGE = 100
_SPANS_AT_ONCE = 500
"""A request of the largest spans stays below 64 MB; a server takes some seconds for it."""
_RECENT_RUNS = 100
_EVALUATION = "mlflow.assessment.sourceRunId"
"""Metadata of feedback: the run of the evaluation that it comes from."""
_PLAIN = re.compile(r"[\w.:/@+-]+")
"""Ids of sessions that may stand in a filter as they are."""


class Known(msgspec.Struct, frozen=True):
    """A trace that is in the store."""

    metadata: dict[str, str]
    experiment: str


def read_trace(given: Any) -> TraceRecord:
    """A record of MLflow's ``Trace``, or of the mapping or JSON that its ``to_dict`` and ``to_json`` give.

    Raises TachographError, see :func:`record_trace`.
    """
    if isinstance(given, TraceRecord):
        return given
    if isinstance(given, str | dict):
        trace = load_mlflow().entities.Trace
        with in_our_words("This is no trace"):
            given = trace.from_json(given) if isinstance(given, str) else trace.from_dict(given)
    return record_trace(given)


class Store:
    """A place where MLflow keeps runs and traces."""

    def __init__(self, tracking_uri: str | None = None) -> None:
        """``tracking_uri``: as MLflow takes it, unchanged; None: what MLflow itself would use.

        Raises TachographError where there is no MLflow, or it does not take the URI.
        """
        self._mlflow = load_mlflow()
        with in_our_words("MLflow does not open this store"):
            self._client: Any = self._mlflow.MlflowClient(tracking_uri=tracking_uri)
            self._traces: Any = self._mlflow.tracing.client.TracingClient(tracking_uri)

    @property
    def uri(self) -> str:
        """Where it is, without a password."""
        return show_uri(str(self._client.tracking_uri))

    def experiment(self, name: str | None, *, create: bool = False) -> str:
        """Id of the experiment called ``name``, exactly so; None: the one that MLflow's environment names, else "0".

        Raises NotFound (``mlflow_not_found``) when there is none and none is to be made, and when it is deleted.
        """
        named = name or os.environ.get("MLFLOW_EXPERIMENT_NAME")
        if not named:
            return os.environ.get("MLFLOW_EXPERIMENT_ID") or "0"
        with in_our_words(f"The experiment {named} cannot be opened"):
            found = self._client.get_experiment_by_name(named)
            if found is not None and found.lifecycle_stage != "deleted":
                return str(found.experiment_id)
            if found is None and create:
                return self._make_experiment(named)
        if found is not None:
            raise NotFound(
                f"The experiment {named} in {self.uri} is deleted.",
                slug="mlflow_not_found",
                hint="Restore it (mlflow experiments restore), or use another name.",
            )
        raise NotFound(
            f"There is no experiment called {named} in {self.uri}.",
            slug="mlflow_not_found",
            hint="An experiment is named as a whole, folders included.",
        )

    def _make_experiment(self, name: str) -> str:
        try:
            return str(self._client.create_experiment(name))
        except self._mlflow.exceptions.MlflowException:  # another process may have made it meanwhile
            found = self._client.get_experiment_by_name(name)
            if found is None:
                raise
            return str(found.experiment_id)

    @property
    def _keeps_spans_apart(self) -> bool:
        """Whether spans are kept in a file of their own, which is written whole."""
        return str(self._traces.tracking_uri).startswith("databricks")

    # ------------------------------------------------------------------------------------------------- reading

    def find_artifact(self, run: str, experiment: str | None) -> tuple[str, str]:
        """(run id, path) of a session's log among the artifacts of ``run``.

        ``latest`` is the run of ``experiment`` that began last among those that have one, of the 100 last. Raises
        NotFound when there is no such run, or it has no such artifact.
        """
        with in_our_words(f"The run {run} cannot be read"):
            for one in self._runs(run, experiment):
                path = self._session_log(one)
                if path is not None:
                    return one, path
        raise NotFound(
            "No run of this experiment has a session among its artifacts."
            if run == "latest"
            else f"The run {run} has no session among its artifacts.",
            slug="mlflow_not_found",
            hint=f"Looked for: {', '.join(ARTIFACTS)}, at the top and one folder below.",
        )

    def _runs(self, run: str, experiment: str | None) -> list[str]:
        if run != "latest":
            return [str(self._client.get_run(run).info.run_id)]
        found = self._client.search_runs(
            [self.experiment(experiment)], order_by=["attributes.start_time DESC"], max_results=_RECENT_RUNS
        )
        return [str(one.info.run_id) for one in found]

    def _session_log(self, run: str) -> str | None:
        listed = self._client.list_artifacts(run)
        files = [one.path for one in listed if not one.is_dir]
        for folder in (one.path for one in listed if one.is_dir):
            files += [one.path for one in self._client.list_artifacts(run, folder) if not one.is_dir]
        known = [path for name in ARTIFACTS for path in files if path.rpartition("/")[2] == name]
        return known[0] if known else None

    def download(self, run: str, path: str, folder: Path) -> Path:
        """Fetch an artifact into ``folder``."""
        with in_our_words(f"The artifact {path} cannot be fetched"):
            return Path(self._client.download_artifacts(run, path, str(folder)))

    def trace(self, id: str) -> TraceRecord:
        """The trace ``id``. Raises NotFound (``mlflow_not_found``), and see :func:`record_trace`."""
        with in_our_words(f"The trace {id} cannot be read"):
            if str(self._traces.get_trace_info(id).state).endswith("IN_PROGRESS"):
                raise unfinished(id)
            found = self._traces.get_trace(id)
        return record_trace(found)

    def traces_of(self, trace: TraceRecord) -> list[TraceRecord]:
        """All traces of the session that ``trace`` belongs to, by their start; those that cannot be read left out."""
        if not trace.session or not _PLAIN.fullmatch(trace.session):
            return [trace]
        found: dict[str, TraceRecord] = {trace.id: trace}
        token: str | None = None
        with in_our_words(f"The traces of the session {trace.session} cannot be read"):
            while True:
                page = self._client.search_traces(
                    locations=[trace.experiment],
                    filter_string=f"metadata.`mlflow.trace.session` = '{trace.session}'",
                    max_results=_PAGE,
                    page_token=token,
                )
                for one in page:
                    _add_readable(found, one)
                token = page.token
                if not token:
                    break
        return sorted(found.values(), key=lambda one: (one.root.started_ns, one.id))

    def known(self, id: str) -> Known | None:
        """What the store has of the trace ``id``; None when it has none."""
        try:
            with in_our_words(f"The trace {id} cannot be read"):
                info = self._traces.get_trace_info(id)
        except NotFound:
            return None
        return Known(dict(info.trace_metadata or {}), str(info.experiment_id))

    # ------------------------------------------------------------------------------------------------- writing

    def write(self, trace: TraceRecord, feedback: Sequence[Any] = ()) -> None:
        """Put ``trace`` into the store under its own ids; what it has under them already takes the new values.

        The spans come first: a trace whose metadata are there is there whole. ``feedback``: what a trace that was
        taken out had on it.
        """
        spans = [make_span(trace, span) for span in trace.spans]
        info = make_info(trace, feedback)
        with in_our_words(f"The trace {trace.id} cannot be written"):
            if not self._keeps_spans_apart:
                try:
                    for start in range(0, len(spans), _SPANS_AT_ONCE):
                        self._traces.log_spans(trace.experiment, spans[start : start + _SPANS_AT_ONCE])
                    self._traces.start_trace(info)
                    return
                except NotImplementedError:  # a server before 3.4 keeps them in a file, as Databricks does
                    pass
            data = self._mlflow.entities.TraceData(spans=spans)
            self._traces._upload_trace_data(self._traces.start_trace(info), data)

    def take_out(self, trace: TraceRecord) -> list[Any] | None:
        """Take the trace out of the store if it has spans there that ``trace`` does not have.

        Returns the feedback that lay on it, to be written with the new one; None when it was left where it is.
        """
        with in_our_words(f"The trace {trace.id} cannot be replaced"):
            held = self._traces.get_trace(trace.id)
            if {span.span_id for span in held.data.spans} <= {span.id for span in trace.spans}:
                return None
            self._client.delete_traces(str(held.info.experiment_id), trace_ids=[trace.id])
        return list(held.info.assessments or ())

    def assess(self, id: str, results: list[Assessed]) -> tuple[int, int, int]:
        """Put the results of checks on the trace ``id``: (added, changed, left as they are).

        Feedback of the same name that lies there from before is changed, not added to; that of others, and of
        evaluations that used our scorers, is left alone.
        """
        counts = [0, 0, 0]
        with in_our_words(f"Feedback on the trace {id} cannot be written"):
            held = self._held(id)
            for result in results:
                feedback = make_feedback(result)
                before = held.get(result.name)
                if before is None:
                    self._traces.log_assessment(id, feedback)
                    counts[0] += 1
                elif _says(before) == (result.value, result.rationale):
                    counts[2] += 1
                else:
                    self._traces.update_assessment(id, before.assessment_id, feedback)
                    counts[1] += 1
            if counts[0]:
                self._held(id)
        return counts[0], counts[1], counts[2]

    def _held(self, id: str) -> dict[str, Any]:
        """Our feedback on the trace ``id`` by name; what two processes added at the same time is there once afterwards.

        Both of them keep the same one, whoever looks first.
        """
        held: dict[str, Any] = {}
        ours = filter(_is_ours, self._traces.get_trace_info(id).assessments)
        for one in sorted(ours, key=lambda one: str(one.assessment_id)):
            if held.setdefault(one.name, one) is not one:
                self._traces.delete_assessment(id, one.assessment_id)
        return held


def _add_readable(found: dict[str, TraceRecord], trace: Any) -> None:
    try:
        record = record_trace(trace)
    except TachographError:  # one that is still being written, say: the others are a session all the same
        return
    found.setdefault(record.id, record)


def _is_ours(assessment: Any) -> bool:
    """Whether ``tacho mlflow log`` put it there; the results of an evaluation with our scorers belong to its run."""
    source = assessment.source
    return (
        assessment.feedback is not None
        and source is not None
        and source.source_type == "CODE"
        and source.source_id == SOURCE
        and _EVALUATION not in (assessment.metadata or {})
    )


def _says(assessment: Any) -> tuple[Any, str | None]:
    return assessment.feedback.value, assessment.rationale
