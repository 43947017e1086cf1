"""Telling open pages of changes."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import pytest

from tachograph.web import feed as feeds
from tachograph.web.feed import MAX_NAMED, MAX_STREAMS, Feed
from tests.web.conftest import Bell


def told(part: bytes) -> tuple[str, Any]:
    """Name and data of an event; the name of a comment is empty."""
    text = part.decode()
    assert text.endswith("\n\n")
    if text.startswith(":"):
        return "", None
    name, data = text.removesuffix("\n\n").split("\n")
    return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def test_a_change_is_told_to_everybody() -> None:
    async def scene() -> list[tuple[str, Any]]:
        feed = Feed(Bell)
        streams = [feed.read(), feed.read()]
        hellos = [told(await anext(stream)) for stream in streams]
        feed.publish(3, ["codex:b", "claude_code:a"])
        return [*hellos, *[told(await anext(stream)) for stream in streams]]

    hello, change = (
        ("hello", {"revision": 0, "sessions": []}),
        {"revision": 3, "sessions": ["claude_code:a", "codex:b"]},
    )
    assert asyncio.run(scene()) == [hello, hello, ("change", change), ("change", change)]


def test_what_a_slow_reader_missed_is_one_event() -> None:
    async def scene() -> list[tuple[str, Any]]:
        feed = Feed(Bell)
        stream = feed.read()
        await anext(stream)
        for revision in range(1, 10_001):
            feed.publish(revision, [f"a:{revision % 3}"])
        first = told(await anext(stream))
        feed.publish(10_001, ["a:9"])
        return [first, told(await anext(stream))]

    assert asyncio.run(scene()) == [
        ("change", {"revision": 10_000, "sessions": ["a:0", "a:1", "a:2"]}),
        ("change", {"revision": 10_001, "sessions": ["a:9"]}),
    ]


@pytest.mark.parametrize(
    ("published", "named"),
    [
        ([[f"a:{n}" for n in range(MAX_NAMED)]], MAX_NAMED),
        ([[f"a:{n}" for n in range(MAX_NAMED + 1)]], 0),
        ([[f"a:{n}"] for n in range(MAX_NAMED + 1)], 0),
        ([[], ["a:1"]], 0),
        ([["a:1"], []], 0),
    ],
)
def test_too_many_sessions_are_not_named(published: list[list[str]], named: int) -> None:
    async def scene() -> tuple[int, int]:
        feed = Feed(Bell)
        stream = feed.read()
        await anext(stream)
        for revision, sessions in enumerate(published):
            feed.publish(revision, sessions)
        (held,) = feed._streams
        return len(held.sessions), len(told(await anext(stream))[1]["sessions"])

    assert asyncio.run(scene()) == (named, named)


def test_a_silent_stream_shows_that_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "HEARTBEAT_SECONDS", 0.01)

    async def scene() -> list[tuple[str, Any]]:
        stream = Feed(Bell).read()
        return [told(await anext(stream)) for _ in range(3)]

    assert [name for name, _ in asyncio.run(scene())] == ["hello", "", ""]


def test_closing_ends_all_streams_and_new_ones() -> None:
    async def scene() -> list[int]:
        feed = Feed(Bell)
        streams = [feed.read() for _ in range(3)]
        for stream in streams:
            await anext(stream)
        assert len(feed._streams) == 3
        feed.close()
        assert feed.is_full
        rest = [len([part async for part in stream]) for stream in [*streams, feed.read()]]
        assert not feed._streams
        return rest

    assert asyncio.run(scene()) == [0, 0, 0, 1]  # a new one says hello


def test_there_is_room_for_so_many() -> None:
    async def scene() -> list[bool]:
        feed = Feed(Bell)
        streams = [feed.read() for _ in range(MAX_STREAMS)]
        found = []
        for stream in streams:
            found.append(feed.is_full)
            await anext(stream)
        found.append(feed.is_full)
        await streams[0].aclose()  # type: ignore[attr-defined]
        return [*found, feed.is_full]

    assert asyncio.run(scene()) == [False] * MAX_STREAMS + [True, False]


def test_changes_come_from_any_thread() -> None:
    async def scene() -> int:
        loop = asyncio.get_running_loop()

        class Far(Bell):
            def set(self) -> None:
                loop.call_soon_threadsafe(super().set)

        feed = Feed(Far)
        stream = feed.read()
        await anext(stream)
        thread = threading.Thread(target=lambda: [feed.publish(n, ["a:1"]) for n in range(1, 501)])
        thread.start()
        revision = 0
        while revision < 500:
            name, data = told(await asyncio.wait_for(anext(stream), 5))
            revision = data["revision"] if name else revision
        thread.join()
        return revision

    assert asyncio.run(scene()) == 500
