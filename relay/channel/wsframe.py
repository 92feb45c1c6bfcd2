"""WebSocket frames from the server (RFC 6455 §5.2). The frames are not masked, so every viewer gets
the same bytes.
"""

TEXT, BINARY, CLOSE, PING, PONG = 0x81, 0x82, 0x88, 0x89, 0x8A
"""First byte of each kind of frame: the FIN bit and the opcode."""
MAX_CONTROL = 125
"""Maximum payload of a control frame, bytes (RFC 6455 §5.5)."""


def frame_header(opcode: int, length: int) -> bytes:
    """Returns the header (2, 4 or 10 bytes) of a frame with a payload of `length` bytes."""
    if length < 126:
        return bytes((opcode, length))
    if length < 1 << 16:
        return bytes((opcode, 126)) + length.to_bytes(2, "big")
    return bytes((opcode, 127)) + length.to_bytes(8, "big")


def header_size(frame: bytes) -> int:
    """Returns the length of an unmasked frame's header, bytes."""
    return 2 if frame[1] < 126 else 4 if frame[1] == 126 else 10


def text_frame(text: str) -> bytes:
    """Returns one frame that contains a whole text message."""
    payload = text.encode()
    return frame_header(TEXT, len(payload)) + payload


def control_frame(opcode: int, payload: bytes) -> bytes:
    """Returns a control frame, such as a ping or a pong, with a payload of up to 125 bytes (RFC
    6455 §5.5).
    """
    return frame_header(opcode, len(payload)) + payload


def close_frame(code: int, reason: str) -> bytes:
    """Returns a close frame. Truncates a long reason without splitting a UTF-8 character (RFC 6455
    §5.5.1).
    """
    text = reason.encode()[: MAX_CONTROL - 2].decode(errors="ignore").encode()
    return control_frame(CLOSE, code.to_bytes(2, "big") + text)
