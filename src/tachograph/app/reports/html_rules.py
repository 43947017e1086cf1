"""How the numbers of the HTML report were counted, in a few sentences each."""

from __future__ import annotations

from datetime import datetime

from tachograph import __version__
from tachograph.app.reports.html_figures import Figures
from tachograph.app.reports.html_names import Names
from tachograph.app.reports.html_steps import IMPROVING, LEAST_STEPS, MOST_DAYS, WORSENING
from tachograph.pricing import snapshot_version
from tachograph.report.view import Block, Cell, Facts, Note, Section

_RULES = {
    "spend": (
        "Cost and tokens",
        "Every response of a model counts once, however many lines, forks or resumed logs hold it; subagents count."
        " They are dated by response. Dollars are list prices of the response's own day, not what was paid:"
        " subscriptions and discounts are in no log.",
    ),
    "unpriced": (
        "Signs",
        "≥ is a lower bound: some responses have no known price, or the log holds less than was used. ≈ is an"
        " estimate. – and “unpriced” mean not known, never zero.",
    ),
    "sessions": (
        "Sessions",
        "A session is one conversation with its subagents folded in, counted on the day it began. Its cost is that of"
        " all its responses, also of those after the last day shown. Time at work leaves out pauses of more than ten"
        " minutes.",
    ),
    "session-costs": (
        "Cost per session, and its trend",
        "Of sessions all of whose responses have a known price, and of which no log is missing. The trend is the mean"
        " of the second half of the steps"
        f" (days up to {MOST_DAYS} days, then weeks from Monday, months beyond a year) by that of the first: below"
        f" {IMPROVING} improving, above {WORSENING} worsening. Steps without such a session are left out, each other"
        f" one counts once, and fewer than {LEAST_STEPS} say nothing. The first and the last step may be cut short. It"
        " is no test: other work costs otherwise.",
    ),
    "retries": (
        "Retry signals",
        "Four things that have to do with asking again, each as the share of the sessions in which it could be. They"
        " mean different things and are never added. Follow-ups are mostly the normal course of work; subagents are"
        " never a retry.",
    ),
    "waste": (
        "Waste",
        "Only what calls and results in the logs prove. Amounts are estimates at the session's own prices. Detectors"
        " overlap, so there is no sum over them.",
    ),
    "kpis": (
        "KPIs",
        "Means over the sessions that ended in a step, of one kind of agent, subagents by themselves. What is usual is"
        " the baseline as it is now: its mean less and plus one standard deviation.",
    ),
    "goals": (
        "Goals",
        "From the ledgers of goals in the projects; a goal that takes up another one again is one with it, with the"
        " attempts and the cost of both and what became of the last. Counted by when they ended. Cost is that of the"
        " responses made for a goal. Cost per success is what the goals whose whole cost is known cost together, those"
        " that failed included, for each of them that succeeded; cost that somebody typed in is not part of it.",
    ),
    "tools": (
        "Tools",
        "Dated by call. A call failed when it did so by itself: refused and cancelled ones are neither failed nor"
        " ended. The cost of a response is split evenly among its calls.",
    ),
}
"""Title and text by anchor, which begins with ``how-`` on the page."""
_PSEUDONYMS = (
    "Projects, sessions, prompts, MCP servers, and tools, kinds of agents and models that do not come with the agents"
    " or their makers are named by pseudonyms. They are made with a secret key that stays on the machine where the"
    " report was made: the same name has the same pseudonym in all of its reports. Dates, times, amounts and the time"
    " zone are as they are."
)


def tell_rules(told: Figures, names: Names, made_at: datetime) -> Section:
    """Range, zone and versions, then the rules."""
    scope = told.scope
    facts: Block = Facts(
        [
            ("Days", Cell(f"{scope.first} to {scope.last}, {scope.days} days"), "text"),
            ("Time zone", Cell(scope.zone_name), "text"),
            ("Project", Cell("all" if scope.project is None else names.project(scope.project)), "text"),
            ("Made", Cell(made_at), "moment"),
            ("Tachograph", Cell(__version__), "text"),
            ("Price data", Cell(snapshot_version()), "text"),
        ]
    )
    shown = {anchor: rule for anchor, rule in _RULES.items() if anchor != "goals" or told.goals is not None}
    rules = [Section(title, [Note(text)], id=f"how-{anchor}") for anchor, (title, text) in shown.items()]
    if names.is_safe:
        rules.append(Section("Pseudonyms", [Note(_PSEUDONYMS)], id="how-pseudonyms"))
    return Section("How it was counted", [facts, *rules], id="how")
