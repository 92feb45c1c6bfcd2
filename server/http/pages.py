"""Serves the pages (templates of `web/`) and the files that the pages load."""

import base64
import hashlib
from typing import Any

import jinja2
from aiohttp import hdrs, web

from relay.errors import Refusal, RefusalCode
from server import WEB
from server.errors import Gone, NotFound
from server.http.access import Access
from server.http.cards import Cards
from server.http.clip_page import ClipPages
from server.http.follows import Profiles
from server.http.headers import ancestors_of
from server.http.installation import Installation
from server.http.request import authority_of, url_of
from server.objects.objects import public_origin
from server.people.person import ANONYMOUS
from server.recordings.replay_views import ReplayView, ReplayViews
from server.recordings.replays import Kept
from server.rooms.commands.highlights import ReadHighlights
from server.rooms.commands.room import Describe
from server.rooms.commands.summary import ReadSummary
from server.rooms.description import RoomDescription
from server.rooms.life import State
from server.rooms.registry import Rooms
from server.settings import Settings
from server.site.assets import Assets, BundledAssets, SourceAssets
from server.site.card import Card
from server.site.first_frame import first_frame
from server.site.hearts_plot import clock, hearts_plot
from server.site.strings import COOKIE, Strings, language_of, read_strings
from server.social.author import Requester

SHOW = "microliveBoot.showFirstFrame();"
"""The inline script that shows the first frame in a room's page. The page contains this script
after the frame's data.
"""

HEADINGS = {404: "not_found", 410: "over", 429: "busy"}
"""Headings of the pages that show refusals, by status. Each heading is a key below
`message.heading` in the strings.
"""
NO_ACCESS = frozenset(
    {
        RefusalCode.PRIVATE_ROOM,
        RefusalCode.LINK_NOT_FOUND,
        RefusalCode.LINK_EXPIRED,
        RefusalCode.LINK_REVOKED,
        RefusalCode.BANNED,
    }
)
"""Codes of the refusals for people who may not watch a live. The pages of all these refusals have
the same heading.
"""
AREAS = {
    "index.html": ("site", "feed", "api", "refusals"),
    "live.html": (
        *("site", "studio", "device", "health", "figures", "obstacle"),
        *("chat", "report", "hearts", "poll", "social"),
        *("api", "refusals"),
    ),
    "room.html": (
        *("site", "room", "stats", "chat", "report", "hearts", "clip", "poll", "social"),
        *("api", "refusals"),
    ),
    "me.html": ("site", "me", "report", "api", "refusals"),
    "handle.html": ("site", "handle", "api", "refusals"),
    "clip.html": ("site", "clip_page", "report", "api", "refusals"),
    "replay.html": ("site", "replay", "chat", "api", "refusals"),
}
"""The areas of `web/strings` that the scripts of a page use, by page."""


