"""The operator's commands, run against a server."""

import asyncio
import json
import os
import sys
import time
from pathlib import Path

from tests.fixtures.people import Browser
from tests.fixtures.server import running

TOKEN = "an-admin-token-of-some-length"


async def microlive(*arguments: str, token: str = "", data_home: str = "") -> tuple[int, str, str]:
    """The exit code, standard output and standard error."""
    environ = {name: value for name, value in os.environ.items() if "MICROLIVE" not in name}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "server",
        *arguments,
        env=environ
        | ({"MICROLIVE_ADMIN_TOKEN": token} if token else {})
        | ({"XDG_DATA_HOME": data_home} if data_home else {}),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode is not None
    return process.returncode, out.decode(), errors.decode()


async def test_an_operator_finds_and_ends_a_room_and_blocks_its_creator(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        room = await server.create(title="A title")
        data = f"--data={tmp_path}"
        code, out, _ = await microlive("rooms", data)
        assert code == 0 and all(
            word in out for word in (room.name, "idle", "127.0.0.1", "A title")
        )
        code, out, _ = await microlive("rooms", data, "--json")
        assert json.loads(out)["rooms"][0]["room"]["room"] == room.name
        assert (await microlive("end", room.name, data))[0] == 0
        assert await server.state(room) == "ended"
        code, out, _ = await microlive("block", "203.0.113.7", data, "--for=2h", "--reason=spam")
        assert code == 0 and out.startswith("203.0.113.7/32 is blocked until ")
        code, out, _ = await microlive("blocks", data)
        assert code == 0 and "203.0.113.7/32" in out and "spam" in out
        assert (await microlive("unblock", "203.0.113.7/32", data))[0] == 0
        code, _, errors = await microlive("unblock", "203.0.113.7/32", data)
        assert (code, errors) == (1, "203.0.113.7/32 is not blocked\n")


async def test_an_operator_finds_people_and_replaces_the_key(tmp_path: Path) -> None:
    async with running(tmp_path) as server, Browser(server.url) as browser:
        await browser.ask("PUT", "/api/me/handle", {"handle": "다크걸"})
        _, me = await browser.ask("GET", "/api/me")
        await browser.ask("PATCH", "/api/me", {"name": "[red]x[/red]"})
        data = f"--data={tmp_path}"
        for find in ((), ("@다크걸",), (me["person"]["id"],)):
            code, out, _ = await microlive("people", *find, data)
            assert code == 0 and "@다크걸" in out and "[red]x[/red]" in out
        code, out, _ = await microlive("people", "none", data, "--json")
        assert (code, json.loads(out)) == (0, {"people": []})
        code, out, _ = await microlive("rotate-cookie-key", data)
        assert code == 0 and out.startswith("key 2 signs cookies from ")
        code, out, _ = await microlive("rotate-cookie-key", "--retire", data)
        assert code == 0 and "no longer valid" in out
        keys = await server.storage.cookie_keys.valid(time.time())
        assert [key.retired_at is None for key in keys] == [False, False, True]


async def test_a_server_at_a_url_needs_the_token(tmp_path: Path) -> None:
    async with running(tmp_path, admin_token=TOKEN) as server:
        assert (await microlive("rooms", f"--url={server.url}", token=TOKEN))[0] == 0
        code, _, errors = await microlive("rooms", f"--url={server.url}", token=TOKEN + "x")
        assert code == 1 and "admin token" in errors
        assert (await microlive("rooms", f"--url={server.url}"))[0] == 1


async def test_the_default_data_directory_is_that_of_the_server(tmp_path: Path) -> None:
    async with running(tmp_path / "microlive"):
        assert (await microlive("rooms", data_home=str(tmp_path)))[0] == 0


async def test_without_a_server_the_error_says_what_to_do(tmp_path: Path) -> None:
    code, _, errors = await microlive("rooms", f"--data={tmp_path}")
    assert code == 2 and "--data" in errors and "Traceback" not in errors


async def test_an_operator_bans_a_person_and_decides_on_a_report(tmp_path: Path) -> None:
    data = f"--data={tmp_path}"
    async with running(tmp_path) as server, Browser(server.url) as sam:
        await sam.ask("PUT", "/api/me/handle", {"handle": "sam-test"})
        _, room = await sam.ask("POST", "/api/rooms", {"title": "[bold]A title"})
        async with Browser(server.url) as viewer:
            body = {"reason": "hate", "text": "please look"}
            _, report = await viewer.ask("POST", f"/api/rooms/{room['room']}/reports", body)
        code, out, _ = await microlive("reports", data)
        assert code == 0 and all(
            word in out for word in (report["id"], "@sam-test", "hate", "please look", "open")
        )
        code, out, _ = await microlive("decide", report["id"], "banned", "--note=rules", data)
        assert (code, out) == (0, f"report {report['id']}: banned\n")
        code, out, _ = await microlive("reports", data, "--json")
        assert json.loads(out) == {"reports": []}
        code, out, _ = await microlive("reports", data, "--all")
        assert report["id"] in out and "banned" in out
        code, out, _ = await microlive("ban", "@sam-test", data, "--reason=[red]hate")
        assert (code, out) == (
            0,
            f"@sam-test is banned for good\nroom {room['room']} has ended\n",
        )
        code, out, _ = await microlive("bans", data)
        assert code == 0 and "@sam-test" in out and "[red]hate" in out
        assert (await microlive("unban", "@sam-test", data))[0] == 0
        code, _, errors = await microlive("unban", "@sam-test", data)
        assert (code, errors) == (1, "this person is not banned\n")
        code, out, _ = await microlive("ban", "@sam-test", data, "--for=2h")
        assert code == 0 and out.startswith("@sam-test is banned until ")


async def test_an_operator_exports_an_ended_live(tmp_path: Path) -> None:
    data, folder = f"--data={tmp_path / 'data'}", tmp_path / "out" / "live"
    async with running(tmp_path / "data") as server:
        room = await server.create(title="A title")
        code, _, errors = await microlive("export", room.name, data, f"--to={folder}")
        assert (code, errors) == (1, "this live has not ended yet\n")
        assert (await microlive("end", room.name, data))[0] == 0
        code, out, _ = await microlive("export", room.name, data, f"--to={folder}")
        assert code == 0 and "chat.json" in out
        assert json.loads((folder / "chat.json").read_text())["messages"] == []
        assert sorted(path.name for path in folder.iterdir()) == ["chat.json", "hearts.json"]
        (tmp_path / "file").write_text("")
        code, _, errors = await microlive("export", room.name, data, f"--to={tmp_path / 'file'}")
        assert code == 2 and "cannot make the folder" in errors
        code, _, errors = await microlive("export", "none", data, f"--to={folder}")
        assert code == 1 and "there is no room" in errors
