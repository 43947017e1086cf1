"""Write the pages of docs/ that are made from the code, and the parts that are so of others (PAGES, PARTS).

python tools/make_docs.py           writes them
python tools/make_docs.py --check   writes nothing; exit code 1 when a page is not what the code says
"""

from __future__ import annotations

import inspect
import re
import sqlite3
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from textwrap import fill as fill_text

import click

from tachograph.analysis.detectors import load_detectors
from tachograph.analysis.kpis import load_kpis
from tachograph.app.export.tables import TABLES
from tachograph.cli._frame import tacho
from tachograph.learning.suggestions import load_catalogue
from tachograph.learning.suggestions.catalogue import Condition, DetectorCondition, KpiCondition
from tachograph.settings import settings_table

DOCS = Path(__file__).parent.parent / "docs"
MADE = "<!-- Made by tools/make_docs.py: change its source, not this page. -->\n\n"
WIDTH = 100

_CREATE = re.compile(r"CREATE (TABLE|VIEW|(?:UNIQUE )?INDEX) (\w+)")
_COLUMN = re.compile(r"    (\w+) (\w+)(?: .*?)?,?\s*-- (?P<comment>.+)$")


# ------------------------------------------------------------------------------------------------------ schema


@dataclass
class Column:
    """A column as schema.sql declares it."""

    name: str
    type: str
    comment: str


@dataclass
class Relation:
    """A table or a view."""

    kind: str
    name: str
    comment: str
    columns: list[Column] = field(default_factory=list)
    indexes: list[str] = field(default_factory=list)


def read_schema(sql: str) -> tuple[str, list[Relation]]:
    """The comment at the top and every table and view. Raises ValueError where something lacks its comment."""
    head, comment, relations = "", [], {}
    here: Relation | None = None
    for line in sql.splitlines():
        created = _CREATE.match(line)
        if created and "INDEX" in created[1]:
            table = re.search(r" ON (\w+) (\(.*\).*);", line)
            relations[table[1]].indexes.append(f"{'unique ' if 'UNIQUE' in created[1] else ''}{table[2]}")
        elif created:
            if not comment:
                raise ValueError(f"{created[2]} has no comment")
            here = relations[created[2]] = Relation(created[1].lower(), created[2], " ".join(comment))
            comment = []
        elif line.startswith("--"):
            comment.append(line.removeprefix("--").strip())
        elif line.startswith("    ") and here is not None and here.kind == "table":
            here.columns.extend(_read_column(line, here.name))
        elif not line:
            if not head and comment:
                head, comment = "\n".join(comment), []
            here = None
    return head, list(relations.values())


def _read_column(line: str, table: str) -> Iterator[Column]:
    if line.strip().startswith("PRIMARY KEY"):
        return
    match = _COLUMN.match(line)
    if match is None:
        raise ValueError(f"{table}: a column has no comment: {line.strip()}")
    yield Column(
        match[1], match[2] if "NOT NULL" in line or "PRIMARY KEY" in line else f"{match[2]} or NULL", match["comment"]
    )


def check_schema(sql: str, relations: list[Relation]) -> None:
    """Raise ValueError unless SQLite sees the same tables, views and columns."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(sql)
    names = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')")}
    if names != {relation.name for relation in relations}:
        raise ValueError(f"read {sorted(r.name for r in relations)}, SQLite has {sorted(names)}")
    for relation in relations:
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({relation.name})")]
        if relation.kind == "table" and columns != [column.name for column in relation.columns]:
            raise ValueError(f"{relation.name} has the columns {columns}")
    connection.close()


def schema_page() -> str:
    """docs/schema.md."""
    sql = resources.files("tachograph.warehouse").joinpath("schema.sql").read_text("utf-8")
    head, relations = read_schema(sql)
    check_schema(sql, relations)
    parts = [f"# The warehouse's schema\n\n{MADE}{head}\n"]
    parts.append(
        "\nThe database is `warehouse.sqlite` in the data folder (`tacho doctor` names it). Open it read-only"
        " while tacho may be running:\n\n```sh\n"
        "sqlite3 'file:warehouse.sqlite?mode=ro' 'SELECT id, title FROM sessions'\n```\n"
    )
    for relation in relations:
        parts.append(f"\n## {relation.name}\n\n{relation.kind.capitalize()}. {relation.comment}\n")
        if relation.columns:
            parts.append("\n| column | type | meaning |\n|---|---|---|\n")
            parts += [
                f"| `{c.name}` | {c.type} | {c.comment.replace('|', chr(92) + '|')} |\n" for c in relation.columns
            ]
        if relation.indexes:
            parts.append(f"\nIndexes: {', '.join(f'`{index}`' for index in relation.indexes)}\n")
    return "".join(parts)


# ---------------------------------------------------------------------------------------------------- commands


def walk_commands(group: click.Group = tacho, prefix: str = "tacho") -> Iterator[tuple[str, click.Command]]:
    """Every command with its full name, groups before their own commands."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield f"{prefix} {name}", command
        if isinstance(command, click.Group):
            yield from walk_commands(command, f"{prefix} {name}")


