"""From a session to a stored verdict, against a model server on loopback."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from importlib import resources
from typing import Any

import msgspec
import pytest

from tachograph.analysis.axes.digest import session_hash
from tachograph.analysis.axes.trajectory import PROMPT_VERSION, VALUES, Judgement
from tachograph.app.judging import (
    Judge,
    Store,
    fit_digest,
    judge_config,
    judge_history,
    score_trajectory,
    store_judgement,
    stored_score,
)
from tachograph.judge import JudgeConfig, JudgeUnavailable
from tachograph.model import Session, to_datetime
from tachograph.settings import Settings
from tests.builders.session import SessionScript
from tests.unit.judge.fake_server import (
    MODEL,
    FakeServer,
    Play,
    chat,
    completion,
    good,
    models,
    raw,
    serving,
    silent,
    status,
    tags,
)

AT = 1_780_000_000_000


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with serving() as running:
        yield running


@pytest.fixture
def store() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.executescript(resources.files("tachograph.warehouse").joinpath("schema.sql").read_text("utf-8"))
    yield connection
    connection.close()


def session(*more: str) -> Session:
    script = SessionScript().prompt("Repair the login.").call(command="make test").response(input=9, output=5)
    for text in more:
        script.prompt(text).response(output=1)
    return script.done()


def keep(connection: sqlite3.Connection, config: JudgeConfig) -> Store:
    """What the command does with a judgement."""

    def write(judgement: Judgement, digest: Any, fingerprint: int, at_ms: int) -> None:
        store_judgement(connection, session().id, config, judgement, digest, fingerprint, at_ms)

    return write


def put(connection: sqlite3.Connection, config: JudgeConfig, verdict: Any = "BETTER", **options: Any) -> None:
    """A judgement on ``session()``."""
    judgement = Judgement(verdict, 0.5, "Because.", ("failed_retry", "context_bloat"))
    digest = fit_digest(session(), config)
    store_judgement(connection, session().id, config, judgement, digest, session_hash(session()), AT, **options)


# ---------------------------------------------------------------------------------------------------- settings


def test_without_settings_the_judge_is_off_and_on_this_machine() -> None:
    assert Settings().judge_mode == "off"
    assert judge_config(Settings()) == JudgeConfig(
        protocol="ollama", endpoint="http://127.0.0.1:11434", model="qwen3:30b-a3b", context_tokens=32768,
        allow_hosts=(), api_key="", seed=42, probe_timeout=3.0, inference_timeout=300.0,
    )  # fmt: skip


def test_settings_say_whom_to_ask() -> None:
    settings = Settings(
        judge_protocol="openai", judge_endpoint="http://box.example:8080", judge_model="m", judge_context_tokens=8192,
        judge_allow_hosts="box.example, , other.example ", judge_api_key="k",
    )  # fmt: skip
    assert judge_config(settings) == JudgeConfig(
        protocol="openai", endpoint="http://box.example:8080", model="m", context_tokens=8192,
        allow_hosts=("box.example", "other.example"), api_key="k",
    )  # fmt: skip


# ----------------------------------------------------------------------------------------------------- judging


@pytest.mark.parametrize("verdict", VALUES)
def test_a_session_is_judged(server: FakeServer, verdict: str) -> None:
    good(server, verdict=verdict)
    judgement, digest = judge_history(session(), server.config())
    assert judgement == Judgement(verdict, 0.5, "Turn 1 is fine.", ())  # type: ignore[arg-type]
    assert (digest.turns, digest.turns_left_out) == (1, 0)
    assert server.paths() == ["/api/tags", "/api/chat"]
    system, user = (message["content"] for message in server.seen[1][3]["messages"])
    assert system.startswith("You judge how a coding agent worked.")
    assert user == digest.text
    assert '"Repair the login."' in user


def test_an_openai_compatible_server_judges_too(server: FakeServer) -> None:
    text = '```json\n{"verdict": "WORSE", "confidence": 7, "waste_categories": ["other"], "reasoning": ""}\n```'
    server.on("/v1/models", models("x.gguf")).on("/v1/chat/completions", completion(f"<think>…</think>{text}"))
    judgement, _ = judge_history(session(), server.config(protocol="openai"))
    assert judgement == Judgement("WORSE", None, "", ())


def test_a_secret_that_the_model_makes_up_is_not_kept(server: FakeServer) -> None:
    secret = "ghp" + "_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    good(server, reasoning=f"It used {secret}.")
    judgement, _ = judge_history(session(), server.config())
    assert secret not in judgement.reasoning
    assert judgement.reasoning.startswith("It used ")


@pytest.mark.parametrize("context", [4096, 8192, 32768])
def test_prompt_record_and_answer_fit_the_context(context: int) -> None:
    long = session(*("word " * 300 for _ in range(200)))
    config = JudgeConfig(context_tokens=context)
    digest = fit_digest(long, config)
    assert digest.turns_left_out > 0
    assert digest.tokens + config.answer_tokens + 1400 < context
    assert digest.tokens > context - config.answer_tokens - 2400


def test_a_context_without_room_is_refused_with_the_least_that_helps() -> None:
    with pytest.raises(JudgeUnavailable) as caught:
        fit_digest(session(), JudgeConfig(context_tokens=2048))
    assert caught.value.slug == "context_too_small"
    least = int(caught.value.reason.partition("judge.context_tokens to ")[2].partition(" ")[0])
    assert fit_digest(session(), JudgeConfig(context_tokens=least)).turns == 1
    with pytest.raises(JudgeUnavailable):
        fit_digest(session(), JudgeConfig(context_tokens=least - 2))


def test_many_sessions_look_for_the_server_once(server: FakeServer) -> None:
    judge = Judge(good(server).config())
    for _ in range(3):
        judge.judge(session())
    assert server.paths() == ["/api/tags", "/api/chat", "/api/chat", "/api/chat"]


def test_a_server_that_is_not_there_is_looked_for_once(server: FakeServer) -> None:
    server.on("/api/tags", silent())
    judge = Judge(server.config(probe_timeout=0.1))
    slugs = []
    for _ in range(3):
        with pytest.raises(JudgeUnavailable) as caught:
            judge.judge(session())
        slugs.append(caught.value.slug)
    assert (slugs, len(server.seen)) == (["timed_out"] * 3, 1)


def test_after_a_failed_answer_the_server_is_looked_for_again(server: FakeServer) -> None:
    good(server).on("/api/chat", status(500), chat('{"verdict": "BETTER"}'))
    judge = Judge(server.config())
    with pytest.raises(JudgeUnavailable):
        judge.judge(session())
    assert judge.judge(session())[0].verdict == "BETTER"
    assert server.paths() == ["/api/tags", "/api/chat", "/api/tags", "/api/chat"]


# ------------------------------------------------------------------------------------------------------ storing


def test_without_a_judgement_the_score_says_how_to_get_one(store: sqlite3.Connection) -> None:
    score = stored_score(store, session(), JudgeConfig(model=MODEL))
    assert (score.state, score.verdict, score.value, score.reason) == ("UNAVAILABLE", None, None, "not_judged")
    assert score.hint is not None
    assert "`tacho score --judge`" in score.hint
    assert '`mode = "auto"`' in score.hint
    assert score.domain_of_validity.startswith("No verdict was given. One would be the opinion of the model")
    assert score.domain_of_validity.endswith("Calibration: none.")


@pytest.mark.parametrize(
    ("verdict", "value", "review"),
    [
        ("MUCH_BETTER", 1.0, False), ("BETTER", 0.75, False), ("SIMILAR", 0.5, False), ("WORSE", 0.25, True),
        ("MUCH_WORSE", 0.0, True),
    ],
)  # fmt: skip
def test_a_stored_judgement_is_current(store: sqlite3.Connection, verdict: str, value: float, review: bool) -> None:
    config = JudgeConfig(model=MODEL)
    put(store, config, verdict)
    score = stored_score(store, session(), config)
    assert (score.state, score.verdict, score.value, score.review) == ("CURRENT", verdict, value, review)
    assert (score.confidence, score.reasoning) == (0.5, "Because.")
    assert score.waste_categories == ("failed_retry", "context_bloat")
    assert (score.model, score.judged_at, score.turns_shown, score.turns_left_out) == (MODEL, to_datetime(AT), 1, 0)
    assert (score.reason, score.hint) == (None, None)
    assert score.evidence == (f"1 of 1 turns, shown to {MODEL} at 2026-05-28T20:26:40Z",)


def test_a_session_that_went_on_makes_it_stale(store: sqlite3.Connection) -> None:
    config = JudgeConfig(model=MODEL)
    put(store, config)
    score = stored_score(store, session("And the logout."), config)
    assert (score.state, score.verdict, score.value) == ("STALE", "BETTER", 0.75)
    assert score.hint == "The session has changed since it was judged; `tacho score --judge` judges it anew."


@pytest.mark.parametrize(("column", "other"), [("session", "'x'"), ("model", "'x'"), ("prompt", "prompt - 1")])
def test_a_judgement_of_another_session_model_or_prompt_does_not_count(
    store: sqlite3.Connection, column: str, other: str
) -> None:
    config = JudgeConfig(model=MODEL)
    put(store, config)
    store.execute(f"UPDATE judgements SET {column} = {other}")
    assert stored_score(store, session(), config).state == "UNAVAILABLE"


def test_the_last_judgement_of_a_model_replaces_its_former_one(store: sqlite3.Connection) -> None:
    for model in (MODEL, "other:1b", MODEL):
        put(store, JudgeConfig(model=model))
    put(store, JudgeConfig(model=MODEL), "WORSE")
    assert store.execute("SELECT model, verdict FROM judgements ORDER BY model").fetchall() == [
        ("other:1b", "BETTER"),
        (MODEL, "WORSE"),
    ]


def test_reasons_are_left_out_where_no_text_is_stored(store: sqlite3.Connection) -> None:
    config = JudgeConfig(model=MODEL)
    put(store, config, store_text=False)
    assert stored_score(store, session(), config).reasoning == ""
    assert stored_score(store, session(), config).verdict == "BETTER"


@pytest.mark.parametrize(
    ("model", "prompt", "quoted"),
    [
        (MODEL, PROMPT_VERSION, "Calibration: 25 labels, Spearman 0.50 (0.10 to 0.80), weighted kappa unknown."),
        ("other:1b", PROMPT_VERSION, "Calibration: none."),
        (MODEL, PROMPT_VERSION - 1, "Calibration: none."),
    ],
)
def test_the_last_calibration_is_quoted(store: sqlite3.Connection, model: str, prompt: int, quoted: str) -> None:
    record = {"labels": 25, "spearman": 0.5, "spearman_low": 0.1, "spearman_high": 0.8, "kappa": None, "more": []}
    store.execute(
        "INSERT INTO calibrations VALUES (?, ?, ?, ?)", (model, prompt, AT, msgspec.json.encode(record).decode())
    )
    assert stored_score(store, session(), JudgeConfig(model=MODEL)).domain_of_validity.endswith(quoted)


# ------------------------------------------------------------------------------------------------------ scoring


def test_nobody_is_asked_unless_it_is_wanted(server: FakeServer, store: sqlite3.Connection) -> None:
    config = good(server).config()
    for connection in (store, None):
        score = score_trajectory(connection, session(), config, ask_now=False, store=keep(store, config))
        assert (score.state, score.reason) == ("UNAVAILABLE", "not_judged")
    assert server.seen == []


def test_an_answer_is_stored_and_used_until_the_session_goes_on(server: FakeServer, store: sqlite3.Connection) -> None:
    config = good(server, verdict="WORSE").config()
    first = score_trajectory(store, session(), config, ask_now=True, store=keep(store, config))
    assert (first.state, first.verdict, first.review, first.reasoning) == ("CURRENT", "WORSE", True, "Turn 1 is fine.")
    again = score_trajectory(store, session(), config, ask_now=True, store=keep(store, config))
    assert again == first
    assert server.paths() == ["/api/tags", "/api/chat"]
    longer = session("And the logout.")
    assert score_trajectory(store, longer, config, ask_now=False, store=None).state == "STALE"
    renewed = score_trajectory(store, longer, config, ask_now=True, store=keep(store, config))
    assert (renewed.state, renewed.turns_shown) == ("CURRENT", 2)
    assert server.paths() == ["/api/tags", "/api/chat"] * 2
    assert stored_score(store, longer, config) == renewed


def test_without_a_store_an_answer_is_only_told(server: FakeServer, store: sqlite3.Connection) -> None:
    config = good(server).config()
    assert score_trajectory(None, session(), config, ask_now=True, store=None).verdict == "SIMILAR"
    assert score_trajectory(store, session(), config, ask_now=True, store=None).verdict == "SIMILAR"
    assert stored_score(store, session(), config).state == "UNAVAILABLE"


def test_several_sessions_share_a_judge(server: FakeServer) -> None:
    config = good(server).config()
    judge = Judge(config)
    for _ in range(2):
        score_trajectory(None, session(), config, ask_now=True, store=None, judge=judge)
    assert server.paths() == ["/api/tags", "/api/chat", "/api/chat"]


@pytest.mark.parametrize(
    ("listing", "play", "reason"),
    [
        (status(500), None, "server_refused"),
        (status(302, Location="/"), None, "redirected"),
        (tags("other:1b"), None, "model_missing"),
        (silent(), None, "timed_out"),
        (tags(MODEL), chat("I would say it is fine."), "malformed_answer"),
        (tags(MODEL), chat('{"verdict": "GREAT"}'), "malformed_answer"),
        (tags(MODEL), chat('{"verdict": "BET', "length"), "answer_cut"),
        (tags(MODEL), status(404, b"gone"), "model_missing"),
        (tags(MODEL), raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"), "server_died"),
        (tags(MODEL), silent(), "timed_out"),
    ],
)
def test_every_failure_is_unavailable_with_its_reason_and_nothing_is_lost(
    server: FakeServer, store: sqlite3.Connection, listing: Play, play: Play | None, reason: str
) -> None:
    server.on("/api/tags", listing)
    if play is not None:
        server.on("/api/chat", play)
    config = server.config(probe_timeout=0.15, inference_timeout=0.15)
    put(store, config)
    longer = session("And the logout.")
    score = score_trajectory(store, longer, config, ask_now=True, store=keep(store, config))
    assert (score.state, score.verdict, score.reason) == ("UNAVAILABLE", None, reason)
    assert score.hint is not None
    assert score.hint.endswith(".")
    assert score.domain_of_validity
    assert stored_score(store, longer, config).state == "STALE"


def test_a_wrong_answer_is_told_with_the_models_name(server: FakeServer) -> None:
    good(server, verdict="GREAT")
    score = score_trajectory(None, session(), server.config(), ask_now=True, store=None)
    assert score.hint == f"The answer of {MODEL} cannot be used: its verdict is none of the five."
