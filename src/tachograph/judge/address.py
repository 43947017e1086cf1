"""Which server the configuration names, and whether it may be asked."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Literal, cast
from urllib.parse import urlsplit

import msgspec

from tachograph.judge.config import JudgeConfig, JudgeUnavailable

_PORTS = {"http": 80, "https": 443}


class Server(msgspec.Struct, frozen=True):
    """The parts of an endpoint."""

    scheme: Literal["http", "https"]
    host: str
    """Name or address, lower case, without brackets."""
    port: int
    path: str
    """What stands before the API's own paths; no slash at its end."""


def read_endpoint(endpoint: str) -> Server:
    """The parts of ``endpoint``. Raises JudgeUnavailable for what is no plain address of a server."""
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise _wrong("is no address") from None
    if parts.scheme not in _PORTS:
        raise _wrong("must begin with http:// or https://")
    if parts.username is not None or parts.password is not None:
        raise _wrong("must hold no user name or password; a key belongs into judge.api_key")
    if parts.query or parts.fragment:
        raise _wrong("must end with its path")
    if not host or not endpoint.isascii() or not endpoint.isprintable() or " " in endpoint:
        raise _wrong("is no address")
    path = parts.path.rstrip("/").removesuffix("/v1")
    scheme = cast(Literal["http", "https"], parts.scheme)
    return Server(scheme, host.lower(), _PORTS[scheme] if port is None else port, path)


def _wrong(fault: str) -> JudgeUnavailable:
    """The endpoint itself is not repeated: it may hold a password."""
    return JudgeUnavailable("endpoint_wrong", f"judge.endpoint {fault}, such as http://127.0.0.1:11434.")


def check_host(server: Server, config: JudgeConfig) -> None:
    """Raise JudgeUnavailable for a name that is neither ``localhost`` nor allowed, before any resolver hears of it."""
    if not (_name(server) == "localhost" or _is_address(server.host) or _is_allowed(server, config)):
        raise _refused(server.host)


def check_addresses(server: Server, addresses: list[str], config: JudgeConfig) -> None:
    """Raise JudgeUnavailable unless the host is allowed by name or every one of its addresses is this machine's own."""
    if _is_allowed(server, config):
        return
    outside = [address for address in addresses if not is_loopback(address)]
    if outside:
        raise _refused(server.host if server.host == outside[0] else f"{server.host} ({outside[0]})")


def _refused(host: str) -> JudgeUnavailable:
    return JudgeUnavailable(
        "host_not_allowed",
        f"judge.endpoint leads to {host}, which is not this machine, or not surely. Prompts and commands of the session"
        " would leave it; if you want that, name the host in judge.allow_hosts.",
    )


def _is_allowed(server: Server, config: JudgeConfig) -> bool:
    """Allowed by name; ``localhost`` always means this machine."""
    name = _name(server)
    return name != "localhost" and name in {host.lower().rstrip(".") for host in config.allow_hosts}


def _name(server: Server) -> str:
    return server.host.rstrip(".")


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(address: str) -> bool:
    """Whether an address as the resolver gives it is this machine's own loopback."""
    try:
        parsed: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return parsed.is_loopback
