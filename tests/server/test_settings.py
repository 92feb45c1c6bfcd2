"""Settings: precedence of the sources, invalid values and their messages, and secrets."""

import ipaddress
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from server.host.lan import self_signed
from server.setting_sources import SECRETS, load, option_of, variable_of
from server.setting_types import IceServer
from server.settings import Settings, SettingsError

TOKEN = "a-create-token-of-this-test"


@pytest.fixture(autouse=True)
def private_files() -> Iterator[None]:
    """Files that a test writes are for this user only, because they may contain secrets."""
    before = os.umask(0o077)
    yield
    os.umask(before)


def problems(
    arguments: dict[str, Any] | None = None,
    environ: dict[str, str] | None = None,
    config: Path | None = None,
) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(arguments or {}, environ or {}, config)
    assert all("\n" not in problem for problem in caught.value.problems)
    return caught.value.problems


def test_defaults_listen_on_this_machine_only() -> None:
    settings = load({}, {})
    assert settings == Settings()
    assert (settings.host, settings.port, settings.lan, settings.udp_port) == (
        "127.0.0.1",
        8080,
        False,
        None,
    )
    assert settings.data.is_absolute() and settings.data.parts[-3:] == (
        ".local",
        "share",
        "microlive",
    )


def test_every_setting_is_described_in_a_sentence() -> None:
    for name, field in Settings.model_fields.items():
        assert (
            field.description and field.description[0].isupper() and field.description.endswith(".")
        ), name


def test_precedence_command_line_environment_file_defaults(
    tmp_path: Path,
) -> None:
    config = tmp_path / "a.toml"
    config.write_text("port = 1\nlan_port = 1\nremb = 100000\n")
    settings = load(
        {"port": "3", "lan_port": None}, {"MICROLIVE_PORT": "2", "MICROLIVE_LAN_PORT": "2"}, config
    )
    assert (settings.port, settings.lan_port, settings.remb, settings.video_bitrate) == (
        3,
        2,
        100_000,
        2_500_000,
    )


def test_the_file_that_is_read(tmp_path: Path) -> None:
    data, named, other = tmp_path / "data", tmp_path / "named.toml", tmp_path / "other.toml"
    data.mkdir()
    assert load({"data": str(data)}, {}).port == 8080
    (data / "microlive.toml").write_text("port = 1")
    named.write_text("port = 2")
    other.write_text(f"port = 3\ndata = '{data}'")
    assert load({"data": str(data)}, {}).port == 1
    assert load({}, {"MICROLIVE_DATA": str(data)}).port == 1
    assert load({}, {"MICROLIVE_DATA": str(data), "MICROLIVE_CONFIG": str(named)}).port == 2
    assert load({"data": str(data)}, {"MICROLIVE_CONFIG": str(named)}, other).port == 3


def test_xdg_data_home(tmp_path: Path) -> None:
    assert load({}, {"XDG_DATA_HOME": str(tmp_path)}).data == tmp_path / "microlive"
    assert (
        load({}, {"XDG_DATA_HOME": "relative"}).data == Settings().data
    )  # XDG Base Directory: a relative path is ignored
    (tmp_path / "microlive").mkdir()
    (tmp_path / "microlive" / "microlive.toml").write_text("port = 1")
    assert load({}, {"XDG_DATA_HOME": str(tmp_path)}).port == 1


def test_settings_read_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "MICROLIVE_PORT", "1")
    assert Settings().port == 8080


def test_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().port = 1  # type: ignore[misc]


