"""Hosts and origins: the syntax, what is known, and which pages may send requests."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.http.hosts import (
    Authority,
    KnownHosts,
    Origins,
    frame_ancestors,
    known_hosts,
    read_authority,
    read_origin,
)
from server.settings import Settings

HERE = Authority("127.0.0.1", 8080)
LAN = Authority("192.168.1.5", 8443)


def settings(**values: Any) -> Settings:
    return Settings(data=Path("/nowhere"), **values)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("localhost", "localhost", None),
        ("Live.Example.ORG:8080", "live.example.org", 8080),
        ("live.example.org.", "live.example.org", None),
        ("127.0.0.1:1", "127.0.0.1", 1),
        ("[::1]:8443", "::1", 8443),
        ("[2001:DB8:0::1]", "2001:db8::1", None),
        ("[::ffff:192.0.2.1]", "192.0.2.1", None),
        ("under_score.example", "under_score.example", None),
        ("a" * 255, "a" * 255, None),
    ],
)
def test_a_host_header(text: str, host: str, port: int | None) -> None:
    assert read_authority(text) == Authority(host, port)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":80",
        "a:",
        "a:0",
        "a:65536",
        "a:port",
        "a" * 256,
        "a b",
        "a,b",
        "a.example, b.example",
        "x; script-src * 'unsafe-inline'",
        "x'",
        "user@a.example",
        "a.example/path",
        "::1",
        "[::1",
        "[1.2.3.4]",
        "[:::::]",
        "münchen.example",
        "a\r\nb",
    ],
)
def test_what_is_no_host_header(text: str) -> None:
    assert read_authority(text) is None


@pytest.mark.parametrize("text", [".", "..", "a..", ".:80"])
def test_an_empty_label_is_refused(text: str) -> None:
    assert read_authority(text) is None


@given(st.text(max_size=300))
def test_every_text_that_passes_is_safe_in_a_policy(text: str) -> None:
    authority = read_authority(text)
    if authority is not None:
        assert len(str(authority)) <= 260
        assert not set(str(authority)) & set(" ;,'\"*\r\n\t/@")
        assert read_authority(str(authority)) == authority


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://a.example", "https://a.example"),
        ("https://A.example:443", "https://a.example"),
        ("http://a.example:80", "http://a.example"),
        ("https://a.example:80", "https://a.example:80"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://münchen.example", "https://xn--mnchen-3ya.example"),
    ],
)
def test_an_origin(text: str, origin: str) -> None:
    assert str(read_origin(text)) == origin


@pytest.mark.parametrize(
    "text",
    [
        "null",
        "",
        "*",
        "a.example",
        "ftp://a.example",
        "file://",
        "https://a/b",
        "https://ü..x",
        "x",
    ],
)
def test_what_is_no_origin(text: str) -> None:
    assert read_origin(text) is None


def test_own_hosts_are_known() -> None:
    """Known are the names, with one more label if the name begins with `*.`, the address of the
    connection, and loopback.
    """
    known = KnownHosts(["a.example", "*.b.example", "2001:db8::1"], ["203.0.113.7"])
    for host in (
        *("localhost", "127.0.0.1", "127.9.9.9", "::1", "192.168.1.5"),
        *("a.example", "x.b.example", "2001:db8::1", "203.0.113.7"),
    ):
        assert known.knows(host, "192.168.1.5"), host
    for host in (
        *("evil.example", "x.a.example", "b.example", "x.y.b.example", "localhost.evil.example"),
        *("192.168.1.6", "0.0.0.0", "127.0.0.1.evil.example", "2130706433", "a", "."),
    ):
        assert not known.knows(host, "192.168.1.5"), host
    assert known.knows("192.168.1.5", "::ffff:192.168.1.5")
    assert not known.knows("192.168.1.5", "")


@pytest.mark.parametrize(
    ("values", "certificate", "known"),
    [
        ({}, (), False),
        ({"public_url": "https://live.example:8443"}, (), True),
        ({"hosts": "live.example"}, (), True),
        ({"hosts": "*.example"}, (), True),
        ({}, ("live.example",), True),
        ({"host": "live.example"}, (), True),
        ({"host": "0.0.0.0"}, (), True),  # no name: every host
        ({"host": "192.0.2.1"}, (), True),
        ({"host": "0.0.0.0", "hosts": "other.example"}, (), False),
        ({"host": "0.0.0.0", "lan": True}, (), False),
        ({"host": "::", "public_url": "https://other.example"}, (), False),
    ],
)
def test_the_names_in_the_settings(
    values: dict[str, Any], certificate: tuple[str, ...], known: bool
) -> None:
    hosts = known_hosts(settings(**values), certificate, ("box", "box.local"))
    assert hosts.knows("live.example", "192.0.2.9") is known


def test_names_of_the_machine_are_for_lan() -> None:
    machine = ("Box", "Box.local")
    assert known_hosts(settings(lan=True), (), machine).knows("box.local", "192.168.1.5")
    assert not known_hosts(settings(), (), machine).knows("box.local", "127.0.0.1")


def test_the_announced_address_is_known() -> None:
    hosts = known_hosts(settings(host="10.0.0.1", hosts="a.example", announce="203.0.113.7"))
    assert hosts.knows("203.0.113.7", "10.0.0.1") and not hosts.any_host


def test_own_pages_may_send_requests() -> None:
    """They have the same host and port. Another port of the same machine is another origin."""
    origins = Origins(settings())
    assert origins.own_only and not origins.all
    assert origins.allow("http://127.0.0.1:8080", HERE)
    assert origins.allow("https://live.example", Authority("live.example", 443))
    assert origins.allow("https://live.example", Authority("live.example"))
    for text in (
        *("http://127.0.0.1:3000", "http://localhost:8080", "https://evil.example", "null", ""),
        *("http://127.0.0.1:8080.evil.example", "http://127.0.0.1:8080/"),
    ):
        assert not origins.allow(text, HERE), text


@pytest.mark.parametrize(
    ("values", "allowed"),
    [
        ({}, False),
        ({"lan": True}, False),
        ({"host": "0.0.0.0", "lan": True}, False),
        ({"cors_origins": "*"}, True),
        ({"lan": True, "cors_origins": "*"}, True),
        ({"cors_origins": "https://else.example:443"}, True),
        ({"cors_origins": "https://other.example"}, False),
        ({"host": "0.0.0.0", "cors_origins": "https://other.example"}, False),
        ({"host": "0.0.0.0"}, True),
        ({"public_url": "https://live.example"}, True),  # behind a proxy, the server is public
    ],
)
def test_other_pages_are_allowed_by_default_on_public_servers_only(
    values: dict[str, Any], allowed: bool
) -> None:
    origins = Origins(settings(**values))
    assert origins.allow("https://else.example", LAN) is allowed
    assert origins.allow("https://192.168.1.5:8443", LAN)


def test_the_public_url_is_an_own_origin() -> None:
    """A proxy may pass another Host header."""
    public = settings(public_url="https://live.example", cors_origins="https://other.example")
    assert Origins(public).allow("https://live.example", HERE)
    assert not Origins(public).allow("http://live.example", HERE)


@pytest.mark.parametrize(
    ("embed_origins", "ancestors"),
    [
        ((), "*"),
        (("*",), "*"),
        (
            ("https://b.example:8443", "https://A.example"),
            "https://a.example https://b.example:8443",
        ),
    ],
)
def test_frame_ancestors(embed_origins: tuple[str, ...], ancestors: str) -> None:
    assert frame_ancestors(embed_origins) == ancestors


def test_own_origins() -> None:
    """The origin of the requested URL, and that of --public-url, which must have its scheme."""
    host = Authority("live.example.org")
    plain = Origins(settings())
    assert plain.is_own("http://live.example.org", host)
    assert plain.is_own("https://live.example.org", host)
    for other in ("http://live.example.org:81", "http://example.org", "null", ""):
        assert not plain.is_own(other, host)
    public = Origins(settings(public_url="https://live.example.org"))
    assert public.is_own("https://live.example.org", Authority("10.0.0.1"))
    assert not public.is_own("http://live.example.org", host)
    assert public.is_own("http://localhost:8080", Authority("localhost", 8080))
    assert public.allow("http://evil.example", host) and not public.is_own(
        "http://evil.example", host
    )
