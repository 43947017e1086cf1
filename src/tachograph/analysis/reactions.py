"""What a person's prompt says of the work before it, where that is beyond doubt."""

from __future__ import annotations

import re
from typing import Literal

Reaction = Literal["correction", "approval"]

MOST_CHARS = 300
"""A longer prompt says more than one thing."""

_THING = r"(?:that|this|it|these|those)"
_CORRECTION = re.compile(
    rf"""
    (?:no[,.!]?\s+|hm+[,.]?\s+|ok(?:ay)?[,.]?\s+|please\s+|sorry[,.]?\s+|but\s+)*
    (?:
        {_THING}(?:['’]s|\s+is|\s+was|['’]re|\s+are)\s+(?:still\s+|all\s+|just\s+)?(?:wrong|incorrect|broken|worse|not\s+(?:right|correct|what\s+i))
      | {_THING}\s+(?:still\s+)?(?:doesn['’]?t|does\s+not|didn['’]?t|did\s+not)\s+(?:work|compile|build|help|fix)
      | (?:it\s+|{_THING}\s+)?still\s+(?:fails|failing|broken|wrong|crashes|not\s+working)
      | not\s+what\s+i\s+(?:asked|wanted|meant|said)
      | i\s+(?:did\s+not|didn['’]?t|never)\s+(?:ask|want|say|tell)
      | you\s+(?:broke|deleted|forgot|ignored|missed|misunderstood)
      | {_THING}\s+broke
      | (?:undo|revert|roll\s+back)(?:\s+(?:{_THING}|your|the\s+last|everything|all)\b|\s*[.!]*$)
      | why\s+did\s+you\s+(?:delete|remove|revert|break|change|ignore)
      | wrong\b(?=\s*[,.!:]|\s*$|\s+(?:file|branch|folder|approach|one))
      | stop\b(?=\s*[,.!]|\s*$|\s+(?:that|this|it|doing))
    )
    """,
    re.IGNORECASE | re.VERBOSE,
)
_APPROVAL = re.compile(
    r"""
    (?:ok(?:ay)?[,.]?\s+|yes[,.!]?\s+|cool[,.!]?\s+)*
    (?:
        thanks | thank\s+you | thx | perfect | excellent | awesome | great(?:\s+(?:work|job))?
      | nice(?:\s+(?:work|job))? | well\s+done | lgtm | (?:that\s+|this\s+|it\s+|all\s+)?looks\s+(?:good|great|perfect)
      | ship\s+it
      | (?:it|that|this)\s+works(?:\s+now)? | works(?:\s+now)?(?=\s*[.,!]|\s*$)
    )
    (?=[\s,.!]|$)
    """,
    re.IGNORECASE | re.VERBOSE,
)
_DOUBT = re.compile(
    r"\?|\b(?:idea|plan|point|question|but|however|except|although|though|unfortunately|still|wrong|not|n't)\b|n['’]t\b",
    re.IGNORECASE,
)


def read_reaction(text: str) -> Reaction | None:
    """Whether a prompt says that the work before it was wrong, or that it was good; None for all else.

    Few phrases, in English, at the prompt's beginning. Silence is the rule: the next task, a question, an answer such
    as "no" say nothing of the work before them.
    """
    text = text.strip()
    if not text or len(text) > MOST_CHARS:
        return None
    if _CORRECTION.match(text):
        return "correction"
    return "approval" if _APPROVAL.match(text) and not _DOUBT.search(text) else None
