"""Finds the cookie that identifies a person, so that a program can send it back to the server."""

import re
from http.cookies import SimpleCookie

NAME = re.compile(r"microlive-[0-9a-f]{8}")


def cookie_of(cookies: SimpleCookie) -> str:
    """Returns the value of the Cookie header for later requests. `cookies`: the cookies that an
    answer sets. Returns an empty text if no cookie of the answer identifies a person.
    """
    for name, morsel in cookies.items():
        if NAME.fullmatch(name):
            return f"{name}={morsel.value}"
    return ""
