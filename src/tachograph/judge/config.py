"""Where the judge is and how it is asked."""

from __future__ import annotations

from typing import Literal

import msgspec

Protocol = Literal["ollama", "openai"]


class JudgeUnavailable(Exception):
    """There is no answer: an expected outcome, which becomes the state UNAVAILABLE."""

    def __init__(self, slug: str, reason: str) -> None:
        super().__init__(reason)
        self.slug = slug
        """Kind of obstacle; each has a row in docs/judge.md."""
        self.reason = reason
        """One or two sentences for a person: what happened, and what helps."""


class JudgeConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A model, the server that runs it, and the limits of asking."""

    protocol: Protocol = "ollama"
    """ollama: ``/api/chat``; openai: ``/v1/chat/completions`` of any server that has it."""
    endpoint: str = "http://127.0.0.1:11434"
    """Address of the server, without the API's own path."""
    model: str = "qwen3:30b-a3b"
    """As the server names it."""
    context_tokens: int = 32768
    """Tokens that prompt and answer may have together."""
    allow_hosts: tuple[str, ...] = ()
    """Names of hosts outside this machine that may be asked; without them only loopback addresses are."""
    api_key: str = ""
    """Sent as a bearer token; empty: none is sent."""
    seed: int = 42
    probe_timeout: float = 3.0
    """Seconds for finding the server and the model, all in all."""
    inference_timeout: float = 300.0
    """Seconds for one answer, all in all."""

    @property
    def answer_tokens(self) -> int:
        """Tokens kept free for the answer: 4,096 (a page of reasoning, or a model's thoughts), at most a quarter."""
        return min(4096, self.context_tokens // 4)

    def __repr__(self) -> str:
        return f"JudgeConfig(protocol={self.protocol!r}, endpoint={self.endpoint!r}, model={self.model!r})"


class ModelSize(msgspec.Struct, frozen=True):
    """How large a model is, as far as its server tells."""

    loaded_bytes: int | None = None
    """Memory that it takes now, its context included; None: it is not loaded, or the server does not tell."""
    file_bytes: int | None = None
    """Its file: it takes somewhat more when it is loaded. None: the server does not tell."""
