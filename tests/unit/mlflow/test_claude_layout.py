"""Traces as MLflow's Claude Code integration has written them in its versions."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tachograph.analysis.expectations import run_checks
from tachograph.app.expect.forms import read_block
from tachograph.app.workspace import Workspace
from tachograph.errors import NotFound, TachographError
from tachograph.mlflow.claude_layout import read_claude
from tachograph.mlflow.reading import open_mlflow, session_of_trace
from tachograph.mlflow.records import SpanRecord, TraceRecord, record_trace
from tachograph.mlflow.store import Store, read_trace
from tachograph.mlflow.told import Told, make_recording
from tachograph.model import Usage
from tachograph.redaction import default_cleaner

START = 1_780_000_000_000_000_000
SESSION = "7d3f2a10-1111-4000-8000-000000000001"
NO_TOKENS = "The trace does not tell the tokens of every answer: token counts and costs are lower bounds."


class Turn:
    """One trace as the integration makes it, a second for each span."""

    def __init__(self, number: int = 0, prompt: str = "Fix it.", session: str | None = SESSION) -> None:
        self.id = f"tr-{number:032x}"
        self.start = START + number * 1_000_000_000_000
        self.seconds = 0
        self.session = session
        self.tags: dict[str, str] = {}
        self.spans = [self.span(None, "claude_code_conversation", "AGENT", {"prompt": prompt}, took=100)]

    def span(
        self, parent: str | None, name: str, type: str, inputs: Any = None, outputs: Any = None, took: float = 1,
        **fields: Any,
    ) -> SpanRecord:  # fmt: skip
        number = len(getattr(self, "spans", ()))
        began = self.start + self.seconds * 1_000_000_000
        return SpanRecord(
            f"{number:016x}", parent, name, type, began, began + round(took * 1e9), inputs=inputs, outputs=outputs,
            **{"status": "OK", **fields},
        )  # fmt: skip

    def below(self, parent: str | None, *given: Any, **fields: Any) -> str:
        self.seconds += 1
        self.spans.append(self.span(parent or self.spans[0].id, *given, **fields))
        return self.spans[-1].id

    def says(
        self, text: str, usage: dict[str, int] | None = None, parent: str | None = None, calls: tuple[str, ...] = ()
    ) -> Turn:
        attributes: dict[str, Any] = {"model": "claude-sonnet-5", "mlflow.llm.model": "claude-sonnet-5"}
        if usage is not None:
            attributes["mlflow.chat.tokenUsage"] = usage
        content = [{"type": "text", "text": text}, *({"type": "tool_use", "id": call} for call in calls)]
        outputs = {"type": "message", "role": "assistant", "content": content}
        self.below(parent, "llm", "LLM", {"model": "claude-sonnet-5"}, outputs, attributes=attributes)
        return self

    def calls(
        self, name: str, given: Any, result: Any = "ok", id: str = "", status: str = "OK", parent: str | None = None
    ) -> str:
        id = id or f"toolu_{len(self.spans)}"
        attributes = {"tool_name": name, "tool_id": id}
        outputs = {"result": result}
        return self.below(parent, f"tool_{name}", "TOOL", given, outputs, attributes=attributes, status=status)

    def done(self, response: str | None = None, usage: dict[str, int] | None = None, **metadata: str) -> TraceRecord:
        root = msgspec.structs.replace(
            self.spans[0],
            outputs={"status": "completed", "response": response} if response else None,
            attributes={"mlflow.chat.tokenUsage": usage} if usage else {},
        )
        session = {"mlflow.trace.session": self.session} if self.session else {}
        told = {**session, "mlflow.trace.working_directory": "/home/ada/site", "mlflow.claude_code_version": "2.1.219"}
        return TraceRecord(self.id, "1", (root, *self.spans[1:]), {**told, **metadata}, self.tags)


def tokens(input: int, output: int, read: int | None = None, written: int | None = None) -> dict[str, int]:
    """``mlflow.chat.tokenUsage``."""
    cache = {"cache_read_input_tokens": read, "cache_creation_input_tokens": written}
    told = {"input_tokens": input, "output_tokens": output, "total_tokens": input + output}
    return {**told, **{key: value for key, value in cache.items() if value is not None}}


def told(*traces: TraceRecord) -> Told:
    return read_claude(traces, default_cleaner())


# ------------------------------------------------------------------------------------------------------- calls


def test_a_turn_is_a_session() -> None:
    turn = Turn()
    turn.calls("Bash", {"command": "pytest -q"}, "Exit code 1\n1 failed")
    turn.calls("Edit", {"file_path": "/home/ada/site/a.py", "old_string": "1", "new_string": "2"}, "updated")
    turn.calls("mcp__db__query", {"sql": "DROP TABLE x"}, [{"type": "text", "text": "no"}], status="ERROR")
    turn.calls("Read", {"file_path": "/home/ada/site/b.py"}, "No result found")
    result = told(turn.says("Fixed.", tokens(3, 9, 100, 20)).done("Fixed."))
    (session,) = result.sessions
    assert (session.id, session.kind, session.project, session.versions) == (
        f"claude_code:{SESSION}", "main", "/home/ada/site", ("2.1.219",)
    )  # fmt: skip
    assert [(call.name, call.category, call.status, call.exit_code, call.file_op) for call in session.tool_calls] == [
        ("Bash", "shell", "error", 1, "none"),
        ("Edit", "edit", "ok", None, "modify"),
        ("mcp__db__query", "mcp:db", "error", None, "none"),
        ("Read", "read", "missing", None, "none"),
    ]
    assert [(prompt.kind, prompt.text) for prompt in session.prompts] == [("human", "Fix it.")]
    assert [call.started_at for call in session.tool_calls] == [START // 10**6 + 1000 * n for n in range(1, 5)]
    assert result.texts.commands == {"toolu_1": "pytest -q"}
    assert b"DROP TABLE x" in result.texts.inputs["toolu_3"]
    assert result.texts.said[session.id].text == "Fixed."


@pytest.mark.parametrize(
    ("result", "status"),
    [
        ("Error: nothing that Claude Code says of a failure", "ok"),
        ("<tool_use_error>File has not been read yet.</tool_use_error>", "error"),
        ("Exit code 127\ncommand not found", "error"),
        ("Exit code 0", "ok"),
        ("The user doesn't want to proceed with this tool use. The tool use was rejected", "denied"),
        ("No result found", "missing"),
        (None, "missing"),
        ({"odd": 1}, "ok"),
        ("", "ok"),
    ],
)
def test_failures_that_the_python_versions_do_not_mark(result: Any, status: str) -> None:
    turn = Turn()
    turn.calls("Bash", {"command": "x"}, result)
    assert [call.status for call in told(turn.done()).sessions[0].tool_calls] == [status]


def test_the_last_message_is_known_where_it_has_no_span() -> None:
    turn = Turn().says("First.", tokens(1, 1, 0, 0))
    turn.calls("Bash", {"command": "make"})
    result = told(turn.done("Then it called again, and said this."))
    assert result.texts.said[f"claude_code:{SESSION}"].text == "Then it called again, and said this."


def test_subagents_below_a_call_are_sessions_of_their_own() -> None:
    turn = Turn()
    task = turn.calls("Task", {"prompt": "Look.", "subagent_type": "Explore"}, "Found.", id="toolu_task")
    agent = turn.below(task, "subagent_Explore", "AGENT", {"prompt": "Look."}, attributes={"subagent_type": "Explore"})
    turn.calls("Grep", {"pattern": "x"}, "hit", parent=agent)
    turn.says("Found.", tokens(5, 6, 0, 0), parent=agent)
    turn.says("It is there.", tokens(7, 8, 0, 0))
    main, child = told(turn.done()).sessions
    assert (child.id, child.parent_id, child.kind, child.agent_type) == (
        f"{main.id}/toolu_task", main.id, "subagent", "Explore"
    )  # fmt: skip
    assert [call.name for call in main.tool_calls] == ["Task"]
    assert [call.name for call in child.tool_calls] == ["Grep"]
    assert [prompt.kind for prompt in child.prompts] == ["task"]
    assert [session.responses[0].usage.output for session in (main, child)] == [8, 6]


def test_a_subagent_in_the_background_has_a_trace_of_its_own() -> None:
    first = Turn().says("Started.", tokens(1, 2, 0, 0))
    second = Turn(1, "Look.")
    second.spans[0] = msgspec.structs.replace(second.spans[0], name="subagent_Explore")
    second.tags = {"mlflow.claude_code.agent_id": "a77", "mlflow.claude_code.agent_type": "Explore"}
    main, child = told(first.done(), second.says("Found.", tokens(3, 4, 0, 0)).done()).sessions
    assert (child.id, child.agent_type, child.responses[0].usage.output) == (f"{main.id}/a77", "Explore", 4)


def test_turns_are_joined_by_their_start_and_a_turn_counts_once() -> None:
    first, again, second = Turn(), Turn(), Turn(5, "And now?")
    first.calls("Bash", {"command": "a"}, id="toolu_a")
    again.id = "tr-" + "9" * 32
    again.calls("Bash", {"command": "a"}, id="toolu_a")
    again.says("Whole.", tokens(1, 30, 0, 0), calls=("toolu_a",))
    second.says("Again.", tokens(2, 4, 0, 0))
    result = told(second.done(), first.done(), again.done(), first.done())
    (session,) = result.sessions
    assert [prompt.text for prompt in session.prompts] == ["Fix it.", "And now?"]
    assert [call.id for call in session.tool_calls] == ["toolu_a"]
    assert [response.usage.output for response in session.responses] == [30, 4]
    assert result.notes == ()


# ------------------------------------------------------------------------------------------------------ tokens


@pytest.mark.parametrize(
    ("answers", "usage"),
    [
        # the newest: all that was read
        ([tokens(130, 9, 100, 20), tokens(205, 4, 200, 0)], Usage(15, 300, 20, 0, 13)),
        # those before: what was neither read from nor written to the cache
        ([tokens(10, 9, 100, 20), tokens(5, 4, 200, 0)], Usage(15, 300, 20, 0, 13)),
        # one answer tells which: the other could be either
        ([tokens(500, 9, 100, 20), tokens(5, 4, 200, 0)], Usage(505, 300, 20, 0, 13)),
        ([tokens(10, 9, 0, 0)], Usage(10, 0, 0, 0, 9)),
        ([{**tokens(130, 9, 100, 20), "cache_creation_input_tokens_above_1hr": 15}], Usage(10, 100, 5, 15, 9)),
        ([{**tokens(130, 9, 100, 20), "cache_read_input_tokens": "odd"}], Usage(110, 0, 20, 0, 9)),
    ],
)
def test_tokens_in_each_convention(answers: list[dict[str, int]], usage: Usage) -> None:
    turn = Turn()
    for number, answer in enumerate(answers):
        turn.says(f"{number}", answer)
    result = told(turn.done())
    assert sum((one.usage for one in result.sessions[0].responses), Usage()) == usage
    assert all(one.output_reliable for one in result.sessions[0].responses)
    assert result.notes == ()


def calling(turn: Turn) -> Turn:
    turn.calls("Bash", {"command": "make"})
    return turn.says("Made.", tokens(3, 9, 100, 20))


@pytest.mark.parametrize(
    "turn",
    [
        calling(Turn()),  # the answer that called the tool has no span
        Turn().says("No tokens."),
        Turn().says("One.", tokens(3, 9, 100, 20)).says("Two."),
        Turn().says("The first versions.", tokens(3, 9)),
    ],
)
def test_tokens_that_are_not_told_make_counts_lower_bounds(turn: Turn) -> None:
    result = told(turn.done())
    assert result.notes == (NO_TOKENS,)
    assert not any(one.output_reliable for one in result.sessions[0].responses)
    recording = make_recording(result, Workspace())
    assert recording.main.unpriced == (("unknown", 1),)


def test_an_agents_own_total_counts_instead_of_its_answers() -> None:
    turn = Turn().says("One.", tokens(3, 9, 100, 20)).says("Two.")
    task = turn.calls("Task", {"prompt": "Look."})
    agent = turn.below(task, "subagent_x", "AGENT", {"prompt": "Look."})
    turn.says("Three.", tokens(1, 1, 0, 0), parent=agent)
    result = told(turn.done(usage=tokens(30, 90, 500, 70)))
    assert result.notes == ()
    assert [(one.model, one.usage) for session in result.sessions for one in session.responses] == [
        ("claude-sonnet-5", Usage(30, 500, 70, 0, 90))
    ]


# ------------------------------------------------------------------------------------------------ other traces


def test_a_trace_of_something_else_is_refused() -> None:
    span = SpanRecord("00000000000000aa", None, "RunnableSequence", "CHAIN", START, START + 1)
    with pytest.raises(TachographError) as refused:
        session_of_trace(TraceRecord("tr-1", "1", (span,)), default_cleaner())
    assert (refused.value.slug, refused.value.exit_code) == ("mlflow_foreign", 4)
    assert refused.value.message == (
        "The trace tr-1 is no agent's session that tacho can read: its first span is 'RunnableSequence' of type CHAIN."
    )


def test_agents_that_lie_too_deep_in_each_other_are_refused() -> None:
    turn = Turn()
    parent = turn.spans[0].id
    for number in range(3_000):
        parent = turn.below(turn.calls("Task", {}, id=f"t{number}", parent=parent), "subagent_x", "AGENT")
    with pytest.raises(TachographError) as refused:
        session_of_trace(turn.done(), default_cleaner())
    assert refused.value.slug == "mlflow_incomplete"


def test_hostile_names_stay_within_the_session() -> None:
    turn = Turn(session="../../etc/\x1b[31m")
    task = turn.calls("Task", {}, id="../../x/agent-y\n")
    agent = turn.below(task, "subagent_z", "AGENT", {"prompt": "p"})
    turn.says("t", tokens(1, 1, 0, 0), parent=agent)
    main, child = told(turn.done()).sessions
    assert child.id == f"{main.id}/_x_agent-y_"


# ---------------------------------------------------------------------------------------- through a real store


def write_turn(store: Store, experiment: str, number: int, prompt: str, command: str) -> str:
    """A turn, written with MLflow's own functions as its integration does."""
    import mlflow
    from mlflow.entities import SpanType
    from mlflow.tracing.trace_manager import InMemoryTraceManager

    mlflow.set_tracking_uri(store._client.tracking_uri)
    mlflow.set_experiment(experiment_id=experiment)
    at = START + number * 10**12
    root = mlflow.start_span_no_context(
        name="claude_code_conversation", inputs={"prompt": prompt}, start_time_ns=at, span_type=SpanType.AGENT
    )
    llm = mlflow.start_span_no_context(
        name="llm", parent_span=root, span_type=SpanType.LLM, start_time_ns=at + 10**9,
        inputs={"model": "claude-sonnet-5", "messages": []}, attributes={"model": "claude-sonnet-5"},
    )  # fmt: skip
    llm.set_attribute("mlflow.chat.tokenUsage", tokens(10 + number, 20, 1_000, 100))
    block = {"type": "tool_use", "id": f"toolu_{number}"}
    llm.set_outputs({"type": "message", "role": "assistant", "content": [{"type": "text", "text": "Now."}, block]})
    llm.end(end_time_ns=at + 2 * 10**9)
    tool = mlflow.start_span_no_context(
        name="tool_Bash", parent_span=root, span_type=SpanType.TOOL, start_time_ns=at + 2 * 10**9,
        inputs={"command": command}, attributes={"tool_name": "Bash", "tool_id": f"toolu_{number}"},
    )  # fmt: skip
    tool.set_outputs({"result": "ok"})
    tool.end(end_time_ns=at + 3 * 10**9)
    with InMemoryTraceManager.get_instance().get_trace(root.trace_id) as trace:
        trace.info.trace_metadata = {**trace.info.trace_metadata, "mlflow.trace.session": SESSION}
    root.set_outputs({"status": "completed", "response": f"Done {number}."})
    root.end(end_time_ns=at + 4 * 10**9)
    mlflow.flush_trace_async_logging()
    return str(root.trace_id)


