"""Shell commands: what they can change, which programs they run, and whether they hold a certain piece."""

from tachograph.analysis.shell.effects import FileRead, ShellEffects
from tachograph.analysis.shell.examine import examine_command
from tachograph.analysis.shell.invocations import Invocation, Invocations, find_invocations
from tachograph.analysis.shell.pieces import Piece, PieceMatch, Presence, compile_piece

__all__ = [
    "FileRead",
    "Invocation",
    "Invocations",
    "Piece",
    "PieceMatch",
    "Presence",
    "ShellEffects",
    "compile_piece",
    "examine_command",
    "find_invocations",
]
