"""Every command in README.md and server/OPERATIONS.md: it runs as written, or the table names the
test that proves it.
"""

import asyncio
import json
import os
import re
import ssl
import stat
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent

import pytest
from aiohttp import ClientSession
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from server.host.addresses import local_addresses
from server.host.lan import self_signed
from tests.fixtures.deadline import eventually
from tests.fixtures.requirements import require

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = ("README.md", "server/OPERATIONS.md")
BLOCK = re.compile(r"(?:(?<=\n\n)|(?<=\A))(?:(?: {4}| {6}).*\n)+", re.MULTILINE)
INLINE = re.compile(r"`((?:curl|\./scripts/\w+) [^`]+)`")
PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
"""PATH with the folder of `microlive`."""


@dataclass(frozen=True, slots=True)
class Serves:
    """The command starts a server. The test replaces some words by these, because the test's
    machine lacks the things that those words name.
    """

    instead: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proved:
    """The file and the name of a test that does the same as the block."""

    by: str


@dataclass(frozen=True, slots=True)
class Untried:
    """The document itself says that the command was not tried."""

    words: str


DEMO = "./scripts/run --demo"
LAN = "./scripts/run --lan"
SERVICE = """\
git clone URL /opt/microlive && /opt/microlive/scripts/venv compiled
cp /opt/microlive/server/microlive.service /etc/systemd/system/
install -m 600 /dev/null /etc/microlive.env    # MICROLIVE_HOST=0.0.0.0, MICROLIVE_PORT=443, …
systemctl enable --now microlive"""
INSTANCES = """\
cp /opt/microlive/server/microlive.service /etc/systemd/system/microlive@.service
systemctl enable --now microlive@a microlive@b"""
CERTIFICATE = """\
microlive serve --host 0.0.0.0 --port 443 --udp-port 8080 \\
    --tls-cert fullchain.pem --tls-key privkey.pem"""
PROXY = "./scripts/run --public-url https://live.example.org --trusted-proxies 127.0.0.1"
CADDY = """\
live.example.org {
    encode zstd gzip
    reverse_proxy 127.0.0.1:8080
}"""
TURN = """\
export MICROLIVE_TURN_SECRET=…
udp=turn:turn.example.org:3478?transport=udp
tls=turns:turn.example.org:5349?transport=tcp
./scripts/run --turn-urls "$udp,$tls\""""
TOKEN_FILE = """\
install -m 600 /dev/null create-token
openssl rand -hex 16 > create-token
./scripts/run --create token --create-token-file create-token"""
ADMIN = """\
microlive rooms                    # every room, with its creator's address
microlive end k3v9x2               # ends a room for good
microlive export k3v9x2 --to k3v9x2    # its videos, chat and hearts, into a folder
microlive block 203.0.113.7 --for 6h --reason spam
microlive blocks
microlive unblock 203.0.113.7/32"""
BANS = """
microlive reports                  # open reports, with --all also the decided ones
microlive decide REPORT dismissed --note "no rule is broken"
microlive ban @dark --reason spam  # or an id of `microlive people`; --for 7d
microlive bans
microlive unban @dark
""".strip()
PEOPLE = """\
microlive people                   # who was here last, with ids and handles
microlive people @dark
microlive rotate-cookie-key        # a new key for cookies; every person stays signed in
microlive rotate-cookie-key --retire    # after a leak: signs every person out"""
MEDIA = """\
export AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=…
./scripts/run --media s3://BUCKET/PREFIX --media-endpoint https://s3.example.org"""
CURL = "curl -X POST URL/api/rooms"
FFMPEG = """\
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \\
    -subj /CN=me -keyout key.pem -out cert.pem
ffmpeg -re -i FILE -c:v libx264 -tune zerolatency -profile:v baseline -g 30 -bf 0 \\
    -c:a libopus -ar 48000 -ac 2 \\
    -f whip -authorization KEY -cert_file cert.pem -key_file key.pem WHIP_URL"""
GSTREAMER = """\
gst-launch-1.0 \\
    videotestsrc is-live=true ! video/x-raw,width=1280,height=720,framerate=30/1 ! sink. \\
    audiotestsrc is-live=true ! sink. \\
    whipclientsink name=sink video-caps=video/x-h264 \\
        signaller::whip-endpoint=WHIP_URL signaller::auth-token=KEY"""