def test_lists_as_text_and_as_toml(tmp_path: Path) -> None:
    environ = {
        "MICROLIVE_TRUSTED_PROXIES": "127.0.0.1, 10.1.2.3/8,2001:db8::/32,",
        "MICROLIVE_UDP_HOSTS": '["192.0.2.1", "[2001:DB8::1]"]',
        "MICROLIVE_ICE_SERVERS": "stun:stun.example.org:3478,stuns:stun.example.org",
        "MICROLIVE_CORS_ORIGINS": "https://a.example/, http://b.example:8080",
        "MICROLIVE_ANNOUNCE": "",
    }
    settings = load({}, environ)
    assert settings.trusted_proxies == tuple(
        map(ipaddress.ip_network, ("127.0.0.1", "10.0.0.0/8", "2001:db8::/32"))
    )
    assert settings.udp_hosts == ("192.0.2.1", "2001:db8::1")
    assert [server.urls for server in settings.ice_servers] == [
        ("stun:stun.example.org:3478",),
        ("stuns:stun.example.org",),
    ]
    assert settings.cors_origins == ("https://a.example", "http://b.example:8080")
    assert settings.announce == ()
    config = tmp_path / "a.toml"
    config.write_text(
        'trusted_proxies = ["127.0.0.1"]\n[[ice_servers]]\nurls = '
        '"turn:a.example"\nusername = "u"\ncredential = "c"\n'
    )
    settings = load({}, {}, config)
    assert settings.trusted_proxies == (ipaddress.ip_network("127.0.0.1"),)
    assert [server.for_browser() for server in settings.ice_servers] == [
        {"urls": ["turn:a.example"], "username": "u", "credential": "c"}
    ]


def test_an_ice_server_without_credentials_has_none() -> None:
    assert IceServer(urls=("stun:a.example",)).for_browser() == {"urls": ["stun:a.example"]}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("https://live.example.org", "https://live.example.org"),
        ("http://a:8080/", "http://a:8080"),
        ("https://[::1]", "https://[::1]"),
    ],
)
def test_public_url(text: str, value: str) -> None:
    assert load({"public_url": text}, {}).public_url == value


def test_hosts_have_one_form() -> None:
    """The form is that of a Host header: lower case, ASCII, no final dot, and addresses in their
    shortest form.
    """
    text = "Live.Example.org., *.b.example, münchen.example, [2001:DB8:0::1], 192.0.2.1"
    assert load({"hosts": text}, {}).hosts == (
        "live.example.org",
        "*.b.example",
        "xn--mnchen-3ya.example",
        "2001:db8::1",
        "192.0.2.1",
    )


@pytest.mark.parametrize(
    ("host", "on_loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.0.2.1", False),
        ("live.example.org", False),
    ],
)
def test_on_loopback(host: str, on_loopback: bool) -> None:
    assert load({"host": host}, {}).on_loopback is on_loopback


def test_the_place_of_media() -> None:
    given = {"media": "s3://my-bucket/live/", "media_endpoint": "http://127.0.0.1:9000"}
    loaded = load(given, {})
    assert loaded.media == "s3://my-bucket/live"
    assert loaded.media_endpoint == "http://127.0.0.1:9000"


