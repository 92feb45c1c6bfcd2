"""A target of the Chrome DevTools Protocol: a page, a worker or a worklet."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from playwright.async_api import Error

ANSWER_WITHIN = 20.0

Post = Callable[[str], Awaitable[object]]
"""A function that sends a message as text to the target. The function may raise PageFailed, and
Playwright's Error.
"""


class PageFailed(Exception):
    """Raised if the page is gone, does not answer, or threw an exception."""


class Inspected:
    """Sends commands to a DevTools target and waits for the answers. The owner of this object must
    pass the target's messages to `receive()`.
    """

    def __init__(self, post: Post) -> None:
        self.threads: dict[str, Inspected] = {}
        """The page's workers and worklets, by CDP session. Empty unless `Target.setAutoAttach` was
        sent with `flatten` false.
        """
        self._post = post
        self._number = 0
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}

    async def send(self, method: str, **parameters: object) -> dict[str, Any]:
        """Sends a DevTools command and returns the `result` of the answer. Raises PageFailed."""
        self._number += 1
        number = self._number
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                await self._post(json.dumps({"id": number, "method": method, "params": parameters}))
                reply = await answer
        except TimeoutError as error:
            raise PageFailed(
                f"the page did not answer {method} within {ANSWER_WITHIN:.0f} s"
            ) from error
        except Error as error:
            raise PageFailed(error.message.splitlines()[0]) from error
        finally:
            del self._waiting[number]
        if "error" in reply:
            raise PageFailed(f"{method}: {reply['error']['message']}")
        result: dict[str, Any] = reply["result"]
        return result

    def receive(self, message: str) -> None:
        event = json.loads(message)
        about = event.get("params", {})
        match event.get("method"):
            case None:
                answer = self._waiting.get(event["id"])
                if answer and not answer.done():
                    answer.set_result(event)
            case "Target.attachedToTarget":
                self._add(about["sessionId"])
            case "Target.detachedFromTarget":
                self._remove(about["sessionId"])
            case "Target.receivedMessageFromTarget" if thread := self.threads.get(
                about["sessionId"]
            ):
                thread.receive(about["message"])

    def _add(self, session: str) -> None:
        async def post(message: str) -> None:
            await self.send("Target.sendMessageToTarget", sessionId=session, message=message)

        self.threads[session] = Inspected(post)

    def _remove(self, session: str) -> None:
        if thread := self.threads.pop(session, None):
            for number in thread._waiting:
                thread.receive(json.dumps({"id": number, "error": {"message": "it has ended"}}))
