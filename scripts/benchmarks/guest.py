"""New guests of a server."""

import aiohttp

COOKIE = "microlive"


async def new_guest(http: aiohttp.ClientSession, url: str) -> str:
    """Makes a guest of the server at `url`. Returns the value of the guest's cookie."""
    async with http.get(f"{url}/api/me") as response:
        response.raise_for_status()
        return response.cookies[COOKIE].value
