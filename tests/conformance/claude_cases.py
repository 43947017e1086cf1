"""Claude Code's cases. Prices in USD per million tokens (input / output / cache read / 5-minute / 1-hour write):

claude-sonnet-5 2 / 10 / 0.2 / 2.5 / 4; claude-haiku-4-5 1 / 5 / 0.1 / 1.25 / 2; claude-opus-4-8 and claude-opus-4-6
5 / 25 / 0.5 / 6.25 / 10; claude-opus-4-8 in fast mode 10 / 50 / 1 / 12.5 / 20, which is also claude-fable-5's price;
claude-opus-4-6 above 200,000 tokens, before 13 March 2026: 10 / 37.5 / 1 / 12.5 / 20. A web search costs $0.01. Sums
in the comments are in millionths of a USD.
"""

from __future__ import annotations

from tests.builders.claude import ClaudeHome, iteration
from tests.conformance.case import Day, Row, Suite

SUITE = Suite("claude_code")
case = SUITE.case

FIRST = "00000001-0304-4000-8000-000003040001"
"""Id of the first session that a home's builder makes."""
SECOND = "00000002-0304-4000-8000-000003040002"


# ------------------------------------------------------------------------------------ lines of one response


@case(
    "one-response",
    "One prompt, one answer on one line.",
    models={"claude-sonnet-5": Row(input=12, cache_read=20_000, output=140, usd="0.005424")},
    # 12 x 2 + 20000 x 0.2 + 140 x 10 = 24 + 4000 + 1400 = 5424
)
def one_response(home: ClaudeHome) -> None:
    home.project().session().prompt().response(input=12, cache_read=20_000, output=140)


@case(
    "streamed-snapshots",
    "A response on three lines whose output count grows: the largest counts, once.",
    models={"claude-sonnet-5": Row(input=10, cache_read=5_000, output=180, usd="0.00282")},
    # 10 x 2 + 5000 x 0.2 + 180 x 10 = 20 + 1000 + 1800 = 2820
)
def streamed_snapshots(home: ClaudeHome) -> None:
    home.project().session().prompt().response(cache_read=5_000, outputs=(1, 40, 180))


@case(
    "shrinking-snapshots",
    "The largest output counts even when it is not the last line's.",
    models={"claude-sonnet-5": Row(input=10, output=180, usd="0.00182")},
    # 10 x 2 + 180 x 10 = 1820
)
def shrinking_snapshots(home: ClaudeHome) -> None:
    home.project().session().prompt().response(outputs=(1, 180, 40))


THREE_BLOCKS = (
    {"type": "thinking", "thinking": "", "signature": "invented"},
    {"type": "text", "text": "I will look."},
    {"type": "tool_use", "id": "toolu_blocks", "name": "Bash", "input": {"command": "ls"}},
)


@case(
    "block-lines-with-request-id",
    "Thinking, text and a tool call on a line each, the same usage on all three.",
    models={"claude-sonnet-5": Row(input=10, cache_read=8_000, output=90, usd="0.00252")},
    # 10 x 2 + 8000 x 0.2 + 90 x 10 = 20 + 1600 + 900 = 2520
)
def block_lines(home: ClaudeHome) -> None:
    home.project().session().prompt().response(blocks=THREE_BLOCKS, cache_read=8_000, output=90)


@case(
    "block-lines-without-request-id",
    "The same without request ids, as some gateways leave them out: the message id is enough.",
    models={"claude-sonnet-5": Row(input=10, cache_read=8_000, output=90, usd="0.00252")},
)
def block_lines_without_request(home: ClaudeHome) -> None:
    home.project().session().prompt().response(blocks=THREE_BLOCKS, cache_read=8_000, output=90, request=False)


@case(
    "request-id-only",
    "No message id: the request id says which lines are one response.",
    models={"claude-sonnet-5": Row(responses=2, input=20, output=190, usd="0.00194")},
    # 20 x 2 + 190 x 10 = 1940
)
def request_id_only(home: ClaudeHome) -> None:
    log = home.project().session().prompt()
    log.response(blocks=THREE_BLOCKS, output=90, id=None).response(output=100, id=None)


@case(
    "line-uuid-only",
    "Neither message nor request id: each line is a response.",
    models={"claude-sonnet-5": Row(responses=2, input=20, output=200, usd="0.00204")},
    # 20 x 2 + 200 x 10 = 2040
)
def line_uuid_only(home: ClaudeHome) -> None:
    home.project().session().prompt().response(id=None, request=False).response(id=None, request=False)


