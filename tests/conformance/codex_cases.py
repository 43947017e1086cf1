"""Codex's cases. Prices in USD per million tokens (input / output / cached input):

gpt-5.5 5 / 30 / 0.5, above 272,000 tokens 10 / 45 / 1; gpt-5.4 2.5 / 15 / 0.25; gpt-5-codex 1.25 / 10 / 0.125. Tokens
written to the cache cost what input costs. Sums in the comments are in millionths of a USD.

The logs count cached tokens inside ``input_tokens`` and reasoning inside ``output_tokens``; the expectations list
uncached input and cache reads apart.
"""

from __future__ import annotations

from tests.builders.codex import CodexHome
from tests.conformance.case import Row, Suite

SUITE = Suite("codex")
case = SUITE.case

FIRST = "00000001-0278-4000-8000-000002780001"
"""Id of the first thread that a home's builder makes."""
SECOND = "00000002-0278-4000-8000-000002780002"


@case(
    "codex-one-response",
    "Cached tokens lie inside the input, reasoning inside the output: neither is added.",
    models={"gpt-5.5": Row(input=400, cache_read=500, output=80, reasoning=30, usd="0.00465")},
    # 400 x 5 + 500 x 0.5 + 80 x 30 = 2000 + 250 + 2400 = 4650
)
def one_response(home: CodexHome) -> None:
    home.session().turn().prompt().answer().tokens(input=900, cached=500, output=80, reasoning=30).complete()


@case(
    "codex-growing-total",
    "The counter is cumulative: each event's share is its growth.",
    models={"gpt-5.5": Row(responses=3, input=1_000, cache_read=2_000, output=180, usd="0.0114")},
    # 1000 x 5 + 2000 x 0.5 + 180 x 30 = 5000 + 1000 + 5400 = 11400
)
def growing_total(home: CodexHome) -> None:
    log = home.session().turn().prompt().shell("ls", "a").tokens(input=900, cached=500, output=80)
    log.shell("cat a", "x").tokens(input=1_000, cached=700, output=60)
    log.answer().tokens(input=1_100, cached=800, output=40).complete()


@case(
    "codex-repeated-event",
    "A refresh of rate limits repeats the event: an unchanged total is no usage.",
    models={"gpt-5.5": Row(responses=2, input=800, cache_read=1_000, output=160, usd="0.0093")},
    # 800 x 5 + 1000 x 0.5 + 160 x 30 = 4000 + 500 + 4800 = 9300
)
def repeated_event(home: CodexHome) -> None:
    log = home.session().turn().prompt().tokens(input=900, cached=500, output=80).repeat().repeat()
    log.tokens(input=900, cached=500, output=80).repeat().complete()


@case(
    "codex-null-info",
    "Events without usage (rate limits only) before, between and after.",
    models={"gpt-5.5": Row(input=400, cache_read=500, output=80, usd="0.00465")},
)
def null_info(home: CodexHome) -> None:
    log = home.session().null_info().turn().prompt().null_info()
    log.tokens(input=900, cached=500, output=80).null_info().complete()


@case(
    "codex-compaction",
    "After a compaction the unchanged total comes with a made-up `last`: no usage.",
    models={"gpt-5.5": Row(responses=2, input=800, cache_read=1_000, output=160, usd="0.0093")},
)
def compaction(home: CodexHome) -> None:
    log = home.session().turn().prompt().tokens(input=900, cached=500, output=80).compaction(context=9_000)
    log.tokens(input=900, cached=500, output=80).complete()


@case(
    "codex-lost-event",
    "An event was never written: the total's growth still holds its tokens.",
    models={"gpt-5.5": Row(responses=2, input=1_300, cache_read=1_000, output=180, usd="0.0124")},
    # 1300 x 5 + 1000 x 0.5 + 180 x 30 = 6500 + 500 + 5400 = 12400
)
def lost_event(home: CodexHome) -> None:
    log = home.session().turn().prompt().tokens(input=900, cached=500, output=80)
    log.lose(input=500, output=20).tokens(input=900, cached=500, output=80).complete()


