"""The endpoints of the HTTP interface, grouped by purpose: rooms, people, media, the operator."""

from typing import Protocol

from aiohttp import web

from server.composition.parts import Parts
from server.http.account import AccountEndpoint
from server.http.admin import AdminEndpoint, Authorise
from server.http.admin_moderation import AdminModerationEndpoint
from server.http.admin_people import AdminPeopleEndpoint
from server.http.admission import Admissions
from server.http.announcements import AnnouncementsEndpoint
from server.http.atom_feed import AtomFeeds
from server.http.chat import ChatEndpoint
from server.http.clip_access import ClipAccess
from server.http.clip_files import ClipFilesEndpoint
from server.http.clip_qr import ClipQrEndpoint
from server.http.clips import ClipsEndpoint
from server.http.codes import CodesEndpoint
from server.http.countdown import CountdownEndpoint
from server.http.crawlers import CrawlersEndpoint
from server.http.devices import DevicesEndpoint
from server.http.export import AdminExportEndpoint, ExportEndpoint, Exports
from server.http.feed import FeedEndpoint
from server.http.follows import FollowsEndpoint, Profiles
from server.http.hidden import HiddenEndpoint
from server.http.highlights import HighlightsEndpoint
from server.http.moderation import ModerationEndpoint
from server.http.people import PeopleEndpoint
from server.http.people_items import PersonItemsEndpoint
from server.http.polls import PollsEndpoint
from server.http.posters import PostersEndpoint
from server.http.push import PushEndpoint
from server.http.qr_codes import QrAnswers
from server.http.replay import ReplayEndpoint
from server.http.replays import ReplaysEndpoint
from server.http.reports import ReportsEndpoint
from server.http.rooms import RoomsEndpoint
from server.http.search import SearchEndpoint
from server.http.sign_in import SignInEndpoint
from server.http.summary import SummaryEndpoint
from server.http.tag_page import TagPages
from server.http.tags import TagsEndpoint
from server.http.templates import Templates
from server.http.timeline import TimelineEndpoint
from server.http.watch_links import WatchLinksEndpoint
from server.http.whip import WhipEndpoint


class Endpoint(Protocol):
    """One or more HTTP resources."""

    def routes(self) -> list[web.RouteDef]: ...


def room_endpoints(parts: Parts) -> tuple[Endpoint, ...]:
    """Returns the endpoints for rooms, and for what people do in rooms: chat, polls, moderation,
    reports.
    """
    rooms, requesters = parts.rooms, parts.visitors.requesters
    identity, settings = parts.visitors.identity, parts.settings
    codes = QrAnswers(settings)
    # aiohttp tries the routes in this order. The routes of the chat are first, because these routes
    # get the most requests.
    return (
        ChatEndpoint(rooms, requesters),
        RoomsEndpoint(rooms, parts.stored.posters, identity, codes, settings),
        PostersEndpoint(rooms, parts.stored.posters, parts.stored.replay_posters),
        PollsEndpoint(rooms, requesters),
        CountdownEndpoint(rooms, requesters),
        SummaryEndpoint(rooms, requesters),
        TimelineEndpoint(rooms, requesters),
        HighlightsEndpoint(rooms, requesters),
        ExportEndpoint(rooms, requesters, _exports(parts)),
        ReplayEndpoint(rooms, parts.stored.recordings, requesters),
        ModerationEndpoint(rooms, requesters),
        ReportsEndpoint(rooms, parts.storage.reports, identity, requesters),
        WatchLinksEndpoint(rooms, requesters, settings),
        *_clip_endpoints(parts, codes),
    )


def _exports(parts: Parts) -> Exports:
    return Exports(parts.rooms, parts.storage, parts.stored.objects, parts.stored.recordings)


def clip_access(parts: Parts) -> ClipAccess:
    return ClipAccess(parts.stored.clips, parts.visitors.access, parts.visitors.requesters)


def _clip_endpoints(parts: Parts, codes: QrAnswers) -> tuple[Endpoint, ...]:
    clips, access = parts.stored.clips, clip_access(parts)
    return (
        ClipsEndpoint(clips, access, parts.visitors.requesters),
        ClipFilesEndpoint(clips, access, parts.stored.objects),
        ClipQrEndpoint(access, codes, parts.settings),
    )


def person_endpoints(parts: Parts, profiles: Profiles) -> tuple[Endpoint, ...]:
    """Returns the endpoints for the person who uses the browser: name, follows, sign-in, devices
    and stored data.
    """
    identity, storage, settings = parts.visitors.identity, parts.storage, parts.settings
    return (
        PeopleEndpoint(identity, storage.people, settings),
        FollowsEndpoint(identity, storage.follows, profiles),
        SignInEndpoint(identity, storage.passkeys, storage.accounts, settings),
        CodesEndpoint(identity, storage.transfers, storage.accounts, settings),
        DevicesEndpoint(identity, storage.devices),
        HiddenEndpoint(identity, storage.hidden),
        PushEndpoint(
            identity,
            storage.push_subscriptions,
            parts.pushes.public_key if parts.pushes else None,
        ),
        AccountEndpoint(
            identity, storage.accounts, storage.devices, storage.personal_data, settings
        ),
    )


def discovery_endpoints(parts: Parts, profiles: Profiles) -> tuple[Endpoint, ...]:
    """Returns the endpoints by which people find lives, clips and each other."""
    identity, storage, found = parts.visitors.identity, parts.storage, parts.discovery
    return (
        TagsEndpoint(storage.tags, found.trends, found.items, found.challenges, identity),
        SearchEndpoint(found.search, identity),
        AnnouncementsEndpoint(found.announced, found.items, identity, profiles, parts.settings),
        PersonItemsEndpoint(storage.public_items, found.items, profiles),
        FeedEndpoint(parts.feed, found.trends, identity, parts.settings),
    )


def public_page_endpoints(
    parts: Parts, profiles: Profiles, templates: Templates
) -> tuple[Endpoint, ...]:
    """Returns the pages of tags, and what readers of feeds and robots get."""
    storage, settings = parts.storage, parts.settings
    return (
        TagPages(templates, storage.tags),
        AtomFeeds(
            profiles,
            storage.public_items,
            parts.discovery.items,
            storage.public_pages,
            templates,
            settings,
        ),
        CrawlersEndpoint(storage.public_pages, settings),
    )


def media_endpoints(parts: Parts, admissions: Admissions) -> tuple[Endpoint, ...]:
    """Returns the endpoints for publishers and viewers."""
    outputs = parts.outputs
    whip = WhipEndpoint(
        parts.rooms,
        parts.limits.memory,
        admissions,
        parts.settings,
        parts.hosts,
        parts.media.ingest.ended,
    )
    replays = ReplaysEndpoint(parts.stored.replays, outputs.replay_requests, parts.settings)
    viewers = (outputs.watch, outputs.events, outputs.hls, outputs.rewind)
    return (*viewers, whip, outputs.play, replays)


def operator_endpoints(parts: Parts, authorise: Authorise) -> tuple[Endpoint, ...]:
    """Returns the endpoints for the operator. `authorise` checks each request."""
    rooms, storage = parts.rooms, parts.storage
    return (
        AdminEndpoint(rooms, parts.blocklist, parts.blocks, parts.cut, parts.siblings, authorise),
        AdminPeopleEndpoint(
            parts.visitors.identity, storage.people, storage.cookie_keys, authorise
        ),
        AdminModerationEndpoint(rooms, storage, authorise),
        AdminExportEndpoint(_exports(parts), authorise),
    )
