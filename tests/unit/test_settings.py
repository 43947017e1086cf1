"""Every option can be read from the file and from the environment; whatever is wrong is named with its place."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.errors import TachographError
from tachograph.settings import Settings, load_settings, options, settings_table

DEFAULTS = Settings()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def load(config: Path, text: str, **variables: str) -> Settings:
    config.write_text(text, encoding="utf-8")
    return load_settings(config, variables)


def fail(config: Path, text: str, **variables: str) -> TachographError:
    with pytest.raises(TachographError) as caught:
        load(config, text, **variables)
    assert caught.value.exit_code == 4
    return caught.value


# ------------------------------------------------------------------------------------------------- reading


def test_defaults():
    assert load_settings(None, {}) == DEFAULTS
    assert (DEFAULTS.store_text, DEFAULTS.ingest_auto, DEFAULTS.ingest_jobs) == ("full", True, 0)
    assert (DEFAULTS.display_timezone, DEFAULTS.prices) == ("", {})


@pytest.mark.parametrize("text", ["", "\n \n", "# only a comment\n", "[store]\n", "\ufeff[store]\n"])
def test_file_without_options_gives_the_defaults(config, text):
    assert load(config, text) == DEFAULTS


def test_missing_file_gives_the_defaults(config):
    assert load_settings(config, {}) == DEFAULTS


FROM_FILE = [
    ('[store]\ntext = "none"', "store_text", "none"),
    ('[store]\ntext = "full"', "store_text", "full"),
    ('store.text = "none"', "store_text", "none"),
    ('store = { text = "none" }', "store_text", "none"),
    ("[ingest]\nauto = false", "ingest_auto", False),
    ("[ingest]\njobs = 3", "ingest_jobs", 3),
    ("[ingest]\njobs = 0", "ingest_jobs", 0),
    ('[display]\ntimezone = "Europe/Berlin"', "display_timezone", "Europe/Berlin"),
    ('[display]\ntimezone = ""', "display_timezone", ""),
]


@pytest.mark.parametrize(("text", "field", "value"), FROM_FILE)
def test_file_sets_one_option_and_no_other(config, text, field, value):
    assert load(config, text) == msgspec.structs.replace(DEFAULTS, **{field: value})


FROM_ENVIRONMENT = [
    ("TACHO_STORE_TEXT", "none", "store_text", "none"),
    ("TACHO_INGEST_AUTO", "false", "ingest_auto", False),
    ("TACHO_INGEST_AUTO", "0", "ingest_auto", False),
    ("TACHO_INGEST_AUTO", "true", "ingest_auto", True),
    ("TACHO_INGEST_JOBS", "2", "ingest_jobs", 2),
    ("TACHO_DISPLAY_TIMEZONE", "Asia/Kathmandu", "display_timezone", "Asia/Kathmandu"),
]


@pytest.mark.parametrize(("variable", "text", "field", "value"), FROM_ENVIRONMENT)
def test_variable_sets_one_option(variable, text, field, value):
    assert load_settings(None, {variable: text}) == msgspec.structs.replace(DEFAULTS, **{field: value})


def test_variable_wins_over_file(config):
    assert load(config, "[ingest]\njobs = 3\nauto = false", TACHO_INGEST_JOBS="1") == Settings(
        ingest_jobs=1, ingest_auto=False
    )


def test_empty_variable_counts_as_not_set(config):
    assert load(config, '[store]\ntext = "none"', TACHO_STORE_TEXT="").store_text == "none"


def test_the_processs_environment_is_the_default(monkeypatch):
    monkeypatch.setenv("TACHO_STORE_TEXT", "none")
    assert load_settings(None).store_text == "none"


@pytest.mark.parametrize("variable", ["TACHO_DATA_DIR", "TACHO_CONFIG", "TACHO_SHARED_DATA", "STORE_TEXT", "PATH"])
def test_other_variables_are_none_of_its_business(variable):
    assert load_settings(None, {variable: "anything"}) == DEFAULTS


def test_prices_are_handed_on_untouched(config):
    text = '[prices."my-model"]\ninput = 1.25\n[prices."my-model".tiers]\nabove = [200000]\n[prices.other]\nfree = true'
    assert load(config, text).prices == {
        "my-model": {"input": 1.25, "tiers": {"above": [200000]}},
        "other": {"free": True},
    }


def test_settings_cannot_be_changed():
    with pytest.raises(AttributeError):
        DEFAULTS.store_text = "none"  # type: ignore[misc]


# -------------------------------------------------------------------------------------------- wrong values

WRONG = [
    ('[store]\ntext = "some"', 2, 'store.text must be "full" or "none", not "some"'),
    ("[store]\n\n# why\ntext = true", 4, 'store.text must be "full" or "none", not true'),
    ('[ingest]\njobs = 1\nauto = "yes"', 3, 'ingest.auto must be true or false, not "yes"'),
    ("[ingest]\nauto = 1", 2, "ingest.auto must be true or false, not 1"),
    ("[ingest]\njobs = -1", 2, "ingest.jobs must be a whole number from 0 to 1024, not -1"),
    ("[ingest]\njobs = 1025", 2, "ingest.jobs must be a whole number from 0 to 1024, not 1025"),
    ("[ingest]\njobs = 1.5", 2, "ingest.jobs must be a whole number from 0 to 1024, not 1.5"),
    ("[ingest]\njobs = true", 2, "ingest.jobs must be a whole number from 0 to 1024, not true"),
    ("[ingest]\njobs = [1]", 2, "ingest.jobs must be a whole number from 0 to 1024, not a list"),
    ("[ingest.jobs]\nn = 1", 1, "ingest.jobs must be a whole number from 0 to 1024, not a section"),
    ("ingest.jobs = 2026-01-01", 1, "ingest.jobs must be a whole number from 0 to 1024, not 2026-01-01"),
    ("[display]\ntimezone = 3", 2, "display.timezone must be text, not 3"),
    (
        '[display]\ntimezone = "Mars"',
        2,
        'display.timezone must be a time zone\'s name, such as Europe/Berlin, not "Mars"',
    ),
    ("prices = 3", 1, 'prices must be a section, such as [prices."my-model"], not 3'),
]


@pytest.mark.parametrize(("text", "line", "message"), WRONG)
def test_wrong_value_is_named_with_file_and_line(config, text, line, message):
    error = fail(config, text)
    assert str(error) == f"{config}, line {line}: {message}."
    assert error.slug == "config_value"
    assert error.hint


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "America", "Europe/Berlin\0", "."])
def test_only_names_of_zones_are_time_zones(name):
    with pytest.raises(TachographError, match="must be a time zone's name"):
        load_settings(None, {"TACHO_DISPLAY_TIMEZONE": name})


def test_line_of_a_value_that_was_written_inline_is_left_out(config):
    error = fail(config, 'store = { text = "some" }')
    assert str(error).startswith(f"{config}: store.text must be")


@pytest.mark.parametrize(
    ("variable", "text", "message"),
    [
        ("TACHO_STORE_TEXT", "some", 'store.text must be "full" or "none", not "some"'),
        ("TACHO_INGEST_AUTO", "maybe", 'ingest.auto must be true or false, not "maybe"'),
        ("TACHO_INGEST_JOBS", "many", 'ingest.jobs must be a whole number from 0 to 1024, not "many"'),
        ("TACHO_INGEST_JOBS", "-2", 'ingest.jobs must be a whole number from 0 to 1024, not "-2"'),
    ],
)
def test_wrong_variable_is_named(variable, text, message):
    with pytest.raises(TachographError) as caught:
        load_settings(None, {variable: text})
    assert str(caught.value) == f"environment variable {variable}: {message}."
    assert (caught.value.slug, caught.value.exit_code) == ("config_value", 4)


def test_long_wrong_value_is_cut(config):
    assert len(str(fail(config, f'[store]\ntext = "{"x" * 5000}"'))) < 300 + len(str(config))


# ----------------------------------------------------------------------------------------- unknown options


@pytest.mark.parametrize(
    ("text", "line", "name", "hint"),
    [
        ('[store]\ntxt = "none"', 2, "store.txt", "Did you mean store.text?"),
        ('[stor]\ntext = "none"', 2, "stor.text", "Did you mean store.text?"),
        ("[ingest]\nauto = true\njob = 2", 3, "ingest.job", "Did you mean ingest.jobs?"),
        ("ingest_jobs = 2", 1, "ingest_jobs", "Did you mean ingest.jobs?"),
        ('[price."m"]\ninput = 1', 1, "price.m", "Did you mean prices?"),
        ("[prises]", 1, "prises", "Did you mean prices?"),
        ("[[store]]\ntext = 1", 1, "store", "Did you mean store.text?"),
    ],
)
def test_unknown_option_is_refused_with_the_nearest_name(config, text, line, name, hint):
    error = fail(config, text)
    assert str(error) == f"{config}, line {line}: there is no option {name}."
    assert (error.slug, error.hint) == ("config_unknown_option", hint)


def test_when_nothing_is_near_all_options_are_named(config):
    hint = fail(config, "zzz = 1").hint
    assert hint == f"The options are {', '.join(option.name for option in options())}, prices, agent_types, budget."


def test_unknown_variable_of_a_known_section_is_refused():
    with pytest.raises(TachographError) as caught:
        load_settings(None, {"TACHO_STORE_TXT": "none"})
    assert str(caught.value) == "environment: there is no option TACHO_STORE_TXT."
    assert caught.value.hint == "Did you mean TACHO_STORE_TEXT?"


# ---------------------------------------------------------------------------------------- unreadable files


def test_broken_toml_is_named_with_its_line(config):
    error = fail(config, '[store]\ntext = "none\n')
    assert str(error).startswith(f"{config} is not valid TOML")
    assert "line 2" in str(error)
    assert error.slug == "config_syntax"


def test_file_that_is_not_text_is_refused(config):
    config.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TachographError, match="cannot be read: it is not UTF-8 text") as caught:
        load_settings(config, {})
    assert (caught.value.slug, caught.value.exit_code) == ("config_unreadable", 4)


def test_folder_in_its_place_is_refused(config):
    config.mkdir()
    with pytest.raises(TachographError, match="cannot be read") as caught:
        load_settings(config, {})
    assert (caught.value.slug, caught.value.exit_code) == ("config_unreadable", 4)


def test_missing_file_that_was_asked_for_is_an_error(config):
    with pytest.raises(TachographError, match=r"config\.toml does not exist") as caught:
        load_settings(config, {"TACHO_CONFIG": str(config)})
    assert (caught.value.slug, caught.value.exit_code) == ("config_unreadable", 4)
    assert "TACHO_CONFIG" in caught.value.hint


@given(st.text())
def test_any_text_gives_settings_or_a_clear_error(tmp_path_factory, text):
    config = tmp_path_factory.getbasetemp() / "any-config.toml"
    config.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        assert isinstance(load_settings(config, {}), Settings)
    except TachographError as error:
        assert error.exit_code == 4
        assert str(config) in str(error)


@given(
    st.dictionaries(
        st.sampled_from(["text", "auto", "jobs", "timezone", "other"]),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    ),
    st.sampled_from(["store", "ingest", "display"]),
)
def test_any_value_gives_settings_or_a_clear_error(tmp_path_factory, values, section):
    config = tmp_path_factory.getbasetemp() / "any-value.toml"
    lines = [f"{key} = {msgspec.json.encode(value).decode()}" for key, value in values.items()]
    config.write_text("\n".join([f"[{section}]", *lines]), encoding="utf-8")
    try:
        settings = load_settings(config, {})
    except TachographError as error:
        assert error.exit_code == 4
    else:
        assert all(getattr(settings, f"{section}_{key}") == value for key, value in values.items())


# ------------------------------------------------------------------------------------------------- the table


def test_every_field_is_an_option_with_all_its_parts():
    fields = [
        field.name
        for field in msgspec.structs.fields(Settings)
        if field.name not in ("prices", "agent_types", "budget")
    ]
    assert [option.field for option in options()] == fields
    for option in options():
        assert option.doc.endswith(".")
        assert option.name.count(".") == 1
        assert option.variable == "TACHO_" + option.name.replace(".", "_").upper()
        assert getattr(DEFAULTS, option.field) == option.default


def test_every_default_is_a_value_that_may_be_written(config):
    for option in options():
        section, _, key = option.name.partition(".")
        assert load(config, f"[{section}]\n{key} = {msgspec.json.encode(option.default).decode()}") == DEFAULTS


def test_table_for_the_docs_has_a_row_for_each_option():
    rows = settings_table().splitlines()
    assert len(rows) == 2 + len(options())
    assert {row.count("|") for row in rows} == {6}
    assert '| `store.text` | `"full"` or `"none"` | `"full"` | `TACHO_STORE_TEXT` | ' in settings_table()
    assert "| `ingest.jobs` | a whole number from 0 to 1024 | `0` | `TACHO_INGEST_JOBS` | " in settings_table()


def test_reading_the_defaults_loads_nothing_that_is_not_needed():
    code = "import sys; from tachograph.settings import load_settings; load_settings(None, {}); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], env=os.environ, check=True, capture_output=True, text=True)
    assert not {"tomllib", "zoneinfo", "difflib"} & set(done.stdout.split())
