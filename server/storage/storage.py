"""Opens the data directory and the database, and holds one store for each domain."""

import logging
from pathlib import Path
from typing import Self

from server.storage.account import AccountStore
from server.storage.adoption import adopt
from server.storage.announcements import AnnouncementStore
from server.storage.bans import BanStore
from server.storage.blocks import BlockStore
from server.storage.clips import ClipStore
from server.storage.cookie_keys import CookieKeyStore
from server.storage.crowds import CrowdStore
from server.storage.database import DATABASE_NAME, Database
from server.storage.devices import DeviceStore
from server.storage.directory import DataDirectory
from server.storage.discarded import DiscardedStore
from server.storage.feed_items import FeedItemStore
from server.storage.feed_viewers import FeedViewerStore
from server.storage.follows import FollowStore
from server.storage.hidden import HiddenStore
from server.storage.kept_media import KeptMediaStore
from server.storage.live_data import LiveData
from server.storage.messages import MessageStore
from server.storage.moderation import ModerationStore
from server.storage.moderation_log import ModerationLogStore
from server.storage.moderators import ModeratorStore
from server.storage.mutes import MuteStore
from server.storage.passkeys import PasskeyStore
from server.storage.people import PersonStore
from server.storage.personal_data import PersonalDataStore
from server.storage.polls import PollStore
from server.storage.public_items import PublicItemStore
from server.storage.public_pages import PublicPageStore
from server.storage.push_subscriptions import PushSubscriptionStore
from server.storage.pushed import PushedStore
from server.storage.reactions import ReactionStore
from server.storage.recordings import RecordingStore
from server.storage.reports import ReportStore
from server.storage.retention import Retention
from server.storage.rooms import RoomStore
from server.storage.search import SearchStore
from server.storage.server_leases import ServerLeaseStore
from server.storage.summaries import SummaryStore
from server.storage.tags import TagStore
from server.storage.timelines import TimelineStore
from server.storage.transfers import TransferStore
from server.storage.unindexed import UnindexedStore
from server.storage.vapid_keys import VapidKeyStore
from server.storage.watch_links import WatchLinkStore
from server.storage.words import WordStore

logger = logging.getLogger(__name__)


class Storage:
    """All persistent data. `open()` creates this object; call `close()` at the end."""

    def __init__(self, directory: DataDirectory, database: Database, server: str) -> None:
        """`server` is the id of this server; "" if no other server can use the database."""
        self._directory = directory
        self.database = database
        self.rooms = RoomStore(database, server)
        self.server_leases = ServerLeaseStore(database, server)
        self.blocks = BlockStore(database)
        self.live_data = LiveData(database)
        self.clips = ClipStore(database, server)
        self.discarded = DiscardedStore(database)
        self.kept_media = KeptMediaStore(database)
        self.recordings = RecordingStore(database, server)
        self.retention = Retention(database)
        self.moderation = ModerationStore(database)
        self.moderation_log = ModerationLogStore(database)
        self.moderators = ModeratorStore(database)
        self.mutes = MuteStore(database)
        self.bans = BanStore(database)
        self.words = WordStore(database)
        self.reports = ReportStore(database)
        self.watch_links = WatchLinkStore(database)
        self.cookie_keys = CookieKeyStore(database)
        self.people = PersonStore(database)
        self.devices = DeviceStore(database)
        self.passkeys = PasskeyStore(database)
        self.transfers = TransferStore(database)
        self.accounts = AccountStore(database)
        self.personal_data = PersonalDataStore(database)
        self.hidden = HiddenStore(database)
        self.reactions = ReactionStore(database)
        self.crowds = CrowdStore(database)
        self.polls = PollStore(database)
        self.summaries = SummaryStore(database)
        self.timelines = TimelineStore(database)
        self.follows = FollowStore(database)
        self.push_subscriptions = PushSubscriptionStore(database)
        self.pushed = PushedStore(database)
        self.vapid_keys = VapidKeyStore(database)
        self.messages = MessageStore(database)
        self.tags = TagStore(database)
        self.search = SearchStore(database)
        self.public_items = PublicItemStore(database)
        self.public_pages = PublicPageStore(database)
        self.announcements = AnnouncementStore(database)
        self.words_of_items = UnindexedStore(database)
        self.feed_items = FeedItemStore(database)
        self.feed_viewers = FeedViewerStore(database)

    @classmethod
    async def open(
        cls,
        data: Path,
        url: str | None = None,
        *,
        server: str | None = None,
        lock: int | None = None,
    ) -> Self:
        """Creates the data directory if it is missing, locks it, and opens the database. The
        database is PostgreSQL at `url`, or SQLite in the directory. Raises StorageError, also if
        another server uses the directory.

        `server`: the id of this server in the database. By default it is the id in the directory
        with PostgreSQL, and "" with SQLite. `lock`: the file descriptor of the lock, if the parent
        process has locked the directory for several processes. Each process has an id of its own.
        """
        directory = (
            DataDirectory.lock(data) if lock is None else DataDirectory.inherited(data, lock)
        )
        try:
            if url is None:
                database = await Database.open_sqlite(data, shared=lock is not None)
                if lock is None:
                    await _adopt(database, server or "")
                return cls(directory, database, server or "")
            if (data / DATABASE_NAME).exists():
                logger.warning(
                    "the rooms and people in %s are not used: everything is in PostgreSQL",
                    data / DATABASE_NAME,
                )
            server = server or directory.server_id()
            return cls(directory, await Database.open_postgresql(url), server)
        except BaseException:
            directory.close()
            raise

    async def close(self) -> None:
        """Closes the database, and unlocks the directory for other servers. Further calls do
        nothing.
        """
        try:
            await self.database.close()
        finally:
            self._directory.close()


async def _adopt(database: Database, server: str) -> None:
    """Gives everything that is unfinished to the only server of the database. Its id may have been
    another one before.
    """
    try:
        await adopt(database, [server])
    except BaseException:
        await database.close()
        raise
