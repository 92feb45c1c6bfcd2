"""WebSocket frames as a server sends them (RFC 6455 §5.2): unmasked, so that the same bytes serve
every viewer.
"""

TEXT, BINARY, PING, PONG = 0x81, 0x82, 0x89, 0x8A
"""First byte: FIN and the opcode."""


def frame_header(opcode: int, length: int) -> bytes:
    """The 2, 4 or 10 bytes before a payload of `length` bytes."""
    if length < 126:
        return bytes((opcode, length))
    if length < 1 << 16:
        return bytes((opcode, 126)) + length.to_bytes(2, "big")
    return bytes((opcode, 127)) + length.to_bytes(8, "big")


def text_frame(text: str) -> bytes:
    """A whole text message as one frame."""
    payload = text.encode()
    return frame_header(TEXT, len(payload)) + payload


def control_frame(opcode: int, payload: bytes) -> bytes:
    """A ping or a pong, with up to 125 bytes (RFC 6455 §5.5)."""
    return frame_header(opcode, len(payload)) + payload
