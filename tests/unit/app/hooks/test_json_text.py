"""Changing one place of a JSON text leaves every other byte alone."""

from __future__ import annotations

import json

import pytest

from tachograph.app.hooks.json_text import add_element, add_member, read_object, remove, replace_value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "line 1, column 1"),
        ("[]", "it holds no object"),
        ("7", "it holds no object"),
        ('{"a": 1,}', "line 1, column 9"),
        ('{\n  // why\n  "a": 1}', "line 2, column 3"),
        ('{"a": 1} {}', "Extra data"),
        ('{"a": {"b": 1, "b": 2}}', 'the key "b" occurs twice'),
        ('{"a": NaN}', "NaN is no JSON"),
        ('{"a": ' * 100_000, "nested too deeply"),
        ("{'a': 1}", "line 1, column 2"),
        ('{"a": "tab\there"}', "Invalid control character"),
    ],
)
def test_what_is_no_plain_object_is_refused(text, reason):
    with pytest.raises(ValueError, match=reason):
        read_object(text)


ADDED = [
    ("{}", '{\n  "new": [\n    1\n  ]\n}'),
    ("{ }\n", '{\n  "new": [\n    1\n  ]\n}\n'),
    ('{"a": 1}', '{"a": 1, "new": [1]}'),
    ('{"a": 1,"b": 2}', '{"a": 1,"b": 2,"new": [1]}'),
    ('{\n  "a": 1\n}\n', '{\n  "a": 1,\n  "new": [\n    1\n  ]\n}\n'),
    ('{\n    "a": 1\n}', '{\n    "a": 1,\n    "new": [\n        1\n    ]\n}'),
    ('{\n\t"a": 1,\n\t"b": 2\n}', '{\n\t"a": 1,\n\t"b": 2,\n\t"new": [\n\t\t1\n\t]\n}'),
    ('{\r\n  "a": 1\r\n}\r\n', '{\r\n  "a": 1,\r\n  "new": [\r\n    1\r\n  ]\r\n}\r\n'),
    ('{\n  "a": 1,\n\n  "b": 1.50e3\n}', '{\n  "a": 1,\n\n  "b": 1.50e3,\n  "new": [\n    1\n  ]\n}'),
    ('{"a": "}, {\\"", "b": [1 ,2]}', '{"a": "}, {\\"", "b": [1 ,2], "new": [1]}'),
]


@pytest.mark.parametrize(("text", "expected"), ADDED)
def test_a_member_is_added_as_the_others_are_written(text, expected):
    assert add_member(text, (), "new", [1]) == expected


@pytest.mark.parametrize(("text", "expected"), [pair for pair in ADDED if "{}" not in pair[0] and "{ }" not in pair[0]])
def test_removing_what_was_added_gives_the_same_text(text, expected):
    assert remove(expected, ("new",)) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": []}', '{"a": [7]}'),
        ('{"a": [1, 2]}', '{"a": [1, 2, 7]}'),
        ('{\n  "a": []\n}', '{\n  "a": [\n    7\n  ]\n}'),
        ('{\n  "a": [\n    1\n  ]\n}', '{\n  "a": [\n    1,\n    7\n  ]\n}'),
        ('{\n  "a": [1, 2]\n}', '{\n  "a": [1, 2, 7]\n}'),
    ],
)
def test_an_element_is_added_at_the_end(text, expected):
    assert add_element(text, ("a",), 7) == expected


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ('{"a": 1}', ("a",), "{}"),
        ('{"a": 1, "b": 2}', ("a",), '{"b": 2}'),
        ('{"a": 1, "b": 2}', ("b",), '{"a": 1}'),
        ('{"a": 1, "b": 2, "c": 3}', ("b",), '{"a": 1, "c": 3}'),
        ('{\n  "a": [\n    1,\n    2\n  ]\n}', ("a", 0), '{\n  "a": [\n    2\n  ]\n}'),
        ('{\n  "a": [\n    1,\n    2\n  ]\n}', ("a", 1), '{\n  "a": [\n    1\n  ]\n}'),
        ('{"a": {"b": [{"c": 1}]}}', ("a", "b", 0, "c"), '{"a": {"b": [{}]}}'),
    ],
)
def test_what_is_removed_leaves_the_rest(text, path, expected):
    assert remove(text, path) == expected


def test_a_value_is_replaced_where_it_stands():
    text = '{\n  "a": {"x": 1},\n  "b": 2\n}'
    assert replace_value(text, ("a",), {"y": 1}) == '{\n  "a": {\n    "y": 1\n  },\n  "b": 2\n}'
    assert replace_value('{"a": 1, "b": 2}', ("a",), [3]) == '{"a": [3], "b": 2}'
    assert json.loads(replace_value(text, ("a", "x"), "é")) == {"a": {"x": "é"}, "b": 2}
