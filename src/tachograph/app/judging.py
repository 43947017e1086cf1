"""Having a session judged: from its digest to a stored verdict."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from tachograph.analysis.axes.digest import SMALLEST, Digest, make_digest, session_hash
from tachograph.analysis.axes.quality import QualityScores, quality_prompt, quality_schema, read_quality
from tachograph.analysis.axes.telling import estimate_tokens
from tachograph.analysis.axes.trajectory import (
    PROMPT_VERSION,
    REVIEWED,
    VALUES,
    Agreement,
    Judgement,
    TrajectoryScore,
    domain_of_validity,
    judge_prompt,
    judge_schema,
    read_judgement,
)
from tachograph.judge import JudgeConfig, JudgeUnavailable
from tachograph.model import Session, to_datetime
from tachograph.settings import Settings

T = TypeVar("T")
Store = Callable[[Judgement, Digest, int, int], None]
"""(judgement, digest, session hash, moment in ms UTC): keeps a judgement, see :func:`store_judgement`."""

_TEMPLATE_TOKENS = 64
"""What a server's chat template puts around two messages."""
_NOT_JUDGED = (
    "No verdict of this model is stored. Judge it with `tacho score --judge`, or let `tacho score` always ask with"
    ' `mode = "auto"` in the section `[judge]` of config.toml.'
)
_CHANGED = "The session has changed since it was judged; `tacho score --judge` judges it anew."

_STORED = """
SELECT session_hash, at, verdict, confidence, reasoning, categories, turns_shown, turns_left_out
FROM judgements WHERE session = ? AND model = ? AND prompt = ?"""


class Judge:
    """One server and model, asked session by session; when it cannot be reached, it is looked for once only."""

    def __init__(self, config: JudgeConfig) -> None:
        self._config = config
        self._found = False
        self._obstacle: JudgeUnavailable | None = None

    def judge(self, session: Session) -> tuple[Judgement, Digest]:
        """The judgement on ``session`` and the digest it rests on. Raises JudgeUnavailable."""
        digest = fit_digest(session, self._config)
        judgement = self._ask(judge_prompt(), digest, judge_schema(), read_judgement)
        return _clean(judgement), digest

    def score_quality(self, session: Session) -> tuple[QualityScores, Digest]:
        """The four scores of ``session`` and the digest they rest on. Raises JudgeUnavailable."""
        digest = fit_digest(session, self._config, quality_prompt(), quality_schema())
        return self._ask(quality_prompt(), digest, quality_schema(), read_quality), digest

    def _ask(self, prompt: str, digest: Digest, schema: dict[str, Any], read: Callable[[str], T]) -> T:
        from tachograph.judge.client import ask  # sockets: only for those who ask

        try:
            self._find()
            self._found = False  # after a failure it is looked for again: it may have died
            answer = ask(self._config, prompt, digest.text, schema)
        except JudgeUnavailable as obstacle:
            raise JudgeUnavailable(obstacle.slug, _redact(obstacle.reason)) from obstacle
        self._found = True
        try:
            return read(answer)
        except ValueError as error:
            reason = f"The answer of {self._config.model} cannot be used: {error}."
            raise JudgeUnavailable("malformed_answer", reason) from error

    def _find(self) -> None:
        from tachograph.judge.client import probe

        if self._obstacle is not None:
            raise self._obstacle
        if self._found:
            return
        try:
            probe(self._config)
        except JudgeUnavailable as obstacle:
            self._obstacle = obstacle
            raise


def judge_config(settings: Settings) -> JudgeConfig:
    """Server and model as the user chose them."""
    return JudgeConfig(
        protocol=settings.judge_protocol,
        endpoint=settings.judge_endpoint,
        model=settings.judge_model,
        context_tokens=settings.judge_context_tokens,
        allow_hosts=tuple(host.strip() for host in settings.judge_allow_hosts.split(",") if host.strip()),
        api_key=settings.judge_api_key,
    )


def judge_history(session: Session, config: JudgeConfig) -> tuple[Judgement, Digest]:
    """Have one session judged. Raises JudgeUnavailable. For many sessions use one :class:`Judge`."""
    return Judge(config).judge(session)


def fit_digest(
    session: Session, config: JudgeConfig, prompt: str | None = None, schema: dict[str, Any] | None = None
) -> Digest:
    """The digest that leaves room for prompt (the verdict's, unless given) and answer.

    Raises JudgeUnavailable when there is none.
    """
    asked = (prompt or judge_prompt(), json.dumps(schema or judge_schema()))
    taken = sum(map(estimate_tokens, asked)) + _TEMPLATE_TOKENS
    room = config.context_tokens - config.answer_tokens - taken
    if room < SMALLEST:
        raise JudgeUnavailable(
            "context_too_small",
            f"A context of {config.context_tokens} tokens has no room for a session; set judge.context_tokens to"
            f" {4 * (taken + SMALLEST) // 3 + 1} or more, and a model that can read as much.",
        )
    return make_digest(session, room)


