"""Defines every setting: name, type, default, unit and description. The command-line options are
derived from these definitions.

The command line takes precedence over environment variables (`MICROLIVE_` and the name in
capitals), environment variables over a TOML file, and the file over the defaults.
server/setting_sources.py combines these sources; `Settings(...)` reads only its arguments.
"""

import ipaddress
import re
import ssl
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ByteSize,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
)

from server.setting_types import (
    Addresses,
    BitRate,
    Bucket,
    File,
    Host,
    HostNames,
    IceServers,
    Limit,
    Networks,
    NodeName,
    Origins,
    Port,
    Processes,
    Seconds,
    TurnUrls,
    Url,
    expanded,
    is_nats_url,
    is_postgresql_url,
)

ENVIRONMENT_PREFIX = "MICROLIVE_"
FILE_NAME = "microlive.toml"
ADMIN_SOCKET_NAME = "admin.sock"
"""Name of the Unix socket in the data directory that serves the admin API."""
ADMIN_SOCKETS = "admin.*.sock"
"""The same for a server with several processes: the asterisk stands for the number."""
TOKEN_LENGTH = 16
"""Minimum length of a token that an operator chooses, characters."""


def admin_socket_name(process: int | None) -> str:
    """Returns the name of the admin socket of a process; None: the server has one process."""
    return ADMIN_SOCKET_NAME if process is None else ADMIN_SOCKETS.replace("*", str(process))


class SettingsError(Exception):
    """Invalid settings. `problems` has one line for each problem; the line starts with the source
    of the value.
    """

    def __init__(self, problems: list[str]) -> None:
        # A problem may quote a value, so line breaks and terminal control sequences are escaped.
        problems = [
            "".join(c if c.isprintable() else ascii(c)[1:-1] for c in problem)
            for problem in problems
        ]
        super().__init__("\n".join(problems))
        self.problems = problems