@case(
    "placeholder-output",
    "No line has a stop reason: the output is a placeholder and marked as a lower bound.",
    models={"claude-sonnet-5": Row(input=10, output=1, usd="0.00003", unreliable=1)},
    # 10 x 2 + 1 x 10 = 30
)
def placeholder_output(home: ClaudeHome) -> None:
    home.project().session(version="2.1.20").prompt().response(blocks=THREE_BLOCKS, output=1, stop=None)


@case(
    "two-models-in-a-session",
    "The person switched models: each has its own tokens and prices.",
    models={
        "claude-sonnet-5": Row(input=10, output=100, usd="0.00102"),  # 10 x 2 + 100 x 10
        "claude-haiku-4-5": Row(input=30, output=50, usd="0.00028"),  # 30 x 1 + 50 x 5
    },
)
def two_models(home: ClaudeHome) -> None:
    log = home.project().session().prompt().response()
    log.prompt("Go on").response(model="claude-haiku-4-5", input=30, output=50)


# ---------------------------------------------------------------------------------- copies in several files


@case(
    "fork-into-a-second-file",
    "A fork as the SDK writes it: the copied response belongs to the original session.",
    models={"claude-sonnet-5": Row(responses=3, input=30, cache_read=9_000, output=300, usd="0.00486")},
    # 30 x 2 + 9000 x 0.2 + 300 x 10 = 60 + 1800 + 3000 = 4860
    sessions=2,
    responses_by_session={FIRST: 2, SECOND: 1},
)
def fork_sdk(home: ClaudeHome) -> None:
    log = home.project().session().prompt().response(cache_read=4_000)
    log.fork().prompt("Try the other way").response(cache_read=5_000)
    log.prompt("Go on").response()


@case(
    "fork-of-copied-lines",
    "A fork as older versions wrote it: the lines as they were, in a file of another name.",
    models={"claude-sonnet-5": Row(responses=3, input=30, cache_read=9_000, output=300, usd="0.00486")},
    sessions=2,
    responses_by_session={FIRST: 2, SECOND: 1},
)
def fork_copied(home: ClaudeHome) -> None:
    log = home.project().session(version="2.0.70").prompt().response(cache_read=4_000)
    log.fork(sdk=False).prompt("Try the other way").response(cache_read=5_000)
    log.prompt("Go on").response()


@case(
    "fork-without-its-original",
    "The original's file is gone: the fork holds the only copy, so it counts there.",
    models={"claude-sonnet-5": Row(responses=2, input=20, output=200, usd="0.00204")},
    # 20 x 2 + 200 x 10 = 2040
    responses_by_session={SECOND: 2},
)
def fork_alone(home: ClaudeHome) -> None:
    log = home.project().session().prompt().response()
    log.fork().prompt("Try the other way").response()
    home.logs.remove(log)


@case(
    "fork-with-the-fuller-copy",
    "The original ends in mid-stream, the fork's copy is whole: its count, once, for the original.",
    models={"claude-sonnet-5": Row(responses=2, input=20, output=280, usd="0.00284")},
    # 20 x 2 + (180 + 100) x 10 = 2840
    sessions=2,
    responses_by_session={FIRST: 1, SECOND: 1},
)
def fork_fuller(home: ClaudeHome) -> None:
    log = home.project().session().prompt().response(outputs=(1, 40, 180))
    log.fork().prompt("Go on").response()
    log.cut(len(log.content()) - sum(len(line) for line in log.content().splitlines(keepends=True)[:-1]))


@case(
    "fork-of-a-fork",
    "Three files hold the first response, two the second: each counts where it was made.",
    models={"claude-sonnet-5": Row(responses=3, input=30, output=300, usd="0.00306")},
    # 30 x 2 + 300 x 10 = 3060
    sessions=3,
    responses_by_session={FIRST: 1, SECOND: 1, "00000003-0304-4000-8000-000003040003": 1},
)
def fork_of_fork(home: ClaudeHome) -> None:
    child = home.project().session().prompt().response().fork().prompt("Second").response()
    child.fork().prompt("Third").response()


@case(
    "one-session-in-two-folders",
    "The same transcript in two project folders (a moved or restored home): one session, counted once.",
    models={"claude-sonnet-5": Row(responses=2, input=20, output=200, usd="0.00204")},
    responses_by_session={FIRST: 2},
)
def two_folders(home: ClaudeHome) -> None:
    log = home.project().session().prompt().response()
    home.extra[home.project("/home/ada/backup").folder / log.path.name] = log.content()
    log.prompt("Go on").response()


