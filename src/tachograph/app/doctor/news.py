"""Checks for what this version of tacho does not know yet: record types, agent versions, prices."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable

from tachograph.app.doctor.check import Check, Scene, plural, without_store
from tachograph.report.units import percent
from tachograph.sources import load_sources

_NUMBERS = re.compile(r"\d+(?:\.\d+)*")


def check_record_types(scene: Scene) -> Check:
    """Record types in the logs that the sources do not know: counted, not read."""
    if scene.connection is None:
        return without_store("record types", scene)
    rows = scene.connection.execute("SELECT agent, unknown_types FROM logs WHERE unknown_types <> '{}'")
    return tell_record_types(rows)


def tell_record_types(rows: Iterable[tuple[str, str]]) -> Check:
    """The same from an agent and a JSON object (type -> lines) for each log that has such."""
    unknown: Counter[str] = Counter()
    for agent, types in rows:
        unknown.update({f"{agent}: {name}": number for name, number in json.loads(types).items()})
    if not unknown:
        return Check("record types", "ok", "all known")
    details = [f"{name}: {plural(number, 'line')}" for name, number in unknown.most_common(20)]
    return Check(
        "record types", "info", f"{plural(len(unknown), 'type')} this version of tacho does not know", details,
        "Their lines were left out; a newer tacho may read them.",
    )  # fmt: skip


def check_agent_versions(scene: Scene) -> Check:
    """Agent versions newer than those the sources were checked with."""
    if scene.connection is None:
        return without_store("agent versions", scene)
    seen: dict[str, set[str]] = defaultdict(set)
    for agent, versions in scene.connection.execute("SELECT DISTINCT agent, versions FROM segments"):
        seen[agent].update(json.loads(versions))
    newer = []
    details = []
    for agent, source in sorted(load_sources().items()):
        if not seen[agent]:
            continue
        newest = max(seen[agent], key=version_key)
        details.append(f"{agent}: up to {newest}; tacho was checked with versions up to {source.NEWEST_KNOWN}")
        newer += [name for name in seen[agent] if version_key(name) > version_key(source.NEWEST_KNOWN)]
    if not newer:
        return Check("agent versions", "ok", "none newer than what tacho was checked with", details)
    return Check(
        "agent versions", "info", f"{plural(len(newer), 'version')} newer than what tacho was checked with", details,
        "Numbers are most likely right; a newer tacho has been checked with newer logs.",
    )  # fmt: skip


def version_key(text: str) -> tuple[int, ...]:
    """``2.1.219`` as numbers that compare; what follows the first run of numbers and dots does not count."""
    match = _NUMBERS.search(text)
    return tuple(int(part[:9]) for part in match[0].split(".")) if match else ()


def check_prices(scene: Scene) -> Check:
    """Models without a price: their tokens count, their cost is unknown."""
    if scene.connection is None:
        return without_store("prices", scene)
    rows = scene.connection.execute(
        "SELECT model, sum(unpriced), sum(input + cache_read + cache_write_5m + cache_write_1h + output)"
        " FROM usage_quarters GROUP BY model ORDER BY 3 DESC, model"
    ).fetchall()
    tokens = sum(row[2] for row in rows)
    unpriced = [row for row in rows if row[1]]
    if not unpriced:
        return Check("prices", "ok", f"all of {plural(len(rows), 'model')} priced" if rows else "nothing to price")
    details = [
        f"{model}: {plural(number, 'response')}, {percent(used, tokens)} of all tokens"
        for model, number, used in unpriced
    ]
    summary = f"{plural(len(unpriced), 'model')} of {len(rows)} without a price: totals are lower bounds"
    return Check(
        "prices", "warn", summary, details, 'A section [prices."<model>"] in config.toml gives a model its price.'
    )