class Settings(BaseModel):
    """The configuration of a server. Raises pydantic's ValidationError if a value is invalid;
    `load()` raises a SettingsError instead.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    host: Host = Field(
        "127.0.0.1", description="Address or host name to listen on; 0.0.0.0 or :: for all."
    )
    port: Port = Field(8080, description="TCP port to listen on; 0 picks a free one.")
    lan: bool = Field(
        False,
        description=(
            "Also listen with HTTPS on this machine's private addresses, for phones on the same "
            "Wi-Fi; prints a QR code."
        ),
    )
    lan_port: Port = Field(8443, description="TCP port of --lan; 0 picks a free one.")
    data: Path = Field(
        Path("~/.local/share/microlive"),
        description=(
            f"Directory for the database and certificates; created if missing. Its {FILE_NAME} is "
            "read unless --config names another file."
        ),
    )
    database: SecretStr | None = Field(
        None,
        description=(
            "PostgreSQL database, such as postgresql://USER:PASSWORD@HOST/NAME; PgBouncer in "
            f"transaction mode may stand before it. Prefer {ENVIRONMENT_PREFIX}DATABASE: other "
            "users can see command lines. Default: SQLite in the data directory."
        ),
    )
    nats: SecretStr | None = Field(
        None,
        description=(
            "NATS server through which the servers of one database become one, such as "
            "nats://USER:PASSWORD@HOST:4222; needs nats-server 2.11 or later with JetStream. "
            f"Prefer {ENVIRONMENT_PREFIX}NATS: other users can see command lines."
        ),
    )
    node_name: NodeName | None = Field(
        None,
        description=(
            "Name of this server among those of --nats; it stays the same when the server is "
            "started again. Default: the name of the machine."
        ),
    )
    node_url: Url | None = Field(
        None,
        description=(
            "URL at which viewers reach this server of --nats itself. Default: only the balancer "
            "before all servers reaches it."
        ),
    )
    demo: bool = Field(
        False, description="Start a synthetic publisher, so that there is something to watch."
    )
    dev: bool = Field(
        False,
        description=(
            "Serve the page's source files unbundled, read again at every request: for work on "
            "the page."
        ),
    )
    tls_cert: File | None = Field(
        None, description="PEM file of the certificate chain; enables HTTPS on --host and --port."
    )
    tls_key: File | None = Field(None, description="PEM file of the private key for --tls-cert.")
    public_url: Url | None = Field(
        None,
        description=(
            "URL at which browsers reach this server, such as https://live.example.org. Default: "
            "taken from each request."
        ),
    )
    hosts: HostNames = Field(
        (),
        description=(
            "Further host names at which browsers reach this server, without ports; *.example.org "
            "matches every name with one more label. Requests for unknown hosts get 421. Known "
            "without an entry: localhost, this machine's addresses, and the names in --public-url "
            "and --tls-cert."
        ),
    )
    trusted_proxies: Networks = Field(
        (),
        description=(
            "Addresses or networks (CIDR) of reverse proxies whose (X-)Forwarded headers are "
            "trusted."
        ),
    )
    push: bool = Field(
        True,
        description=(
            "Send Web Push to the browsers of followers when a creator goes live. The server then "
            "connects to the push services of these browsers."
        ),
    )
    push_contact: str | None = Field(
        None,
        description=(
            "URL at which push services can reach the operator, such as mailto:ops@example.org. "
            "Default: --public-url, if it is an https:// URL."
        ),
    )
    create: Literal["anyone", "token"] = Field(
        "anyone", description="Who may create rooms: anyone, or only with the --create-token."
    )
    create_token_file: File | None = Field(
        None, description="File with the --create-token: one line. Only the server may read it."
    )
    create_token: SecretStr | None = Field(
        None,
        description=(
            "Secret of 16 characters or more, required to create rooms with --create=token. Prefer "
            f"--create-token-file or {ENVIRONMENT_PREFIX}CREATE_TOKEN: other users can see command "
            "lines."
        ),
    )
    metrics_token: SecretStr | None = Field(
        None,
        description=(
            "Bearer token of 16 characters or more, required to read /metrics. Prefer "
            f"{ENVIRONMENT_PREFIX}METRICS_TOKEN. Default: /metrics answers programs on this "
            "machine only."
        ),
    )
    admin_token: SecretStr | None = Field(
        None,
        description=(
            "Secret for /api/admin, at least 16 characters. Without a token, only the socket in "
            f"the data directory admits the operator. Prefer {ENVIRONMENT_PREFIX}ADMIN_TOKEN: "
            "other users can see command lines."
        ),
    )
    cors_origins: Origins = Field(
        (),
        description=(
            "Origins of other sites whose pages may use the API, WHIP, WHEP, HLS and WebSockets; * "
            "allows all. Default: none on loopback and with --lan, unless --public-url is set; "
            "otherwise all."
        ),
    )
    embed_origins: Origins = Field(
        (),
        description=(
            "Origins whose pages may show pages below /embed/ in a frame; * allows all. Default: "
            "all."
        ),
    )
    robots: Literal["allow", "deny"] = Field(
        "allow",
        description=(
            "Whether robots of search engines may read the public pages: allow or deny. With deny, "
            "/robots.txt keeps all robots out, and there is no sitemap."
        ),
    )
    udp_port: Port | None = Field(
        None,
        description=(
            "UDP port for all WebRTC media; 0 picks a free one. Default: the same number as the "
            "TCP port."
        ),
    )
    udp_hosts: Addresses = Field(
        (),
        description=(
            "Addresses that receive WebRTC media. Default: the addresses that can reach the TCP "
            "port: loopback, private addresses with --lan, all addresses with --public-url or a "
            "--host beyond loopback."
        ),
    )
    announce: Addresses = Field(
        (),
        description=(
            "Addresses sent to browsers instead of the ones that receive media, for a server "
            "behind 1:1 NAT."
        ),
    )
    ice_servers: IceServers = Field(
        (),
        description=(
            "STUN and TURN servers sent to browsers: URLs, or a JSON list of objects with urls, "
            "username and credential. None are needed by default."
        ),
    )
    turn_urls: TurnUrls = Field(
        (),
        description=(
            "TURN servers sent to browsers with individual credentials made from the "
            "--turn-secret: turn:HOST:PORT?transport=udp, or turns:."
        ),
    )
    turn_secret: SecretStr | None = Field(
        None,
        description=(
            "The static-auth-secret of coturn (use-auth-secret). Prefer "
            f"{ENVIRONMENT_PREFIX}TURN_SECRET: other users can see command lines."
        ),
    )
    turn_lifetime: Annotated[int, Field(ge=60, le=7 * 86400)] = Field(
        6 * 3600,
        description=(
            "Seconds that the TURN credentials of a browser are valid for new connections."
        ),
    )
    away_grace: Seconds = Field(
        60, description="Seconds that a room waits for its publisher to return before it ends."
    )
    idle_ttl: Seconds = Field(
        600,
        description=(
            "Seconds after which a room that was never live ends. While there are over 5,000 "
            "rooms, 60 at most."
        ),
    )
    max_length: Annotated[float, Field(ge=60)] | None = Field(
        None,
        description=(
            "Maximum length of a live, seconds, also for creators who choose no length. Default: "
            "no maximum."
        ),
    )
    ended_ttl: Seconds = Field(
        30 * 86400,
        description=(
            "Seconds after which an ended room is removed from the database, with all that belongs "
            "to it."
        ),
    )
    message_ttl: Seconds = Field(
        30 * 86400, description="Seconds after the end of a live for which its messages are kept."
    )
    reaction_ttl: Seconds = Field(
        30 * 86400, description="Seconds after the end of a live for which its reactions are kept."
    )
    poll_ttl: Seconds = Field(
        30 * 86400, description="Seconds after the end of a live for which its polls are kept."
    )
    log_ttl: Seconds = Field(
        30 * 86400,
        description="Seconds after the end of a live for which the log of its moderators is kept.",
    )
    report_ttl: Seconds = Field(
        180 * 86400, description="Seconds for which the report of a viewer is kept."
    )
    device_ttl: Seconds = Field(
        400 * 86400,
        description=(
            "Seconds after its last visit for which a device of a person is kept. The cookie of a "
            "visitor is valid for 400 days."
        ),
    )
    media: Bucket | None = Field(
        None,
        description=(
            "Bucket of an S3-compatible store for recordings and clips, s3://BUCKET/PREFIX; the "
            "credentials are those of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or of the "
            "machine. Default: files in the data directory."
        ),
    )
    media_endpoint: Url | None = Field(
        None,
        description=(
            "URL of the S3-compatible server of --media, which browsers must reach too. Default: "
            "that of AWS."
        ),
    )
    media_region: str | None = Field(
        None, description="Region of the bucket of --media. Default: us-east-1."
    )
    max_media: Annotated[ByteSize, Field(ge=1 << 20)] = Field(
        ByteSize(20 << 30),
        description=(
            "Bytes of recordings and clips that all servers of the database may keep, such as "
            "20GiB. Above this size, the oldest are deleted first."
        ),
    )
    keep_replays: Literal["yes", "day", "no"] = Field(
        "day",
        description=(
            "Whether the replay of a live is kept if its creator does not choose: yes, for a day, "
            "or no."
        ),
    )
    max_replay_age: Seconds = Field(
        30 * 86400,
        description=(
            "Maximum seconds for which a replay is kept after the end of its live. The room itself "
            "is kept for --ended-ttl."
        ),
    )
    max_replay_length: Seconds = Field(
        4 * 3600,
        description="Maximum seconds of a live that are recorded. The live itself goes on.",
    )
    keep_clips: Seconds = Field(30 * 86400, description="Seconds for which a clip is kept.")
    clips_per_person: Limit = Field(
        10, description="Clips that one person may make in ten minutes."
    )
    clips_per_live: Limit = Field(200, description="Maximum number of clips of one live.")
    deletion_delay: Seconds = Field(
        7 * 86400,
        description=(
            "Seconds between a person's request for deletion and the deletion. Until then the "
            "person can undo the request."
        ),
    )
    memory: Annotated[ByteSize, Field(ge=64 << 20)] | None = Field(
        None,
        description=(
            "Bytes of memory that the server and its decoding processes may use, such as 512MiB. "
            "Near this limit, less media is kept for each live stream; at the limit, new "
            "publishers are refused. Default: 60 % of the memory of the machine or control group."
        ),
    )
    window_seconds: Seconds = Field(
        90, description="Seconds of media kept in memory for each live stream."
    )
    window_bytes: Annotated[ByteSize, Field(ge=1 << 20)] = Field(
        ByteSize(64 << 20),
        description="Bytes of media kept in memory for each live stream, at most, such as 64MiB.",
    )
    video_bitrate: BitRate = Field(
        2_500_000, description="Maximum video bitrate requested from publishers, bit/s."
    )
    transcoders: Annotated[int, Field(ge=0)] | None = Field(
        None,
        description=(
            "Maximum number of publishers whose video is transcoded (VP8, or B-frames) at the "
            "same time; 0 refuses them. Default: the number of CPU cores."
        ),
    )
    remb: BitRate = Field(
        4_000_000,
        description=(
            "Maximum bitrate of all media of a publisher, bit/s; sent to publishers as REMB."
        ),
    )
    max_bitrate: BitRate | None = Field(
        None,
        description=(
            "Bitrate of all media of a publisher, bit/s, above which the session ends after 3 s. "
            "Default: twice --remb."
        ),
    )
    max_rooms_per_address_hour: Limit = Field(
        60, description="Rooms that one address may create per hour."
    )
    max_people_per_address_hour: Limit = Field(
        500,
        description=(
            "New people whom one address may bring per hour. A visitor counts with the first "
            "message, vote or other thing that is stored."
        ),
    )
    max_person_requests_per_address_minute: Limit = Field(
        600,
        description=(
            "Requests about people, names and follows that one address may make per minute."
        ),
    )
    max_feed_requests_per_address_minute: Limit = Field(
        2_400,
        description=(
            "Requests about the feed that one address may make per minute. A person who swipes "
            "once a second makes about 70."
        ),
    )
    max_code_tries_per_address_hour: Limit = Field(
        60,
        description="Transfer codes and recovery codes that one address may try per hour.",
    )
    max_connections: Annotated[int, Field(ge=16)] = Field(
        20_000,
        description=(
            "TCP connections that all addresses together may have at the same time; at most half "
            "the number of file descriptors."
        ),
    )
    max_requests_per_address_second: Limit = Field(
        50,
        description=(
            "Requests that one address may make per second. Each of its TCP connections adds 5; "
            "each WebSocket, WHEP session or HLS request adds 10. Five times as many may come at "
            "once."
        ),
    )
    max_sockets_per_address: Limit = Field(
        1000,
        description=(
            "WebSockets, WHEP sessions and HLS requests, each, that one address may have at the "
            "same time; it may have four times as many TCP connections."
        ),
    )
    max_connecting_whep: Limit = Field(
        2_000, description="WHEP sessions that may be connecting at the same time."
    )
    max_connecting_whep_per_address: Limit = Field(
        30, description="WHEP sessions of one address that may be connecting at the same time."
    )
    max_whip_per_address_minute: Limit = Field(
        60, description="Attempts to publish that one address may make per minute."
    )
    max_whep_per_address_minute: Limit = Field(
        600, description="Attempts to play over WebRTC that one address may make per minute."
    )
    max_transcoders_per_address: Limit = Field(
        1,
        description=(
            "Rooms that are transcoded at the same time, at most, for publishers with one address."
        ),
    )
    max_messages_per_room_second: Limit = Field(
        50,
        description=(
            "Chat messages that a room takes per second; those of its creator and of moderators "
            "do not count. Above this rate, each person gets a fair share."
        ),
    )
    max_lookups_per_address_minute: Limit = Field(
        1_200,
        description=(
            "Requests for rooms that have ended or do not exist that one address may make per "
            "minute. Each of these requests reads storage."
        ),
    )
    max_admin_per_address_minute: Limit = Field(
        120, description="Requests to /api/admin that one address may make per minute."
    )
    max_load: Annotated[float, Field(gt=0, le=1)] = Field(
        0.8,
        description=(
            "Share of one core's time above which new creators are refused; new viewers are "
            "refused a little later. With 1, no creator and no viewer is refused."
        ),
    )
    max_loop_share: Annotated[float, Field(gt=0, le=1)] = Field(
        0.2,
        description=(
            "Share of the server's time that one session or address may use for 2 s while others "
            "wait, in addition to the cost of an honest client. A session above this share is "
            "slowed, then ended."
        ),
    )
    drain: Annotated[float, Field(ge=0, le=86_400)] | None = Field(
        None,
        description=(
            "Maximum seconds for which the server drains after SIGTERM. Default: 30 if another "
            "server takes the lives; otherwise 0."
        ),
    )
    processes: Processes = Field(
        1,
        description=(
            "Number of processes that serve together, each on a core; auto is the number of cores. "
            "Each needs a UDP port: --udp-port and the numbers that follow it."
        ),
    )
    allow_root: bool = Field(
        False,
        description=(
            "Run as root also with a port below 1024, and without a warning; for containers."
        ),
    )
    event_loop: Literal["uvloop", "asyncio"] = Field(
        "uvloop", description="Event loop of the server; asyncio is Python's own."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Lowest level of messages that are logged to standard error."
    )
    log_format: Literal["text", "json"] = Field(
        "text",
        description="Format of the log on standard error: text, or one JSON object a line.",
    )

    @property
    def on_loopback(self) -> bool:
        """Whether --host is a loopback address. --lan may add other addresses."""
        try:
            return self.host == "localhost" or ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def contact(self) -> str:
        """The URL at which push services can reach the operator; may be empty."""
        if self.push_contact is not None:
            return self.push_contact
        url = self.public_url or ""
        return url if url.startswith("https://") else ""

    @property
    def database_url(self) -> str | None:
        return None if self.database is None else self.database.get_secret_value()

    @field_validator("data")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return expanded(value).absolute()

    @field_validator("push_contact")
    @classmethod
    def _is_contact(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"(mailto:[^\s@]+@|https://)[!-~]+", value):
            raise ValueError("must be a mailto: or https:// URL (RFC 8292 §2.1)")
        return value

    @field_validator("database")
    @classmethod
    def _is_postgresql(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not is_postgresql_url(value.get_secret_value()):
            raise ValueError("must be a URL such as postgresql://USER:PASSWORD@HOST/NAME")
        return value

    @field_validator("nats")
    @classmethod
    def _is_nats(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not is_nats_url(value.get_secret_value()):
            raise ValueError("must be a URL such as nats://USER:PASSWORD@HOST:4222")
        return value

    @field_validator("node_name", "node_url")
    @classmethod
    def _goes_with_nats(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and "nats" in info.data and info.data["nats"] is None:
            raise ValueError("needs nats: set --nats to the URL of a NATS server too")
        return value

    @field_validator("media_endpoint", "media_region")
    @classmethod
    def _goes_with_media(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and "media" in info.data and info.data["media"] is None:
            raise ValueError("needs media: set --media to s3://BUCKET/PREFIX too")
        return value

    @field_validator("tls_key")
    @classmethod
    def _goes_with_tls_cert(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if "tls_cert" in info.data and (value is None) != (info.data["tls_cert"] is None):
            raise ValueError("tls_cert and tls_key go together: set both or neither")
        if value is not None and info.data.get("tls_cert") is not None:
            try:
                # Without a password argument, OpenSSL would prompt for the password of an encrypted
                # key. With an empty password, OpenSSL raises an error instead.
                ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
                    info.data["tls_cert"], value, password=""
                )
            except ssl.SSLError as error:
                raise ValueError(
                    f"{value} is not an unencrypted PEM key for "
                    f"{info.data['tls_cert']} ({error.reason or error})"
                ) from None
        return value

    @field_validator("turn_secret")
    @classmethod
    def _goes_with_turn_urls(
        cls, value: SecretStr | None, info: ValidationInfo
    ) -> SecretStr | None:
        if "turn_urls" in info.data and bool(value and value.get_secret_value()) != bool(
            info.data["turn_urls"]
        ):
            raise ValueError("turn_urls and turn_secret go together: set both or neither")
        return value

    @field_validator("create_token")
    @classmethod
    def _from_file(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        path: Path | None = info.data.get("create_token_file")
        if value is not None and path is not None:
            raise ValueError("create_token and create_token_file are both set: set one of them")
        if path is not None:
            value = SecretStr(path.read_text(encoding="utf-8", errors="replace").strip())
        if value is None and info.data.get("create") == "token":
            raise ValueError(
                "required if `create` is `token`: set --create-token-file or "
                f"{ENVIRONMENT_PREFIX}CREATE_TOKEN"
            )
        return value

    @field_validator("admin_token", "create_token", "metrics_token")
    @classmethod
    def _bearer_token(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return value
        if not re.fullmatch(
            r"[A-Za-z0-9._~+/-]+=*", value.get_secret_value()
        ):  # RFC 6750 §2.1, b64token
            raise ValueError(
                "may contain only letters, digits and -._~+/, as in an Authorization header"
            )
        if len(value.get_secret_value()) < TOKEN_LENGTH:
            raise ValueError(
                f"has fewer than {TOKEN_LENGTH} characters and can be guessed: use the output of "
                "`openssl rand -hex 16`"
            )
        return value
