"""Sessions as traces: what is written, that it is whole, and that it is written once."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tachograph.app.workspace import Workspace
from tachograph.errors import NotFound, TachographError
from tachograph.mlflow.client import in_our_words, show_uri
from tachograph.mlflow.records import TraceRecord
from tachograph.mlflow.store import Store
from tests.builders.claude import ClaudeHome, ClaudeLog
from tests.builders.history import write_hard_history
from tests.unit.mlflow.logging_sessions import one_session, open_logs, put, read_back

KEY = "sk-ant-api03-" + "Zq8" * 31 + "AA"


def rows(uri: str) -> dict[str, list[Any]]:
    """Everything in the store that logging writes, moments of writing left out."""
    queries = {
        "traces": "SELECT request_id, experiment_id, timestamp_ms, execution_time_ms FROM trace_info ORDER BY 1",
        "spans": "SELECT trace_id, span_id, content FROM spans ORDER BY 1, 2",
        "tags": "SELECT request_id, key, value FROM trace_tags ORDER BY 1, 2",
        "metadata": "SELECT request_id, key, value FROM trace_request_metadata ORDER BY 1, 2",
        "assessments": "SELECT assessment_id, trace_id, name, value, rationale FROM assessments ORDER BY 1",
    }
    with closing(sqlite3.connect(uri.removeprefix("sqlite:///"))) as connection:
        return {name: connection.execute(query).fetchall() for name, query in queries.items()}


def usual(log: ClaudeLog) -> None:
    log.prompt("Repair the login.").shell("pytest -q", "1 failed", 1, cache_read=9_000, write_5m=700)
    log.edit("/home/ada/site/login.py", "a = 1", "a = 2", cache_read=9_700, write_1h=300)
    log.response("Repaired.", input=3, cache_read=10_000, output=44)


# ------------------------------------------------------------------------------------------------------ whole


def test_what_was_logged_reads_back_the_same(workspace: Workspace, uri: str, tmp_path: Path) -> None:
    write_hard_history(tmp_path / "logs")
    report = put(workspace, uri, tmp_path / "logs")
    assert Counter(one.outcome for one in report.sessions) == {"added": 9}
    assert (
        sum(one.sessions for one in report.sessions) == 13
    )  # two subagents, one of them copied into each of two forks
    traces = {one.session: one.trace for one in report.sessions}
    for logged in open_logs(workspace, tmp_path / "logs"):
        told = read_back(workspace, uri, traces[logged.recording.main.session.id]).recording
        assert told.usage == logged.recording.usage
        assert [part.session for part in told.parts] == [part.session for part in logged.recording.parts]
        assert [part.cost_pico for part in told.parts] == [part.cost_pico for part in logged.recording.parts]
        assert [part.unpriced for part in told.parts] == [part.unpriced for part in logged.recording.parts]
        assert [call.tool for call in told.calls] == [call.tool for call in logged.recording.calls]
        for mine, theirs in zip(told.calls, logged.recording.calls, strict=True):
            assert told.command(mine) == logged.recording.command(theirs)
        assert told.said == logged.recording.said
        assert told.has_texts


def test_totals_of_what_was_logged(workspace: Workspace, uri: str, tmp_path: Path) -> None:
    (one,) = put(workspace, uri, one_session(tmp_path / "logs", usual)).sessions
    assert (one.spans, one.sessions, one.responses, one.tool_calls) == (6, 1, 3, 2)
    assert (one.input_tokens, one.output_tokens) == (10 + 9_700 + 10 + 10_000 + 3 + 10_000, 60 + 60 + 44)
    # 2, 10, 0.2, 2.5 and 4 USD a million: input, output, read, written for five minutes, for an hour
    assert one.usd == pytest.approx((23 * 2 + 164 * 10 + 28_700 * 0.2 + 700 * 2.5 + 300 * 4) / 1e6)


def test_spans_say_what_happened_when(workspace: Workspace, uri: str, store: Store, tmp_path: Path) -> None:
    (one,) = put(workspace, uri, one_session(tmp_path / "logs", usual)).sessions
    assert one.trace is not None
    trace = store.trace(one.trace)
    root = trace.root
    assert (root.name, root.type, root.status) == ("claude_code_session", "AGENT", "OK")
    assert (root.inputs, root.outputs) == ({"prompt": "Repair the login."}, {"response": "Repaired."})
    below = sorted(trace.spans[1:], key=lambda span: (span.started_ns, span.name))
    assert [(span.name, span.type, span.status, span.parent == root.id) for span in below] == [
        ("llm", "LLM", "OK", True),
        ("tool_Bash", "TOOL", "ERROR", True),
        ("llm", "LLM", "OK", True),
        ("tool_Edit", "TOOL", "OK", True),
        ("llm", "LLM", "OK", True),
    ]
    answer, command = below[:2]
    assert answer.attributes["mlflow.chat.tokenUsage"] == {
        "input_tokens": 9_710, "output_tokens": 60, "total_tokens": 9_770, "cache_read_input_tokens": 9_000,
        "cache_creation_input_tokens": 700, "cache_creation_input_tokens_above_1hr": 0,
    }  # fmt: skip
    assert answer.attributes["mlflow.llm.model"] == "claude-sonnet-5"
    assert answer.attributes["mlflow.llm.provider"] == "anthropic"
    assert answer.attributes["mlflow.llm.cost"]["output_cost"] == pytest.approx(60 * 10 / 1e6)
    assert command.inputs == {"command": "pytest -q"}
    assert command.outputs["exit_code"] == 1
    assert command.started_ns == answer.ended_ns == 1_772_442_007_000_000_000  # 09:00:07
    assert (command.ended_ns or 0) - command.started_ns == 1_000_000_000


def test_the_trace_says_which_session_it_is(workspace: Workspace, uri: str, store: Store, tmp_path: Path) -> None:
    path = one_session(tmp_path / "logs", usual)
    (one,) = put(workspace, uri, path).sessions
    assert one.trace is not None
    trace = store.trace(one.trace)
    assert trace.tags["tacho.session"] == trace.session == one.session == f"claude_code:{path.stem}"
    assert (trace.tags["tacho.agent"], trace.tags["tacho.project"]) == ("claude_code", "/home/ada/site")
    assert (trace.request, trace.response) == ("Repair the login.", "Repaired.")
    assert json.loads(trace.metadata["mlflow.trace.tokenUsage"]) == {
        "input_tokens": 29_723, "output_tokens": 164, "total_tokens": 29_887, "cache_read_input_tokens": 28_700,
        "cache_creation_input_tokens": 1_000, "cache_creation_input_tokens_above_1hr": 300,
    }  # fmt: skip
    assert json.loads(trace.metadata["mlflow.trace.cost"])["total_cost"] == pytest.approx(one.usd)


def test_a_subagent_lies_below_the_call_that_started_it(
    workspace: Workspace, uri: str, store: Store, tmp_path: Path
) -> None:
    def tell(log: ClaudeLog) -> None:
        log.prompt("Look around.").call("Agent", {"prompt": "Find it.", "subagent_type": "Explore"})
        agent = log.subagent("a12")
        agent.prompt("Find it.").tool("Grep", {"pattern": "x"}, result="x", output=7).response("Found.", output=5)
        log.result("Found.", detail={"agentId": "a12", "agentType": "Explore"}).response("It is there.", output=9)

    (one,) = put(workspace, uri, one_session(tmp_path / "logs", tell)).sessions
    assert (one.sessions, one.output_tokens) == (2, 60 + 7 + 5 + 9)
    assert one.trace is not None
    trace = store.trace(one.trace)
    names = {span.id: span.name for span in trace.spans}
    (agent,) = [span for span in trace.spans if span.name == "subagent_Explore"]
    assert (names[agent.parent or ""], agent.type, agent.inputs) == ("tool_Agent", "AGENT", {"prompt": "Find it."})
    assert Counter(span.name for span in trace.children()[agent.id]) == {"llm": 2, "tool_Grep": 1}


# ------------------------------------------------------------------------------------------------------- once


def test_logging_twice_adds_nothing(workspace: Workspace, uri: str, tmp_path: Path) -> None:
    write_hard_history(tmp_path / "logs")
    put(workspace, uri, tmp_path / "logs")
    before = rows(uri)
    report = put(workspace, uri, tmp_path / "logs")
    assert {one.outcome for one in report.sessions} == {"unchanged"}
    assert rows(uri) == before


def test_another_machine_writes_the_same_ids(workspace: Workspace, uri: str, tmp_path: Path) -> None:
    first = one_session(tmp_path / "here", usual)
    second = one_session(tmp_path / "there", usual)
    put(workspace, uri, first)
    before = rows(uri)
    (one,) = put(Workspace(tmp_path / "other"), uri, second).sessions
    assert one.outcome == "unchanged"
    assert rows(uri) == before


def test_each_experiment_has_a_trace_of_its_own(workspace: Workspace, uri: str, tmp_path: Path) -> None:
    path = one_session(tmp_path / "logs", usual)
    (first,) = put(workspace, uri, path).sessions
    (second,) = put(workspace, uri, path, experiment="/Users/ada/others").sessions
    assert (first.outcome, second.outcome, first.trace == second.trace) == ("added", "added", False)
    assert len(rows(uri)["traces"]) == 2


def test_a_session_that_has_grown_gets_what_is_new(workspace: Workspace, uri: str, tmp_path: Path) -> None:
    home = ClaudeHome(tmp_path / "logs")
    log = home.project().session()
    log.prompt("Go.").call("Bash", {"command": "make"}, output=11)
    home.write()
    (before,) = put(workspace, uri, log.path).sessions
    first = rows(uri)
    log.result("ok").response("Made.", output=22)
    home.write()
    (after,) = put(workspace, uri, log.path).sessions
    assert (before.outcome, after.outcome, before.trace) == ("added", "updated", after.trace)
    assert (before.spans, after.spans) == (3, 4)
    told = rows(uri)
    assert (len(told["traces"]), len(told["spans"])) == (1, 4)
    assert {row[:2] for row in first["spans"]} < {row[:2] for row in told["spans"]}
    opened = read_back(workspace, uri, after.trace).recording
    assert [(call.tool.status, call.tool.name) for call in opened.calls] == [("ok", "Bash")]
    assert opened.usage.output == 33
    assert opened.said == "Made."
    metadata = dict(row[1:] for row in told["metadata"])
    assert metadata["tacho.layout"] == "1"


def test_what_is_no_longer_the_sessions_own_goes_and_feedback_stays(
    workspace: Workspace, uri: str, store: Store, tmp_path: Path
) -> None:
    """An older session that comes to light owns the responses that were copied from it."""
    home = ClaudeHome(tmp_path / "logs")
    log = home.project().session("2026-03-02T09:00:00.000Z")
    log.prompt("Go.").response("One.", output=5)
    fork = log.fork("2026-03-02T10:00:00.000Z", sdk=False)
    fork.prompt("Another way.").response("Two.", output=6)
    home.write()
    original = log.path.read_bytes()
    log.path.unlink()
    (alone,) = put(workspace, uri, tmp_path / "logs").sessions
    assert (alone.outcome, alone.responses) == ("added", 2)
    human(store, alone.trace)
    log.path.write_bytes(original)
    report = put(workspace, uri, tmp_path / "logs")
    told = {one.session: one for one in report.sessions}[alone.session]
    assert (told.outcome, told.responses, told.trace) == ("replaced", 1, alone.trace)
    assert read_back(workspace, uri, alone.trace).recording.usage.output == 6
    assert [row[2:] for row in rows(uri)["assessments"]] == [("useful", "true", "I liked it.")]


def human(store: Store, trace: str | None) -> None:
    """Feedback as a person gives it on MLflow's pages."""
    from mlflow.entities import AssessmentSource, Feedback

    feedback = Feedback(
        name="useful", value=True, rationale="I liked it.", source=AssessmentSource("HUMAN", "ada@example.org")
    )
    store._traces.log_assessment(trace, feedback)


