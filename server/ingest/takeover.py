"""What a transcoder needs to take over from a source that forwards frames. Pure."""

from dataclasses import dataclass

from relay.rtc.receive.reassembly import EncodedFrame


@dataclass(frozen=True, slots=True)
class Takeover:
    """The beginning of a transcoding in the middle of a publisher's video."""

    shown: tuple[EncodedFrame, ...] = ()
    """Frames that viewers have seen, in decoding order from a keyframe on. The transcoder decodes
    them, and encodes from the next frame on.
    """
    forwarding: bool = False
    """Whether viewers get further frames unchanged until the transcoder has decoded a picture."""
