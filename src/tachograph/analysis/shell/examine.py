"""From a shell command's text to its effects."""

from __future__ import annotations

from functools import lru_cache

from tachograph.analysis.shell.effects import FileRead, ShellEffects

MAX_CHARS = 500
"""Commands are stored cut to this many characters; one as long as this has lost its end."""


@lru_cache(maxsize=8192)
def examine_command(command: str) -> ShellEffects:
    """What ``command`` may have changed and whose content it printed.

    It changes nothing when every program in it is in the table of read-only ones (``readonly.toml``) and none of its
    options, redirections and scripts says otherwise. Whatever is not understood counts as a change. Only the text is
    looked at: aliases and what lies on disk are not.
    """
    if not command.strip():
        return ShellEffects(changes=False, reason="")
    if len(command) >= MAX_CHARS:
        return _unclear(command, "cannot be parsed (cut)")
    # Slow to import, and most sessions never need it.
    from tachograph.analysis.shell.grammar import parse_script
    from tachograph.analysis.shell.syntax import Prints, Unclear
    from tachograph.analysis.shell.walk import Walk

    walk = Walk()
    try:
        outcome = walk.run(parse_script(command))
    except Unclear as unclear:
        return _unclear(command, str(unclear))
    reason = outcome.reason
    if not reason and walk.prepares and not walk.works:
        reason = f"only prepares: {walk.prepares}"
    return ShellEffects(
        changes=bool(reason),
        reason=reason,
        reads=tuple(FileRead(path) for path in dict.fromkeys(outcome.paths)),
        prints_only=outcome.prints is Prints.CUT and bool(outcome.paths),
        changes_folder=walk.moved,
        background=walk.background,
        mentions=tuple(walk.mentions),
    )


def _unclear(command: str, reason: str) -> ShellEffects:
    return ShellEffects(changes=True, reason=reason, background="&" in command)