class Pages:
    """The pages for people, and the files below `/assets/`."""

    def __init__(
        self,
        rooms: Rooms,
        profiles: Profiles,
        clips: ClipPages,
        replays: ReplayViews,
        access: Access,
        cards: Cards,
        settings: Settings,
    ) -> None:
        self._rooms = rooms
        self._profiles = profiles
        self.cards = cards
        self._clips = clips
        self._replays = replays
        self._access = access
        self._settings = settings
        self._assets: Assets = SourceAssets(WEB) if settings.dev else BundledAssets(WEB)
        self._strings = read_strings(WEB)
        self._installation = Installation(self._assets, self.strings_for)
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(WEB), autoescape=True, undefined=jinja2.StrictUndefined
        )

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", self.feed),
            web.get("/live", self.studio),
            web.get("/me", self.me),
            web.get("/@{handle}", self.handle),
            web.get("/r/{room}", self.room),
            web.get("/embed/{room}", self.embedded_room),
            web.get("/c/{clip}", self.clip),
            web.get("/v/{room}", self.replay),
            web.get("/assets/{version}/{name:.+}", self.asset),
            web.get("/favicon.ico", self.icon),
            *self._installation.routes(),
        ]

    async def feed(self, request: web.Request) -> web.Response:
        return self._render(request, "index.html", main=self._main("feed"))

    async def studio(self, request: web.Request) -> web.Response:
        return self._render(request, "live.html", main=self._main("studio"))

    async def me(self, request: web.Request) -> web.Response:
        return self._render(request, "me.html", main=self._main("me"))

    async def handle(self, request: web.Request) -> web.Response:
        profile = await self._profiles.find(request.match_info["handle"])
        return self._render(
            request,
            "handle.html",
            main=self._main("handle"),
            handle=profile.person.handle,
            name=profile.person.name,
            person=profile.person.id,
            colour=profile.person.colour,
            followers=profile.followers,
            live=profile.live,
        )

    async def room(self, request: web.Request) -> web.Response:
        return await self._room(request, embedded=False)

    async def embedded_room(self, request: web.Request) -> web.Response:
        """Returns the page of a room without chat, for a frame of another site."""
        return await self._room(request, embedded=True)

    async def _room(self, request: web.Request, embedded: bool) -> web.Response:
        name = request.match_info["room"]
        try:
            described = await self._rooms.ask(name, Describe())
        except NotFound as error:
            raise NotFound(
                RefusalCode.ROOM_NOT_FOUND, "there is no live at this address"
            ) from error
        if described.state is State.ENDED:
            if embedded:
                raise Gone(RefusalCode.ROOM_ENDED, "the creator has ended this live")
            return await self._ended(request, name)
        response = self._render(
            request,
            "room.html",
            main=self._main("room"),
            boot=self._assets.boot,
            worker=f"{self._assets.base}/{self._assets.worker}",
            show=SHOW,
            style=self._assets.style,
            first_frame=first_frame(self._rooms.in_memory.latest_keyframe(name))
            if self._assets.boot
            else None,
            room=name,
            embedded=embedded,
            title=described.title,
            state=described.state.value,
            public=described.visibility == "public",
            card=None if embedded else self._card_of_room(request, described),
            watch_url=url_of(request, f"/r/{name}", self._settings),
        )
        if embedded or described.visibility != "public":
            response.headers["X-Robots-Tag"] = "noindex"
        if cookie := self._access.cookie_for(request, name):
            response.headers.add(hdrs.SET_COOKIE, cookie)
            response.headers[hdrs.CACHE_CONTROL] = "no-store"
        return response

    def _card_of_room(self, request: web.Request, room: RoomDescription) -> Card | None:
        return self.cards.of_room(request, room, self.strings_for(request))

    async def _ended(self, request: web.Request, name: str) -> web.Response:
        """Redirects to the replay of an ended live. Without a replay, returns the page of the ended
        live, with its public figures. Raises Gone for a program, and for a room that was never
        live.
        """
        gone = Gone(RefusalCode.ROOM_ENDED, "the creator has ended this live")
        if "text/html" not in request.headers.get(hdrs.ACCEPT, ""):
            raise gone
        kept = await self._replays.kept(name)
        if kept is Kept.READY:
            raise web.HTTPFound(request.rel_url.with_path(f"/v/{name}", keep_query=True))
        try:
            summary = await self._rooms.ask(name, ReadSummary(Requester(ANONYMOUS)))
        except Refusal:
            raise gone from None
        if summary.duration == 0:
            raise gone
        hearts = summary.hearts
        plot = hearts_plot(hearts.counts, hearts.step)
        return self._render(
            request,
            "ended.html",
            answer=gone.status,
            title=summary.title,
            duration=clock(summary.duration),
            peak=f"{summary.peak:,}",
            hearts=f"{hearts.total:,}",
            plot=plot,
            most_at=clock(plot.most_at) if plot else "",
            kept=kept.value,
        )

    async def clip(self, request: web.Request) -> web.Response:
        page = await self._clips.find(request)
        response = self._render(
            request,
            "clip.html",
            main=self._main("clip"),
            clip=page.clip,
            card=self.cards.of_clip(request, page.record, self.strings_for(request)),
            creator=page.creator,
            live=page.live,
            link=url_of(request, f"/c/{page.clip['id']}", self._settings),
        )
        if not page.public:
            response.headers["X-Robots-Tag"] = "noindex"
            response.headers[hdrs.CACHE_CONTROL] = "no-store"
        return response

    async def replay(self, request: web.Request) -> web.Response:
        name = request.match_info["room"]
        view = await self._replays.find(name)
        chapters = await self._chapters(name)
        values = self._replay_values(request, view, chapters)
        shown = (name, view.title, view.visibility)
        card = await self.cards.of_replay(request, *shown, self.strings_for(request))
        response = self._render(request, "replay.html", card=card, **values)
        if view.visibility != "public":
            response.headers["X-Robots-Tag"] = "noindex"
        if cookie := self._access.cookie_for(request, name):
            response.headers.add(hdrs.SET_COOKIE, cookie)
        if view.visibility == "private":
            response.headers[hdrs.CACHE_CONTROL] = "no-store"
        return response

    async def _chapters(self, name: str) -> list[int]:
        """Returns the media times at which the best moments of an ended live begin, µs."""
        try:
            found = await self._rooms.ask(name, ReadHighlights(Requester(ANONYMOUS)))
        except Refusal:
            return []
        return sorted(moment.start for moment in found.moments)

    def _replay_values(
        self, request: web.Request, view: ReplayView, chapters: list[int]
    ) -> dict[str, Any]:
        replay = view.replay
        name, piece = replay.room, replay.pieces[0]
        data = {
            "room": name,
            "playlist": f"/replays/{name}/index.m3u8",
            "began_at": view.began_at,
            "chapters": chapters,
            "runs": [(run.at, run.media_time, run.duration) for run in replay.runs],
        }
        return {
            "main": self._main("replay"),
            "title": view.title,
            "creator": view.creator,
            "public": view.visibility == "public",
            "tall": piece.height >= piece.width,
            "length": clock(replay.duration // 1_000_000),
            "seconds": replay.duration / 1_000_000,
            "plot": hearts_plot(view.hearts, view.period),
            "watch_url": url_of(request, f"/v/{name}", self._settings),
            "data": data,
        }

    async def asset(self, request: web.Request) -> web.Response:
        found = self._assets.find(request.match_info["name"])
        if found is None:
            raise NotFound(RefusalCode.FILE_NOT_FOUND, "there is no such file")
        # The URL contains a hash of the content, so browsers may keep the file for ever. A request
        # with the URL of an older version gets the current file, without caching.
        current = self._assets.boot and request.path.startswith(self._assets.base + "/")
        caching = "public, max-age=31536000, immutable" if current else "no-cache"
        headers = {
            hdrs.CACHE_CONTROL: caching,
            hdrs.VARY: hdrs.ACCEPT_ENCODING,
        }
        body = found.content
        if found.zipped and "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
            body, headers[hdrs.CONTENT_ENCODING] = found.zipped, "gzip"
        return web.Response(body=body, content_type=found.content_type, headers=headers)

    async def icon(self, _: web.Request) -> web.Response:
        raise web.HTTPFound(f"{self._assets.base}/icons/icon.svg")

    def message(self, request: web.Request, refusal: Refusal) -> web.Response:
        """Returns a page that shows a refusal in the reader's language."""
        strings = self.strings_for(request)
        own = f"message.{refusal.code.value}"
        by_status = HEADINGS.get(refusal.status, "failed")
        heading = "no_access" if refusal.code in NO_ACCESS else by_status
        return self._render(
            request,
            "message.html",
            answer=refusal.status,
            status=refusal.status,
            heading=strings.t(f"message.heading.{heading}"),
            text=strings.t(own if strings.has(own) else f"refusals.{refusal.code.value}"),
            action_url="/",
            action_text=strings.t("message.see_live"),
        )

    def render(self, request: web.Request, template: str, **values: Any) -> web.Response:
        """Returns a page without scripts."""
        return self._render(request, template, **values)

    def _main(self, page: str) -> str:
        return f"{self._assets.base}/{self._assets.main(page)}"

    def _render(
        self, request: web.Request, template: str, *, answer: int = 200, **values: Any
    ) -> web.Response:
        strings = self.strings_for(request)
        text = self._templates.get_template(template).render(
            assets=self._assets.base,
            language=strings.language,
            t=strings.t,
            strings=strings.script(AREAS.get(template, ())),
            **values,
        )
        return web.Response(
            status=answer, text=text, content_type="text/html", headers=self._headers(request)
        )

    def strings_for(self, request: web.Request) -> Strings:
        """Returns the texts in the language of the reader."""
        accepted = request.headers.get(hdrs.ACCEPT_LANGUAGE, "")
        strings = read_strings(WEB) if self._settings.dev else self._strings
        return strings[language_of(request.cookies.get(COOKIE), accepted)]

    def _headers(self, request: web.Request) -> dict[str, str]:
        host = authority_of(request, self._settings)
        # Safari before 15.4 does not count WebSockets as 'self'.
        sockets = f" ws://{host} wss://{host}" if host else ""
        inline = f"{_allowed(self._assets.boot)} {_allowed(SHOW)}"
        store = public_origin(self._settings)
        media = "" if store is None else f" {store}"  # Requests for clips may be redirected.
        policy = (
            f"default-src 'self'; script-src 'self' {inline}; "
            f"style-src 'self' {_allowed(self._assets.style)}; "
            f"img-src 'self' data: blob:{media}; media-src 'self' blob:{media}; "
            "worker-src 'self' blob:; "
            f"connect-src 'self'{sockets}; base-uri 'none'; form-action 'none'; "
            f"object-src 'none'; frame-ancestors {ancestors_of(request, self._settings)}"
        )
        return {
            hdrs.CACHE_CONTROL: "no-cache",
            hdrs.VARY: f"{hdrs.ACCEPT_LANGUAGE}, {hdrs.COOKIE}",
            "Content-Security-Policy": policy,
            "Permissions-Policy": "camera=(self), microphone=(self)",
            "Referrer-Policy": "same-origin",
        }


def _allowed(inline: str) -> str:
    """Returns the CSP source expression that allows this inline script or style (CSP Level 3
    §2.3.1).
    """
    return f"'sha256-{base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()}'"
