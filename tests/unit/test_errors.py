"""What a user and a script can rely on when something expected fails."""

from __future__ import annotations

import pickle

import pytest

from tachograph.errors import Busy, NotFound, TachographError, UsageError


@pytest.mark.parametrize(
    ("error", "slug", "exit_code"),
    [
        (UsageError("no such order"), "usage", 2),
        (NotFound("no such session"), "not_found", 3),
        (TachographError("broken", slug="store_corrupt"), "store_corrupt", 4),
        (Busy("another process is writing"), "busy", 5),
    ],
)
def test_each_kind_has_its_slug_and_exit_code(error: TachographError, slug: str, exit_code: int) -> None:
    assert (error.slug, error.exit_code) == (slug, exit_code)


def test_message_is_what_str_shows() -> None:
    error = TachographError("The store is newer.", slug="store_newer", hint="Update Tachograph.")
    assert str(error) == error.message == "The store is newer."
    assert error.hint == "Update Tachograph."


def test_hint_is_empty_unless_given() -> None:
    assert NotFound("no such session").hint == ""


@pytest.mark.parametrize("kind", [NotFound, Busy, UsageError])
def test_slug_can_be_narrowed_without_changing_the_exit_code(kind: type[NotFound | Busy | UsageError]) -> None:
    error = kind("sentence", slug="narrower", hint="do this")
    assert (error.slug, error.hint) == ("narrower", "do this")
    assert error.exit_code == kind("sentence").exit_code


@pytest.mark.parametrize("kind", [NotFound, Busy, UsageError])
def test_every_kind_is_caught_as_tachograph_error(kind: type[NotFound | Busy | UsageError]) -> None:
    with pytest.raises(TachographError, match="sentence"):
        raise kind("sentence")


@pytest.mark.parametrize(
    "error",
    [
        TachographError("broken", slug="store_corrupt", hint="restore it", exit_code=4),
        NotFound("gone", slug="no_session", hint="look again"),
        Busy("locked"),
    ],
)
def test_errors_travel_between_processes(error: TachographError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert (str(copy), copy.slug, copy.hint, copy.exit_code) == (
        error.message,
        error.slug,
        error.hint,
        error.exit_code,
    )
