"""The devices that were signed out, as far as this process knows. Pure."""

from server.recent import Recent

MAX_DEVICES = 50_000
"""Number of devices that are remembered. The newest sign-outs stay."""


class Revocations:
    """A bounded set of device ids. Storage has all of them: this set spares requests that only read
    a look into storage.
    """

    def __init__(self) -> None:
        self._devices: Recent[str, None] = Recent(MAX_DEVICES)

    def add(self, device: str) -> None:
        self._devices.keep(device, None)

    def __contains__(self, device: str) -> bool:
        return device in self._devices

    def __len__(self) -> int:
        return len(self._devices)