@case(
    "rewound-branch",
    "The person went back and asked anew: both branches were paid for.",
    models={"claude-sonnet-5": Row(responses=3, input=30, output=300, usd="0.00306")},
)
def rewound(home: ClaudeHome) -> None:
    log = home.project().session().prompt().response()
    fork_point = log.tip
    log.prompt("Use a list").response().rewind(fork_point).prompt("Use a set").response()


@case(
    "resumed-session",
    "Resumed two days later by a newer version: the same file and session go on.",
    models={"claude-sonnet-5": Row(responses=2, input=20, output=200, usd="0.00204")},
    days={"UTC": {"2026-05-20": Day(responses=1, output=100), "2026-05-22": Day(responses=1, output=100)}},
)
def resumed(home: ClaudeHome) -> None:
    log = home.project().session(version="2.1.210").prompt().response()
    log.version = "2.1.219"
    log.at("2026-05-22T09:00:00Z").prompt("Where were we?").response()


@case(
    "compaction",
    "A compaction summarises the context; nothing is counted for it that no response says.",
    models={"claude-sonnet-5": Row(responses=2, input=20, cache_read=160_000, output=200, usd="0.03404")},
    # 20 x 2 + 160000 x 0.2 + 200 x 10 = 40 + 32000 + 2000 = 34040
)
def compaction(home: ClaudeHome) -> None:
    home.project().session().prompt().response(cache_read=160_000).compaction().response()


# --------------------------------------------------------------------------------------------------- subagents

SPAWN = {"subagent_type": "Explore", "description": "Look around", "prompt": "Find the tests."}
SPAWNED = {
    "status": "completed", "totalTokens": 99_999, "totalToolUseCount": 3, "totalDurationMs": 4000,
    "usage": {"input_tokens": 9, "output_tokens": 99_990},
}  # fmt: skip


@case(
    "subagent-file",
    "A subagent's own file counts; the totals that its parent's tool result names do not.",
    models={
        "claude-sonnet-5": Row(responses=2, input=20, output=160, usd="0.00164"),  # 20 x 2 + 160 x 10
        "claude-haiku-4-5": Row(responses=2, input=20, output=200, usd="0.00102"),  # 20 x 1 + 200 x 5
    },
    subagents=1,
    responses_by_session={FIRST: 2, f"{FIRST}/a000001": 2},
)
def subagent_file(home: ClaudeHome) -> None:
    log = home.project().session().prompt().call("Agent", SPAWN)
    agent = log.subagent()
    agent.model = "claude-haiku-4-5"
    agent.user("Find the tests.", 0).tool("Grep", {"pattern": "test"}, result="a.py", output=100).response()
    log.result("Found.", detail={**SPAWNED, "agentId": agent.agent_id, "agentType": "Explore"}).response()


@case(
    "workflow-subagent",
    "A workflow's agents lie deeper (`subagents/workflows/<run>/`); the journal beside them is no transcript.",
    models={"claude-sonnet-5": Row(responses=3, input=30, output=300, usd="0.00306")},
    subagents=2,
    responses_by_session={FIRST: 1, f"{FIRST}/a000001": 1, f"{FIRST}/a000002": 1},
)
def workflow_subagent(home: ClaudeHome) -> None:
    log = home.project().session().prompt().response()
    for _ in range(2):
        agent = log.subagent(workflow="wf_0001").user("Do a part.", 0).response()
    journal = b'{"type":"result","key":"k","agentId":"a000001","result":{"usage":{"output_tokens":7777}}}\n'
    home.extra[agent.path.with_name("journal.jsonl")] = journal


@case(
    "nested-subagent",
    "A subagent's subagent lies in the same folder, its companion file naming who started it.",
    models={"claude-sonnet-5": Row(responses=3, input=30, output=300, usd="0.00306")},
    subagents=2,
    responses_by_session={FIRST: 1, f"{FIRST}/a000001": 1, f"{FIRST}/a000002": 1},
)
def nested_subagent(home: ClaudeHome) -> None:
    log = home.project().session().prompt().response()
    agent = log.subagent().user("Do it.", 0).response()
    log.subagent(spawned_by=agent.agent_id).user("Do a part.", 0).response()


