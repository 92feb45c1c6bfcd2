"""Two servers on one PostgreSQL: a block of the operator holds at both."""

import asyncio
from pathlib import Path

from tests.fixtures.postgres import Postgres
from tests.fixtures.server import Server, running

TOKEN = "token-of-the-operator"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
WITHIN = 2.0


def of(address: str) -> dict[str, str]:
    """The header of a proxy."""
    return {"X-Forwarded-For": address}


async def becomes(server: Server, path: str, status: int, headers: dict[str, str]) -> None:
    """Waits at most WITHIN until a request gets this answer."""
    async with asyncio.timeout(WITHIN):
        while await server.status("GET", path, headers=headers) != status:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_a_block_of_one_holds_at_the_other(postgres: Postgres, tmp_path: Path) -> None:
    """Its rooms there end too, unless the operator keeps them."""
    with postgres.database() as url:
        common = {"database": url, "trusted_proxies": "127.0.0.1", "admin_token": TOKEN}
        async with (
            running(tmp_path / "one", **common) as one,
            running(tmp_path / "two", **common) as two,
        ):

            async def create(address: str) -> str:
                path, headers = f"{two.url}/api/rooms", of(address)
                async with two.http.post(path, json={}, headers=headers) as response:
                    return str((await response.json())["room"])

            async def block(network: str, **more: object) -> None:
                body = {"network": network, "seconds": 60, **more}
                path = "/api/admin/blocks"
                assert await one.status("POST", path, json=body, headers=BEARER) == 201

            ended, kept = await create("203.0.113.7"), await create("198.51.100.1")
            await block("198.51.100.0/24", end_rooms=False)
            await block("203.0.113.0/24", reason="spam")
            for address in ("203.0.113.8", "198.51.100.1"):
                await becomes(two, "/api/config", 403, of(address))
            await becomes(two, f"/whip/{ended}", 410, of("192.0.2.1"))
            assert await two.status("GET", f"/whip/{kept}", headers=of("192.0.2.1")) == 204
            path = "/api/admin/blocks/203.0.113.0/24"
            assert await two.status("DELETE", path, headers=BEARER) == 204
            await becomes(one, "/api/config", 200, of("203.0.113.8"))
            assert await one.status("GET", "/api/config", headers=of("198.51.100.1")) == 403
