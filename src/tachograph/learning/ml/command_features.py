"""What is told to a model about a command: what anybody can know of it the moment it ends.

The hash of the command is not among them: as a number it orders commands by chance, and which command it was is its
repository's and not the next one's. Nor is the hour: it says who works when, not how a command went. Logarithms of
durations and lines would change nothing, as trees only ask which of two values is greater.
"""

from __future__ import annotations

from tachograph.learning.ml.programs import kind_of
from tachograph.learning.ml.table import Feature
from tachograph.model import CommandEvent

FEATURES: tuple[Feature, ...] = (
    Feature("duration_ms", "duration (ms)"),
    # All else alike, the same command has done less of what it was called for when it failed …
    Feature("exit_failed", "whether it failed", monotone=-1),
    Feature("exit_unknown", "whether its exit code is unknown"),
    # … or was cut off. With all other features it depends on the work: many lines can be a good or a bad sign.
    Feature("timed_out", "whether it timed out", monotone=-1),
    Feature("files_touched_count", "files touched"),
    Feature("lines_added", "lines added"),
    Feature("lines_deleted", "lines deleted"),
    Feature("churn", "lines added and deleted"),
    Feature("commits", "commits made"),
    Feature("renames", "files renamed"),
    Feature("binary_files", "binary files touched"),
    Feature("runs_tests", "whether it runs tests"),
    Feature("builds", "whether it builds, or checks types"),
    Feature("uses_git", "whether it uses version control"),
    Feature("reads", "whether it only reads, by its name"),
    Feature("edits", "whether it changes files, by its name"),
    Feature("by_agent", "whether an agent ran it"),
)
"""In this order in each row of a table of commands."""
_TITLES = {feature.name: feature.title for feature in FEATURES}


def feature_title(name: str) -> str:
    """The feature called ``name`` in words; of one that is not ours its name."""
    return _TITLES.get(name, name)


def read_features(event: CommandEvent) -> tuple[float | None, ...]:
    """The values of :data:`FEATURES` for ``event``; None is not known.

    ``exit_failed`` is that it is known to have failed: beside it stands whether anything is known of its end.
    """
    failed = event.exit_code is not None and event.exit_code != 0
    return (
        event.duration_ms,
        float(failed),
        float(event.exit_code is None),
        None if event.origin == "shell" else float(event.timed_out),  # a shell's hook cannot tell
        event.files_touched_count,
        event.lines_added,
        event.lines_deleted,
        _sum(event.lines_added, event.lines_deleted),
        event.commits,
        event.renames,
        event.binary_files,
        *_read_kind(event.program),
        _by_agent(event),
    )


def _by_agent(event: CommandEvent) -> float | None:
    if event.agent is not None or event.session is not None:
        return 1.0
    return None if event.origin == "log" else 0.0  # a file with commands of who knows whom


def _sum(added: int | None, deleted: int | None) -> int | None:
    return None if added is None or deleted is None else added + deleted


def _read_kind(program: str) -> tuple[float | None, ...]:
    kind = kind_of(program)
    kinds = ("test", "build", "git", "read", "edit")
    return tuple(None if kind is None else float(kind == one) for one in kinds)