@case(
    "sibling-subagent",
    "Before 2.1.2 a subagent's file lay beside its parent's and named the session inside.",
    models={"claude-sonnet-5": Row(responses=2, input=20, output=200, usd="0.00204")},
    subagents=1,
    responses_by_session={FIRST: 1, f"{FIRST}/a000001": 1},
)
def sibling_subagent(home: ClaudeHome) -> None:
    log = home.project().session(version="2.0.64").prompt().response()
    log.subagent(sibling=True).user("Do it.", 0).response()


@case(
    "agent-progress-only",
    "2.1.1x to 2.1.63: a subagent that only shows as `agent_progress` lines in its parent's log.",
    models={"claude-sonnet-5": Row(responses=3, input=30, output=380, usd="0.00386")},
    # 30 x 2 + (100 + 180 + 100) x 10 = 60 + 3800 = 3860
    subagents=1,
    responses_by_session={FIRST: 1, f"{FIRST}/a000001": 2},
)
def agent_progress_only(home: ClaudeHome) -> None:
    log = home.project().session(version="2.1.20").prompt().call("Task", SPAWN, output=100)
    log.inlined().user("Find the tests.", 0).response(outputs=(1, 180)).response()
    log.result("Found.")


@case(
    "agent-progress-and-file",
    "The same subagent inlined and in a file of its own: one session, each response once.",
    models={"claude-sonnet-5": Row(responses=2, input=20, output=280, usd="0.00284")},
    subagents=1,
    responses_by_session={FIRST: 1, f"{FIRST}/a000001": 1},
)
def agent_progress_and_file(home: ClaudeHome) -> None:
    log = home.project().session(version="2.1.20").prompt().call("Task", SPAWN, output=100)
    log.inlined("a000001").user("Find the tests.", 0).response(id="msg_shared", outputs=(1, 40))
    log.subagent("a000001").user("Find the tests.", 0).response(id="msg_shared", outputs=(1, 40, 180))


@case(
    "inline-sidechain",
    "Very old versions wrote a subagent's lines between its parent's, marked `isSidechain`.",
    models={"claude-sonnet-5": Row(responses=3, input=30, output=300, usd="0.00306")},
    subagents=1,
)
def inline_sidechain(home: ClaudeHome) -> None:
    log = home.project().session(version="1.0.98", entrypoint=None).prompt().response()
    log.sidechain().user("Find the tests.", 0).response()
    log.prompt("Go on").response()


# ------------------------------------------------------------------------------------------------------ prices


@case(
    "one-hour-writes",
    "Cache writes for five minutes and for an hour have prices of their own.",
    models={"claude-sonnet-5": Row(input=10, cache_write_5m=1_000, cache_write_1h=3_000, output=100, usd="0.01552")},
    # 10 x 2 + 1000 x 2.5 + 3000 x 4 + 100 x 10 = 20 + 2500 + 12000 + 1000 = 15520
)
def one_hour_writes(home: ClaudeHome) -> None:
    home.project().session().prompt().response(write_5m=1_000, write_1h=3_000)


@case(
    "long-context-tier",
    "A prompt of more than 200,000 tokens, cached ones included, costs more in all its parts; 200,000 do not.",
    models={
        "claude-opus-4-6": Row(responses=2, input=300, cache_read=399_701, output=2_000, usd="0.364751"),
        # 200000: 100 x 5 + 199900 x 0.5 + 1000 x 25 = 500 + 99950 + 25000 = 125450
        # 200001: 200 x 10 + 199801 x 1 + 1000 x 37.5 = 2000 + 199801 + 37500 = 239301
    },
)
def long_context(home: ClaudeHome) -> None:
    log = home.project().session("2026-02-20T10:00:00Z", model="claude-opus-4-6").prompt()
    log.response(input=100, cache_read=199_900, output=1_000).response(input=200, cache_read=199_801, output=1_000)


@case(
    "price-of-the-day",
    "The same 300,000 tokens before and after the long-context price was dropped: each response at its own date.",
    models={"claude-opus-4-6": Row(responses=2, input=600_000, output=0, usd="4.5")},
    # 300000 x 10 + 300000 x 5 = 3000000 + 1500000
)
def price_of_the_day(home: ClaudeHome) -> None:
    log = home.project().session("2026-02-20T10:00:00Z", model="claude-opus-4-6")
    log.prompt().response(input=300_000, output=0)
    log.at("2026-04-20T10:00:00Z").prompt().response(input=300_000, output=0)


