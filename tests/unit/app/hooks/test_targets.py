"""Which files the hooks are written into."""

from __future__ import annotations

from pathlib import Path

import pytest

from tachograph.app.hooks.settings_file import decode, encode, read_settings, rewrite
from tachograph.app.hooks.targets import find_targets, home_of, project_of, settings_of
from tachograph.errors import TachographError


@pytest.mark.parametrize(
    ("agent", "variable", "value", "place"),
    [
        ("claude_code", "CLAUDE_CONFIG_DIR", None, ".claude/settings.json"),
        ("claude_code", "CLAUDE_CONFIG_DIR", "", ".claude/settings.json"),
        ("claude_code", "CLAUDE_CONFIG_DIR", "~/one, ~/two", "one/settings.json"),
        ("codex", "CODEX_HOME", None, ".codex/hooks.json"),
        ("codex", "CODEX_HOME", "~/other", "other/hooks.json"),
    ],
)
def test_the_users_file(home, monkeypatch, agent, variable, value, place):
    if value is None:
        monkeypatch.delenv(variable)
    else:
        monkeypatch.setenv(variable, value)
    assert settings_of(agent, "user", Path("/srv")) == home / place


def test_the_projects_file_lies_at_the_top_of_the_repository(tmp_path):
    (tmp_path / "app" / ".git").mkdir(parents=True)
    inside = tmp_path / "app" / "src" / "deep"
    inside.mkdir(parents=True)
    assert settings_of("codex", "project", inside) == tmp_path / "app" / ".codex" / "hooks.json"
    assert settings_of("claude_code", "project", tmp_path / "app") == tmp_path / "app" / ".claude" / "settings.json"
    (tmp_path / "plain").mkdir()
    assert project_of(tmp_path / "plain") == tmp_path / "plain"


def test_all_agents_that_have_their_folder(home):
    home_of("codex").mkdir()
    assert [target.agent for target in find_targets(None, "user", home)] == ["codex"]
    home_of("claude_code").mkdir()
    assert [target.agent for target in find_targets(None, "user", home)] == ["claude_code", "codex"]
    assert [target.agent for target in find_targets("codex", "project", home)] == ["codex"]


# --------------------------------------------------------------------------------------------------- the file itself


def test_a_mark_at_the_beginning_of_a_file_stays(tmp_path):
    held = b"\xef\xbb\xbf{}"
    assert decode(tmp_path, held) == "{}"
    assert encode("{ }", held) == b"\xef\xbb\xbf{ }"
    assert encode("{ }", b"{}") == encode("{ }", None) == b"{ }"


def test_a_file_may_be_made_changed_and_removed(tmp_path):
    path = tmp_path / "new" / "settings.json"
    rewrite(path, lambda held: b"{}" if held is None else None)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"{}", 0o600)
    path.chmod(0o644)
    rewrite(path, lambda held: (held or b"") + b"\n")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"{}\n", 0o644)
    rewrite(path, lambda _: None)
    assert list(path.parent.iterdir()) == []
    assert read_settings(path) is None


def test_a_file_that_cannot_be_written_is_left(tmp_path, monkeypatch):
    path = tmp_path / "settings.json"
    path.write_bytes(b"{}")
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(TachographError, match="it is write-protected") as caught:
        rewrite(path, lambda _: b"[]")
    assert (caught.value.slug, path.read_bytes()) == ("cannot_write", b"{}")


def test_a_full_disk_leaves_the_old_file_and_nothing_beside_it(tmp_path, monkeypatch):
    path = tmp_path / "settings.json"
    path.write_bytes(b"{}")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(TachographError, match="No space left"):
        rewrite(path, lambda _: b"[]")
    assert [one.read_bytes() for one in tmp_path.iterdir()] == [b"{}"]


def test_a_file_without_end_is_not_read(tmp_path):
    path = tmp_path / "settings.json"
    with path.open("wb") as file:
        file.truncate(10 * 1024 * 1024 + 1)
    with pytest.raises(TachographError, match="longer than 10 MB"):
        read_settings(path)