COMMANDS: dict[str, Serves | Proved | Untried] = {
    DEMO: Serves(),
    LAN: Serves(),
    "./scripts/test": Proved("tests/test_commands.py::test_every_command_has_an_entry"),
    SERVICE: Proved("tests/test_commands.py::test_the_service"),
    INSTANCES: Proved("tests/server/test_service.py::test_instances_have_their_own_data"),
    CERTIFICATE: Serves({"--port 443 --udp-port 8080": "--port 0 --udp-port 0"}),
    PROXY: Serves(),
    CADDY: Proved("tests/e2e/test_hls.py::test_behind_caddy_it_comes_by_http_2"),
    TURN: Serves({"turn.example.org": "127.0.0.1"}),
    MEDIA: Proved("tests/server/objects/test_objects.py::test_what_is_stored_is_read"),
    CURL: Proved("tests/test_commands.py::test_the_demo"),
    TOKEN_FILE: Proved("tests/server/test_settings.py::test_the_create_token_may_be_in_a_file"),
    ADMIN: Proved("tests/test_commands.py::test_the_demo"),
    PEOPLE: Proved(
        "tests/server/test_admin.py::test_an_operator_finds_people_and_replaces_the_key"
    ),
    BANS: Proved(
        "tests/server/test_admin.py::test_an_operator_bans_a_person_and_decides_on_a_report"
    ),
    FFMPEG: Proved("tests/e2e/test_ffmpeg.py::test_ffmpeg_publishes"),
    GSTREAMER: Untried("not tried: Debian 12 has no package of it"),
}


def commands() -> Iterator[str]:
    """The blocks and the inline commands of the documents."""
    for name in DOCUMENTS:
        text = (ROOT / name).read_text(encoding="utf-8")
        yield from (dedent(block).strip() for block in BLOCK.findall(text))
        yield from INLINE.findall(text)


def test_every_command_has_an_entry() -> None:
    assert set(commands()) == set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_proof_exists(command: str) -> None:
    match COMMANDS[command]:
        case Proved(by):
            path, name = by.split("::")
            assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8")
        case Untried(words):
            assert words in (ROOT / "server/OPERATIONS.md").read_text(encoding="utf-8")
        case Serves(instead):
            assert all(word in command for word in instead)
            assert command in TESTED


TESTED = (DEMO, LAN, CERTIFICATE, PROXY, TURN)
"""Commands with a test below."""


