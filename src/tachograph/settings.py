"""The options of ``config.toml``: one table, from which reading, checking and the docs page are made."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from tachograph.errors import TachographError


def _check_timezone(name: str) -> None:
    """Raise ValueError unless ``name`` is empty or a zone of the IANA database."""
    if not name:
        return
    import zoneinfo  # only for those who name a zone: start-up time

    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("must be a time zone's name, such as Europe/Berlin") from error


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the user may choose. Each field is one option and all that is known about it, but for the last three.

    The field ``store_text`` is the key ``text`` of the section ``[store]`` and the variable ``TACHO_STORE_TEXT``.
    """

    store_text: Annotated[
        Literal["full", "none"],
        Meta(
            description="Whether the warehouse keeps redacted prompts and commands (`full`) or no text at all (`none`)."
        ),
    ] = "full"
    ingest_auto: Annotated[
        bool, Meta(description="Whether reporting commands first bring the warehouse up to date.")
    ] = True
    ingest_jobs: Annotated[
        int, Meta(ge=0, le=1024, description="Processes that read logs at the same time; 0: one for each core.")
    ] = 0
    display_timezone: Annotated[
        str,
        Meta(
            description="Time zone of days and hours, such as `Europe/Berlin`; empty: the system's.",
            extra={"check": _check_timezone},
        ),
    ] = ""
    waste_heavy_result_usd: Annotated[
        float,
        Meta(ge=0.001, le=1000.0, description="A tool's result is heavy when carrying it cost more than this, in USD."),
    ] = 0.25
    goals_path: Annotated[
        str, Meta(min_length=1, description="Where a repository keeps its ledger of goals, from its root.")
    ] = "metrics/events.ndjson"
    judge_mode: Annotated[
        Literal["off", "auto"],
        Meta(
            description="Whether `tacho score` asks a local model about a session's trajectory: `auto` asks when the"
            " server is there, `off` only with `--judge`."
        ),
    ] = "off"
    judge_protocol: Annotated[
        Literal["ollama", "openai"],
        Meta(description="How the judge's server is spoken to: as Ollama, or as any OpenAI-compatible server."),
    ] = "ollama"
    judge_endpoint: Annotated[str, Meta(description="Address of the judge's server, without the path of its API.")] = (
        "http://127.0.0.1:11434"
    )
    judge_model: Annotated[str, Meta(description="The judge's model, as its server names it.")] = "qwen3:30b-a3b"
    judge_context_tokens: Annotated[
        int, Meta(ge=1, le=10_000_000, description="Tokens that the judge's prompt and answer may have together.")
    ] = 32768
    judge_allow_hosts: Annotated[
        str,
        Meta(description="Hosts outside this machine that the judge may be asked on, by name, separated by commas."),
    ] = ""
    judge_api_key: Annotated[str, Meta(description="Key that the judge's server asks for; empty: none is sent.")] = ""
    learn_activation: Annotated[
        Literal["installed", "auto", "manual"],
        Meta(
            description="Whether `tacho learn` puts suggestions to the test by itself: `auto`, `manual`, or what was"
            " chosen at `tacho hooks install`."
        ),
    ] = "installed"
    learn_promotion: Annotated[
        Literal["manual", "auto"],
        Meta(description="Whether a proven suggestion is written into the agent's file by itself (`auto`)."),
    ] = "manual"
    learn_share: Annotated[
        float, Meta(ge=0.1, le=0.9, description="Share of new sessions that are given a suggestion under test.")
    ] = 0.5
    learn_policy: Annotated[
        Literal["trial", "quick"],
        Meta(
            description="When a suggestion counts as proven: `trial` (a control group, false proofs at most 5 %), or"
            " `quick` (better by more than 20 % in 2 of its first 3 sessions: often chance)."
        ),
    ] = "trial"
    learn_folder: Annotated[
        str,
        Meta(description="Telemetry folder: span and evaluation files are read from it, the loop's files written."),
    ] = ""
    alerts_command: Annotated[
        str, Meta(description="Program that is given each new critical alert as JSON on stdin; empty: none.")
    ] = ""
    alerts_url: Annotated[
        str, Meta(description="Address to which each new critical alert is sent as JSON; empty: nothing is sent.")
    ] = ""
    hooks_gate: Annotated[
        bool,
        Meta(description="Whether a new critical alert holds the next prompt back until it is seen (`tacho alerts`)."),
    ] = False
    hooks_predict: Annotated[
        bool,
        Meta(
            description="Whether the first prompt's hook says when such work usually goes worse than the rest"
            " (`tacho predict`)."
        ),
    ] = False
    capture_key_file: Annotated[
        str,
        Meta(
            description="File with an organisation's common key for hashes of commands; empty: each store has its own."
        ),
    ] = ""
    prices: dict[str, Any] = {}
    """The tables ``[prices."<model>"]`` as they were written; tachograph.pricing checks them."""
    agent_types: dict[str, Any] = {}
    """The table ``[agent_types]``: part of a project's path -> type of its main sessions."""
    budget: list[Any] = []
    """The tables ``[[budget]]`` as they were written; tachograph.learning.budgets checks them."""