# --------------------------------------------------------------------------------------------------- what goes


def secret_command(log: ClaudeLog) -> None:
    log.prompt("Deploy.").shell(f"ANTHROPIC_API_KEY={KEY} make deploy", "ok").tool(
        "mcp__db__query", {"sql": "SELECT 1", "options": {"auth": KEY}}, result="1"
    ).response(f"Deployed with {KEY}.")


def test_no_secret_reaches_the_store(workspace: Workspace, uri: str, store: Store, tmp_path: Path) -> None:
    (one,) = put(workspace, uri, one_session(tmp_path / "logs", secret_command)).sessions
    assert one.trace is not None
    for file in Path(uri.removeprefix("sqlite:///")).parent.iterdir():
        assert file.is_dir() or KEY.encode() not in file.read_bytes()
    given = {span.name: span.inputs for span in store.trace(one.trace).spans}
    assert given["tool_Bash"] == {"command": "ANTHROPIC_API_KEY=[redacted:anthropic-key] make deploy"}
    assert given["tool_mcp__db__query"] == {
        "sql": "SELECT 1",
        "options": {"auth": "[redacted:anthropic-key]"},
    }
    recording = read_back(workspace, uri, one.trace).recording
    assert recording.command(recording.calls[0]) == given["tool_Bash"]["command"]


