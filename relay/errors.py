"""What can go wrong in the relay.

RelayError
├── BitstreamError      media bytes that no decoder could use (an SPS cut short)
├── MessageError        a record or notice that does not follow PROTOCOL.md
├── OfferError          an SDP offer that cannot be answered; `status` is its HTTP status
└── PlaylistError       a request below /hls that cannot be answered; `status` likewise
"""


class RelayError(Exception):
    """The root: whatever the relay raises on purpose."""


class BitstreamError(RelayError):
    """Media bytes that do not follow their standard."""


class MessageError(RelayError):
    """A record or a notice that does not follow PROTOCOL.md."""


class OfferError(RelayError):
    """An SDP offer that cannot be answered.

    `status` is 400 (not SDP), 406 (no codec in common) or 422 (SDP that WHIP cannot use), as RFC
    9725 §4.2 has it; of a WHEP request also 404, 413, 415 or 503.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class PlaylistError(RelayError):
    """A request for HLS that cannot be answered.

    `status` is 400 (a directive that makes no sense), 404 (no such resource, or no longer) or 503
    (not yet).
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