def stored_score(connection: sqlite3.Connection, session: Session, config: JudgeConfig) -> TrajectoryScore:
    """The score that is stored for this model and prompt; UNAVAILABLE, with how to get one, when there is none."""
    agreement = _load_agreement(connection, config.model)
    row = connection.execute(_STORED, (session.id, config.model, PROMPT_VERSION)).fetchone()
    if row is None:
        return _unavailable("not_judged", _NOT_JUDGED, config.model, agreement)
    is_current = row[0] == session_hash(session)
    judgement = Judgement(row[2], row[3], row[4], tuple(json.loads(row[5])))
    score = _score(judgement, config.model, row[1], row[6], row[7], agreement)
    return score if is_current else msgspec.structs.replace(score, state="STALE", hint=_CHANGED)


def store_judgement(
    connection: sqlite3.Connection,
    session_id: str,
    config: JudgeConfig,
    judgement: Judgement,
    digest: Digest,
    session_hash: int,
    at_ms: int,
    *,
    store_text: bool = True,
) -> None:
    """Keep a judgement in place of the model's last one on this session; the caller's transaction commits it.

    ``store_text`` False (``store.text = "none"``) leaves the reasoning out.
    """
    reasoning = judgement.reasoning if store_text else ""
    connection.execute(
        "INSERT OR REPLACE INTO judgements (session, model, prompt, session_hash, at, verdict, confidence, reasoning,"
        " categories, turns_shown, turns_left_out) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            session_id, config.model, PROMPT_VERSION, session_hash, at_ms, judgement.verdict, judgement.confidence,
            reasoning, json.dumps(judgement.waste_categories), digest.turns, digest.turns_left_out,
        ),
    )  # fmt: skip


def score_trajectory(
    connection: sqlite3.Connection | None,
    session: Session,
    config: JudgeConfig,
    *,
    ask_now: bool,
    store: Store | None,
    judge: Judge | None = None,
) -> TrajectoryScore:
    """The axis for ``session``: a stored answer while it is CURRENT, else a new one when ``ask_now``.

    Every failure is UNAVAILABLE with the reason; what was stored before stays stored. ``judge`` is the one that was
    asked about other sessions before.
    """
    stored = None if connection is None else stored_score(connection, session, config)
    if stored is not None and (stored.state == "CURRENT" or not ask_now):
        return stored
    agreement = None if connection is None else _load_agreement(connection, config.model)
    if not ask_now:
        return _unavailable("not_judged", _NOT_JUDGED, config.model, agreement)
    try:
        judgement, digest = (judge or Judge(config)).judge(session)
    except JudgeUnavailable as obstacle:
        return _unavailable(obstacle.slug, obstacle.reason, config.model, agreement)
    at = time.time_ns() // 1_000_000
    if store is not None:
        store(judgement, digest, session_hash(session), at)
    return _score(judgement, config.model, at, digest.turns, digest.turns_left_out, agreement)


def _redact(text: str) -> str:
    """A server's or a model's words as they may be shown: it may quote, or make up, what looks like a secret."""
    from tachograph.redaction import default_cleaner

    return default_cleaner().text(text, len(text))


def _clean(judgement: Judgement) -> Judgement:
    """The judgement with its words redacted: a model may make up what looks like a secret."""
    return msgspec.structs.replace(judgement, reasoning=_redact(judgement.reasoning))


def _load_agreement(connection: sqlite3.Connection, model: str) -> Agreement | None:
    """How the model did in its last calibration with this prompt."""
    row = connection.execute(
        "SELECT record FROM calibrations WHERE model = ? AND prompt = ?", (model, PROMPT_VERSION)
    ).fetchone()
    return msgspec.json.decode(row[0], type=Agreement) if row else None


def _unavailable(reason: str, hint: str, model: str, agreement: Agreement | None) -> TrajectoryScore:
    valid = domain_of_validity(model, agreement, is_given=False)
    return TrajectoryScore(state="UNAVAILABLE", reason=reason, hint=hint, domain_of_validity=valid)


def _score(
    judgement: Judgement, model: str, at: int, shown: int, left_out: int, agreement: Agreement | None
) -> TrajectoryScore:
    return TrajectoryScore(
        state="CURRENT",
        verdict=judgement.verdict,
        value=VALUES[judgement.verdict],
        confidence=judgement.confidence,
        reasoning=judgement.reasoning,
        waste_categories=judgement.waste_categories,
        review=judgement.verdict in REVIEWED,
        model=model,
        judged_at=to_datetime(at),
        turns_shown=shown,
        turns_left_out=left_out,
        domain_of_validity=domain_of_validity(model, agreement),
    )