@case(
    "codex-restarted-counter",
    "The total fell: counting begins again with that event's `last`.",
    models={"gpt-5.5": Row(responses=2, input=600, cache_read=900, output=110, usd="0.00675")},
    # 600 x 5 + 900 x 0.5 + 110 x 30 = 3000 + 450 + 3300 = 6750
)
def restarted_counter(home: CodexHome) -> None:
    log = home.session().turn().prompt().tokens(input=900, cached=500, output=80).complete()
    log.restart().turn().prompt("Go on").tokens(input=600, cached=400, output=30).complete()


@case(
    "codex-double-session-meta",
    "`session_meta` is written again on a change of settings: one session, nothing twice.",
    models={"gpt-5.5": Row(responses=2, input=800, cache_read=1_000, output=160, usd="0.0093")},
    responses_by_session={FIRST: 2},
)
def double_meta(home: CodexHome) -> None:
    log = home.session().meta().turn().prompt().tokens(input=900, cached=500, output=80).complete()
    log.meta().turn().prompt("Go on").tokens(input=900, cached=500, output=80).complete()


@case(
    "codex-model-switch",
    "The model of an event is that of the turn it lies in.",
    models={
        "gpt-5.5": Row(input=400, cache_read=500, output=80, usd="0.00465"),
        "gpt-5.4": Row(input=100, cache_read=800, output=40, usd="0.00105"),  # 100 x 2.5 + 800 x 0.25 + 40 x 15
    },
)
def model_switch(home: CodexHome) -> None:
    log = home.session().turn("gpt-5.5").prompt().tokens(input=900, cached=500, output=80).complete()
    log.turn("gpt-5.4").prompt("Go on").tokens(input=900, cached=800, output=40).complete()


@case(
    "codex-unknown-model",
    "A model without a known price: tokens, but no cost.",
    models={"frontier-x-1": Row(input=400, cache_read=500, output=80, usd=None, unpriced=1)},
)
def unknown_model(home: CodexHome) -> None:
    home.session().turn("frontier-x-1").prompt().tokens(input=900, cached=500, output=80).complete()


@case(
    "codex-long-context-tier",
    "A prompt above 272,000 tokens costs more in all its parts; each response is judged by itself.",
    models={"gpt-5.5": Row(responses=2, input=2_001, cache_read=542_000, output=200, usd="0.42901")},
    # 272000: 1000 x 5 + 271000 x 0.5 + 100 x 30 = 5000 + 135500 + 3000 = 143500
    # 272001: 1001 x 10 + 271000 x 1 + 100 x 45 = 10010 + 271000 + 4500 = 285510
)
def long_context(home: CodexHome) -> None:
    log = home.session().turn().prompt().tokens(input=272_000, cached=271_000, output=100)
    log.tokens(input=272_001, cached=271_000, output=100).complete()


@case(
    "codex-cache-writes",
    "Newer versions tell the tokens written to the cache, inside the input as well.",
    models={"gpt-5.5": Row(input=300, cache_read=500, cache_write_5m=100, output=80, usd="0.00465")},
    # (300 + 100) x 5 + 500 x 0.5 + 80 x 30 = 4650
)
def cache_writes(home: CodexHome) -> None:
    home.session().turn().prompt().tokens(input=900, cached=500, written=100, output=80).complete()


# ------------------------------------------------------------------------------------------ forks, subagents


@case(
    "codex-fork-legacy",
    "A fork copies its parent's whole rollout, stamped anew: the copied events are the parent's.",
    models={"gpt-5.5": Row(responses=4, input=1_600, cache_read=2_000, output=310, usd="0.0183")},
    # 1600 x 5 + 2000 x 0.5 + 310 x 30 = 8000 + 1000 + 9300 = 18300
    sessions=2,
    responses_by_session={FIRST: 3, SECOND: 1},
)
def fork_legacy(home: CodexHome) -> None:
    log = home.session().turn().prompt().tokens(input=900, cached=500, output=80)
    log.shell("ls", "a").repeat().tokens(input=900, cached=500, output=80).complete()
    child = log.fork("2026-05-20T12:00:00Z").turn().prompt("Try the other way")
    child.tokens(input=900, cached=500, output=80).complete()
    log.turn().prompt("Go on").tokens(input=900, cached=500, output=70).complete()


@case(
    "codex-fork-without-its-original",
    "The parent's file is gone: what was stamped within a second of the fork is not the fork's own work.",
    models={"gpt-5.5": Row(input=400, cache_read=500, output=80, usd="0.00465")},
    responses_by_session={SECOND: 1},
)
def fork_alone(home: CodexHome) -> None:
    log = home.session().turn().prompt().tokens(input=900, cached=500, output=80)
    log.tokens(input=900, output=10).complete()
    child = log.fork("2026-05-20T12:00:00Z").turn().prompt("Try the other way")
    child.tokens(input=900, cached=500, output=80).complete()
    home.logs.remove(log)


