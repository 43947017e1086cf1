"""What a log says at full length: kept while it is looked at, never stored."""

from __future__ import annotations

from typing import Literal

import msgspec

TextKind = Literal["commands", "inputs", "prompts", "said"]


class Said(msgspec.Struct, array_like=True, gc=False):
    """An assistant's message."""

    response: str
    """Id of the response it is a part of; ``""`` where the log does not say."""
    at: int
    """ms UTC."""
    text: str


class Texts(msgspec.Struct, array_like=True):
    """Full texts of one or several logs, by id. They are as the log has them: not cut, and not redacted either.

    Whoever shows or writes a piece of one cleans it first.
    """

    wanted: frozenset[TextKind] = frozenset()
    """What is collected; the other tables stay empty."""
    commands: dict[str, str] = {}
    """Shell commands, by the call's id."""
    inputs: dict[str, bytes] = {}
    """What each call was given, by its id: JSON, or a JSON string that holds JSON or a patch."""
    prompts: dict[str, str] = {}
    """By the prompt's id."""
    said: dict[str, Said] = {}
    """The last message of each session that has one, by the session's id."""

    def keep_call(self, id: str, command: str | None, given: bytes) -> None:
        """Take what a call was given; the first one of an id counts, as it does for the call itself."""
        if command is not None and "commands" in self.wanted:
            self.commands.setdefault(id, command)
        if "inputs" in self.wanted:
            self.inputs.setdefault(id, given)

    def keep_prompt(self, id: str, text: str) -> None:
        """Take a prompt; the first one of an id counts."""
        if "prompts" in self.wanted:
            self.prompts.setdefault(id, text)

    def keep_message(self, session: str, response: str, at: int, text: str) -> None:
        """Take what the assistant said: pieces of one response are one message, a later one takes its place.

        A piece that is repeated (streamed lines of one response) counts once.
        """
        if "said" not in self.wanted or not text:
            return
        held = self.said.get(session)
        if held is not None and response and held.response == response:
            if not held.text.endswith(text):
                held.text = f"{held.text}\n{text}"
        else:
            self.said[session] = Said(response, at, text)

    def add(self, other: Texts) -> None:
        """Take over the texts of another log; of two last messages the later one stays."""
        for mine, theirs in ((self.commands, other.commands), (self.prompts, other.prompts)):
            for one, text in theirs.items():
                mine.setdefault(one, text)
        for one, given in other.inputs.items():
            self.inputs.setdefault(one, given)
        for session, said in other.said.items():
            held = self.said.get(session)
            if held is None or (said.at, said.response, said.text) > (held.at, held.response, held.text):
                self.said[session] = said
