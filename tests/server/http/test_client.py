"""The client behind trusted and untrusted proxies, and the keys of its address."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.http.client import Client, client, client_address

TRUSTED = [ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("2001:db8:1::/48")]


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "address"),
    [
        ("198.51.100.7", None, "198.51.100.7"),
        (
            "198.51.100.7",
            "192.0.2.1",
            "198.51.100.7",
        ),  # an untrusted proxy: its headers are ignored
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", "192.0.2.1", "192.0.2.1"),
        ("::ffff:10.0.0.1", "192.0.2.1", "192.0.2.1"),
        ("10.0.0.1", "203.0.113.9, 192.0.2.1", "192.0.2.1"),  # the client forged the first
        ("10.0.0.1", "192.0.2.1, 10.0.0.2", "192.0.2.1"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "192.0.2.1:5000", "192.0.2.1"),
        ("10.0.0.1", "[2001:db8::1]:5000", "2001:db8::1"),
        ("10.0.0.1", "2001:db8::1", "2001:db8::1"),
        ("2001:db8:1::5", "192.0.2.1", "192.0.2.1"),
        ("10.0.0.1", "192.0.2.1, unknown", "10.0.0.1"),
        ("10.0.0.1", "192.0.2.1,", "10.0.0.1"),
        ("", "192.0.2.1", ""),
    ],
)
def test_the_rightmost_untrusted_address_wins(
    peer: str, forwarded_for: str | None, address: str
) -> None:
    assert client_address(peer, forwarded_for, TRUSTED) == address


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], Client("10.0.0.1")),
        (
            [
                ("X-Forwarded-For", "192.0.2.1"),
                ("x-forwarded-proto", "HTTPS"),
                ("X-Forwarded-Host", "a.example"),
            ],
            Client("192.0.2.1", "https", "a.example"),
        ),
        (
            [("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-For", "192.0.2.1")],
            Client("192.0.2.1"),
        ),  # a proxy that appends a header of its own
        (
            [("X-Forwarded-Host", "b.example, live.example"), ("X-Forwarded-Host", "a.example")],
            Client("10.0.0.1", None, "a.example"),
        ),  # the client forged the first two
        ([("X-Forwarded-Host", "a" * 256)], Client("10.0.0.1")),
        (
            [("X-Forwarded-For", "192.0.2.1"), ("X-Forwarded-Proto", "wss")],
            Client("192.0.2.1", "https"),
        ),
        (
            [
                ("X-Forwarded-For", "192.0.2.1"),
                ("X-Forwarded-Proto", "gopher"),
                ("X-Forwarded-Host", "a/b"),
            ],
            Client("192.0.2.1"),
        ),
        (
            [("X-Forwarded-Host", "[2001:db8::1]:8443")],
            Client("10.0.0.1", None, "[2001:db8::1]:8443"),
        ),
        (
            [("Forwarded", 'for=192.0.2.1;proto=https;host="a.example:8443"')],
            Client("192.0.2.1", "https", "a.example:8443"),
        ),
        ([("Forwarded", 'For="[2001:db8::1]:47011"; Proto=http')], Client("2001:db8::1", "http")),
        (
            [
                (
                    "Forwarded",
                    (
                        "for=203.0.113.9;host=b.example, "
                        "for=192.0.2.1;proto=https;host=a.example, for=10.0.0.2"
                    ),
                )
            ],
            Client("192.0.2.1", "https", "a.example"),
        ),
        ([("Forwarded", 'for="_a,b;c\\"d", for=192.0.2.1')], Client("192.0.2.1")),
        ([("Forwarded", "for=unknown;proto=https")], Client("10.0.0.1")),
        ([("Forwarded", 'for="192.0.2.1')], Client("192.0.2.1")),
        ([("X-Forwarded-For", "192.0.2.1"), ("Forwarded", "for=203.0.113.9")], Client("192.0.2.1")),
    ],
)
def test_what_a_trusted_proxy_says(headers: list[tuple[str, str]], expected: Client) -> None:
    assert client("10.0.0.1", headers, TRUSTED) == expected
    assert client("198.51.100.7", headers, TRUSTED) == Client("198.51.100.7")


@given(st.text(max_size=300), st.text(max_size=300))
def test_no_header_breaks_it(forwarded_for: str, forwarded: str) -> None:
    assert client("10.0.0.1", [("X-Forwarded-For", forwarded_for)], TRUSTED).address
    assert client("10.0.0.1", [("Forwarded", forwarded)], TRUSTED).address