@pytest.fixture
def traced(store: Store) -> list[str]:
    """Two turns of one session."""
    experiment = store.experiment("/Users/ada/turns", create=True)
    return [
        write_turn(store, experiment, 0, "Fix it.", "make"),
        write_turn(store, experiment, 1, "More.", "rm -r -f x"),
    ]


def test_all_turns_come_with_one_of_them(traced: list[str], workspace: Workspace, uri: str) -> None:
    with open_mlflow(workspace, tracking_uri=uri) as fetch:
        opened = fetch(None, traced[1])
    assert not isinstance(opened, str)
    recording = opened.recording
    assert recording.main.session.id == f"claude_code:{SESSION}"
    assert [recording.command(call) for call in recording.calls] == ["make", "rm -r -f x"]
    assert recording.usage == Usage(21, 2_000, 200, 0, 40)
    # 2, 10, 0.2 and 2.5 USD a million
    assert recording.main.cost_pico == 21 * 2_000_000 + 40 * 10_000_000 + 2_000 * 200_000 + 200 * 2_500_000
    assert (opened.name, opened.title, opened.notes, recording.said) == (SESSION[:8], "Fix it.", (), "Done 1.")
    results = run_checks(read_block({"banned_tools": ["rm -rf"], "max_turns": 2}), recording)
    assert [(result.key, result.status) for result in results] == [("banned_tools", "fail"), ("max_turns", "pass")]