@case(
    "fast-mode",
    "A response in fast mode costs twice the standard price.",
    models={"claude-opus-4-8": Row(responses=2, input=20, cache_read=2_000, output=200, usd="0.00915")},
    # standard: 10 x 5 + 1000 x 0.5 + 100 x 25 = 50 + 500 + 2500 = 3050; fast: 6100
)
def fast_mode(home: ClaudeHome) -> None:
    log = home.project().session(model="claude-opus-4-8").prompt().response(cache_read=1_000)
    log.response(cache_read=1_000, speed="fast")


@case(
    "web-searches",
    "Searches on the server's side are billed apart.",
    models={"claude-sonnet-5": Row(input=10, output=100, web_searches=3, usd="0.03102")},
    # 10 x 2 + 100 x 10 + 3 x 10000 = 31020
)
def web_searches(home: ClaudeHome) -> None:
    home.project().session().prompt().response(searches=3)


@case(
    "unknown-model",
    "A model without a known price: its tokens count, its cost is unknown, never 0.",
    models={
        "claude-sonnet-5": Row(input=10, output=100, usd="0.00102"),
        "frontier-x-1": Row(responses=2, input=20, output=200, usd=None, unpriced=2),
    },
)
def unknown_model(home: ClaudeHome) -> None:
    log = home.project().session().prompt().response()
    log.response(model="frontier-x-1").response(model="frontier-x-1")


@case(
    "hidden-thinking",
    "Thinking tokens are a part of the output and not added to it.",
    models={"claude-sonnet-5": Row(input=10, output=500, reasoning=420, usd="0.00502")},
    # 10 x 2 + 500 x 10 = 5020
)
def hidden_thinking(home: ClaudeHome) -> None:
    home.project().session().prompt().response(output=500, thinking=420)


@case(
    "iterations-of-two-models",
    "The server fell back to another model: the line's own counts are the last hop only, so the hops are summed.",
    models={
        "claude-fable-5": Row(responses=0, input=3, cache_write_1h=20_000, output=40, usd="0.40203"),
        # 3 x 10 + 20000 x 20 + 40 x 50 = 30 + 400000 + 2000 = 402030
        "claude-opus-4-8": Row(input=5, cache_read=6_000, output=200, usd="0.008025"),
        # 5 x 5 + 6000 x 0.5 + 200 x 25 = 25 + 3000 + 5000 = 8025
    },
)
def iterations_two_models(home: ClaudeHome) -> None:
    hops = [
        iteration("claude-fable-5", input=3, write_1h=20_000, output=40),
        iteration("claude-opus-4-8", "fallback_message", input=5, cache_read=6_000, output=200),
    ]
    log = home.project().session(model="claude-opus-4-8").prompt()
    log.response(input=5, cache_read=6_000, output=200, iterations=hops)


@case(
    "iterations-with-a-search",
    "Several hops and a web search: the search is billed once.",
    models={"claude-sonnet-5": Row(input=30, output=150, web_searches=1, usd="0.01156")},
    # 30 x 2 + 150 x 10 + 1 x 10000 = 60 + 1500 + 10000 = 11560
)
def iterations_with_search(home: ClaudeHome) -> None:
    hops = [iteration(input=20, output=50), iteration(input=10, output=100)]
    home.project().session().prompt().response(input=10, output=100, searches=1, iterations=hops)


@case(
    "one-iteration",
    "A single iteration repeats the line's own counts, which are not doubled.",
    models={"claude-sonnet-5": Row(input=10, output=100, usd="0.00102")},
)
def one_iteration(home: ClaudeHome) -> None:
    home.project().session().prompt().response(iterations=[iteration(input=10, output=100)])


# ------------------------------------------------------------------------------------- lines that are no usage


@case(
    "synthetic-lines",
    "Messages that the program wrote itself (API errors, notices) are no responses.",
    models={"claude-sonnet-5": Row(input=10, output=100, usd="0.00102")},
)
def synthetic_lines(home: ClaudeHome) -> None:
    log = home.project().session().prompt().api_error().synthetic()
    log.prompt("Try again").synthetic("No response requested.", api_error=False).response()


