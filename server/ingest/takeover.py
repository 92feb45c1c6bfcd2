"""What a transcoder needs to take over from a source that forwards frames. Pure."""

from dataclasses import dataclass

from relay.rtc.receive.reassembly import EncodedFrame


@dataclass(frozen=True, slots=True)
class Takeover:
    """The beginning of a transcoding in the middle of a publisher's video."""

    shown: tuple[EncodedFrame, ...] = ()
    """Frames that viewers have seen, in decoding order from a keyframe on, after their parameter
    sets. The transcoder decodes them, and encodes from the next frame on. If there are only
    parameter sets, the transcoder begins at the next keyframe.
    """
    forwarding: bool = False
    """Whether viewers get further frames unchanged until the transcoder has decoded a picture."""

    @property
    def decodable(self) -> bool:
        """Whether the following frames can be decoded: from the first of `shown` on, or from
        themselves on if there is nothing in `shown`.
        """
        return not self.shown or any(frame.unit.data for frame in self.shown)
