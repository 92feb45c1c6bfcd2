"""`/@{handle}/feed.xml`: the clips and replays of a person, for readers of feeds. server/API.md
describes the answer.
"""

from datetime import datetime
from urllib.parse import quote

from aiohttp import hdrs, web

from server.discovery.item import FeedItem
from server.discovery.items import FeedItems
from server.http.follows import Profile, Profiles
from server.http.people_items import items_of
from server.http.request import url_of
from server.http.templates import Templates
from server.settings import Settings
from server.site.atom import Entry, Feed, atom
from server.storage.public_items import PublicItemStore
from server.storage.public_pages import PublicPageStore

MAX_ENTRIES = 30
"""Maximum number of entries of a feed."""
CACHED = "public, max-age=60"


class AtomFeeds:
    """The Atom feeds of the holders of handles (RFC 4287)."""

    def __init__(
        self,
        profiles: Profiles,
        store: PublicItemStore,
        items: FeedItems,
        pages: PublicPageStore,
        templates: Templates,
        settings: Settings,
    ) -> None:
        self._profiles = profiles
        self._store = store
        self._items = items
        self._pages = pages
        self._templates = templates
        self._settings = settings

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/@{handle}/feed.xml", self.show)]

    async def show(self, request: web.Request) -> web.Response:
        profile = await self._profiles.find(request.match_info["handle"])
        entries = await self._entries(request, profile.person.id)
        return web.Response(
            body=atom(self._feed(request, profile, entries)),
            content_type="application/atom+xml",
            charset="utf-8",
            headers={
                hdrs.CACHE_CONTROL: CACHED,
                hdrs.VARY: f"{hdrs.ACCEPT_LANGUAGE}, {hdrs.COOKIE}",
            },
        )

    async def _entries(self, request: web.Request, person: str) -> list[Entry]:
        """Returns the latest clips and replays, the latest first."""
        clips, replays = await items_of(self._store, self._items, person, MAX_ENTRIES)
        published = await self._pages.published([clip.id for clip in clips])
        untitled = self._templates.strings_for(request).t("site.untitled")

        def entry(item: FeedItem, at: float) -> Entry:
            return Entry(
                url=self._url(request, item.url),
                title=item.title or untitled,
                published=at,
                picture=self._url(request, item.poster) if item.poster else "",
                video=self._url(request, item.video) if item.video else "",
                tags=[tag.name for tag in item.tags],
            )

        entries = [entry(clip, published[clip.id]) for clip in clips if clip.id in published]
        entries += [
            entry(replay, datetime.fromisoformat(replay.live_since).timestamp())
            for replay in replays
            if replay.live_since
        ]
        return sorted(entries, key=lambda each: each.published, reverse=True)[:MAX_ENTRIES]

    def _feed(self, request: web.Request, profile: Profile, entries: list[Entry]) -> Feed:
        page = self._url(request, f"/@{quote(profile.person.handle or '', safe='')}")
        return Feed(
            url=page,
            self_url=f"{page}/feed.xml",
            title=f"{profile.person.name} · microlive",
            author=profile.person.name,
            subtitle=profile.bio,
            updated=entries[0].published if entries else 0.0,
            entries=entries,
        )

    def _url(self, request: web.Request, path: str) -> str:
        return url_of(request, path, self._settings)