def test_a_trace_reads_the_same_as_object_mapping_and_json(traced: list[str], store: Store) -> None:
    trace = store._traces.get_trace(traced[0])
    record = record_trace(trace)
    assert read_trace(trace.to_dict()) == record
    assert read_trace(trace.to_json()) == record
    with pytest.raises(TachographError):
        read_trace("no JSON")


def test_a_trace_that_is_not_there(workspace: Workspace, uri: str) -> None:
    with open_mlflow(workspace, tracking_uri=uri) as fetch, pytest.raises(NotFound):
        fetch(None, "tr-" + "0" * 32)


def test_a_turn_that_is_still_running_is_said_to_be(store: Store, workspace: Workspace, uri: str) -> None:
    import mlflow

    mlflow.set_tracking_uri(uri)
    mlflow.set_experiment("/Users/ada/running")
    root = mlflow.start_span_no_context(name="claude_code_conversation", span_type="AGENT")
    child = mlflow.start_span_no_context(name="llm", parent_span=root, span_type="LLM")
    live = mlflow.entities.Trace(
        mlflow.tracing.trace_manager.InMemoryTraceManager.get_instance()._traces[root.trace_id].info,
        mlflow.entities.TraceData([root, child]),
    )
    with pytest.raises(TachographError) as unfinished:
        session_of_trace(live, workspace.clean)
    assert unfinished.value.slug == "mlflow_unfinished"
    child.end()
    mlflow.flush_trace_async_logging()
    with open_mlflow(workspace, tracking_uri=uri) as fetch, pytest.raises(TachographError) as running:
        fetch(None, root.trace_id)
    assert running.value.slug == "mlflow_unfinished"
    root.end()
