"""Reading the parameters of an address."""

from __future__ import annotations

from urllib.parse import parse_qsl

from tachograph.app.dashboard.page import Page
from tachograph.errors import UsageError

SCOPE_PARAMS = ("range", "from", "to", "project", "agent")
MAX_VALUE = 2000
"""Characters of one value: longer than any path or search that makes sense."""
_MAX_FIELDS = 100


def read_query(query: str) -> dict[str, str]:
    """Values by name, empty ones left out; of several with one name the last. Raises UsageError."""
    try:
        pairs = parse_qsl(query, keep_blank_values=False, max_num_fields=_MAX_FIELDS)
    except ValueError as error:
        raise UsageError("This address has too many parameters.", slug="bad_parameter") from error
    for name, value in pairs:
        if len(value) > MAX_VALUE:
            raise UsageError(
                f"The parameter {name[:40]!r} is longer than {MAX_VALUE:,} characters.", slug="bad_parameter"
            )
    return dict(pairs)


def own_params(page: Page, query: dict[str, str]) -> dict[str, str]:
    """The page's own parameters among those of the address; others are ignored.

    Raises UsageError for a value that is none of the choices.
    """
    found = {}
    for param in page.params:
        value = query.get(param.name, "")
        if not value:
            continue
        if param.choices and value not in param.choices:
            raise UsageError(
                f"{param.name} cannot be {value[:100]!r}.",
                slug="bad_parameter",
                hint=f"It can be {', '.join(choice for choice in param.choices if choice)}.",
            )
        found[param.name] = value
    return found


def scope_params(page: Page, query: dict[str, str]) -> dict[str, str]:
    """The parameters of the scope; none for a page that has none."""
    return {name: query[name] for name in SCOPE_PARAMS if name in query} if page.scoped else {}