def find_undocumented() -> list[str]:
    """Commands without a help text, and options without one."""
    missing = []
    for name, command in walk_commands():
        if not command.help:
            missing.append(name)
        missing += [
            f"{name} {option.opts[0]}"
            for option in command.params
            if isinstance(option, click.Option) and not option.help
        ]
    return missing


def help_text(name: str, command: click.Command) -> str:
    """What ``--help`` prints at 100 columns."""
    settings = {"terminal_width": WIDTH, "max_content_width": WIDTH, "help_option_names": ["-h", "--help"]}
    return command.get_help(click.Context(command, info_name=name, **settings))


def commands_page() -> str:
    """docs/commands.md."""
    missing = find_undocumented()
    if missing:
        raise ValueError(f"no help text: {', '.join(missing)}")
    parts = [
        f"# Commands\n\n{MADE}Every command takes `--help`. Data goes to stdout, all else to stderr. With `--json` a"
        " command prints one object whose `schema` names its shape and version, see [schemas](schemas/).\n\n"
        "| exit code | meaning |\n|---|---|\n"
        "| 0 | done; also when lines in logs were bad, and on a machine without any history |\n"
        "| 1 | a check or a threshold failed |\n"
        "| 2 | the command line makes no sense |\n"
        "| 3 | what was named does not exist, or nothing matched |\n"
        "| 4 | the store or the configuration is broken, or a given file cannot be read |\n"
        "| 5 | another tacho process is writing |\n"
        "| 70 | a bug |\n"
        "| 130 | interrupted |\n"
        f"\n## tacho\n\n```text\n{help_text('tacho', tacho)}\n```\n"
    ]
    parts += [f"\n## {name}\n\n```text\n{help_text(name, command)}\n```\n" for name, command in walk_commands()]
    return "".join(parts)


# ---------------------------------------------------------------------------------------------------- settings


def settings_page() -> str:
    """docs/settings.md."""
    return (
        f"# Settings\n\n{MADE}Options are read from `config.toml` in the platform's configuration folder"
        " (`TACHO_CONFIG` names another file; `tacho doctor` says which one is used). An environment variable overrides"
        " the file. Unknown options and wrong values are refused with exit code 4.\n\n"
        '```toml\n[store]\ntext = "none"\n\n[display]\ntimezone = "Europe/Berlin"\n```\n\n'
        f"{settings_table()}\n"
        'The tables `[prices."<model>"]` give models a price of your own, see [prices](prices.md);'
        " `[agent_types]` names the main sessions of a project, see [KPIs](how-to/kpis.md#agent-types-of-your-own);"
        " each `[[budget]]` is a limit, see [alerts](alerts.md#budgets). Rules for alerts of your own stand in"
        " `alerts.toml` beside `config.toml`, see [alerts](alerts.md#rules).\n\n"
        "## Places\n\n| environment variable | what it names |\n|---|---|\n"
        "| `TACHO_DATA_DIR` | the folder of the warehouse |\n"
        "| `TACHO_CONFIG` | the configuration file |\n"
        "| `CLAUDE_CONFIG_DIR` | Claude Code's folder; several are separated by commas |\n"
        "| `CODEX_HOME` | Codex's folder |\n"
    )


# ---------------------------------------------------------------------------------------------- parts of pages


def detectors_part() -> str:
    """What each detector counts, in the words of its docstring."""
    parts = []
    for one in load_detectors().values():
        rule = inspect.cleandoc(one.find.__doc__ or "").replace("``", "`")
        parts.append(f"### {one.name}\n\n**{one.title}.**\n\n{rule}\n")
    return "\n".join(parts)


def transient_part() -> str:
    """The errors that pass by themselves, with an example of each."""
    table = resources.files("tachograph.sources").joinpath("transient.toml").read_text("utf-8")
    rows = (
        f"| {row['id'].replace('-', ' ')} | {', '.join(f'`{_cell(text)}`' for text in row['examples'])} |\n"
        for row in tomllib.loads(table)["error"]
    )
    return "| kind | for example |\n|---|---|\n" + "".join(rows)


def _cell(text: str) -> str:
    """A text as it may stand between backticks in a table."""
    return " ".join(text.split()).replace("|", "\\|")