@case(
    "codex-fork-paginated",
    "A fork by reference: only new lines, the running total goes on from the parent's.",
    models={"gpt-5.5": Row(responses=3, input=1_200, cache_read=1_500, output=240, usd="0.01395")},
    # 1200 x 5 + 1500 x 0.5 + 240 x 30 = 6000 + 750 + 7200 = 13950
    sessions=2,
    responses_by_session={FIRST: 2, SECOND: 1},
)
def fork_paginated(home: CodexHome) -> None:
    log = home.session().turn().prompt().tokens(input=900, cached=500, output=80)
    log.tokens(input=900, cached=500, output=80).complete()
    child = log.fork("2026-05-20T12:00:00Z", paginated=True).turn().prompt("Try the other way")
    child.tokens(input=900, cached=500, output=80).complete()


@case(
    "codex-fork-tells-the-parents-total",
    "A fork by reference that begins by telling the parent's total with an empty `last`: no response.",
    models={"gpt-5.5": Row(responses=2, input=800, cache_read=1_000, output=160, usd="0.0093")},
    sessions=2,
    responses_by_session={FIRST: 1, SECOND: 1},
)
def fork_tells_total(home: CodexHome) -> None:
    log = home.session().turn().prompt().tokens(input=900, cached=500, output=80).complete()
    child = log.fork("2026-05-20T12:00:00Z", paginated=True)
    child.last = dict.fromkeys(child.last, 0)
    child.repeat().turn().prompt("Try the other way").tokens(input=900, cached=500, output=80).complete()


@case(
    "codex-fork-of-a-fork",
    "Three rollouts hold the first event, two the second.",
    models={"gpt-5.5": Row(responses=3, input=1_200, cache_read=1_500, output=240, usd="0.01395")},
    sessions=3,
    responses_by_session={FIRST: 1, SECOND: 1, "00000003-0278-4000-8000-000002780003": 1},
)
def fork_of_fork(home: CodexHome) -> None:
    log = home.session().turn().prompt().tokens(input=900, cached=500, output=80).complete()
    child = log.fork("2026-05-20T12:00:00Z").turn().prompt("Second").tokens(input=900, cached=500, output=80).complete()
    child.fork("2026-05-20T14:00:00Z").turn().prompt("Third").tokens(input=900, cached=500, output=80).complete()


@case(
    "codex-subagent",
    "A spawned thread with a rollout of its own that counts from zero.",
    models={"gpt-5.5": Row(responses=2, input=800, cache_read=1_000, output=150, usd="0.009")},
    # 800 x 5 + 1000 x 0.5 + 150 x 30 = 9000
    subagents=1,
    responses_by_session={FIRST: 1, SECOND: 1},
)
def subagent(home: CodexHome) -> None:
    log = home.session().turn().prompt().tokens(input=900, cached=500, output=80)
    log.subagent().turn().prompt("Find the tests.").tokens(input=900, cached=500, output=70).complete()
    log.complete()


@case(
    "codex-subagent-with-its-parents-history",
    "A spawned thread whose rollout first replays its parent's: the replayed events are the parent's.",
    models={"gpt-5.5": Row(responses=3, input=1_200, cache_read=1_500, output=240, usd="0.01395")},
    subagents=1,
    responses_by_session={FIRST: 2, SECOND: 1},
)
def subagent_replay(home: CodexHome) -> None:
    log = home.session().turn().prompt().tokens(input=900, cached=500, output=80)
    log.tokens(input=900, cached=500, output=80)
    child = log.fork("2026-05-20T10:05:00Z", subagent=True)
    child.turn().prompt("Find the tests.").tokens(input=900, cached=500, output=80).complete()
    log.complete()


# -------------------------------------------------------------------------------------------- newer formats


@case(
    "codex-usage-records",
    "0.16x writes one record for each response; the `token_count` events beside them say the same again.",
    models={"gpt-5.5": Row(responses=2, input=800, cache_read=1_000, output=160, usd="0.0093")},
)
def usage_records(home: CodexHome) -> None:
    log = home.session(version="0.169.0").turn().prompt().record(input=900, cached=500, output=80)
    log.repeat().record(input=900, cached=500, output=80).complete()


