"""What is said to a server, and how its words are read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tachograph.judge import JudgeConfig, JudgeUnavailable
from tachograph.judge.exchange import check_model, questions, read_answer, show

OLLAMA = JudgeConfig(model="small:1b", context_tokens=8192, seed=7)
OPENAI = JudgeConfig(model="small:1b", context_tokens=8192, seed=7, protocol="openai")
MESSAGES = [{"role": "system", "content": "Judge."}, {"role": "user", "content": "This."}]
SCHEMA = {"type": "object"}


def test_what_ollama_is_asked() -> None:
    first, second = questions(OLLAMA, "Judge.", "This.", SCHEMA)
    assert first == {
        "model": "small:1b",
        "messages": MESSAGES,
        "stream": False,
        "format": SCHEMA,
        "options": {"temperature": 0, "seed": 7, "num_ctx": 8192, "num_predict": 2048},
        "truncate": False,
        "shift": False,
        "think": False,
    }
    assert second == {name: value for name, value in first.items() if name != "think"}


def test_what_an_openai_compatible_server_is_asked() -> None:
    first, second = questions(OPENAI, "Judge.", "This.", SCHEMA)
    assert first == {
        "model": "small:1b",
        "messages": MESSAGES,
        "stream": False,
        "temperature": 0,
        "seed": 7,
        "max_tokens": 2048,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "judgement", "strict": True, "schema": SCHEMA},
        },
    }
    assert second == {**first, "response_format": {"type": "json_object", "schema": SCHEMA}}


@pytest.mark.parametrize(("context", "answer"), [(2048, 512), (16384, 4096), (131072, 4096)])
def test_a_quarter_of_the_context_but_no_more_than_a_page_is_for_the_answer(context: int, answer: int) -> None:
    assert JudgeConfig(context_tokens=context).answer_tokens == answer


def listing(config: JudgeConfig, names: list[str]) -> bytes:
    if config.protocol == "ollama":
        return json.dumps({"models": [{"name": name} for name in names]}).encode()
    return json.dumps({"data": [{"id": name} for name in names]}).encode()


@pytest.mark.parametrize(
    ("config", "model", "names", "is_there"),
    [
        (OLLAMA, "a:1b", ["b:1b", "a:1b"], True),
        (OLLAMA, "a", ["a:latest"], True),
        (OLLAMA, "a", ["a:1b"], False),
        (OLLAMA, "a:1b", ["a:1b-q4"], False),
        (OLLAMA, "a:1b", ["a:latest"], False),
        (OLLAMA, "a:1b", ["b:1b"], False),
        (OLLAMA, "a:1b", [], False),
        (OPENAI, "a", ["b", "a"], True),
        (OPENAI, "a", ["models/whatever.gguf"], True),
        (OPENAI, "a", ["b", "c"], False),
        (OPENAI, "a", [], False),
    ],
)
def test_the_model_is_looked_for(config: JudgeConfig, model: str, names: list[str], is_there: bool) -> None:
    asked = JudgeConfig(model=model, protocol=config.protocol)
    if is_there:
        check_model(asked, listing(asked, names))
        return
    with pytest.raises(JudgeUnavailable) as caught:
        check_model(asked, listing(asked, names))
    assert caught.value.slug == "model_missing"


def test_a_missing_model_is_told_with_those_that_are_there() -> None:
    with pytest.raises(JudgeUnavailable) as caught:
        check_model(OLLAMA, listing(OLLAMA, ["b\x1b[1m", "c", "d", "e", "f", "g", "h"]))
    assert caught.value.reason == (
        "The server has no model small:1b; it has b [1m, c, d, e, f and 2 more. `ollama pull small:1b` fetches it."
    )


def answer(config: JudgeConfig, text: Any, end: str | None, read: Any = None) -> bytes:
    if config.protocol == "ollama":
        return json.dumps({"message": {"content": text}, "done_reason": end}).encode()
    return json.dumps(
        {"choices": [{"message": {"content": text}, "finish_reason": end}], "usage": {"prompt_tokens": read}}
    ).encode()


@pytest.mark.parametrize("config", [OLLAMA, OPENAI], ids=["ollama", "openai"])
@pytest.mark.parametrize(("text", "end", "read"), [("{}", "stop", "{}"), ("{}", None, "{}"), (None, "stop", "")])
def test_an_answer_is_its_text(config: JudgeConfig, text: str | None, end: str | None, read: str) -> None:
    assert read_answer(config, answer(config, text, end), 800) == read


@pytest.mark.parametrize(
    ("config", "body", "slug"),
    [
        (OLLAMA, b"", "malformed_answer"),
        (OLLAMA, b"<html>", "malformed_answer"),
        (OLLAMA, b"[]", "malformed_answer"),
        (OLLAMA, b"{}", "malformed_answer"),
        (OLLAMA, b"[" * 100_000, "malformed_answer"),
        (OLLAMA, b'{"message": {"content": 5}}', "malformed_answer"),
        (OLLAMA, b'{"message": {"content": "\xff"}}', "malformed_answer"),
        (OLLAMA, answer(OLLAMA, '{"verdict', "length"), "answer_cut"),
        (OPENAI, b'{"choices": []}', "malformed_answer"),
        (OPENAI, b'{"message": {"content": "{}"}}', "malformed_answer"),
        (OPENAI, answer(OPENAI, "{", "length"), "answer_cut"),
        (OPENAI, answer(OPENAI, "{}", "stop", 99), "prompt_cut"),
    ],
)
def test_what_is_no_answer_is_refused(config: JudgeConfig, body: bytes, slug: str) -> None:
    with pytest.raises(JudgeUnavailable) as caught:
        read_answer(config, body, 800)
    assert caught.value.slug == slug


@pytest.mark.parametrize("read", [100, 250, 0, None])
def test_a_question_that_was_read_whole_is_answered(read: int | None) -> None:
    """800 characters are 100 tokens or more; 0 and nothing mean that the server does not count."""
    assert read_answer(OPENAI, answer(OPENAI, "{}", "stop", read), 800) == "{}"


@pytest.mark.parametrize(
    ("text", "shown"), [("a\n b\t\x1b[31mc", "a b [31mc"), ("x" * 20, "x" * 9 + "…"), ("x" * 10, "x" * 10), ("", "")]
)
def test_a_servers_words_are_one_short_line(text: str, shown: str) -> None:
    assert show(text, 10) == shown