def test_sizes_with_their_unit() -> None:
    assert load({"window_bytes": "16MiB"}, {}).window_bytes == 16 << 20


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("port", "abc", "valid integer"),
        ("port", "65536", "less than or equal to 65535, not '65536'"),
        ("lan_port", "-1", "greater than or equal to 0"),
        ("udp_port", "70000", "less than or equal to 65535"),
        ("host", "", "not a host name or an address"),
        ("host", "a b", "not a host name or an address"),
        ("lan", "perhaps", "valid boolean"),
        ("public_url", "live.example.org", "is not an http:// or https:// URL"),
        ("public_url", "ftp://a", "is not an http:// or https:// URL"),
        ("public_url", "https://a:b", "is not an http:// or https:// URL"),
        ("public_url", "https://[", "is not an http:// or https:// URL"),
        ("public_url", "https://a/live", "must end after the host and port"),
        ("public_url", "https://u:p@a", "must end after the host and port"),
        (
            "trusted_proxies",
            "127.0.0.1,proxy",
            "'proxy' does not appear to be an IPv4 or IPv6 network",
        ),
        ("trusted_proxies", "[1", "not a JSON list"),
        ("hosts", "a.example:8080", "is not a host name or an address (a port is not allowed)"),
        ("hosts", "https://a.example", "is not a host name or an address (a port is not allowed)"),
        ("hosts", "a..example", "is not a host name or an address (a port is not allowed)"),
        ("hosts", "*", "is not a host name or an address (a port is not allowed)"),
        ("embed_origins", "https://a/b", "must end after the host and port"),
        ("udp_hosts", "localhost", "does not appear to be an IPv4 or IPv6 address"),
        ("announce", "1.2.3.4.5", "does not appear to be an IPv4 or IPv6 address"),
        ("ice_servers", "http://a", "is not a stun:, stuns:, turn: or turns: URL"),
        ("ice_servers", "turn:a", "needs username and credential"),
        ("ice_servers", '[{"urls": []}]', "at least 1 item"),
        (
            "ice_servers",
            '[{"urls": "stun:a", "password": "x"}]',
            "password: there is no such setting",
        ),
        ("turn_urls", "stun:a", "is not a turn: or turns: URL"),
        ("turn_secret", "hush", "go together"),
        ("database", "mysql://u:p@h/d", "must be a URL such as postgresql://"),
        ("database", "postgresql://u:p@h", "must be a URL such as postgresql://"),
        ("database", "postgresql://u:p@h:port/d", "must be a URL such as postgresql://"),
        ("nats", "http://h:4222", "must be a URL such as nats://"),
        ("nats", "nats://:4222", "must be a URL such as nats://"),
        ("nats", "nats://h:port", "must be a URL such as nats://"),
        ("node_name", "Node", "is not 1 to 40 letters a-z, digits and hyphens"),
        ("node_name", "a" * 41, "is not 1 to 40 letters a-z, digits and hyphens"),
        ("node_name", "one", "needs nats"),
        ("node_url", "https://one.example.org", "needs nats"),
        ("media", "bucket", "is not s3://BUCKET"),
        ("media", "s3://", "is not s3://BUCKET"),
        ("media", "s3://Bucket", "is not s3://BUCKET"),
        ("media", "s3://bucket/a b", "is not s3://BUCKET"),
        ("media", "s3://bucket/../other", "is not s3://BUCKET"),
        ("media", "s3://bucket?x=1", "is not s3://BUCKET"),
        ("media_endpoint", "https://s3.example.org", "needs media"),
        ("media_region", "eu-central-1", "needs media"),
        ("max_media", "1000", "greater than or equal to 1048576"),
        ("keep_replays", "ever", "'yes', 'day' or 'no'"),
        ("clips_per_person", "0", "greater than or equal to 1"),
        ("turn_lifetime", "5", "greater than or equal to 60"),
        ("create", "nobody", "'anyone' or 'token'"),
        ("create_token", "with space", "letters, digits"),
        ("create_token", "", "letters, digits"),
        ("create_token", "fifteen-letters", "fewer than 16 characters"),
        ("metrics_token", "fifteen-letters", "fewer than 16 characters"),
        ("admin_token", "fifteen-letters", "fewer than 16 characters"),
        ("create_token_file", "/nowhere/token", "cannot read /nowhere/token"),
        ("max_connections", "1", "greater than or equal to 16"),
        ("cors_origins", "https://a/b", "must end after the host and port"),
        ("away_grace", "0", "greater than 0"),
        ("away_grace", "nan", "finite"),
        ("ended_ttl", "inf", "finite"),
        ("window_bytes", "64", "greater than or equal to 1048576"),
        ("remb", "1", "greater than or equal to 50000"),
        ("max_sockets_per_address", "0", "greater than or equal to 1"),
        ("log_format", "xml", "'text' or 'json'"),
        ("log_level", "loud", "'debug', 'info', 'warning' or 'error'"),
        (
            "tls_cert",
            "/nowhere/cert.pem",
            "cannot read /nowhere/cert.pem: No such file or directory",
        ),
        ("tls_key", "/", "cannot read /: Is a directory"),
    ],
)
def test_an_invalid_value_is_reported_with_its_source(
    tmp_path: Path, name: str, value: str, words: str
) -> None:
    [problem] = problems({name: value})
    assert problem.startswith(option_of(name)) and words in problem
    [problem] = problems({}, {variable_of(name): value})
    assert problem.startswith(variable_of(name)) and words in problem
    config = tmp_path / "a.toml"
    config.write_text(f"{name} = '{value}'")
    [problem] = problems(config=config)
    assert problem.startswith(f"{config}: {name}") and words in problem


