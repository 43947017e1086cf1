"""What a prompt says: its words, without what programs put in front of it and what was pasted into it."""

from __future__ import annotations

import re
import unicodedata

_LEADING_BLOCK = re.compile(
    r"""\s*(?:
        <(?P<tag>system-reminder|local-command-[\w-]+|command-[\w-]+|bash-[\w-]+|ide_\w+|task-notification|[\w-]+-hook
        |environment_context|user_instructions|INSTRUCTIONS|turn_aborted|user_shell_command|skill)\b[^>]*>
        .*?(?:</(?P=tag)>|\Z)
      | \[(?:Image\ \#\d+|Request\ interrupted[^\]\n]*)\]
      | \#\ Context\ from\ my\ IDE\ setup:.*?(?:\#\#\ My\ request\ for\ Codex:|\Z)
      | \#\ AGENTS\.md\ instructions[^\n]*(?=\s*<INSTRUCTIONS>)
    )\s*""",
    re.DOTALL | re.VERBOSE,
)
_SLASH_COMMAND = re.compile(r"/[\w:-]+(?!\S)")
_FENCE = re.compile(r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)", re.DOTALL)
_CODE = re.compile(r"`[^`\n]+`")
_TAG = re.compile(r"</?[A-Za-z][\w-]{0,40}>")
_QUOTED = re.compile(r"""(?<=[\w,:(]\s)(?:"[^"\n]{1,80}"|“[^”\n]{1,80}”)""")
_LOG_LINE = re.compile(
    r"""\s*(?:
        \[?\d{4}-\d\d-\d\d[T\ ]\d\d:\d\d | \[?\d\d:\d\d:\d\d | \[[\d.]+s?\]   # begins with a time
      | \[?(?:INFO|DEBUG|TRACE|WARN(?:ING)?|ERROR|FATAL|NOTICE)\b            # or with a level
      | at\s\S+[\s(].*:\d+ | File\s".*",\sline\s\d                        # frame of a stack
      | (?:E|>|\$|>>>|\.\.\.|\+|\#\d+)\s{1,3}\S                            # quotation, shell, diff, build step
      | @@\s | diff\s--git | \S+:\d+:\d+\b | npm\s(?:ERR!|WARN|error) | ={3,} | -{3,} | \|.*\|
      | Traceback\s\( | Caused\sby: | panic: | fatal: | error(?:\[\w+\])?: | [\w.]*(?:Error|Exception):
      | FAIL(?:ED)?\b | ✗ | ✖
    )""",
    re.VERBOSE,
)
_ERROR = re.compile(
    r"""
    Traceback\ \( | (?:Error|Exception)\b | \b(?:panic|fatal|error)\b(?:\[\w+\]|\ [A-Z]+\d+)?:
  | npm\ (?:ERR!|error) | \bFAIL(?:ED)?\b | \bERROR\b | [✗✖] | exit(?:ed\ with)?\ (?:code|status)\ [1-9]
  | [Pp]ermission\ denied | [Cc]annot\b | [Cc]ould\ not\b | [Nn]ot\ found\b | [Ff]ailed\ to\b
  | \bE(?:ACCES|ADDRINUSE|CONN[A-Z]+|EXIST|NOENT|PERM|PIPE|TIMEDOUT)\b
    """,
    re.VERBOSE,
)
_ERROR_NAME = re.compile(r"\b[A-Z]\w*(?:Error|Exception)\b")
"""An error by its class: it counts in prose too."""
_CHUNK = re.compile(r"\n|\S+")
_EDGES = re.compile(r"^([^\w<`/.~@$-]*)(.*?)([^\w>`/$%]*)$")
_WORDS = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?(?:-[^\W\d_]+)*")
_POSSESSIVE = re.compile(r"(?<!^it)(?<!^let)(?<!^that)(?<!^what)(?<!^there)(?<!^where)(?<!^who)(?<!^how)'s$")
_BREAKS = frozenset('.!?;:,()"“”–—*#>→')
_STOPS = frozenset(".,:;!?")
"""Of these, the ones that end a clause behind a word."""


def find_task_text(prompt: str) -> str | None:
    """``prompt`` without the blocks in front of it that no person typed; None when nothing or a slash command is left.

    A block that was cut goes to the end.
    """
    while block := _LEADING_BLOCK.match(prompt):
        prompt = prompt[block.end() :]
    text = prompt.strip()
    return unicodedata.normalize("NFC", text) if text and not _SLASH_COMMAND.match(text) else None


def set_apart(text: str) -> tuple[str, str]:
    """What is written as prose, and what is pasted or quoted."""
    pasted: list[str] = []

    def move(match: re.Match[str]) -> str:
        pasted.append(match[0])
        return " ` "

    if "`" in text or "~~~" in text:  # here and below: a quick look before a slow one
        text = _CODE.sub(move, _FENCE.sub(move, text))
    if '"' in text or "“" in text:
        text = _QUOTED.sub(move, text)
    if "<" in text:
        text = _TAG.sub("\n", text)
    prose: list[str] = []
    for line in text.split("\n"):
        (pasted if _LOG_LINE.match(line) else prose).append(line)
    return "\n".join(prose), "\n".join(pasted)


def holds_error(prose: str, pasted: str) -> bool:
    """Whether something pasted or quoted holds an error, or the prose calls one by its class."""
    if pasted and _ERROR.search(pasted):
        return True
    return ("Error" in prose or "Exception" in prose) and _ERROR_NAME.search(prose) is not None


def read_words(text: str) -> list[str]:
    """The words in lower case; ``""`` where a clause ends. A path or an identifier is one word, ``fine-tune`` two."""
    words: list[str] = []
    for chunk in _CHUNK.findall(text.replace("’", "'")):
        if chunk.isalpha():  # most are: a short cut
            words.append(chunk.lower())
        elif chunk[-1] in _STOPS and chunk[:-1].isalpha():  # and most others: the last word of a clause
            words += (chunk[:-1].lower(), "")
        else:
            words += _take_apart(chunk)
    return words


def _take_apart(chunk: str) -> list[str]:
    """The words of a chunk between blanks that has more than letters in it."""
    edges = _EDGES.match(chunk)
    assert edges is not None  # it matches anything within a line; of a line's end nothing is left
    before, core, after = edges.groups()
    words = [] if _BREAKS.isdisjoint(before) else [""]
    core = core.lower()
    if _WORDS.fullmatch(core):
        words += _POSSESSIVE.sub("", core).split("-")
    elif core:
        words.append(core)
    if not _BREAKS.isdisjoint(after) or not core:
        words.append("")
    return words
