"""What a shell command can change, judged from its text with a grammar and a table of read-only programs."""

from tachograph.analysis.shell.effects import FileRead, ShellEffects
from tachograph.analysis.shell.examine import examine_command

__all__ = ["FileRead", "ShellEffects", "examine_command"]
