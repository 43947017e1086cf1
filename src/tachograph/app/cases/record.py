"""``tacho cases record``: let an agent work on a prompt, and find the session that results."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from tachograph.errors import NotFound, TachographError
from tachograph.model import Problem
from tachograph.sources import LogFile, load_sources

_GRACE_SECONDS = 5
"""What an agent gets to end by itself, once it has been asked to."""


class Headless(msgspec.Struct, frozen=True):
    """How an agent is run without its user interface."""

    program: str
    options: tuple[str, ...]
    """They come first; then the user's own, and the prompt behind ``--``, which nothing can take for an option."""
    find_session: Callable[[dict[str, Any]], Any]
    """The session's native id in one of the JSON objects that the agent prints; None: in another one."""


AGENTS = {
    "claude_code": Headless(
        "claude",
        ("-p", "--output-format", "json"),
        lambda printed: printed.get("session_id"),
    ),
    "codex": Headless(
        "codex",
        ("exec", "--json"),
        lambda printed: printed.get("thread_id") if printed.get("type") == "thread.started" else None,
    ),
}
"""By the names of their sources."""


class Errand(msgspec.Struct, frozen=True):
    """What an agent is to do."""

    agent: str
    prompt: str
    cwd: Path
    seconds: float
    """After so long it is ended."""
    arguments: Sequence[str] = ()
    """Further options of the agent's own."""


def run_agent(errand: Errand) -> LogFile:
    """Run the agent in the foreground and return the log of the session that resulted.

    What it writes to stderr goes where ours goes. Raises NotFound (exit code 3) when the agent is not installed or left
    no log, TachographError (exit code 1) when it failed or took too long. An interruption ends the agent too.
    """
    how = AGENTS[errand.agent]
    program = shutil.which(how.program)
    if program is None:
        raise NotFound(
            f"{how.program} is not installed: there is no such command on the PATH.",
            slug="agent_not_installed",
            hint="A session that is recorded already: tacho cases add --from SESSION.",
        )
    printed, code = _run([program, *how.options, *errand.arguments, "--", errand.prompt], errand)
    answers = list(_objects(printed))
    named = next((found for answer in answers if (found := how.find_session(answer))), None)
    hint = "" if named is None else f"What it recorded: tacho cases add --from {named}."
    if code or any(answer.get("is_error") is True for answer in answers):
        raise TachographError(f"{how.program} failed (exit code {code}).", slug="agent_failed", exit_code=1, hint=hint)
    if not isinstance(named, str):
        raise NotFound(f"{how.program} did not say which session it recorded.", slug="no_recording")
    return _find_log(errand.agent, named)


def _run(command: list[str], errand: Errand) -> tuple[bytes, int]:
    """What the program printed, and its exit code."""
    try:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, cwd=errand.cwd)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise TachographError(f"{command[0]} cannot be run: {reason}.", slug="agent_failed", exit_code=1) from error
    with child:
        try:
            printed, _ = child.communicate(timeout=errand.seconds)
        except subprocess.TimeoutExpired:
            _end(child)
            raise TachographError(
                f"{command[0]} was ended after {errand.seconds:g} seconds.",
                slug="agent_timed_out",
                exit_code=1,
                hint="Give it longer with --timeout SECONDS.",
            ) from None
        except BaseException:  # Ctrl-C: a terminal tells the agent as well, others do not
            _end(child)
            raise
    return printed, child.returncode


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    with suppress(subprocess.TimeoutExpired):
        child.wait(_GRACE_SECONDS)
        return
    child.kill()


def _objects(printed: bytes) -> Iterator[dict[str, Any]]:
    """The JSON objects that were printed: one, a list of them, or one a line."""
    for text in (printed, *printed.splitlines()):
        with suppress(msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            value = msgspec.json.decode(text)
            yield from (one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict))


def _find_log(agent: str, id: str) -> LogFile:
    """The log whose name holds the session's id, in the agent's own places."""
    source = load_sources()[agent]
    for root in source.roots():
        for log in source.discover(root):
            if not isinstance(log, Problem) and id in Path(log.path).name:
                return log
    raise NotFound(
        f"The session {id} left no log.", slug="no_recording", hint="tacho doctor shows where logs were looked for."
    )
