"""Serves the pages (templates of `web/`) and the files that the pages load."""

from typing import Any

from aiohttp import hdrs, web

from relay.errors import Refusal, RefusalCode
from server.errors import Gone, NotFound
from server.http.access import Access
from server.http.cards import Cards
from server.http.clip_page import ClipPages
from server.http.follows import Profiles
from server.http.installation import Installation
from server.http.request import url_of
from server.http.requester import Requesters
from server.http.templates import SHOW, Templates
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
from server.site.card import Card
from server.site.first_frame import first_frame
from server.site.hearts_plot import clock, hearts_plot
from server.social.author import Requester

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


class Pages:
    """The pages for people, and the files below `/assets/`."""

    def __init__(
        self,
        templates: Templates,
        rooms: Rooms,
        profiles: Profiles,
        clips: ClipPages,
        replays: ReplayViews,
        access: Access,
        requesters: Requesters,
        cards: Cards,
        settings: Settings,
    ) -> None:
        self.templates = templates
        self.cards = cards
        self._assets = templates.assets
        self._rooms = rooms
        self._profiles = profiles
        self._clips = clips
        self._replays = replays
        self._access = access
        self._requesters = requesters
        self._settings = settings
        self._installation = Installation(
            templates.assets, templates.strings_for, templates.strings
        )

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", self.feed),
            web.get("/explore", self.explore),
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
        return self.templates.render(
            request,
            "index.html",
            main=self.templates.main("feed"),
            worker=f"{self._assets.base}/{self._assets.worker}",
        )

    async def explore(self, request: web.Request) -> web.Response:
        return self.templates.render(request, "explore.html", main=self.templates.main("explore"))

    async def studio(self, request: web.Request) -> web.Response:
        return self.templates.render(request, "live.html", main=self.templates.main("studio"))

    async def me(self, request: web.Request) -> web.Response:
        return self.templates.render(request, "me.html", main=self.templates.main("me"))

    async def handle(self, request: web.Request) -> web.Response:
        profile = await self._profiles.find(request.match_info["handle"])
        return self.templates.render(
            request,
            "handle.html",
            main=self.templates.main("handle"),
            handle=profile.person.handle,
            name=profile.person.name,
            person=profile.person.id,
            colour=profile.person.colour,
            bio=profile.bio,
            link=profile.link,
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
        response = self.templates.render(
            request,
            "room.html",
            main=self.templates.main("room"),
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
        return self.cards.of_room(request, room, self.templates.strings_for(request))

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
        return self.templates.render(
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
        response = self.templates.render(
            request,
            "clip.html",
            main=self.templates.main("clip"),
            clip=page.clip,
            card=self.cards.of_clip(request, page.record, self.templates.strings_for(request)),
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
        reader = self._requesters.reading(request).person.id
        shown = (name, view.title, view.visibility)
        card = await self.cards.of_replay(request, *shown, self.templates.strings_for(request))
        own = view.creator is not None and view.creator.id == reader
        response = self.templates.render(request, "replay.html", card=card, own=own, **values)
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
            "opus_playlist": f"/replays/{name}/opus/index.m3u8",
            "began_at": view.began_at,
            "chapters": chapters,
            "runs": [(run.at, run.media_time, run.duration) for run in replay.runs],
        }
        return {
            "main": self.templates.main("replay"),
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
        strings = self.templates.strings_for(request)
        own = f"message.{refusal.code.value}"
        by_status = HEADINGS.get(refusal.status, "failed")
        heading = "no_access" if refusal.code in NO_ACCESS else by_status
        return self.templates.render(
            request,
            "message.html",
            answer=refusal.status,
            status=refusal.status,
            heading=strings.t(f"message.heading.{heading}"),
            text=strings.t(own if strings.has(own) else f"refusals.{refusal.code.value}"),
            action_url="/",
            action_text=strings.t("message.see_live"),
        )
