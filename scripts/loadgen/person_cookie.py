"""The cookie that says who a person is, as a program keeps it."""

import re
from http.cookies import SimpleCookie

NAME = re.compile(r"microlive-[0-9a-f]{8}")


def cookie_of(cookies: SimpleCookie) -> str:
    """Returns the Cookie header for later requests, from the cookies of an answer; empty if the
    answer sets no cookie of a person.
    """
    for name, morsel in cookies.items():
        if NAME.fullmatch(name):
            return f"{name}={morsel.value}"
    return ""
