"""The goals of a ledger while it is replayed."""

from __future__ import annotations

from collections.abc import Iterable

from tachograph.model.goal import Goal


class Goals(dict[str, Goal]):
    """Goals by key, and which of them others were merged into."""

    def __init__(self, goals: Iterable[Goal] = ()) -> None:
        super().__init__({goal.key: goal for goal in goals})
        self._holders = {key: goal.key for goal in self.values() for key in goal.merged}

    def hold(self, kept: str, keys: Iterable[str]) -> None:
        """The goals of these keys are parts of ``kept`` from now on."""
        self._holders.update(dict.fromkeys(keys, kept))

    def holder(self, key: str) -> Goal | None:
        """The goal that the one of this key was merged into."""
        holder = self._holders.get(key)
        return None if holder is None else self.get(holder)