def test_every_problem_is_reported_at_once() -> None:
    assert [
        problem.partition(":")[0]
        for problem in problems({"port": "x"}, {"MICROLIVE_LAN_PORT": "y", "MICROLIVE_PORT": "z"})
    ] == [
        "--port",
        "MICROLIVE_LAN_PORT",
    ]


def test_certificate_and_key_go_together(tmp_path: Path) -> None:
    certificate, key = map(str, self_signed(tmp_path, ["127.0.0.1"]))
    assert load({"tls_cert": certificate, "tls_key": key}, {}).tls_key == Path(key)
    assert problems({"tls_cert": certificate}) == [
        "tls_key: tls_cert and tls_key go together: set both or neither"
    ]
    assert problems({"tls_key": key}) == [
        "--tls-key: tls_cert and tls_key go together: set both or neither"
    ]
    assert (
        "not an unencrypted PEM key for" in problems({"tls_cert": key, "tls_key": certificate})[0]
    )


def test_a_key_that_is_encrypted_or_of_another_certificate(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path, ["127.0.0.1"])
    private = serialization.load_pem_private_key(key.read_bytes(), None)
    encrypted, other = tmp_path / "encrypted.pem", tmp_path / "other.pem"
    encrypted.write_bytes(
        private.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"password")
        )
    )
    other.write_bytes(
        ec.generate_private_key(ec.SECP256R1()).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
    )
    for path in (encrypted, other):
        [problem] = problems({"tls_cert": str(certificate)}, {"MICROLIVE_TLS_KEY": str(path)})
        assert problem.startswith(
            f"MICROLIVE_TLS_KEY: {path} is not an unencrypted PEM key for {certificate}"
        )


def test_create_token_needs_a_token() -> None:
    assert problems({"create": "token"}) == [
        "create_token: required if `create` is `token`: set --create-token-file or "
        "MICROLIVE_CREATE_TOKEN"
    ]
    settings = load({"create": "token"}, {"MICROLIVE_CREATE_TOKEN": TOKEN})
    assert settings.create_token is not None and settings.create_token.get_secret_value() == TOKEN


def test_the_create_token_may_be_in_a_file(tmp_path: Path) -> None:
    """The token is read without its line end. A file and a token together are refused. So is a bad
    token in a file; the message does not contain it.
    """
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\n")
    settings = load({"create": "token", "create_token_file": str(path)}, {})
    assert settings.create_token is not None and settings.create_token.get_secret_value() == TOKEN
    [problem] = problems({"create_token_file": str(path)}, {"MICROLIVE_CREATE_TOKEN": TOKEN})
    assert "set one of them" in problem and TOKEN not in problem
    path.write_text("hush")
    [problem] = problems({"create_token_file": str(path)})
    assert "fewer than 16 characters" in problem and "hush" not in problem


