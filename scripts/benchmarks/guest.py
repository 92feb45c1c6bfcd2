"""New guests of a server."""

import aiohttp

from scripts.loadgen.person_cookie import cookie_of


async def new_guest(http: aiohttp.ClientSession, url: str) -> str:
    """Makes a guest of the server at `url`. Returns the guest's Cookie header."""
    async with http.get(f"{url}/api/me") as response:
        response.raise_for_status()
        return cookie_of(response.cookies)
