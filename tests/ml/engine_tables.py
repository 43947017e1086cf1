"""Tables whose truth is known: which feature does how much, and how much is noise."""

from __future__ import annotations

import math
import random

from tachograph.learning.ml.table import Feature, Row, Table

DAY = 86_400_000
START = 1_760_000_000_000
EFFECTS = {"strong": 20.0, "harm": -12.0, "step": 6.0, "weak": 2.0, "noise_1": 0.0, "noise_2": 0.0}
"""By how much each feature moves the label at most; in the order of what the model should find."""
FEATURES = tuple(Feature(name, name, monotone=-1 if name == "harm" else 0) for name in EFFECTS)
NOISE = 6.0
"""The label's noise is even from -6 to 6: 3.0 on average."""
THREADS = 1
"""Several tests run beside each other."""


def truth(values: tuple[float, ...]) -> float:
    """The label without its noise."""
    strong, harm, step, weak, *_ = values
    return 50 + 20 * strong - 12 * harm**2 + (6 if step > 0.5 else 0) + 2 * weak


def chance(values: tuple[float, ...]) -> float:
    """The chance of success."""
    return 1 / (1 + math.exp(-(truth(values) - 57) / 4))


def draw(seed: int, rows: int, groups: int = 20) -> list[tuple[str, tuple[float, ...], int]]:
    """Group, values and time of each row; groups follow each other, two at a time."""
    dice = random.Random(seed)
    drawn = []
    for number in range(rows):
        group = int(number / rows * groups) - dice.randint(0, 1)
        values = tuple(dice.random() for _ in FEATURES)
        drawn.append((f"repo-{max(0, group):03d}", values, START + number * DAY // 10))
    return drawn


def numbers(seed: int, rows: int = 1500, kind: str = "outcome", noise: float = NOISE) -> Table:
    """Labels are the truth and its noise."""
    dice = random.Random(seed + 1000)
    return Table(
        FEATURES,
        [
            Row(f"r{n:05d}", values, truth(values) + dice.uniform(-noise, noise), kind, "made", group, at)
            for n, (group, values, at) in enumerate(draw(seed, rows))
        ],
    )


def successes(seed: int, rows: int = 1500) -> Table:
    """Labels are 1 with the chance that belongs to the values, else 0."""
    dice = random.Random(seed + 2000)
    return Table(
        FEATURES,
        [
            Row(f"r{n:05d}", values, float(dice.random() < chance(values)), "outcome", "made", group, at)
            for n, (group, values, at) in enumerate(draw(seed, rows))
        ],
    )
