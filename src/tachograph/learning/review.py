"""Sessions in the order in which they ended, each held against what was usual before it, then counted in."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence

import msgspec

from tachograph.analysis.kpis import Kpi
from tachograph.learning.alerts import (
    Alert,
    Case,
    Completeness,
    Context,
    Incident,
    IncidentRow,
    Rule,
    RuleTable,
    find_alert,
    write_incident,
)
from tachograph.learning.alerts.incidents import BEFORE
from tachograph.learning.baselines import BOOTSTRAP, Baseline, Deviation, Ema, Trend, describe, judge_value, merge
from tachograph.learning.baselines.track import SHOWN, Track, to_scale
from tachograph.learning.groups import (
    Entry,
    GroupState,
    PoolState,
    State,
    dump_state,
    is_set_back,
    load_state,
    pools_of,
)
from tachograph.learning.records import Group, Point, Reset, in_order


class Judged(msgspec.Struct, frozen=True):
    """One session and what is to be said of it."""

    point: Point
    before: dict[str, Baseline]
    """By KPI that the session has, what it was held against: after one or two bad sessions in a row the baseline as it
    was before them."""
    deviations: dict[str, Deviation]
    """By KPI; what has no baseline and no default is not there."""
    alerts: tuple[Alert, ...]
    """At most one for each KPI; the gravest first, then by priority."""
    incidents: tuple[Incident, ...]
    trends: dict[str, Trend]
    """By KPI, where the last sessions, this one included, lie against the long run; not there in bootstrap."""


class _Rules(msgspec.Struct, frozen=True):
    """What judges one KPI."""

    kpi: Kpi
    single: tuple[Rule, ...]
    streaks: tuple[Rule, ...]
    has_bound: bool


class Reviewer:
    """A fold over sessions in :func:`~tachograph.learning.records.in_order`: the same sessions, the same result."""

    def __init__(
        self, kpis: Mapping[str, Kpi], rules: RuleTable, resets: Sequence[Reset] = (), state: bytes | None = None
    ) -> None:
        """Begin, or go on from a :meth:`dump`; a reset from before the dump's last session counts as done there.

        Raises ValueError for a dump of another version.
        """
        self._kpis = kpis
        self._table = rules
        self._rules = {name: _rules_for(kpi, rules) for name, kpi in kpis.items()}
        self._bad_side, self._longest = rules.bad_side, rules.longest
        self._state = State() if state is None else load_state(state)
        self._resets = sorted(resets, key=lambda reset: reset.at)
        self._done = bisect_left(self._resets, self._state.position[0], key=lambda reset: reset.at)

    def take(self, point: Point, *, unfed: Collection[str] = ()) -> Judged:
        """Judge a session, then count it in, but for the KPIs ``unfed``; ValueError when it is out of order."""
        state = self._state
        if in_order(point) <= state.position:
            raise ValueError("Sessions are judged in the order in which they ended, each once.")
        self._set_back(point.ended_at)
        state.position = in_order(point)
        group = state.groups.get(point.group)
        if group is None:
            group = state.groups[point.group] = GroupState()
        pools = [state.pools.setdefault(pool, PoolState()) for pool in pools_of(point.group)]
        judging = _Judging(self._rules, self._bad_side, self._longest, point, group, pools)
        for name, value in point.values.items():
            if name in self._rules:
                judging.judge(name, value, feeds=name not in unfed)
        incidents = self._close(point, judging, feeds=not unfed)
        alerts = [*judging.alerts, *self._judge_completeness(point)]
        alerts.sort(key=lambda alert: (_GRAVEST[alert.severity], alert.priority, alert.kpi))
        return Judged(point, judging.before, judging.deviations, tuple(alerts), incidents, judging.trends)

    def baselines(self, now: int) -> dict[Group, dict[str, Baseline]]:
        """Every baseline as it is at ``now``; ``*`` stands for all model families, or all agents, of an agent type."""
        found: dict[Group, dict[str, Baseline]] = {}
        for group, group_state in sorted(self._state.groups.items()):
            tracks = {name: self._alive(group, name, entry, now) for name, entry in group_state.entries.items()}
            found[group] = {
                name: describe(self._kpis[name], track.ema, track.quantiles, group_state.seen_at, now)
                for name, track in sorted(tracks.items())
                if name in self._kpis
            }
        for group, pool in sorted(self._state.pools.items()):
            found[group] = self._describe_pool(group, pool, now)
        return found

    def dump(self) -> bytes:
        """All that is needed to go on; ``state`` of a new reviewer."""
        return dump_state(self._state)

    def _set_back(self, ended_at: int) -> None:
        """Forget the baselines that were set back before the session that ended then."""
        while self._done < len(self._resets) and self._resets[self._done].at < ended_at:
            reset = self._resets[self._done]
            for key, group in self._state.groups.items():
                for name in [name for name in group.entries if is_set_back(reset, key, name)]:
                    del group.entries[name]
            for key, pool in self._state.pools.items():
                for name in [name for name in pool.emas if is_set_back(reset, key, name)]:
                    del pool.emas[name]
            self._done += 1

    def _close(self, point: Point, judging: _Judging, *, feeds: bool) -> tuple[Incident, ...]:
        """Remember the session as one to compare with, and write the incidents that end with it."""
        context = Context(
            point.session, point.group.agent, point.group.family, point.task_type, point.project, not feeds,
            tuple(sorted(judging.bad)),
        )  # fmt: skip
        kept = BEFORE + self._longest
        group = judging.group
        group.seen_at = point.ended_at
        group.recent = [*group.recent, context][-kept:]
        types = self._state.types
        everyone = [*types.get(point.group.agent_type, ()), context][-kept:]
        types[point.group.agent_type] = everyone
        return tuple(
            write_incident(point, name, rows, group.recent, everyone) for name, rows in sorted(judging.streaks.items())
        )

    def _judge_completeness(self, point: Point) -> list[Alert]:
        found = []
        for rule in self._table.incomplete:
            record = self._state.completeness.setdefault((point.group.agent, rule.id), Completeness())
            alert = record.take(point, rule)
            if alert is not None:
                found.append(alert)
        return found

    def _alive(self, group: Group, kpi: str, entry: Entry, now: int) -> Track:
        """The track, or a new one when it was set back since its last session."""
        return Track() if self._is_forgotten(group, kpi, entry.track.ema, now) else entry.track

    def _is_forgotten(self, group: Group, kpi: str, ema: Ema, now: int) -> bool:
        return any(
            (ema.updated_at or 0) <= reset.at <= now and is_set_back(reset, group, kpi)
            for reset in self._resets[self._done :]
        )

    def _describe_pool(self, pooled: Group, pool: PoolState, now: int) -> dict[str, Baseline]:
        """A pool's quantiles are those of its groups' sketches together."""
        members = [(other, group) for other, group in sorted(self._state.groups.items()) if pooled in pools_of(other)]
        found = {}
        for name, ema in sorted(pool.emas.items()):
            if name not in self._kpis:
                continue
            tracks = [
                self._alive(group, name, state.entries[name], now) for group, state in members if name in state.entries
            ]
            alive = Ema() if self._is_forgotten(pooled, name, ema, now) else ema
            sketch = merge(track.sketch for track in tracks if track.ema.n)
            quantiles = sketch.quantiles(SHOWN) if sketch is not None else []
            found[name] = describe(self._kpis[name], alive, quantiles, pool.seen_at, now)
        return found


class _Judging:
    """One session on its way through its group's baselines."""

    def __init__(
        self,
        rules: Mapping[str, _Rules],
        bad_side: float,
        longest: int,
        point: Point,
        group: GroupState,
        pools: Sequence[PoolState],
    ) -> None:
        self.group = group
        self.before: dict[str, Baseline] = {}
        self.deviations: dict[str, Deviation] = {}
        self.trends: dict[str, Trend] = {}
        self.alerts: list[Alert] = []
        self.streaks: dict[str, list[IncidentRow]] = {}
        self.bad: list[str] = []
        self._rules, self._bad_side, self._longest = rules, bad_side, longest
        self._point, self._pools = point, pools
        for pool in pools:
            pool.seen_at = point.ended_at

    def judge(self, name: str, value: float, *, feeds: bool) -> None:
        """Hold one value against its baseline and the rules; then count it in if it ``feeds``."""
        entry = self.group.entries.get(name)
        if entry is None:
            entry = self.group.entries[name] = Entry()
        rules, point, track = self._rules[name], self._point, entry.track
        kpi = rules.kpi
        self.before[name] = describe(
            kpi, track.ema, track.quantiles, self.group.seen_at, point.ended_at, moments=track.reference
        )
        deviation = judge_value(kpi, track, value)
        if deviation is not None:
            self.deviations[name] = deviation
        is_repeated = entry.streak.is_repeated
        if deviation is not None and track.ema.n >= BOOTSTRAP:
            self._follow(entry, rules, deviation)
        if rules.has_bound or (deviation is not None and deviation.deviations > 0):
            case = Case(kpi, point, value, deviation, track.ema.n, is_repeated, entry.streak.run)
            alert = find_alert(rules.single, case)
            if alert is not None:
                self.alerts.append(alert)
        if feeds:
            self._feed(entry, kpi, value)
        trend = track.ema.trend
        if trend is not None:
            self.trends[name] = trend

    def _follow(self, entry: Entry, rules: _Rules, deviation: Deviation) -> None:
        """Count the session among those in a row on the bad side, if it is one."""
        streak, point = entry.streak, self._point
        row = IncidentRow(point.session, point.ended_at, deviation.value, deviation.mean, deviation.deviations)
        streak.add(row, deviation.cautious, entry.track.ema.n, bad_side=self._bad_side, longest=self._longest)
        if not streak.run:
            entry.track.held = []
            return
        self.bad.append(rules.kpi.name)
        for rule in rules.streaks:
            if streak.meets(rule):
                streak.is_told = True
                self.streaks[rules.kpi.name] = streak.rows[-(rule.sessions or 0) :]
                return

    def _feed(self, entry: Entry, kpi: Kpi, value: float) -> None:
        at = self._point.ended_at
        entry.track.feed(kpi, value, at, is_bad=entry.streak.run > 0)
        if kpi.scale == "log" and value <= 0:
            return
        scaled = to_scale(kpi, value)
        for pool in self._pools:
            ema = pool.emas.get(kpi.name)
            if ema is None:
                ema = pool.emas[kpi.name] = Ema()
            ema.feed(scaled, at)


def _rules_for(kpi: Kpi, table: RuleTable) -> _Rules:
    single = table.about(kpi.name)
    return _Rules(kpi, single, table.streaks(kpi.name), any(rule.kind == "bound" for rule in single))


_GRAVEST = {"critical": 0, "warning": 1, "info": 2}