@case(
    "midnight-elsewhere",
    "Three responses within half an hour: one day in UTC, two in India and Nepal, another one in Kiribati.",
    models={"claude-sonnet-5": Row(responses=3, input=30, output=350, usd="0.00356")},
    # 30 x 2 + (100 + 200 + 50) x 10 = 3560
    days={
        "UTC": {"2026-05-20": Day(responses=3, output=350)},
        "Asia/Kolkata": {"2026-05-20": Day(responses=1, output=100), "2026-05-21": Day(responses=2, output=250)},
        "Pacific/Pago_Pago": {"2026-05-20": Day(responses=3, output=350)},
        "Pacific/Kiritimati": {"2026-05-21": Day(responses=3, output=350)},
        "Asia/Kathmandu": {"2026-05-20": Day(responses=1, output=100), "2026-05-21": Day(responses=2, output=250)},
    },
)
def midnight(home: ClaudeHome) -> None:
    # 18:29 UTC is 23:59 in India (+5:30), 18:31 is 00:01 there; Nepal (+5:45) has midnight at 18:15 UTC.
    log = home.project().session("2026-05-20T18:10:00Z").prompt(seconds=0).response(seconds=0)
    log.at("2026-05-20T18:31:00Z").response(output=200, seconds=0)
    log.at("2026-05-20T18:33:00Z").response(output=50, seconds=0)


# -------------------------------------------------------------------------------------------- damaged lines


@case(
    "truncated-last-line",
    "The last line is cut off: all before it counts, the rest is reported.",
    models={"claude-sonnet-5": Row(input=10, output=100, usd="0.00102")},
    problems=("unfinished_line",),
)
def truncated_last_line(home: ClaudeHome) -> None:
    home.project().session().prompt().response().response().cut(60)


@case(
    "complete-last-line-without-line-feed",
    "The last line lacks its line feed but is whole: it counts.",
    models={"claude-sonnet-5": Row(responses=2, input=20, output=200, usd="0.00204")},
)
def no_line_feed(home: ClaudeHome) -> None:
    home.project().session().prompt().response().response().cut(1)


@case(
    "glued-lines",
    "Two objects on one line: both are read.",
    models={"claude-sonnet-5": Row(responses=3, input=30, output=300, usd="0.00306")},
)
def glued_lines(home: ClaudeHome) -> None:
    home.project().session().prompt().response().glue().response().response()


@case(
    "truncated-line-glued-to-the-next",
    "A writer was interrupted in mid-line and went on behind it: the fragment is reported, the line after it counts.",
    models={"claude-sonnet-5": Row(responses=3, input=30, output=300, usd="0.00306")},
    problems=("glued_line",),
)
def truncated_and_glued(home: ClaudeHome) -> None:
    home.project().session().prompt().response().response().cut(40).response().response()


@case(
    "unreadable-lines-between",
    "Lines of noise, NUL bytes, a comment, a byte order mark, invalid UTF-8: each neighbour still counts.",
    models={"claude-sonnet-5": Row(responses=5, input=50, output=500, usd="0.0051")},
    # 50 x 2 + 500 x 10 = 5100
    problems=("invalid_json", "invalid_json", "invalid_utf8"),
)
def noise(home: ClaudeHome) -> None:
    log = home.project().session().raw(b"\xef\xbb\xbf").prompt().response()
    log.raw(b"not json at all\n").response().raw(b"\x00\x00\x00\x00").response()
    log.raw(b"// a comment\n\n   \n[1, 2\n").response()
    log.raw(b'{"type":"custom-title","customTitle":"caf\xe9","sessionId":"%s"}\n' % FIRST.encode()).response()


@case(
    "odd-fields",
    "A lone surrogate, a number beyond 64 bits and a field of a shape nobody has seen: the usage beside them counts.",
    models={"claude-sonnet-5": Row(responses=3, input=30, output=300, usd="0.00306")},
    problems=("unexpected_shape",),
)
def odd_fields(home: ClaudeHome) -> None:
    log = home.project().session().prompt().response()
    line = log.response().content().splitlines()[-1]
    log.cut(len(line) + 1)
    line = line.replace(b'"Done."', rb'"half \ud83d"').replace(b'"input_tokens"', b'"n":1%099d,"input_tokens"' % 0)
    log.raw(line + b"\n")
    line = log.response().content().splitlines()[-1]
    log.cut(len(line) + 1).raw(line.replace(b'"gitBranch":"main"', b'"gitBranch":{"name":["main"]}') + b"\n")


@case(
    "empty-files",
    "An empty transcript and one without any session beside a real one.",
    models={"claude-sonnet-5": Row(input=10, output=100, usd="0.00102")},
    problems=("not_a_transcript",),
)
def empty_files(home: ClaudeHome) -> None:
    project = home.project()
    project.session().prompt().response()
    home.extra[project.folder / "00000009-0304-4000-8000-000003040009.jsonl"] = b""
    home.extra[project.folder / "0000000a-0304-4000-8000-00000304000a.jsonl"] = b'{"hello":"world"}\n'