def test_a_long_input_is_cut_and_says_so(workspace: Workspace, uri: str, store: Store, tmp_path: Path) -> None:
    whole = "echo " + "y" * 150_000

    def tell(log: ClaudeLog) -> None:
        log.prompt("Go.").shell(whole, "y").shell("echo z", "z")

    (one,) = put(workspace, uri, one_session(tmp_path / "logs", tell)).sessions
    assert one.trace is not None
    long, short = [span for span in store.trace(one.trace).spans if span.type == "TOOL"]
    assert len(long.inputs["input"]) == 100_000 + len("… [cut by tacho: 100,000 of 150,020 characters]")
    assert long.inputs["input"].endswith("yyy… [cut by tacho: 100,000 of 150,020 characters]")
    assert short.inputs == {"command": "echo z"}
    recording = read_back(workspace, uri, one.trace).recording
    assert [recording.command(call) for call in recording.calls] == [None, "echo z"]
    assert not recording.has_texts


def test_names_of_tools_are_made_harmless(workspace: Workspace, uri: str, store: Store, tmp_path: Path) -> None:
    name = "Ba\x1b[31msh\u202e" + "x" * 400

    def tell(log: ClaudeLog) -> None:
        log.prompt("Go.").tool(name, {"a": 1}, result="ok")

    (one,) = put(workspace, uri, one_session(tmp_path / "logs", tell)).sessions
    assert one.trace is not None
    (tool,) = [span for span in store.trace(one.trace).spans if span.type == "TOOL"]
    assert tool.name == ("tool_Ba\ufffd[31msh\ufffd" + "x" * 400)[:200]


