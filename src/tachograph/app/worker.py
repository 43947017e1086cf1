"""A child process that reads logs: tasks come in on stdin, results go out on stdout, until stdin ends.

It holds neither the warehouse nor its lock, and ends with its parent: the pipe closes, whatever ended it.
"""

from __future__ import annotations

import gc
import signal
import struct
import sys
from typing import IO

import msgspec

from tachograph.app.reading import LogRead, read_log
from tachograph.model import TextKind
from tachograph.sources import LogFile

_LENGTH = struct.Struct("<Q")


class Task(msgspec.Struct, frozen=True, array_like=True):
    """Logs to be read in one go."""

    logs: tuple[LogFile, ...]
    wanted: frozenset[TextKind] = frozenset()
    """Texts to collect."""


def send(stream: IO[bytes], record: msgspec.Struct | list[LogRead] | bool) -> None:
    """Write one length-prefixed record."""
    payload = msgspec.msgpack.encode(record)
    stream.write(_LENGTH.pack(len(payload)))
    stream.write(payload)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes | None:
    """Read one record's bytes; None at the end of the stream, also when it ends within a record."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    length = _LENGTH.unpack(head)[0]
    payload = stream.read(length)
    return payload if len(payload) == length else None


def main() -> None:
    """Serve until stdin ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()  # records make no cycles
    from tachograph.redaction import default_cleaner

    clean = default_cleaner(store_text="--no-text" not in sys.argv)
    incoming, outgoing = sys.stdin.buffer, sys.stdout.buffer
    tasks = msgspec.msgpack.Decoder(Task)
    try:
        while (payload := receive(incoming)) is not None:
            task = tasks.decode(payload)
            send(outgoing, [read_log(log, clean, wanted=task.wanted)[0] for log in task.logs])
    except BrokenPipeError:
        sys.stderr.close()


if __name__ == "__main__":
    main()
