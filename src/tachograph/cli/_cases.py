"""Candidates as a person reads them."""

from __future__ import annotations

from tachograph.app.cases.add import AddedCase
from tachograph.app.cases.candidate import Candidate, CandidateList, Review
from tachograph.app.cases.promote import Promotion
from tachograph.app.cases.review import CandidateReview, ReviewedCase
from tachograph.cli._expectations import describe_case
from tachograph.report.document import Block, Column, Document, Facts, Heading, Line, Style, Table
from tachograph.report.units import counted

_STYLES: dict[str, Style] = {"approved": "good", "rejected": "bad", "edited": "warn"}


def describe_added(added: AddedCase) -> Document:
    """What was learnt, and what comes next."""
    facts = [("session", added.session), ("expects", ", ".join(added.expectations) or "nothing")]
    facts += [("left out", f"{one.key}: {one.reason}") for one in added.left_out]
    return Document(
        [
            Heading(f"Candidate {added.id}", f"in {added.file}"),
            Facts(facts),
            Line(f"tacho cases review {added.id} shows what it asks.", "dim"),
        ]
    )


def describe_list(found: CandidateList) -> Document:
    """A row for each candidate."""
    columns = [
        Column("case", "left"),
        Column("status", "left", style="strong"),
        Column("decided by", "left", rank=1),
        Column("made", "left", rank=2),
        Column("session", "left", flexible=True, rank=3),
        Column("prompt", "left", flexible=True),
    ]
    if not found.cases:
        return Document([Line(f"{found.file} has no candidate.")])
    remark = f"{counted(len(found.cases), 'candidate')}"
    return Document([Heading(found.file, remark), Table(columns, [_row(one) for one in found.cases])])


def describe_review(shown: CandidateReview) -> Document:
    """Each candidate: where it is from, what was decided, what it asks."""
    if not shown.cases:
        return Document([Line("No candidate waits for a review.")])
    parts = [_describe(one) for one in shown.cases]
    return Document([*parts[0], *(block for part in parts[1:] for block in (Line(), *part))])


def describe_next_step(shown: CandidateReview) -> Document:
    """What to do with the only candidate that is shown; empty when there are several, or when nothing is left to do."""
    candidate = shown.cases[0].candidate if len(shown.cases) == 1 else None
    if candidate is None or candidate.status == "rejected":
        return Document([])
    if candidate.status == "approved":
        told = f"tacho cases promote {candidate.id} moves it into the ground truth."
    else:
        told = f"tacho cases review {candidate.id} with --approve or --reject, --by NAME and --why TEXT decides."
    return Document([Line(), Line(told, "dim")])


def describe_promotion(promotion: Promotion) -> Document:
    """What was moved, and what was not."""
    moved = f"{counted(len(promotion.promoted), 'case')} moved into {promotion.ground_truth}"
    blocks: list[Block] = [Line(f"{moved}: {', '.join(promotion.promoted)}", "good")]
    blocks += [Line(f"{one.id} stays: {one.reason}", "warn") for one in promotion.waiting]
    return Document(blocks)


def _row(one: Candidate) -> list[str]:
    by = "" if one.review is None else f"{one.review.by}, {one.review.on}"
    return [one.id, one.status, by, one.created or "", one.session or "", one.prompt]


def _describe(one: ReviewedCase) -> list[Block]:
    candidate = one.candidate
    facts = [(name, value) for name, value in (("agent", candidate.agent), ("made", candidate.created)) if value]
    if candidate.review is not None:
        facts.append(("decided", _tell(candidate.review)))
    asked = [item for block in describe_case(one.asks) if isinstance(block, Facts) for item in block.items]
    status = Line(candidate.status, _STYLES.get(candidate.status, "accent"))
    return [Heading(candidate.id), status, Facts([*facts, *asked])]


def _tell(review: Review) -> str:
    return f"by {review.by} on {review.on}" + (f": {review.why}" if review.why else "")
