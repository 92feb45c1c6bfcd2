"""Creates new guests on a server."""

import aiohttp

from scripts.loadgen.person_cookie import cookie_of


async def new_guest(http: aiohttp.ClientSession, url: str) -> str:
    """Requests a cookie for a new guest from the server at `url`. Returns the Cookie header that
    the guest must send.
    """
    async with http.get(f"{url}/api/me") as response:
        response.raise_for_status()
        return cookie_of(response.cookies)