def test_without_stored_text_none_is_sent(workspace: Workspace, uri: str, store: Store, tmp_path: Path) -> None:
    workspace.settings = msgspec.structs.replace(workspace.settings, store_text="none")
    (one,) = put(workspace, uri, one_session(tmp_path / "logs", usual)).sessions
    assert one.trace is not None
    trace = store.trace(one.trace)
    assert (trace.request, trace.response, trace.root.inputs, trace.root.outputs) == ("", "", None, None)
    assert [span.inputs for span in trace.spans if span.type == "TOOL"] == [
        {"command": ""},
        {"file_path": "/home/ada/site/login.py"},
    ]


def test_when_the_log_is_gone_what_is_stored_is_sent(
    workspace: Workspace, uri: str, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = one_session(tmp_path / "home" / ".claude", usual)
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "home" / ".claude"))
    from tachograph.app.ingest import ingest

    ingest(workspace)
    path.unlink()
    (one,) = put(workspace, uri, path.stem).sessions
    assert one.trace is not None
    assert [span.inputs for span in store.trace(one.trace).spans if span.type == "TOOL"] == [
        {"command": "pytest -q"},
        {"file_path": "/home/ada/site/login.py"},
    ]
    recording = read_back(workspace, uri, one.trace).recording
    assert recording.usage.output == 164
    assert not recording.has_texts
    assert recording.command(recording.calls[0]) is None


# ------------------------------------------------------------------------------------------------------ where


def test_a_dry_run_asks_mlflow_for_nothing(workspace: Workspace, tmp_path: Path) -> None:
    nowhere = f"sqlite:///{tmp_path / 'none.db'}"
    (one,) = put(workspace, nowhere, one_session(tmp_path / "logs", usual), dry_run=True).sessions
    assert (one.outcome, one.trace, one.spans, one.responses) == ("planned", None, 6, 3)
    assert not (tmp_path / "none.db").exists()


def test_a_store_of_files_is_refused_with_a_way_out(workspace: Workspace, uri: str, tmp_path: Path) -> None:
    with pytest.raises(TachographError) as refused:
        put(workspace, f"file://{tmp_path / 'mlruns'}", one_session(tmp_path / "logs", usual))
    assert refused.value.slug == "mlflow_failed"
    assert "maintenance mode" in refused.value.message
    assert refused.value.hint == "MLflow no longer keeps stores of files: use a database, such as sqlite:///mlflow.db."


@pytest.mark.parametrize("place", ["databricks", "databricks://work"])
def test_a_databricks_uri_and_a_path_as_name_pass_through_unchanged(
    place: str, workspace: Workspace, uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, Any]] = []
    put_up_client(monkeypatch, lambda *call: asked.append(call))
    (one,) = put(workspace, place, one_session(tmp_path / "logs", usual), experiment="/Users/ada@x.org/agents").sessions
    assert one.outcome == "added"
    assert asked[:3] == [("client", place), ("traces", place), ("get_experiment_by_name", "/Users/ada@x.org/agents")]
    # Databricks keeps spans in a file beside the trace
    assert [name for name, _ in asked[3:]] == ["get_trace_info", "start_trace", "upload"]
    assert len(asked[-1][1]) == 6


