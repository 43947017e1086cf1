"""What is said to a model server and what it says, as JSON: Ollama's API and OpenAI's."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from tachograph.judge.config import JudgeConfig, JudgeUnavailable

T = TypeVar("T")

_CHARS_PER_TOKEN = 8
"""Characters to a token that no tokeniser reaches on average over a digest; they need between two and five."""


class _OllamaModel(msgspec.Struct):
    name: str = ""


class _SizedModel(_OllamaModel):
    size: object = None


class _SizedModels(msgspec.Struct):
    models: list[_SizedModel] | None = None


class _OllamaTags(msgspec.Struct):
    models: list[_OllamaModel] | None = None


class _Message(msgspec.Struct):
    content: str | None = None


class _OllamaAnswer(msgspec.Struct):
    message: _Message
    done_reason: str | None = None


class _OpenAIModel(msgspec.Struct):
    id: str = ""


class _OpenAIModels(msgspec.Struct):
    data: list[_OpenAIModel] | None = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None


class _OpenAIUsage(msgspec.Struct):
    prompt_tokens: int | None = None


class _OpenAIAnswer(msgspec.Struct):
    choices: list[_Choice]
    usage: _OpenAIUsage | None = None


def models_path(config: JudgeConfig) -> str:
    """Where the server lists its models."""
    return "/api/tags" if config.protocol == "ollama" else "/v1/models"


def loaded_path(config: JudgeConfig) -> str | None:
    """Where the server lists the models that are in its memory; None: it has no such list."""
    return "/api/ps" if config.protocol == "ollama" else None


def chat_path(config: JudgeConfig) -> str:
    """Where the server answers."""
    return "/api/chat" if config.protocol == "ollama" else "/v1/chat/completions"


def check_model(config: JudgeConfig, body: bytes) -> None:
    """Raise JudgeUnavailable unless the server's list of models has the one that is asked for.

    A name without a tag means ``latest`` (Ollama). An OpenAI-compatible server that lists one model only
    (llama.cpp) serves that one under any name: it is asked.
    """
    if config.protocol == "ollama":
        names = [model.name for model in _decode(body, _OllamaTags).models or ()]
        is_there = config.model in names or f"{config.model}:latest" in names
        hint = f" `ollama pull {config.model}` fetches it."
    else:
        names = [model.id for model in _decode(body, _OpenAIModels).data or ()]
        is_there = config.model in names or len(names) == 1
        hint = ""
    if not is_there:
        listed = ", ".join(show(name, 60) for name in names[:5]) or "none"
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        raise JudgeUnavailable("model_missing", f"The server has no model {config.model}; it has {listed}{more}.{hint}")


def find_size(config: JudgeConfig, body: bytes) -> int | None:
    """Bytes of the model in one of Ollama's lists; None when the list does not have it, or not its size."""
    for model in _decode(body, _SizedModels).models or ():
        if model.name in (config.model, f"{config.model}:latest") and isinstance(model.size, int) and model.size > 0:
            return model.size
    return None


def questions(config: JudgeConfig, system: str, user: str, schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The request's body, and after it what to send when the server finds fault with that one."""
    messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
    if config.protocol == "ollama":
        options = {
            "temperature": 0, "seed": config.seed, "num_ctx": config.context_tokens,
            "num_predict": config.answer_tokens,
        }  # fmt: skip
        # By default Ollama drops half of a prompt that does not fit, and says nothing: an error is wanted instead.
        plain = {
            "model": config.model, "messages": messages, "stream": False, "format": schema, "options": options,
            "truncate": False, "shift": False,
        }  # fmt: skip
        return [{**plain, "think": False}, plain]
    plain = {
        "model": config.model, "messages": messages, "stream": False, "temperature": 0, "seed": config.seed,
        "max_tokens": config.answer_tokens,
    }  # fmt: skip
    strict = {"type": "json_schema", "json_schema": {"name": "judgement", "strict": True, "schema": schema}}
    loose = {"type": "json_object", "schema": schema}  # llama.cpp's servers hold an answer to it, others look past it
    return [{**plain, "response_format": strict}, {**plain, "response_format": loose}]


def read_answer(config: JudgeConfig, body: bytes, asked_chars: int) -> str:
    """The text of the answer to a question of ``asked_chars`` characters. Raises JudgeUnavailable."""
    if config.protocol == "ollama":
        answer = _decode(body, _OllamaAnswer)
        text, end = answer.message.content, answer.done_reason
    else:
        reply = _decode(body, _OpenAIAnswer)
        if not reply.choices:
            raise JudgeUnavailable("malformed_answer", "The server's reply holds no answer.")
        _check_read(reply.usage, asked_chars)
        text, end = reply.choices[0].message.content, reply.choices[0].finish_reason
    if end == "length":
        raise JudgeUnavailable(
            "answer_cut",
            f"The answer of {config.model} did not end within {config.answer_tokens} tokens; a larger"
            " judge.context_tokens leaves it more.",
        )
    return text or ""


def _check_read(usage: _OpenAIUsage | None, asked_chars: int) -> None:
    """Raise JudgeUnavailable where the server read too few tokens for the whole question.

    Through this protocol the context's size cannot be asked for, and some servers silently drop what does not fit.
    """
    read = None if usage is None else usage.prompt_tokens
    if read is not None and 0 < read < asked_chars // _CHARS_PER_TOKEN:
        raise JudgeUnavailable(
            "prompt_cut",
            f"The server read only {read} tokens of the question: its context is smaller than judge.context_tokens.",
        )


def _decode(body: bytes, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise JudgeUnavailable(
            "malformed_answer", "The server's reply is not what this protocol says; see judge.protocol."
        ) from error


def show(text: str, chars: int) -> str:
    """A server's words on one line, cut."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return plain if len(plain) <= chars else plain[: chars - 1] + "…"
