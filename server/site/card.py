"""Cards: what other sites and messengers show for a link. Pure.

The template `web/card.html` writes a Card as Open Graph and Twitter tags, and `oembed` as an oEmbed
answer. Discord and Telegram play a video only if the card has an MP4 file, its size and a poster.
Discord plays no video if the card has `twitter:card=summary_large_image`. iMessage also plays the
video. KakaoTalk and X show the poster.
"""

from dataclasses import dataclass
from html import escape

SITE = "microlive"
WIDTH, HEIGHT = 720, 1280
"""Size of the player of a live whose picture is not known yet, pixels."""
MIN_SIDE = 200
"""Minimum width and height of the frame in an oEmbed answer, pixels."""


@dataclass(frozen=True, slots=True)
class CardImage:
    """A picture at an absolute URL; sizes in pixels."""

    url: str
    width: int
    height: int
    type: str = "image/jpeg"


@dataclass(frozen=True, slots=True)
class CardVideo:
    """An MP4 file (H.264 and AAC) at an absolute URL; sizes in pixels."""

    url: str
    width: int
    height: int
    duration: float
    """Duration, seconds."""
    type: str = "video/mp4"


@dataclass(frozen=True, slots=True)
class Card:
    """A link to a live, a clip or a replay. URLs are absolute."""

    url: str
    title: str
    description: str
    image: CardImage | None = None
    video: CardVideo | None = None
    player: str = ""
    """URL of the page that other sites show in a frame; empty without such a page."""
    width: int = WIDTH
    height: int = HEIGHT
    """Size of the picture that the player shows, pixels."""
    oembed: str = ""
    """URL of the oEmbed answer."""

    @property
    def kind(self) -> str:
        """The value of `twitter:card`."""
        if self.video and self.player:
            return "player"
        return "summary_large_image" if self.image and not self.video else "summary"


def oembed(card: Card, max_width: int | None, max_height: int | None) -> dict[str, object]:
    """Returns an oEmbed answer (oembed.com §2.3.4) whose frame has at most the given size, pixels.
    Without a player, the answer is of type `link`.
    """
    answer: dict[str, object] = {
        "version": "1.0",
        "type": "video" if card.player else "link",
        "title": card.title,
        "provider_name": SITE,
        "provider_url": _origin(card.url),
        "cache_age": 60,
    }
    if card.image:
        answer |= {
            "thumbnail_url": card.image.url,
            "thumbnail_width": card.image.width,
            "thumbnail_height": card.image.height,
        }
    if card.player:
        width, height = _fitting(card.width, card.height, max_width, max_height)
        answer |= {"html": _frame(card, width, height), "width": width, "height": height}
    return answer


def _fitting(
    width: int, height: int, max_width: int | None, max_height: int | None
) -> tuple[int, int]:
    """Returns the largest size that has the same shape and is within the bounds."""
    share = min(
        1.0,
        1.0 if max_width is None else max(MIN_SIDE, max_width) / width,
        1.0 if max_height is None else max(MIN_SIDE, max_height) / height,
    )
    return max(1, round(width * share)), max(1, round(height * share))


def _frame(card: Card, width: int, height: int) -> str:
    return (
        f'<iframe src="{escape(card.player)}" width="{width}" height="{height}" '
        f'title="{escape(card.title)}" style="border:0" '
        'allow="autoplay; fullscreen; picture-in-picture" allowfullscreen></iframe>'
    )


def _origin(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"