def put_up_client(monkeypatch: pytest.MonkeyPatch, note: Callable[[str, Any], None]) -> None:
    """MLflow's client replaced by one that notes what it is asked."""
    import mlflow
    from mlflow.entities import Experiment
    from mlflow.exceptions import RestException
    from mlflow.tracing import client

    class Client:
        def __init__(self, tracking_uri: str) -> None:
            note("client", tracking_uri)
            self.tracking_uri = tracking_uri

        def get_experiment_by_name(self, name: str) -> Any:
            note("get_experiment_by_name", name)
            return Experiment("77", name, "dbfs:/x", "active")

    class Traces:
        def __init__(self, tracking_uri: str) -> None:
            note("traces", tracking_uri)
            self.tracking_uri = tracking_uri

        def get_trace_info(self, id: str) -> Any:
            note("get_trace_info", id)
            raise RestException({"error_code": "NOT_FOUND", "message": "no such trace"})

        def start_trace(self, info: Any) -> Any:
            note("start_trace", info.experiment_id)
            return info

        def _upload_trace_data(self, info: Any, data: Any) -> None:
            note("upload", data.spans)

    monkeypatch.setattr(mlflow, "MlflowClient", Client)
    monkeypatch.setattr(client, "TracingClient", Traces)


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("postgresql://ada:hunter2@db.example.org:5432/ml?x=1", "postgresql://ada:…@db.example.org:5432/ml?x=1"),
        ("http://ada:hunter2@[::1]:5000", "http://ada:…@[::1]:5000"),
        ("databricks://work", "databricks://work"),
        ("databricks", "databricks"),
        ("sqlite:////srv/ml.db", "sqlite:////srv/ml.db"),
        ("http://localhost:5000/a@b", "http://localhost:5000/a@b"),
    ],
)
def test_a_password_in_a_uri_is_not_shown(uri: str, shown: str) -> None:
    assert show_uri(uri) == shown


def test_nor_is_one_in_what_mlflow_says() -> None:
    with pytest.raises(TachographError) as failed, in_our_words("It failed"):
        raise OSError("no answer from http://ada:hunter2@db.example.org/api: refused")
    assert failed.value.message == "It failed: no answer from http://ada:…@db.example.org/api: refused"


def test_what_is_not_there_is_not_found(workspace: Workspace, uri: str, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        put(workspace, uri, "no-such-session")
    (tmp_path / "empty").mkdir()
    report = put(workspace, uri, tmp_path / "empty")
    assert (report.sessions, len(report.unreadable)) == ([], 1)


def test_an_experiment_that_another_process_makes_meanwhile_is_taken(
    store: Store, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    create, made = store._client.create_experiment, list[str]()

    def meanwhile(name: str) -> str:
        made.append(Store(uri).experiment(name, create=True))
        return str(create(name))

    monkeypatch.setattr(store._client, "create_experiment", meanwhile)
    assert [store.experiment("/Users/ada/new", create=True)] == made


def test_nothing_is_put_into_an_experiment_that_is_deleted(
    workspace: Workspace, uri: str, store: Store, tmp_path: Path
) -> None:
    store._client.delete_experiment(store.experiment("/Users/ada/agents", create=True))
    with pytest.raises(NotFound) as refused:
        put(workspace, uri, one_session(tmp_path / "logs", usual))
    assert (refused.value.slug, rows(uri)["traces"]) == ("mlflow_not_found", [])
    assert refused.value.message == f"The experiment /Users/ada/agents in {uri} is deleted."


def test_equal_sessions_make_equal_traces(store: Store, workspace: Workspace, tmp_path: Path) -> None:
    from tachograph.mlflow.spans import make_trace
    from tachograph.mlflow.told import Pricing

    path = one_session(tmp_path / "logs", usual)

    def make(experiment: str) -> TraceRecord:
        (opened,) = open_logs(workspace, path)
        return make_trace(opened.recording, experiment, Pricing(workspace), workspace.clean)

    assert make("1") == make("1")
    assert make("1").metadata["tacho.fingerprint"] != make("2").metadata["tacho.fingerprint"]
