"""The STUN and TURN servers for browsers. Browser tests use the credentials with a real coturn."""

from pathlib import Path

from server.host.ice_servers import Role, ice_servers, links, turn_credentials, turn_user
from server.settings import Settings

NOW = 1_700_000_000.5


def test_credentials_equal_those_of_openssl() -> None:
    """`printf %s 1700000600:room | openssl dgst -sha1 -hmac north -binary | base64`"""
    assert turn_credentials("north", "room", 1_700_000_600) == (
        "1700000600:room",
        "1hGFvUa+bh0hMIpjrBqowR5p4q8=",
    )


def test_static_servers_come_before_those_with_individual_credentials(tmp_path: Path) -> None:
    """Each user gets another password, valid as long as configured; by default there are no
    servers.
    """
    settings = Settings(
        data=tmp_path,
        ice_servers=("stun:a",),
        turn_urls=("turn:b:3478?transport=udp", "turns:b:5349"),
        turn_secret="north",
        turn_lifetime=600,
    )
    static, made = ice_servers(settings, "room", NOW)
    assert static == {"urls": ["stun:a"]}
    username, credential = turn_credentials("north", "room", 1_700_000_600)
    assert made == {
        "urls": ["turn:b:3478?transport=udp", "turns:b:5349"],
        "username": username,
        "credential": credential,
    }
    assert ice_servers(settings, "other", NOW)[1]["credential"] != credential
    assert ice_servers(Settings(data=tmp_path), "room", NOW) == []


def test_viewers_have_credentials_for_a_short_time(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, turn_urls=("turn:b",), turn_secret="north")
    expires = [
        int(ice_servers(settings, "user", NOW, role)[0]["username"].partition(":")[0]) - int(NOW)
        for role in Role
    ]
    assert expires == [6 * 3_600, 300]


def test_a_quota_of_the_turn_server_holds_for_an_address(tmp_path: Path) -> None:
    """The user name is the same for the address, another for another address and for its creators,
    and does not contain the address.
    """
    settings = Settings(data=tmp_path, turn_urls=("turn:b",), turn_secret="north")
    users = [
        turn_user(settings, role, address)
        for role in Role
        for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2")
    ]
    assert len(set(users)) == 4 and users[0] == users[1] and users[3] == users[4]
    assert not any("192" in user for user in users[:1]) and ":" not in "".join(users)


def test_links() -> None:
    """There is one for each URL. Special characters are escaped."""
    assert links(
        [
            {"urls": ["stun:a"]},
            {"urls": ["turn:b", "turns:b"], "username": 'a"b', "credential": "c\\d"},
        ]
    ) == [
        '<stun:a>; rel="ice-server"',
        (
            '<turn:b>; rel="ice-server"; username="a\\"b"; credential="c\\\\d"; '
            'credential-type="password"'
        ),
        (
            '<turns:b>; rel="ice-server"; username="a\\"b"; credential="c\\\\d"; '
            'credential-type="password"'
        ),
    ]
