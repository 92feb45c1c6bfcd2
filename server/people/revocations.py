"""The signed-out devices that this process knows. Pure."""

from server.recent import Recent

MAX_DEVICES = 50_000
"""Maximum number of devices in the set. The oldest sign-outs are removed first."""


class Revocations:
    """A bounded set of device ids. Storage has all ids. With this set, requests that only read need
    no access to storage.
    """

    def __init__(self) -> None:
        self._devices: Recent[str, None] = Recent(MAX_DEVICES)

    def add(self, device: str) -> None:
        self._devices.keep(device, None)

    def __contains__(self, device: str) -> bool:
        return device in self._devices

    def __len__(self) -> int:
        return len(self._devices)
