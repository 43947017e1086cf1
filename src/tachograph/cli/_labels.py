"""Labels, and commands to be labelled, for a person."""

from __future__ import annotations

from datetime import tzinfo

from tachograph.app.commands.labels import LabelList
from tachograph.app.commands.review import Review, ReviewItem
from tachograph.report.document import Block, Column, Document, Facts, Heading, Line, Table
from tachograph.report.units import UNKNOWN, count, counted, duration, minute

_ID_CHARS = 12
"""``evt_`` and eight digits: enough to name one of a million."""
_KINDS = "human: said by a person · outcome: seen afterwards · pseudo: a model's guess · synthetic: made up"


def describe_labels(found: LabelList, zone: tzinfo) -> Document:
    """How many labels of which kind, and the latest ones."""
    if not found.counts:
        hint = "tacho label review asks about the commands whose labels would tell most."
        return Document([Line("No labels yet."), Line(hint, "dim")])
    counts = [Column("kind", "left"), Column("source", "left"), Column("labels"), Column("mean score")]
    rows = [[one.kind, one.source, count(one.labels), f"{one.mean:.0f}"] for one in found.counts]
    blocks: list[Block] = [Heading("Labels"), Table(counts, rows), Line(_KINDS, "dim")]
    if found.labels:
        columns = [
            Column("told", "left"),
            Column("score"),
            Column("source", "left"),
            Column("of", "left", flexible=True),
            Column("note", "left", flexible=True, rank=1),
        ]
        latest = [[minute(one.at, zone), _exactly(one.score), one.source, one.target, one.note] for one in found.labels]
        remark = f"the latest {len(latest):,} of {found.matching:,}" if len(latest) < found.matching else ""
        blocks += [Heading("Latest", remark), Table(columns, latest)]
    return Document(blocks)


def describe_order(review: Review) -> str:
    """In which order the commands of a review come, for a person."""
    if review.by == "spread":
        return "the latest of each program in each repository in turn"
    if review.model is None:
        return "those first that a model was least sure of when they ran"
    return f"those first that the model in use ({review.model}) is least sure of"


def describe_review(review: Review, zone: tzinfo) -> Document:
    """The commands as a list."""
    if not review.items:
        return _describe_nothing(review)
    columns = [
        Column("id", "left"),
        Column("started", "left"),
        Column("program", "left", flexible=True, least=12, style="strong"),
        Column("exit"),
        Column("files"),
        Column("score", rank=1),
        Column("known", "left", rank=1),
        Column("repository", "left", flexible=True, keep_end=True, rank=2),
    ]
    rows = [
        [
            item.id[:_ID_CHARS], minute(item.executed_at, zone), item.program or UNKNOWN, count(item.exit_code),
            count(item.files_touched), _score(item), _known(item), item.repo or UNKNOWN,
        ]
        for item in review.items
    ]  # fmt: skip
    remark = f"{len(rows):,} of {review.unlabelled:,} without a label of yours; {describe_order(review)}"
    hint = "tacho label ID --score 0..100 labels one; on a terminal tacho label review asks one by one."
    blocks: list[Block] = [Heading("To be labelled", remark), Table(columns, rows)]
    if review.why_not:
        blocks.append(Line(describe_why_not(review), "warn"))
    return Document([*blocks, Line(hint, "dim")])


def describe_why_not(review: Review) -> str:
    """Why the model in use had no say; empty: it had, or there is none."""
    return f"The model in use was not asked: {review.why_not}" if review.why_not else ""


def _describe_nothing(review: Review) -> Document:
    if review.commands:
        text = f"Each of the {counted(review.commands, 'command')} that are stored has a label of yours."
        return Document([Line(text), Line("tacho label list shows them.", "dim")])
    hint = "tacho run -- COMMAND keeps one; tacho commands backfill takes what agents ran from their logs."
    return Document([Line("There is no command to be labelled yet."), Line(hint, "dim")])


def describe_item(item: ReviewItem, place: str, zone: tzinfo) -> Document:
    """One command, before its score is asked for."""
    lines = f"+{count(item.lines_added)} -{count(item.lines_deleted)}"
    facts = [
        ("id", item.id),
        ("started", minute(item.executed_at, zone)),
        ("command", item.command or item.program or UNKNOWN),
        ("exit code", f"{count(item.exit_code)}{', out of time' if item.timed_out else ''}"),
        ("took", duration(item.duration_ms)),
        ("changed", f"{count(item.files_touched)} files, {lines} lines, {count(item.commits)} commits"),
        ("repository", item.repo or UNKNOWN),
        ("run by", item.agent or "a person"),
        ("session", item.session or UNKNOWN),
        ("known so far", _known(item) or "nothing"),
    ]
    if item.score is not None:
        facts.append(("model's score", _score(item)))
    return Document([Heading(item.program or UNKNOWN, place), Facts(facts)])


def _score(item: ReviewItem) -> str:
    if item.score is None:
        return UNKNOWN
    if item.score.kind == "chance":
        return f"{item.score.score:.0f} % chance"
    low, high = item.score.low, item.score.high
    span = "" if low is None or high is None else f" ({low:.0f} to {high:.0f})"
    return f"{item.score.score:.0f}{span}"


def _known(item: ReviewItem) -> str:
    return "" if item.known is None else f"{_exactly(item.known.score)} {item.known.source}"


def _exactly(label: float) -> str:
    """A label as it was given; of a mean, at most two decimals."""
    return f"{round(label, 2):g}"