def test_unknown_names_in_a_file_are_refused_by_name(tmp_path: Path) -> None:
    config = tmp_path / "a.toml"
    config.write_text("prot = 8080\n[server]\nport = 1")
    assert problems(config=config) == [
        f"{config}: prot: there is no such setting",
        f"{config}: server: there is no such setting",
    ]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert problems(config=tmp_path / "missing.toml") == [
        f"{tmp_path}/missing.toml: No such file or directory"
    ]
    (tmp_path / "microlive.toml").write_text("port = ")
    assert problems({"data": str(tmp_path)})[0].startswith(
        f"{tmp_path}/microlive.toml: not a TOML file: "
    )
    (tmp_path / "microlive.toml").write_bytes(b"\xff")
    assert problems({"data": str(tmp_path)})[0].startswith(
        f"{tmp_path}/microlive.toml: not a TOML file: "
    )
    (tmp_path / "microlive.toml").write_text("data = '/elsewhere'")
    assert problems({"data": str(tmp_path)}) == [
        (
            f"{tmp_path}/microlive.toml: data: cannot be set in a file that was found through "
            "the data directory"
        )
    ]


@pytest.mark.parametrize(
    "environ",
    [
        {"MICROLIVE_CREATE_TOKEN": "hush hush"},
        {
            "MICROLIVE_ICE_SERVERS": '[{"urls": "turn:a", "username": "u", '
            '"credential": "hush", "extra": "hush"}]'
        },
        {"MICROLIVE_ICE_SERVERS": '[{"urls": "turn:a", "username": "u", "credential": "hush"'},
        {"MICROLIVE_ICE_SERVERS": '["hush'},
        {"MICROLIVE_DATABASE": "mysql://u:hush@h/d"},
    ],
)
def test_no_problem_contains_a_secret(environ: dict[str, str]) -> None:
    assert "hush" not in "\n".join(problems({}, environ))


def test_printed_settings_contain_no_secret() -> None:
    settings = load(
        {
            "create_token": "hush-hush-hush-hush",
            "database": "postgresql://u:hush@h/d",
            "turn_urls": "turn:a",
            "turn_secret": "hush",
            "ice_servers": '[{"urls": "turn:a", "username": "u", "credential": "hush"}]',
        },
        {},
    )
    assert (
        "hush"
        not in f"{settings} {settings!r} {settings.model_dump()} {settings.model_dump_json()}"
    )
    assert SECRETS <= set(Settings.model_fields)


@given(
    st.dictionaries(
        st.sampled_from(sorted(Settings.model_fields)),
        st.text(max_size=20).filter(lambda text: "\0" not in text),
    )
)
def test_any_text_gives_settings_or_one_line_for_each_problem(arguments: dict[str, str]) -> None:
    try:
        load(arguments, {"HOME": "/nowhere"})
    except SettingsError as error:
        assert error.problems and all(len(problem.splitlines()) == 1 for problem in error.problems)


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("turn_secret = 's'\nturn_urls = ['turn:a']", "turn_secret"),
        (f"create_token = '{TOKEN}'", "create_token"),
        ("database = 'postgresql://u:hush@h/d'", "database"),
        ("ice_servers = [{urls = 'turn:a', username = 'u', credential = 'c'}]", "ice_servers"),
    ],
)
def test_secrets_in_a_file_that_all_users_can_read(tmp_path: Path, text: str, secret: str) -> None:
    """The problem says what to do, without the secret. A group may read the file."""
    config = tmp_path / "a.toml"
    config.write_text(text)
    config.chmod(0o644)
    assert problems(config=config) == [
        f"{config}: contains {secret}, and every user of this machine can read it: "
        f"chmod 600 {config}"
    ]
    for mode in (0o600, 0o640):
        config.chmod(mode)
        load({}, {}, config)


def test_a_file_without_secrets_may_be_readable(tmp_path: Path) -> None:
    config = tmp_path / "a.toml"
    config.write_text("port = 1\nice_servers = ['stun:a.example']")
    config.chmod(0o644)
    assert load({}, {}, config).port == 1


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:p@db.example.org/live",
        "postgres://u@127.0.0.1:6432/live",
        "postgresql+psycopg://u@h/live?sslmode=require",
        "postgresql:///live",
    ],
)
def test_urls_of_postgresql(url: str) -> None:
    assert load({"database": url}, {}).database_url == url
    assert load({}, {}).database_url is None
