"""``tacho completion``."""

from __future__ import annotations

import sys
from importlib import resources

import click


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the lines that have a shell complete tacho's commands, options, sessions, goals and projects.

    Put them into the shell's start-up file. What is offered is read from what is stored; nothing is brought up to date
    and nothing is sent anywhere.

    \b
    bash  ~/.bashrc                   eval "$(tacho completion bash)"
    zsh   ~/.zshrc, after compinit    eval "$(tacho completion zsh)"
    fish  ~/.config/fish/config.fish  tacho completion fish | source
    """
    sys.stdout.write(resources.files("tachograph.cli").joinpath(f"completion.{shell}").read_text("utf-8"))
