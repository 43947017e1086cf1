"""Going through the parts of a long list on the page of a session."""

from __future__ import annotations

from tachograph.app.dashboard.links import link
from tachograph.app.dashboard.session_story import Piece
from tachograph.app.scope import Scope
from tachograph.report.view import Paging


def page_through(session: str, scope: Scope, name: str, piece: Piece, anchor: str) -> Paging | None:
    """Links to the parts before and after; None where there is but one. ``name`` is the parameter."""
    if piece.parts == 1:
        return None
    before, after = piece.part - 1, piece.part + 1
    return Paging(
        piece.span.start + 1, min(piece.size, piece.matching - piece.span.start), piece.matching,
        part_link(session, scope, name, before, anchor) if before else "",
        part_link(session, scope, name, after, anchor) if after <= piece.parts else "",
    )  # fmt: skip


def part_link(session: str, scope: Scope, name: str, part: int, anchor: str) -> str:
    """The page of the session with one part of one of its lists."""
    params: dict[str, str | int | None] = {"id": session, name: part}
    return link("session", scope, anchor, **params)