@case(
    "codex-usage-records-in-a-fork",
    "A fork's copy of a record has the same response id: it counts once, for the original.",
    models={"gpt-5.5": Row(responses=2, input=800, cache_read=1_000, output=160, usd="0.0093")},
    sessions=2,
    responses_by_session={FIRST: 1, SECOND: 1},
)
def usage_records_fork(home: CodexHome) -> None:
    log = home.session(version="0.169.0").turn().prompt().record(input=900, cached=500, output=80).complete()
    log.fork("2026-05-20T12:00:00Z").turn().prompt("Go on").record(input=900, cached=500, output=80).complete()


@case(
    "codex-upgraded-within-a-session",
    "A session begun before usage records and resumed after: each response once.",
    models={"gpt-5.5": Row(responses=3, input=1_200, cache_read=1_500, output=240, usd="0.01395")},
)
def upgraded(home: CodexHome) -> None:
    log = home.session().turn().prompt().tokens(input=900, cached=500, output=80).complete()
    log.meta(cli_version="0.169.0").turn().prompt("Go on").record(input=900, cached=500, output=80)
    log.record(input=900, cached=500, output=80).complete()


@case(
    "codex-rollover-segment",
    "A thread goes on in a second file with the same id: one session.",
    models={"gpt-5.5": Row(responses=2, input=800, cache_read=1_000, output=160, usd="0.0093")},
    responses_by_session={FIRST: 2},
)
def rollover(home: CodexHome) -> None:
    log = home.session().turn().prompt().tokens(input=900, cached=500, output=80).complete()
    base = {"thread_id": log.id, "end_ordinal_exclusive": len(log.records)}
    second = home.session("2026-05-21T09:00:00Z", id=log.id, segment="0001", meta={"history_base": base})
    second.total = dict(log.total)
    second.turn().prompt("Go on").tokens(input=900, cached=500, output=80).complete()


# ------------------------------------------------------------------------------------------------------- files


@case(
    "codex-compressed",
    "A rollout that was compressed (`.jsonl.zst`).",
    models={"gpt-5.5": Row(responses=2, input=800, cache_read=1_000, output=160, usd="0.0093")},
)
def compressed(home: CodexHome) -> None:
    log = home.session().turn().prompt().tokens(input=900, cached=500, output=80)
    log.tokens(input=900, cached=500, output=80).complete().compressed()


@case(
    "codex-compressed-and-plain",
    "Both forms of one rollout at once: one session.",
    models={"gpt-5.5": Row(responses=2, input=800, cache_read=1_000, output=160, usd="0.0093")},
)
def compressed_and_plain(home: CodexHome) -> None:
    log = home.session().turn().prompt().tokens(input=900, cached=500, output=80)
    log.tokens(input=900, cached=500, output=80).complete().compressed(beside=True)


@case(
    "codex-archived",
    "An archived rollout counts like any other.",
    models={"gpt-5.5": Row(responses=2, input=800, cache_read=1_000, output=160, usd="0.0093")},
    sessions=2,
)
def archived(home: CodexHome) -> None:
    for kept in (False, True):
        home.session(archived=kept).turn().prompt().tokens(input=900, cached=500, output=80).complete()


@case(
    "codex-truncated-line",
    "The rollout ends in mid-line: all before it counts.",
    models={"gpt-5.5": Row(input=400, cache_read=500, output=80, usd="0.00465")},
    problems=("unfinished_line",),
)
def truncated(home: CodexHome) -> None:
    log = home.session().turn().prompt().tokens(input=900, cached=500, output=80)
    log.tokens(input=900, cached=500, output=80).cut(30)


@case(
    "codex-glued-lines",
    "A fragment and a whole event on one line, and two whole events on another: every whole one counts.",
    models={"gpt-5.5": Row(responses=4, input=1_600, cache_read=2_000, output=320, usd="0.0186")},
    problems=("glued_line",),
)
def glued(home: CodexHome) -> None:
    log = home.session().turn().prompt().tokens(input=900, cached=500, output=80)
    log.answer().cut(25).tokens(input=900, cached=500, output=80)
    log.tokens(input=900, cached=500, output=80).glue().tokens(input=900, cached=500, output=80).complete()