_FREE: dict[str, tuple[type, str]] = {
    "prices": (dict, 'must be a section, such as [prices."my-model"]'),
    "agent_types": (dict, 'must be a section of lines such as "work/docs" = "translation"'),
    "budget": (list, "must be written as [[budget]]"),
}
"""What is no option but a table of the user's own: its type, and what to say of another one."""


class Option(msgspec.Struct, frozen=True):
    """One line of the options' table."""

    name: str
    """``<section>.<key>``, as in config.toml."""
    field: str
    """Name of the field of Settings."""
    values: str
    """The values it may have, in words."""
    default: str | int | float | bool
    doc: str
    """One sentence."""
    variable: str
    """Environment variable that overrides the file."""


def options() -> tuple[Option, ...]:
    """Return every option, in the order of the docs (the user's own tables are none)."""
    return tuple(
        Option(
            name=field.name.replace("_", ".", 1),
            field=field.name,
            values=_describe_values(field.type),
            default=field.default,
            doc=_meta(field.type).description or "",
            variable=f"TACHO_{field.name.upper()}",
        )
        for field in msgspec.structs.fields(Settings)
        if field.name not in _FREE
    )


def settings_table() -> str:
    """Return the options as a Markdown table, for the docs."""
    head = "| option | values | default | environment variable | what it does |\n|---|---|---|---|---|\n"
    rows = (f"| `{o.name}` | {o.values} | `{_toml(o.default)}` | `{o.variable}` | {o.doc} |\n" for o in options())
    return head + "".join(rows)


