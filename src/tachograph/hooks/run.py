"""``tacho-hook EVENT [--agent NAME] [--data DIR]``: what is said to the agent at each of its events."""

import os
import time

from tachograph.hooks.event import read_event
from tachograph.hooks.places import (
    ENDED,
    ENDED_BEFORE,
    EXPECTATIONS,
    FOLDER,
    LONGEST_ENDED,
    append,
    data_folder,
    put_aside,
)
from tachograph.hooks.records import encode, is_name, table_of, text_of

EVENTS = {
    "SessionStart": "session-start",
    "SubagentStart": "subagent-start",
    "UserPromptSubmit": "user-prompt-submit",
    "SessionEnd": "session-end",
    "SubagentStop": "subagent-stop",
}
"""The agents' names of events, and ours."""
STATUS_LINE = "statusline"
AGENTS = ("claude_code", "codex")
_ENDS = ("session-end", "subagent-stop")
_NEW = ("", "startup", "clear")
"""Ways in which a session starts that has said nothing yet; the others (resume, compact, fork) go on."""

Record = dict[str, object]


def run(arguments: list[str]) -> None:
    """Do what the command line and the event on stdin ask for, and print the answer, if there is one."""
    words, options = _read_arguments(arguments)
    word = words[0] if words else ""
    named = options.get("--data", "")
    data = data_folder(named)
    agent = options.get("--agent", AGENTS[0])
    if word in _ENDS:
        _end(word, data, named)
        _note_end(word, agent, read_event(), data)  # it is read in any case, so that the agent's write does not fail
        return
    event = read_event()
    word = word or EVENTS.get(text_of(event, "hook_event_name"), "")  # an agent that does not pass arguments on
    if word in _ENDS:
        _end(word, data, named)
        _note_end(word, agent, event, data)
        return
    said = answer(word, agent, event, data, time.time_ns() // 1_000_000) if agent in AGENTS and data else b""
    if said:
        os.write(1, said + b"\n")


def answer(word: str, agent: str, event: Record, data: str, at: int) -> bytes:
    """What is printed at the event ``word``, without its end; empty: nothing. ``at`` is the moment in ms."""
    from tachograph.hooks.briefing import load_briefing

    briefing = load_briefing(data)
    if word == STATUS_LINE:
        from tachograph.hooks.status_line import status_line

        return status_line(briefing, event, at).encode("utf-8", "replace")
    said: Record = {}
    if word == "session-start":
        said = _start_session(briefing, agent, event, data, at)
    elif word == "subagent-start":
        said = _start_subagent(briefing, agent, event, data, at)
    elif word == "user-prompt-submit":
        said = _take_prompt(briefing, agent, event, data, at)
    return encode(said) if said else b""


def _take_prompt(briefing: Record, agent: str, event: Record, data: str, at: int) -> Record:
    session = _session_of(agent, event)
    if table_of(briefing, "gate"):
        from tachograph.hooks.gate import stop_prompt

        reason = stop_prompt(data, briefing, event, session, at)
        if reason:
            return {"decision": "block", "reason": reason}
    if not os.path.exists(os.path.join(data, FOLDER, EXPECTATIONS)):
        return {}
    from tachograph.hooks.briefing import type_of
    from tachograph.hooks.expect import foretell

    sentence = foretell(data, event, agent, type_of(briefing, agent, event), session)
    return {"systemMessage": sentence} if sentence else {}


def _start_session(briefing: Record, agent: str, event: Record, data: str, at: int) -> Record:
    from tachograph.hooks.briefing import type_of

    session = _session_of(agent, event)
    is_new = text_of(event, "source") in _NEW
    if table_of(briefing, "gate"):
        from tachograph.hooks.gate import pass_resumed, stop_start

        if not is_new:
            pass_resumed(data, briefing, session, at)
        elif agent == "codex":
            reason = stop_start(data, briefing, session, at)
            if reason:
                return {"continue": False, "stopReason": reason}
    agent_type = type_of(briefing, agent, event)
    return _brief(briefing, agent, agent_type, "SessionStart", session, data, is_new=is_new, at=at)


def _start_subagent(briefing: Record, agent: str, event: Record, data: str, at: int) -> Record:
    from tachograph.hooks.briefing import is_agent_type

    agent_type = text_of(event, "agent_type")
    inner = text_of(event, "agent_id").removeprefix("agent-")
    session = ""
    if is_name(inner):
        owner = _session_of(agent, event)
        session = f"{agent}:{inner}" if agent == "codex" else f"{owner}/{inner}" if owner else ""
    if not is_agent_type(agent_type):
        return {}
    return _brief(briefing, agent, agent_type, "SubagentStart", session, data, is_new=True, at=at)


def _brief(
    briefing: Record, agent: str, agent_type: str, event_name: str, session: str, data: str, *, is_new: bool, at: int
) -> Record:
    """The briefing as both agents take it: text for the model, and at a session's start a line for the user."""
    from tachograph.hooks.assign import settle
    from tachograph.hooks.briefing import compose, offers_of

    found, offers = offers_of(briefing, agent, agent_type)
    texts = settle(data, text_of(briefing, "key"), offers, session, agent_type, is_new=is_new, at=at)
    text = compose(text_of(found, "facts"), texts)
    said: Record = {}
    if text:
        said["hookSpecificOutput"] = {"hookEventName": event_name, "additionalContext": text}
    if event_name == "SessionStart" and text_of(found, "notice"):
        said["systemMessage"] = text_of(found, "notice")[:500]
    return said


def _session_of(agent: str, event: Record) -> str:
    """The session's id as the warehouse has it; empty when the event tells none."""
    native = text_of(event, "session_id")
    return f"{agent}:{native}" if is_name(native) else ""


def _end(word: str, data: str, named: str) -> None:
    from tachograph.hooks.detach import start_learning

    if data:
        start_learning(data, named, always=word == "session-end")


def _note_end(word: str, agent: str, event: Record, data: str) -> None:
    """Write down that a session is over: a dashboard that is open shows it so."""
    session = _session_of(agent, event) if word == _ENDS[0] and agent in AGENTS else ""
    if not session or not data:
        return
    put_aside(data, ENDED, ENDED_BEFORE, LONGEST_ENDED)
    line: Record = {"v": 1, "session": session, "at": time.time_ns() // 1_000_000}
    append(data, ENDED, encode(line) + b"\n")


def _read_arguments(arguments: list[str]) -> tuple[list[str], dict[str, str]]:
    """Words, and options with their values; what is not known is left alone."""
    words: list[str] = []
    options: dict[str, str] = {}
    pending = ""
    for argument in arguments:
        if pending:
            options[pending], pending = argument, ""
        elif argument.startswith("--"):
            name, equals, value = argument.partition("=")
            if equals:
                options[name] = value
            else:
                pending = name
        else:
            words.append(argument)
    return words, options