def kpis_part() -> str:
    """Every KPI: a table of all, then what each computes, where it holds and where it comes from."""
    rows, parts = [], []
    for one in load_kpis().values():
        bounds = (one.target, one.warning, one.critical)
        told = " / ".join(f"{bound:g}" for bound in bounds if bound is not None) or "by baseline"
        rows.append(f"| [`{one.name}`](#{one.name}) | {one.title} | {one.unit} | {one.better} | {told} |\n")
        paragraphs = [f"**{one.title}.** {one.formula}", one.domain_of_validity]
        measured = f"Spread below which a difference is not believed: {one.least_sd:g}"
        measured += " (of the natural logarithm)." if one.scale == "log" else "."
        if one.default is not None:
            measured += f" Before there is a baseline: {one.default[0]:g} ± {one.default[1]:g}."
        paragraphs.append(f"{measured} Source: {one.source}")
        wrapped = (fill_text(part.replace("``", "`"), 130, break_on_hyphens=False) for part in paragraphs)
        parts.append(f"### {one.name}\n\n" + "\n\n".join(wrapped) + "\n")
    head = "| KPI | | unit | better | target / warning / critical |\n|---|---|---|---|---|\n"
    return f"{head}{''.join(rows)}\n" + "\n".join(parts)


def tables_part() -> str:
    """Every table that can be exported, with its columns."""
    parts = []
    for table in TABLES.values():
        rows = "".join(f"| `{column.name}` | {column.kind} | {_cell(column.doc)} |\n" for column in table.columns)
        parts.append(f"## {table.name}\n\n{table.doc}\n\n| column | kind | meaning |\n|---|---|---|\n{rows}")
    return "\n".join(parts)


def catalogue_part() -> str:
    """Every suggestion of the catalogue: when it is offered, what it is to change, what an agent is told."""
    return "\n".join(
        f"### {one.id}\n\n**{one.title}.** {one.impact}\n\n"
        f"- Offered when {_condition(one.when)}; target: `{one.kpi}`, {one.direction}; priority {one.priority};"
        f" saving: {one.saving}.\n"
        f'- Agents are told: "{one.guidance}"\n'
        f"- What you can do besides: {one.implementation}\n"
        for one in load_catalogue().values()
    )


def _condition(when: Condition) -> str:
    if isinstance(when, KpiCondition):
        bound = f"its {when.worse_than} threshold" if isinstance(when.worse_than, str) else f"{when.worse_than:g}"
        return f"the median of `{when.kpi}` is worse than {bound}"
    if isinstance(when, DetectorCondition):
        least = f", and ${when.min_usd_per_week:g} a week where that is known" if when.min_usd_per_week else ""
        return f"`{when.detector}` has at least {when.min_findings} findings in the period{least}"
    return f"another model was cheaper and not worse, with {when.min_sessions} sessions or more of each"


PARTS: dict[str, dict[str, Callable[[], str]]] = {
    "export.md": {"tables": tables_part},
    "kpis.md": {"kpis": kpis_part},
    "suggestions.md": {"catalogue": catalogue_part},
    "waste.md": {"detectors": detectors_part, "transient": transient_part},
}
"""Pages written by hand with parts that are made, each between two comments."""


def fill(text: str, parts: dict[str, Callable[[], str]]) -> str:
    """A page with its made parts as the code says. Raises ValueError for a part that it has no place for."""
    for name, make in parts.items():
        begin, end = f"<!-- {name}: made by tools/make_docs.py -->\n", f"<!-- end of {name} -->\n"
        head, begun, rest = text.partition(begin)
        _, ended, tail = rest.partition(end)
        if not begun or not ended:
            raise ValueError(f"there is no place for {name}")
        text = f"{head}{begin}\n{make()}\n{end}{tail}"
    return text


# ------------------------------------------------------------------------------------------------------- pages

PAGES = {"schema.md": schema_page, "commands.md": commands_page, "settings.md": settings_page}


def make_pages() -> Iterator[tuple[Path, str]]:
    """Every page with what it should hold."""
    for name, make in PAGES.items():
        yield DOCS / name, make()
    for name, parts in PARTS.items():
        if (DOCS / name).is_file():
            yield DOCS / name, fill((DOCS / name).read_text(encoding="utf-8"), parts)


def main() -> int:
    stale = []
    for path, text in make_pages():
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(path.name)
        if "--check" not in sys.argv[1:]:
            path.write_text(text, encoding="utf-8")
    if stale:
        print(f"{'stale' if '--check' in sys.argv[1:] else 'written'}: {', '.join(stale)}")
    return 1 if stale and "--check" in sys.argv[1:] else 0


if __name__ == "__main__":
    sys.exit(main())