def load_settings(path: Path | None, environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings from the file at ``path``, overridden by ``environ`` (default: the process's environment).

    ``None`` means no file. A file that does not exist holds no settings, unless ``TACHO_CONFIG`` asked for it.

    Raises TachographError (exit code 4) with slug ``config_unreadable``, ``config_syntax``, ``config_unknown_option``
    or ``config_value``; the message names the file with its line, or the variable.
    """
    environ = os.environ if environ is None else environ
    known = {option.name: option for option in options()}
    values: dict[str, Any] = {}
    if path is not None:
        text = _read_text(path, required=bool(environ.get("TACHO_CONFIG")))
        values.update(_read_file(text, path, known))
    values.update(_read_environment(environ, known))
    return Settings(**values)


def _read_text(path: Path, *, required: bool) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        if not required:
            return ""
        raise TachographError(
            f"The configuration file {path} does not exist.",
            slug="config_unreadable",
            hint="TACHO_CONFIG names it: correct or unset that variable.",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise TachographError(
            f"The configuration file {path} cannot be read: {reason}.", slug="config_unreadable"
        ) from error


def _read_file(text: str, path: Path, known: Mapping[str, Option]) -> Iterator[tuple[str, Any]]:
    """Yield (field, value) for each option that the file sets."""
    if not text.strip():
        return
    import tomllib  # only when there is something to read: start-up time

    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TachographError(
            f"{path} is not valid TOML: {error}.",
            slug="config_syntax",
            hint='Sections look like [store], options like text = "none".',
        ) from error
    sections = {name.partition(".")[0] for name in known}
    for name, value in _flatten(document):
        place = _place(text, path, name)
        if name in _FREE:
            kind, rule = _FREE[name]
            if not isinstance(value, kind):
                raise _wrong_value(place, name, rule, value)
            yield name, value
        elif name in known:
            yield known[name].field, _convert(known[name], value, place, strict=True)
        elif name not in sections or value != {}:
            raise _unknown(place, name, [*known, *_FREE])


def _read_environment(environ: Mapping[str, str], known: Mapping[str, Option]) -> Iterator[tuple[str, Any]]:
    """Yield (field, value) for each option that a variable sets; a variable set to nothing counts as not set."""
    by_variable = {option.variable: option for option in known.values()}
    sections = tuple({variable[: variable.index("_", len("TACHO_")) + 1] for variable in by_variable})
    for variable, value in environ.items():
        if not variable.startswith(sections) or not value:
            continue
        if variable not in by_variable:
            raise _unknown("environment", variable, list(by_variable))
        option = by_variable[variable]
        yield option.field, _convert(option, value, f"environment variable {variable}", strict=False)


def _flatten(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield (``section.key``, value); the user's own tables stay whole, and so does what is no section or is empty."""
    for section, content in document.items():
        if section in _FREE or not isinstance(content, dict) or not content:
            yield section, content
        else:
            yield from ((f"{section}.{key}", value) for key, value in content.items())


def _convert(option: Option, value: object, place: str, *, strict: bool) -> Any:
    """Return ``value`` as the option's type; not strict: read it from a variable's text."""
    declared = _annotation(option.field)
    try:
        converted = msgspec.convert(value, declared, strict=strict)
    except msgspec.ValidationError as error:
        raise _wrong_value(place, option.name, f"must be {option.values}", value) from error
    check = (_meta(declared).extra or {}).get("check")
    if check is not None:
        try:
            check(converted)
        except ValueError as error:
            raise _wrong_value(place, option.name, str(error), value) from error
    return converted


def _annotation(field_name: str) -> Any:
    return next(field.type for field in msgspec.structs.fields(Settings) if field.name == field_name)


def _meta(annotation: Any) -> Meta:
    meta = annotation.__metadata__[0]
    assert isinstance(meta, Meta)
    return meta


def _describe_values(annotation: Any) -> str:
    base = annotation.__origin__
    if base is bool:
        return "`true` or `false`"
    if base is int:
        meta = _meta(annotation)
        return f"a whole number from {meta.ge} to {meta.le}"
    if base is float:
        meta = _meta(annotation)
        return f"a number from {meta.ge} to {meta.le}"
    if base is str:
        return "text"
    return " or ".join(f'`"{choice}"`' for choice in base.__args__)


def _toml(value: str | int | float) -> str:
    """Return ``value`` as TOML writes it (all of these are written alike in JSON)."""
    return msgspec.json.encode(value).decode()


def _place(text: str, path: Path, name: str) -> str:
    """Return ``<file>, line <n>`` of the line that sets ``name``, or the file alone where it cannot be told."""
    section = ""
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if stripped.startswith("["):
            section = stripped.strip("[] ").split("]")[0] + "."
            written = section[:-1]
        else:
            written = section + stripped.partition("=")[0].strip()
        if written.replace('"', "").replace(" ", "") == name:
            return f"{path}, line {number}"
    return str(path)


def _wrong_value(place: str, name: str, rule: str, value: object) -> TachographError:
    plain_rule = rule.replace("`", "")
    return TachographError(
        f"{place}: {name} {plain_rule}, not {_show(value)}.",
        slug="config_value",
        hint="The docs page on settings lists every option with its values.",
    )


def _show(value: object) -> str:
    if isinstance(value, dict):
        return "a section"
    if isinstance(value, list):
        return "a list"
    return _toml(value)[:80] if isinstance(value, str | int | float) else str(value)[:80]


def _unknown(place: str, name: str, names: list[str]) -> TachographError:
    import difflib

    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]}?" if near else f"The options are {', '.join(names)}."
    return TachographError(f"{place}: there is no option {name}.", slug="config_unknown_option", hint=hint)
