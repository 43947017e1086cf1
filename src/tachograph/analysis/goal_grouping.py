"""Sessions that were about the same thing, and why one may think so."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Literal

import msgspec

DAY_MS = 86_400_000
BRANCH_DAYS = 14
"""A branch that rests longer is taken up for something else, or again."""
SAME_PROMPT_DAYS = 7
SIMILAR_PROMPT_DAYS = 3
LEAST_LIKENESS = 0.5
"""Share of the words of two prompts that are in both. Half of them: neighbours in one piece of work share a third."""
LEAST_WORDS = 4
"""Shorter prompts ("go on", "fix the tests") are alike without being about the same thing."""
DEFAULT_BRANCHES = frozenset({"", "head", "main", "master", "trunk", "develop", "dev", "next"})
"""Where everything happens: to be on one of them says nothing."""
_WORD = re.compile(r"[^\W\d_][\w'-]+")

Why = Literal["same pull request", "fork", "same branch", "same first prompt", "similar first prompt"]


class SessionFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a main session, its subagents folded in. Times are ms UTC."""

    id: str
    started_at: int
    ended_at: int
    branch: str = ""
    """Last branch named; empty: none was."""
    pull_requests: frozenset[str] = frozenset()
    opening: str = ""
    """Beginning of the first prompt that a person typed."""
    opening_hash: int | None = None
    """Of that whole prompt."""
    forked_from: str | None = None

    @property
    def own_branch(self) -> str:
        """The branch, where it was made for something; else empty."""
        return "" if self.branch.lower() in DEFAULT_BRANCHES else self.branch


class Group(msgspec.Struct, frozen=True):
    """Sessions about one thing, the earliest first."""

    sessions: tuple[SessionFacts, ...]
    reasons: tuple[Why, ...]
    """What holds them together, the strongest first; empty for a single session."""
    asked_again: tuple[str, ...]
    """Those of the sessions that opened with the first prompt of an earlier one: it had not worked out."""


def group_sessions(sessions: Sequence[SessionFacts]) -> list[Group]:
    """Sessions of one project in groups, the group that began first first. Each session is in exactly one."""
    ordered = sorted(sessions, key=lambda one: (one.started_at, one.id))
    leader = {one.id: one.id for one in ordered}
    reasons: dict[str, set[Why]] = {}

    def find(name: str) -> str:
        while leader[name] != name:
            leader[name] = leader[leader[name]]
            name = leader[name]
        return name

    for first, second, why in _links(ordered):
        one, other = find(first), find(second)
        leader[other] = one
        reasons[one] = reasons.get(one, set()) | reasons.pop(other, set()) | {why}
    groups: dict[str, list[SessionFacts]] = {}
    for session in ordered:
        groups.setdefault(find(session.id), []).append(session)
    return [
        Group(tuple(members), tuple(sorted(reasons.get(name, ()), key=_ORDER.index)), _asked_again(members))
        for name, members in groups.items()
    ]


_ORDER: tuple[Why, ...] = (
    "same pull request", "fork", "same branch", "same first prompt", "similar first prompt"
)  # fmt: skip


def _links(ordered: Sequence[SessionFacts]) -> Iterator[tuple[str, str, Why]]:
    """Pairs that belong together: the earlier one, the later one, why."""
    ids = {one.id for one in ordered}
    first_of_request: dict[str, str] = {}
    last_of_branch: dict[str, SessionFacts] = {}
    for one in ordered:
        for request in sorted(one.pull_requests):
            if (first := first_of_request.setdefault(request, one.id)) != one.id:
                yield first, one.id, "same pull request"
        if one.forked_from in ids and one.forked_from != one.id:
            yield one.forked_from, one.id, "fork"
        if one.own_branch:
            before = last_of_branch.get(one.own_branch)
            if before is not None and one.started_at - before.ended_at <= BRANCH_DAYS * DAY_MS:
                yield before.id, one.id, "same branch"
            last_of_branch[one.own_branch] = one
    yield from _alike(ordered)


def _alike(ordered: Sequence[SessionFacts]) -> Iterator[tuple[str, str, Why]]:
    """Pairs that began with the same first prompt, or with a similar one."""
    last_of_prompt: dict[int, SessionFacts] = {}
    recent: dict[tuple[frozenset[str], str], SessionFacts] = {}
    for one in ordered:
        words = words_of(one.opening)
        if len(words) < LEAST_WORDS:
            continue
        if one.opening_hash is not None:
            before = last_of_prompt.get(one.opening_hash)
            if before is not None and one.started_at - before.ended_at <= SAME_PROMPT_DAYS * DAY_MS:
                yield before.id, one.id, "same first prompt"
            last_of_prompt[one.opening_hash] = one
        for (others, branch), before in list(recent.items()):
            if one.started_at - before.started_at > SIMILAR_PROMPT_DAYS * DAY_MS:
                del recent[others, branch]
            elif _is_same(before, one):
                continue
            elif _may_be_alike(branch, one.own_branch) and _share(words, others) >= LEAST_LIKENESS:
                yield before.id, one.id, "similar first prompt"
        recent[words, one.own_branch] = one


def _is_same(one: SessionFacts, other: SessionFacts) -> bool:
    return one.opening_hash is not None and one.opening_hash == other.opening_hash


def _may_be_alike(branch: str, other: str) -> bool:
    """Two branches that were each made for something are about two things."""
    return not branch or not other or branch == other


def likeness(one: str, other: str) -> float:
    """Share of the words of two texts that are in both (Jaccard), 0 to 1; 0 where either has too few words."""
    words, others = words_of(one), words_of(other)
    return 0.0 if min(len(words), len(others)) < LEAST_WORDS else _share(words, others)


def _share(words: frozenset[str], others: frozenset[str]) -> float:
    return len(words & others) / len(words | others)


@lru_cache(1024)
def words_of(text: str) -> frozenset[str]:
    """The words of a text, in small letters."""
    return frozenset(word.lower() for word in _WORD.findall(text))


def _asked_again(members: Sequence[SessionFacts]) -> tuple[str, ...]:
    """Those that began as an earlier one did, in the same words or in similar ones."""
    found: list[str] = []
    hashes: set[int] = set()
    prompts: dict[str, None] = {}
    for one in members:
        if one.opening_hash in hashes or any(likeness(one.opening, before) >= LEAST_LIKENESS for before in prompts):
            found.append(one.id)
        if one.opening_hash is not None:
            hashes.add(one.opening_hash)
        prompts[one.opening] = None
    return tuple(found)
