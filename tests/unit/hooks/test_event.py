"""Reading an event from a pipe that need not be well-behaved."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from tachograph.hooks import event
from tachograph.hooks.event import read_event
from tests.effort import takes_at_most

EVENT = {"session_id": "a1", "cwd": "/srv/ü", "tool_input": {"command": "echo }"}}
RAW = json.dumps(EVENT).encode()


class Pipe:
    """A pipe and a thread that writes into it."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()
        self.thread = threading.Thread(target=lambda: None)

    def write(self, *parts: bytes | float, close: bool = True) -> Pipe:
        """Write bytes, wait for seconds, in this order."""

        def run() -> None:
            for part in parts:
                if isinstance(part, bytes):
                    os.write(self.writing, part)
                else:
                    time.sleep(part)
            if close:
                os.close(self.writing)
                self.writing = -1

        self.thread = threading.Thread(target=run)
        self.thread.start()
        return self


@pytest.fixture
def pipe() -> Iterator[Callable[..., int]]:
    """Makes pipes: what is to be written goes in, the descriptor to read from comes out."""
    made: list[Pipe] = []

    def make(*parts: bytes | float, close: bool = True) -> int:
        made.append(Pipe().write(*parts, close=close))
        return made[-1].reading

    yield make
    for one in made:
        one.thread.join()
        os.close(one.reading)
        if one.writing >= 0:
            os.close(one.writing)


@pytest.mark.parametrize(
    "parts",
    [
        [RAW],
        [RAW + b"\n"],
        [b"\n " + RAW],
        [RAW[:10], 0.005, RAW[10:]],
        [RAW[: RAW.index(b"}") + 1], 0.03, RAW[RAW.index(b"}") + 1 :]],
        [bytes([byte]) for byte in RAW],
        [json.dumps(EVENT, ensure_ascii=False).encode("utf-16")],
    ],
    ids=["at once", "with its line", "after blanks", "in two", "in two that look like one", "byte by byte", "UTF-16"],
)
def test_an_event_is_read_however_it_comes(pipe, parts, monkeypatch):
    monkeypatch.setattr(event, "_SECONDS", 30)  # the writer may have to wait for its turn on the machine
    assert read_event(pipe(*parts)) == EVENT


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"nonsense", RAW[:-1], RAW + RAW, b"\xff\xfe\xff", b"[" * 60_000])
def test_what_is_no_event_is_an_empty_one(pipe, raw):
    assert read_event(pipe(raw)) == {}


def test_a_whole_event_is_taken_from_a_pipe_that_stays_open(pipe):
    assert takes_at_most(0.1, lambda: read_event(pipe(RAW, close=False)), clock=time.monotonic) == EVENT


def test_a_pipe_that_says_nothing_is_left_in_time(pipe):
    began = time.monotonic()
    assert takes_at_most(0.5, lambda: read_event(pipe(close=False)), clock=time.monotonic) == {}
    assert time.monotonic() - began > 0.1


def test_a_writer_that_drips_is_left_in_time(pipe):
    assert takes_at_most(0.35, lambda: read_event(pipe(*[b"{", 0.02] * 20)), clock=time.monotonic) == {}


def test_an_event_that_is_too_long_is_not_looked_at(pipe, monkeypatch):
    monkeypatch.setattr(event, "_LONGEST", 1000)
    monkeypatch.setattr(event, "_SECONDS", 30)
    assert read_event(pipe(b'{"a": "' + b"x" * 2000 + b'"}')) == {}
    assert read_event(pipe(b'{"a": "' + b"x" * 900 + b'"}')) == {"a": "x" * 900}
