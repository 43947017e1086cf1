"""Who gets a suggestion that is on trial: settled by a keyed hash, written down before anybody is told."""

import os

from tachograph.hooks.places import ASSIGNMENTS, FOLDER, append, read_bytes
from tachograph.hooks.records import encode, number_of, parse, text_of

_LOOKED_AT = 256 * 1024
"""Bytes at the end of the file in which earlier lines of a session are looked for: about 1,000 sessions."""

Record = dict[str, object]


def is_treated(key: str, trial: str, session: str, share: float) -> bool:
    """Whether ``session`` belongs to the ``share`` of sessions that are given the text of ``trial``.

    By the first 52 bits of HMAC-SHA256 with the key of 64 hex digits: two trials treat a session independently, and
    nobody can choose an id that is treated.
    """
    import hmac

    digest = hmac.digest(bytes.fromhex(key), f"{trial}\0{session}".encode(), "sha256")
    return int(digest.hex()[:13], 16) / 16**13 < share


def settle(
    data: str, key: str, offers: list[Record], session: str, agent_type: str, *, is_new: bool, at: int
) -> list[str]:
    """The texts of ``offers`` that ``session`` gets.

    What is given to all needs no assignment. The rest is assigned once: a session that was there before (a subagent
    may be started again) keeps what was written down then, also what it was left without, and takes part in no trial
    that began later. When nothing can be written down, nobody is given anything that is on trial. ``at`` is in ms.
    """
    on_trial = [offer for offer in offers if number_of(offer, "share") != 1]
    known = _known_arms(data, session) if session else {}
    arms = {trial: arm for trial, arm in known.items() if trial}
    may_join = bool(session) and is_new and not known and _is_key(key)
    fresh = [offer for offer in on_trial if text_of(offer, "trial") not in arms] if may_join else []
    new_arms: dict[str, str] = {}
    lines = b""
    for offer in fresh:
        line = _line(key, offer, session, agent_type, at)
        new_arms[text_of(offer, "trial")] = text_of(line, "arm")
        lines += encode(line) + b"\n"
    if session and is_new and not lines and not known:
        start: Record = {"v": 1, "start": session, "agent_type": agent_type, "at": at}
        lines = encode(start) + b"\n"  # so that sessions seen can be counted
    if lines and append(data, ASSIGNMENTS, lines):
        arms |= new_arms
    return [
        text_of(offer, "text")
        for offer in offers
        if arms.get(text_of(offer, "trial"), "" if offer in on_trial else "treatment") == "treatment"
    ]


def _is_key(text: str) -> bool:
    return len(text) == 64 and all(char in "0123456789abcdefABCDEF" for char in text)


def _line(key: str, offer: Record, session: str, agent_type: str, at: int) -> Record:
    trial, share = text_of(offer, "trial"), number_of(offer, "share") or 0.0
    return {
        "v": 1,
        "trial": trial,
        "suggestion": text_of(offer, "id"),
        "session": session,
        "agent_type": agent_type,
        "arm": "treatment" if is_treated(key, trial, session, share) else "control",
        "share": share,
        "at": at,
    }


def _known_arms(data: str, session: str) -> dict[str, str]:
    """Trial -> arm of the session's lines; its line without a trial is under an empty one."""
    held = read_bytes(os.path.join(data, FOLDER, ASSIGNMENTS), _LOOKED_AT, only_end=True)
    mark = f'"{session}"'.encode()
    known: dict[str, str] = {}
    if mark not in held:
        return known
    for raw in held.split(b"\n"):
        line = parse(raw) if mark in raw else {}
        if session in (text_of(line, "session"), text_of(line, "start")):
            known.setdefault(text_of(line, "trial"), text_of(line, "arm"))
    return known
