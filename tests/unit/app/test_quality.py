"""Sessions that are scored by a judge, and what comes of the scores."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from tachograph.app.filters import Filter
from tachograph.app.history import load_history
from tachograph.app.ingest import ingest
from tachograph.app.judging import judge_config
from tachograph.app.kpis import describe_session
from tachograph.app.learn.run import learn
from tachograph.app.purge import Target, plan_purge, purge
from tachograph.app.quality import QualityReport, choose_unscored, judge_quality
from tachograph.errors import TachographError
from tachograph.judge import JudgeConfig, JudgeUnavailable
from tachograph.judge.client import ask, probe
from tachograph.warehouse.store import open_reader, open_writer, transaction
from tests.builders.judged import Bench, bench
from tests.unit.judge.fake_server import FakeServer, chat, completion, models, serving, tags

__all__ = ["bench"]

ANSWER = json.dumps({"reasoning": "r", "relevance": 0.9, "faithfulness": None, "coherence": 0.8, "hallucination": 0.1})


def score(bench: Bench, *numbers: int, model: str = "judge") -> QualityReport:
    return judge_quality(bench.workspace, [bench.ids[number] for number in numbers], JudgeConfig(model=model))


def rows(bench: Bench, sql: str) -> list[tuple]:
    with closing(open_reader(bench.workspace.folder)) as connection:
        return connection.execute(sql).fetchall()


def kpis(bench: Bench, number: int) -> dict[str, float]:
    """The judged KPIs of a session."""
    with closing(open_reader(bench.workspace.folder)) as connection:
        told = describe_session(connection, bench.ids[number]).kpis
    return {one.kpi: one.value for one in told if one.kpi.startswith("quality_")}


def unscored(bench: Bench, chosen: Filter | None = None, model: str = "judge") -> list[str]:
    with closing(open_reader(bench.workspace.folder)) as connection:
        return choose_unscored(connection, chosen or Filter(), model)


def go_on(bench: Bench, number: int) -> None:
    """One more turn in a session."""
    bench.logs[number].prompt("More.").response(output=7)
    bench.claude.write()
    ingest(bench.workspace)


def test_scores_become_kpis_of_their_session(bench: Bench) -> None:
    bench.scores("judge", 0, 0.9, 0.8, 0.7, 0.05)
    learn(bench.workspace)
    assert kpis(bench, 0) == {}
    report = score(bench, 0)
    (row,) = report.sessions
    assert (row.relevance, row.faithfulness, row.coherence, row.hallucination) == (0.9, 0.8, 0.7, 0.05)
    assert (row.turns_shown, row.turns_left_out, row.cached, row.reason) == (1, 0, False, None)
    assert (report.model, report.prompt, report.waiting) == ("judge", 1, 0)
    done = learn(bench.workspace)
    assert (done.new_sessions, done.changed) == (1, True)
    assert kpis(bench, 0) == {
        "quality_relevance": 0.9, "quality_faithfulness": 0.8, "quality_coherence": 0.7, "quality_hallucination": 0.05,
    }  # fmt: skip
    assert kpis(bench, 1) == {}


def test_what_cannot_be_told_is_absent_and_never_nought(bench: Bench) -> None:
    bench.scores("judge", 0, 0.0, None, None, None)
    score(bench, 0)
    learn(bench.workspace)
    assert kpis(bench, 0) == {"quality_relevance": 0.0}
    assert rows(bench, "SELECT name, evaluator, score, origin FROM evaluations") == [
        ("relevance", "judge", 0.0, "judge")
    ]


def test_a_session_of_which_nothing_can_be_told_is_not_asked_about_again(bench: Bench) -> None:
    bench.scores("judge", 0, None, None, None, None)
    score(bench, 0)
    again = score(bench, 0).sessions[0]
    assert (again.cached, again.reason, again.relevance) == (True, None, None)
    assert len(bench.asked) == 1
    assert bench.ids[0] not in unscored(bench)


def test_nobody_is_asked_twice_about_a_session_that_is_as_it_was(bench: Bench) -> None:
    bench.scores("judge", 0, 0.9, None, 0.7, 0.05)
    first = score(bench, 0).sessions[0]
    second = score(bench, 0).sessions[0]
    assert second.cached
    assert (second.relevance, second.faithfulness, second.turns_shown) == (0.9, None, first.turns_shown)
    assert bench.asked == [("judge", "0")]


def test_a_session_that_went_on_is_scored_anew_in_place_of_its_former_scores(bench: Bench) -> None:
    bench.scores("judge", 0, 0.9, 0.8, 0.7, 0.05)
    score(bench, 0)
    go_on(bench, 0)
    assert bench.ids[0] in unscored(bench)
    bench.scores("judge", 0, 0.3, None, 0.2, 0.5)
    row = score(bench, 0).sessions[0]
    assert (row.cached, row.turns_shown) == (False, 2)
    learn(bench.workspace)
    assert kpis(bench, 0) == {"quality_relevance": 0.3, "quality_coherence": 0.2, "quality_hallucination": 0.5}
    assert bench.ids[0] not in unscored(bench)


def test_another_version_of_the_prompt_asks_anew(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.scores("judge", 0)
    score(bench, 0)
    monkeypatch.setattr("tachograph.app.quality.QUALITY_VERSION", 2)
    assert bench.ids[0] in unscored(bench)
    assert not score(bench, 0).sessions[0].cached
    assert len(bench.asked) == 2
    assert rows(bench, "SELECT count(*) FROM evaluations") == [(4,)]


def test_two_models_each_have_their_say(bench: Bench) -> None:
    bench.scores("judge", 0, 0.8, None, None, 0.1)
    bench.scores("other", 0, 0.4, None, None, 0.3)
    score(bench, 0)
    assert bench.ids[0] in unscored(bench, model="other")
    score(bench, 0, model="other")
    assert score(bench, 0).sessions[0].relevance == 0.8
    learn(bench.workspace)
    assert kpis(bench, 0) == pytest.approx({"quality_relevance": 0.6, "quality_hallucination": 0.2})


def test_scores_of_a_telemetry_folder_stay_beside_those_of_the_judge(bench: Bench) -> None:
    with open_writer(bench.workspace.folder) as connection, transaction(connection):
        connection.execute(
            "INSERT INTO evaluations VALUES (?, 'relevance', 'judge', 1, 0.2, 'telemetry')", (bench.ids[0],)
        )
    bench.scores("judge", 0, 0.8, None, None, None)
    score(bench, 0)
    assert rows(bench, "SELECT origin, score FROM evaluations ORDER BY origin") == [("judge", 0.8), ("telemetry", 0.2)]
    assert score(bench, 0).sessions[0].relevance == 0.8


def test_unscored_sessions_are_main_ones_of_the_selection_the_latest_first(bench: Bench) -> None:
    assert unscored(bench) == bench.ids[::-1]
    assert unscored(bench, Filter(agent="codex")) == [bench.ids[5]]
    log = bench.claude.project().session("2026-05-25T09:00:00Z")
    log.prompt("Task 6.").tool("Task", {"prompt": "Read."}).response(output=1)
    log.subagent().prompt("Read.").response(output=2)
    bench.claude.write()
    ingest(bench.workspace)
    assert unscored(bench) == [f"claude_code:{log.session_id}", *bench.ids[::-1]]
    bench.scores("judge", 5)
    score(bench, 5)
    assert unscored(bench)[1:] == bench.ids[4::-1]


def test_one_failure_is_told_and_the_others_are_scored(bench: Bench) -> None:
    bench.scores("judge", 0)
    bench.scored["judge", "1"] = JudgeUnavailable("timed_out", "It took too long.")
    bench.scored["judge", "2"] = '{"relevance": 9}'
    bench.scores("judge", 3)
    report = score(bench, 0, 1, 2, 3)
    assert [one.reason for one in report.sessions] == [
        None,
        "It took too long.",
        "The answer of judge cannot be used: its relevance is no number from 0 to 1.",
        None,
    ]
    assert report.waiting == 2
    assert rows(bench, "SELECT count(DISTINCT session) FROM evaluations") == [(2,)]


def test_a_failure_leaves_former_scores_as_they_are(bench: Bench) -> None:
    bench.scores("judge", 0, 0.9, None, None, None)
    score(bench, 0)
    go_on(bench, 0)
    bench.scored["judge", "0"] = JudgeUnavailable("timed_out", "It took too long.")
    with pytest.raises(TachographError):
        score(bench, 0)
    assert rows(bench, "SELECT name, score FROM evaluations") == [("relevance", 0.9)]


def test_a_judge_that_is_not_there_is_looked_for_once_and_says_why(bench: Bench) -> None:
    bench.down = JudgeUnavailable("no_server", "No server answers.")
    with pytest.raises(TachographError) as caught:
        score(bench, 0, 1, 2)
    said = (caught.value.slug, caught.value.exit_code, caught.value.hint)
    assert said == ("judge_unavailable", 4, "No server answers.")
    assert bench.asked == []


def test_no_sessions_is_no_failure(bench: Bench) -> None:
    assert judge_quality(bench.workspace, [], JudgeConfig(model="judge")).sessions == []


def test_each_answer_is_stored_at_once(bench: Bench) -> None:
    bench.scores("judge", 0)
    bench.scored["judge", "1"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        score(bench, 0, 1)
    assert rows(bench, "SELECT DISTINCT session FROM evaluations") == [(bench.ids[0],)]


def test_a_purged_session_leaves_no_score_and_the_others_keep_theirs(bench: Bench) -> None:
    bench.scores("judge", 0)
    bench.scores("judge", 1)
    score(bench, 0, 1)
    with closing(open_reader(bench.workspace.folder)) as connection:
        plan = plan_purge(connection, Target(session=bench.ids[0]))
    purge(bench.workspace, plan)
    assert rows(bench, "SELECT DISTINCT session FROM evaluations") == [(bench.ids[1],)]
    assert rows(bench, "SELECT name FROM loop_records WHERE kind = 'quality'") == [(bench.ids[1],)]
    assert score(bench, 1).sessions[0].cached


# ------------------------------------------------------------------------------------------- a server on loopback


@pytest.mark.parametrize("protocol", ["ollama", "openai"])
def test_one_question_for_each_session_goes_to_the_server(
    bench: Bench, protocol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tachograph.judge.client.ask", ask)
    monkeypatch.setattr("tachograph.judge.client.probe", probe)
    with serving() as server:
        config = _playing(server, protocol)
        report = judge_quality(bench.workspace, bench.ids[:2], config)
        questions = [body for method, _, _, body in server.seen if method == "POST"]
    assert [(one.relevance, one.faithfulness, one.hallucination) for one in report.sessions] == [(0.9, None, 0.1)] * 2
    assert len(questions) == 2
    system, user = questions[0]["messages"]
    assert "by four scores" in system["content"]
    assert user["content"].startswith("--- session record ")
    assert "Task 0." in user["content"]


def _playing(server: FakeServer, protocol: str) -> JudgeConfig:
    server.on("/api/tags", tags("small:1b")).on("/api/chat", chat(ANSWER))
    server.on("/v1/models", models("small:1b")).on("/v1/chat/completions", completion(ANSWER))
    return server.config(protocol=protocol)


def test_the_digest_leaves_room_for_this_prompt_too(bench: Bench) -> None:
    config = JudgeConfig(model="judge", context_tokens=2048)
    with pytest.raises(TachographError) as caught:
        judge_quality(bench.workspace, bench.ids[:1], config)
    assert caught.value.hint is not None
    assert "set judge.context_tokens to" in caught.value.hint
    with closing(open_reader(bench.workspace.folder)) as connection:
        assert load_history(connection, bench.ids[0]) is not None
    assert judge_config(bench.workspace.settings).context_tokens > 2048
