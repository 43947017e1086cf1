"""Which addresses may be asked."""

from __future__ import annotations

import pytest

from tachograph.judge import JudgeConfig, JudgeUnavailable
from tachograph.judge.address import Server, check_addresses, check_host, is_loopback, read_endpoint


@pytest.mark.parametrize(
    ("endpoint", "server"),
    [
        ("http://127.0.0.1:11434", Server("http", "127.0.0.1", 11434, "")),
        ("http://127.0.0.1:11434/", Server("http", "127.0.0.1", 11434, "")),
        ("http://LocalHost", Server("http", "localhost", 80, "")),
        ("https://judge.example", Server("https", "judge.example", 443, "")),
        ("http://[::1]:8080/v1", Server("http", "::1", 8080, "")),
        ("http://localhost:8080/v1/", Server("http", "localhost", 8080, "")),
        ("http://localhost:8080/models/v1", Server("http", "localhost", 8080, "/models")),
        ("HTTP://localhost:1/a", Server("http", "localhost", 1, "/a")),
    ],
)
def test_an_endpoint_is_taken_apart(endpoint: str, server: Server) -> None:
    assert read_endpoint(endpoint) == server


@pytest.mark.parametrize(
    ("endpoint", "fault"),
    [
        ("file:///etc/hosts", "must begin with http"),
        ("ftp://127.0.0.1", "must begin with http"),
        ("127.0.0.1:11434", "must begin with http"),
        ("localhost", "must begin with http"),
        ("", "must begin with http"),
        ("http://ada:sesame@127.0.0.1", "must hold no user name"),
        ("http://ada@127.0.0.1", "must hold no user name"),
        ("http://127.0.0.1@10.0.0.1", "must hold no user name"),
        ("http://:@127.0.0.1", "must hold no user name"),
        ("http://127.0.0.1?key=1", "must end with its path"),
        ("http://127.0.0.1/#a", "must end with its path"),
        ("http://", "is no address"),
        ("http://:80", "is no address"),
        ("http://127.0.0.1:99999", "is no address"),
        ("http://127.0.0.1:x", "is no address"),
        ("http://[::1", "is no address"),
        ("http://127.0.0.1/a b", "is no address"),
        ("http://büro", "is no address"),
        ("http://127.0.0.1/\x7f", "is no address"),
    ],
)
def test_what_is_no_plain_address_is_refused(endpoint: str, fault: str) -> None:
    with pytest.raises(JudgeUnavailable, match=fault) as caught:
        read_endpoint(endpoint)
    assert caught.value.slug == "endpoint_wrong"
    assert "sesame" not in caught.value.reason


@pytest.mark.parametrize(
    ("address", "is_own"),
    [
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("::ffff:10.0.0.1", False),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("192.168.1.5", False),
        ("169.254.169.254", False),
        ("fe80::1%lo", False),
        ("128.0.0.1", False),
        ("localhost", False),
    ],
)
def test_only_loopback_is_this_machines_own(address: str, is_own: bool) -> None:
    assert is_loopback(address) is is_own


@pytest.mark.parametrize(
    ("host", "addresses", "allowed", "is_asked"),
    [
        ("127.0.0.1", ["127.0.0.1"], "", True),
        ("::1", ["::1"], "", True),
        ("localhost", ["::1", "127.0.0.1"], "", True),
        ("localhost", ["127.0.0.1", "10.0.0.7"], "", False),
        ("localhost", ["10.0.0.7"], "localhost", False),
        ("box.example", ["192.0.2.7"], "", False),
        ("box.example", ["127.0.0.1", "192.0.2.7"], "", False),
        ("box.example", ["192.0.2.7"], "box.example", True),
        ("box.example", ["192.0.2.7"], "Box.Example.", True),
        ("box.example.", ["192.0.2.7"], "box.example", True),
        ("box.example", ["192.0.2.7"], "example", False),
        ("box.example", ["192.0.2.7"], "*.example", False),
        ("box.example.net", ["192.0.2.7"], "box.example", False),
        ("10.0.0.1", ["10.0.0.1"], "", False),
        ("10.0.0.1", ["10.0.0.1"], "10.0.0.1", True),
        ("10.0.0.2", ["10.0.0.2"], "10.0.0.1", False),
    ],
)
def test_a_host_outside_is_asked_only_when_it_is_allowed_by_name(
    host: str, addresses: list[str], allowed: str, is_asked: bool
) -> None:
    config = JudgeConfig(allow_hosts=(allowed,) if allowed else ())
    server = Server("http", host, 80, "")
    if is_asked:
        check_addresses(server, addresses, config)
        return
    with pytest.raises(JudgeUnavailable, match=r"judge\.allow_hosts") as caught:
        check_addresses(server, addresses, config)
    assert caught.value.slug == "host_not_allowed"


@pytest.mark.parametrize(
    ("host", "allowed", "is_resolved"),
    [
        ("localhost", "", True),
        ("localhost.", "", True),
        ("127.0.0.1", "", True),
        ("::1", "", True),
        ("10.0.0.1", "", True),
        ("box.example", "box.example", True),
        ("box.example.", "Box.Example", True),
        ("box.example", "", False),
        ("box.example", "example", False),
        ("localhost.example", "", False),
        ("127.0.0.1.example", "", False),
        ("127.1", "", False),
    ],
)
def test_only_what_may_be_asked_is_resolved(host: str, allowed: str, is_resolved: bool) -> None:
    config = JudgeConfig(allow_hosts=(allowed,) if allowed else ())
    server = Server("http", host, 80, "")
    if is_resolved:
        check_host(server, config)
        return
    with pytest.raises(JudgeUnavailable, match=r"judge\.allow_hosts") as caught:
        check_host(server, config)
    assert caught.value.slug == "host_not_allowed"


def test_a_configuration_shows_neither_key_nor_hosts() -> None:
    config = JudgeConfig(api_key="sesame")
    assert "sesame" not in repr(config)