@asynccontextmanager
async def started(command: str, folder: Path) -> AsyncIterator[list[str]]:
    """Runs a command that serves, in `folder`, until its end. Yields the lines that it has printed
    before the first empty line or QR code; ports and data are chosen by the environment.
    """
    serves = COMMANDS[command]
    assert isinstance(serves, Serves)
    for words, other in serves.instead.items():
        command = command.replace(words, other)
    (folder / "scripts").symlink_to(ROOT / "scripts")
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("MICROLIVE_")},
        "PATH": PATH,
        "MICROLIVE_DATA": str(folder / "data"),
        # A busy machine must not make the server refuse a creator.
        "MICROLIVE_MAX_LOAD": "1",
        **{f"MICROLIVE_{name}": "0" for name in ("PORT", "LAN_PORT", "UDP_PORT")},
    }
    process = await asyncio.create_subprocess_exec(
        "bash",
        "-euc",
        re.sub(r"^(\./scripts/run|microlive serve)", r"exec \1", command, flags=re.MULTILINE),
        cwd=folder,
        env=environ,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout and process.stderr
    lines: list[str] = []

    async def read(stream: asyncio.StreamReader) -> None:
        async for line in stream:
            lines.append(line.decode().rstrip("\n"))

    readers = [asyncio.create_task(read(stream)) for stream in (process.stdout, process.stderr)]
    try:
        await eventually(
            lambda: process.returncode is not None or lines_with(lines, "listening on "), 60
        )
        yield lines
    finally:
        if process.returncode is None:
            process.terminate()
        code = await asyncio.wait_for(process.wait(), 30)
        await asyncio.gather(*readers)
    assert code == 0 and not lines_with(lines, "Traceback"), lines


def lines_with(lines: list[str], text: str) -> list[str]:
    """The rest of each line after `text`, from the lines that contain it."""
    return [line.partition(text)[2] for line in list(lines) if text in line]


async def status(http: ClientSession, url: str, **headers: str) -> int:
    async with http.get(url, headers=headers, ssl=_UNVERIFIED) as response:
        await response.read()
        return response.status


_UNVERIFIED = ssl._create_unverified_context()
"""The certificates are self-signed."""


@pytest.mark.service
@pytest.mark.timeout(120)
async def test_the_demo(tmp_path: Path) -> None:
    """It prints a URL with a synthetic live. The operator ends a room that curl made."""
    async with started(DEMO, tmp_path) as lines, ClientSession() as http:
        await eventually(lambda: lines_with(lines, "/r/"))
        url, watch = lines_with(lines, "listening on ")[:2]
        assert watch.startswith(f"{url}/r/") and await status(http, watch) == 200

        events = f"{url}/api/rooms/{watch.rpartition('/')[2]}/events"
        async with asyncio.timeout(60), http.get(events) as stream:
            async for line in stream.content:
                if b'"state": "live"' in line:
                    break
        words = [require("curl", "curl"), "--silent", *CURL.replace("URL", url).split()[1:]]
        created = json.loads(await output(*words))
        assert created["whip"].startswith(f"{url}/whip/") and created["key"]
        admin = f"cd {tmp_path}\nexport MICROLIVE_DATA={tmp_path / 'data'}\n{ADMIN}"
        said = await output("bash", "-euc", admin.replace("k3v9x2", created["room"]))
        assert created["room"] in said and "203.0.113.7" in said
        assert await status(http, f"{url}/r/{created['room']}") == 410


async def output(*command: str) -> str:
    """The standard output of a command that succeeds."""
    process = await asyncio.create_subprocess_exec(
        *command, env={**os.environ, "PATH": PATH}, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said
    return said.decode()


@pytest.mark.service
@pytest.mark.timeout(120)
async def test_a_phone_on_the_same_wifi(tmp_path: Path) -> None:
    """HTTPS on every private address, with a QR code of the studio; none on other addresses."""
    private = [address.text for address in local_addresses() if address.is_private]
    async with started(LAN, tmp_path) as lines, ClientSession() as http:
        await eventually(lambda: lines_with(lines, "█" if private else "no private IPv4 address"))
        urls = lines_with(lines, "listening on ")[1:]
        assert [url.partition("://")[2].rpartition(":")[0] for url in urls] == private
        studios = lines_with(lines, "go live from a phone on this network: ")
        assert studios == [f"{url}/live" for url in urls]
        for studio in studios:
            assert await status(http, studio) == 200
            assert await status(http, studio, Host="evil.example") == 421


@pytest.mark.service
@pytest.mark.timeout(120)
async def test_https_with_a_certificate(tmp_path: Path) -> None:
    """For the names of the certificate."""
    certificate, key = self_signed(tmp_path, ["127.0.0.1"])
    certificate.rename(tmp_path / "fullchain.pem")
    key.rename(tmp_path / "privkey.pem")
    async with started(CERTIFICATE, tmp_path) as lines, ClientSession() as http:
        [url] = lines_with(lines, "listening on ")
        assert url.startswith("https://") and await status(http, url) == 200
        assert await status(http, url, Host="localhost") == 200
        assert await status(http, url, Host="evil.example") == 421


@pytest.mark.service
@pytest.mark.timeout(120)
async def test_behind_a_proxy(tmp_path: Path) -> None:
    """The URLs in answers are the public ones; the proxy is believed."""
    async with started(PROXY, tmp_path) as lines, ClientSession() as http:
        [url] = lines_with(lines, "listening on ")
        headers = {"X-Forwarded-For": "192.0.2.1", "Host": "live.example.org"}
        async with http.post(f"{url}/api/rooms", headers=headers) as response:
            created = await response.json()
            assert response.status == 201, created
            assert "Strict-Transport-Security" in response.headers
        assert created["watch"].startswith("https://live.example.org/r/")
        assert await status(http, url, **{"X-Forwarded-Host": "evil.example"}) == 421


@pytest.mark.service
@pytest.mark.timeout(120)
async def test_turn(tmp_path: Path) -> None:
    """Browsers get both URLs, with credentials. Media through a real coturn is tested in
    tests/e2e/test_networks.py.
    """
    async with started(TURN, tmp_path) as lines, ClientSession() as http:
        [url] = lines_with(lines, "listening on ")
        async with http.post(f"{url}/api/rooms") as response:
            [server] = (await response.json())["ice_servers"]
        assert [turn.partition(":")[0] for turn in server["urls"]] == ["turn", "turns"]
        assert server["username"] and server["credential"]


@pytest.mark.service
async def test_the_service(tmp_path: Path) -> None:
    """The files are where the unit looks for them. The test starts no service of the machine and
    does not install the clone; other tests run what scripts/venv has made.
    """
    require("git", "git")
    (tmp_path / "etc/systemd/system").mkdir(parents=True)
    script = SERVICE.replace("/opt/", f"{tmp_path}/opt/").replace(" /etc/", f" {tmp_path}/etc/")
    script = script.replace("clone URL", f"clone --quiet --depth 1 file://{ROOT}")
    script = script.replace("scripts/venv compiled", "scripts/venv")
    script = script.replace(" && ", " && test -x ").replace("systemctl", "true systemctl")
    await output("bash", "-euc", script)
    unit = (tmp_path / "etc/systemd/system/microlive.service").read_text(encoding="utf-8")
    [program] = re.findall(r"^ExecStart=(\S+) serve ", unit, re.MULTILINE)
    assert program == "/opt/microlive/.venv/bin/microlive"
    settings, _ = re.findall(r"^EnvironmentFile=-?/(\S+)$", unit, re.MULTILINE)
    assert stat.S_IMODE((tmp_path / settings.replace("%p", "microlive")).stat().st_mode) == 0o600


@pytest.mark.service
async def test_the_certificate_for_ffmpeg(tmp_path: Path) -> None:
    """The openssl command makes one on P-256."""
    require("openssl", "openssl")
    process = await asyncio.create_subprocess_exec(
        "bash",
        "-euc",
        FFMPEG.partition("\nffmpeg")[0],
        cwd=tmp_path,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert await process.wait() == 0
    made = x509.load_pem_x509_certificate((tmp_path / "cert.pem").read_bytes())
    public = made.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    assert isinstance(public.curve, ec.SECP256R1) and (tmp_path / "key.pem").exists()
