"""How to start each server, and the addresses of its lives. Pure.

The benchmark runs in a network namespace of its own. So the ports are always free, and no server
can be reached from another machine, even if it listens at all addresses.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from scripts.benchmarks.peers import livekit_token

HOST = "127.0.0.1"
MANY = 100_000
"""Value of the limits for each address. All creators and viewers have the same address."""


@dataclass(frozen=True, slots=True)
class Launch:
    """A command that starts a server."""

    words: tuple[str, ...]
    port: int
    """TCP port at which the server accepts HTTP requests."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Files to write into the working directory before, by name."""
    environ: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Live:
    """Where to publish and watch one live. Each target is a URL, followed by a comma and a bearer
    token if the server needs one.
    """

    publish: str
    watch: tuple[str, ...]
    """One target for all viewers, or one for each."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that the benchmark can start."""

    title: str
    launch: Callable[[str, str], Launch]
    """Called with the path of the program and the path of an empty working directory."""
    version: tuple[str, ...]
    """Arguments that make the program print its version; empty if it has none."""
    live: Callable[[int, int, float], Live] | None = None
    """Called with the number of the live, the number of its viewers and the Unix time. None if a
    live must be created by a request.
    """


def _microlive(program: str, folder: str) -> Launch:
    limits = (
        *("whip-per-address-minute", "whep-per-address-minute"),
        *("sockets-per-address", "rooms-per-address-hour"),
    )
    words = ("serve", f"--host={HOST}", "--port=8080", f"--udp-hosts={HOST}", f"--data={folder}")
    # With --max-load=1, the server takes more than its usual share of the core.
    options = (
        "--max-load=1",
        "--log-level=warning",
        *(f"--max-{limit}={MANY}" for limit in limits),
    )
    return Launch((program, *words, *options), 8080)


MEDIAMTX = f"""\
logLevel: warn
webrtcAddress: {HOST}:8889
webrtcLocalUDPAddress: {HOST}:8189
webrtcIPsFromInterfaces: no
webrtcAdditionalHosts: [{HOST}]
paths:
  all_others:
"""


def _mediamtx(program: str, folder: str) -> Launch:
    # Older and newer versions lack some of these protocols. An unknown name in a file is an error,
    # an unknown variable is not.
    others = ("RTSP", "RTMP", "HLS", "SRT", "MOQ")
    environ = {f"MTX_{protocol}": "no" for protocol in others}
    return Launch((program, f"{folder}/mediamtx.yml"), 8889, {"mediamtx.yml": MEDIAMTX}, environ)


def _mediamtx_live(number: int, _viewers: int, _now: float) -> Live:
    url = f"http://{HOST}:8889/live{number}"
    return Live(f"{url}/whip", (f"{url}/whep",))


LIVEKIT = f"""\
port: 7880
bind_addresses: [{HOST}]
keys:
  {livekit_token.KEY}: {livekit_token.SECRET}
rtc:
  node_ip: {HOST}
  udp_port: 7882
  enable_loopback_candidate: true
  interfaces:
    includes: [lo]
logging:
  level: error
"""


def _livekit(program: str, folder: str) -> Launch:
    return Launch((program, "--config", f"{folder}/livekit.yml"), 7880, {"livekit.yml": LIVEKIT})


def _livekit_live(number: int, viewers: int, now: float) -> Live:
    room = f"live{number}"
    tokens = (livekit_token.token(f"viewer{each}", room, now) for each in range(viewers))
    return Live(
        f"http://{HOST}:7880/whip/v1,{livekit_token.token('creator', room, now)}",
        tuple(f"ws://{HOST}:7880,{each}" for each in tokens),
    )


SRS = """\
listen 127.0.0.1:11935;
max_connections 2000;
daemon off;
srs_log_tank console;
srs_log_level error;
srs_log_level_v2 error;
pid FOLDER/srs.pid;
http_api { enabled on; listen 127.0.0.1:1985; }
rtc_server { enabled on; listen 8000; candidate 127.0.0.1; protocol udp; }
vhost __defaultVhost__ { rtc { enabled on; rtmp_to_rtc off; rtc_to_rtmp off; } }
"""


def _srs(program: str, folder: str) -> Launch:
    text = SRS.replace("FOLDER", folder)
    return Launch((program, "-c", f"{folder}/srs.conf"), 1985, {"srs.conf": text})


def _srs_live(number: int, _viewers: int, _now: float) -> Live:
    def url(protocol: str) -> str:
        return f"http://{HOST}:1985/rtc/v1/{protocol}/?app=live&stream=live{number}"

    return Live(url("whip"), (url("whep"),))


def _broadcast_box(program: str, folder: str) -> Launch:
    environ = {
        "HTTP_ADDRESS": f"{HOST}:8081",
        "NETWORK_TEST_ON_START": "false",
        "DISABLE_FRONTEND": "TRUE",
        "INCLUDE_LOOPBACK_CANDIDATE": "1",
        "INTERFACE_FILTER": "lo",
        "STREAM_PROFILE_PATH": folder,
        "LOGGING_LEVEL": "ERROR",
        "LOGGING_DIRECTORY": folder,
    }
    # Without this file, it looks for one beside the program.
    return Launch((program,), 8081, {".env.production": ""}, environ)


def _broadcast_box_live(number: int, _viewers: int, _now: float) -> Live:
    url, key = f"http://{HOST}:8081/api", f"live{number}"
    return Live(f"{url}/whip,{key}", (f"{url}/whep,{key}",))


MICROLIVE = Server("microlive", _microlive, ("--version",))
PEERS = {
    "mediamtx": Server("MediaMTX", _mediamtx, ("--version",), _mediamtx_live),
    "livekit": Server("LiveKit", _livekit, ("--version",), _livekit_live),
    "srs": Server("SRS", _srs, ("-v",), _srs_live),
    "broadcast-box": Server("Broadcast Box", _broadcast_box, (), _broadcast_box_live),
}
