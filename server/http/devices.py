"""`/api/me/devices`: the devices at which the person is signed in. server/API.md describes the
requests and answers.
"""

import time

from aiohttp import web
from pydantic import Field

from relay.errors import RefusalCode
from server.errors import NotFound
from server.http.identity import Identity
from server.http.ids import is_id
from server.http.payloads import Payload, reply
from server.storage.devices import DeviceStore


class DeviceBody(Payload):
    """A device at which the person is signed in."""

    device: str
    label: str
    created_at: float
    seen_at: float
    current: bool = Field(description="whether this browser sends the request")


class DeviceList(Payload):
    """The devices of the person. The device that was seen last is first."""

    devices: list[DeviceBody]


class DevicesEndpoint:
    """The endpoints `/api/me/devices` and `/api/me/devices/{device}`."""

    def __init__(self, identity: Identity, devices: DeviceStore) -> None:
        self._identity = identity
        self._devices = devices

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/me/devices", self.list),
            web.delete("/api/me/devices", self.sign_out_others),
            web.delete("/api/me/devices/{device}", self.sign_out),
        ]

    async def list(self, request: web.Request) -> web.Response:
        visitor = await self._identity.require_known(request)
        devices = [
            {
                "device": device.id,
                "label": device.label,
                "created_at": device.created_at,
                "seen_at": device.seen_at,
                "current": device.id == visitor.device,
            }
            for device in await self._devices.of(visitor.person.id)
        ]
        return reply(DeviceList, {"devices": devices})

    async def sign_out(self, request: web.Request) -> web.Response:
        """Signs out one device. If the device is this browser, the answer removes the cookie."""
        visitor = await self._identity.require_visitor(request)
        device = request.match_info["device"]
        if not is_id(device) or not await self._devices.sign_out(
            visitor.person.id, device, time.time()
        ):
            raise NotFound(RefusalCode.DEVICE_NOT_FOUND, "you have no such device")
        self._identity.revocations.add(device)
        if device == visitor.device:
            self._identity.forget_cookie(request)
        return web.Response(status=204)

    async def sign_out_others(self, request: web.Request) -> web.Response:
        """Signs out every device except this browser."""
        visitor = await self._identity.require_visitor(request)
        others = await self._devices.sign_out_others(visitor.person.id, visitor.device, time.time())
        for device in others:
            self._identity.revocations.add(device)
        return web.Response(status=204)
