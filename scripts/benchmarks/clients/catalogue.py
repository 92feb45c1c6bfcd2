"""The clients of the matrix, and what each must show. Pure."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Client:
    """A player or a publisher."""

    name: str
    package: str
    """The package of npm, Debian or PyPI that has the client."""
    kind: str
    """`page`, `program` or `publisher`."""
    delay_bar: float | None = None
    """Maximum median delay, ms. None: it is only shown."""
    settings: dict[str, Any] = field(default_factory=dict)
    """Settings of a player in a page that differ from its defaults."""
    options: tuple[str, ...] = ()
    """Options of a program that differ from its defaults."""
    segments: int = 0
    """Whole segments that the playlist must have when a program opens it."""

    @property
    def tuned(self) -> bool:
        """Whether the client has other settings than its defaults."""
        return bool(self.settings or self.options)

    @property
    def program(self) -> str:
        """The name without the settings."""
        return self.name.partition(",")[0]


CLIENTS = (
    Client("hls.js", "hls.js", "page", 1_600),
    Client(
        "hls.js, maxLiveSyncPlaybackRate 1.2",
        "hls.js",
        "page",
        1_600,
        settings={"maxLiveSyncPlaybackRate": 1.2},
    ),
    Client("Shaka", "shaka-player", "page", 3_000),
    Client("video.js", "video.js", "page", 3_000),
    Client("whip-whep", "whip-whep", "page"),
    Client("webrtc-player", "@eyevinn/webrtc-player", "page"),
    Client("mpv", "mpv", "program"),
    Client(
        "mpv, live_start_index -1",
        "mpv",
        "program",
        options=("--demuxer-lavf-o=live_start_index=-1",),
    ),
    Client("VLC", "vlc-bin", "program"),
    Client(
        "VLC, adaptive-livedelay 2000", "vlc-bin", "program", options=("--adaptive-livedelay=2000",)
    ),
    # hlsdemux2 1.22 never goes on after a playlist with a single segment.
    Client("GStreamer", "gstreamer1.0-tools", "program", segments=2),
    Client("FFmpeg", "av", "program"),
    Client("FFmpeg, live_start_index -1", "av", "program", options=("live_start_index=-1",)),
    Client("whip-whep, publishing", "whip-whep", "publisher"),
    Client("whip-web-client", "@eyevinn/whip-web-client", "publisher"),
)
"""The clients, in the order in which they are measured."""
