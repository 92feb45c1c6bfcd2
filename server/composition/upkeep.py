"""The tasks that end the rooms of lost servers and delete overdue data."""

from contextlib import AsyncExitStack

from server.rooms.lost_servers import LostServers
from server.rooms.registry import Rooms
from server.settings import Settings
from server.storage.purging import Purging
from server.storage.retention import RetentionPeriods
from server.storage.storage import Storage


def start_upkeep(rooms: Rooms, storage: Storage, settings: Settings, stack: AsyncExitStack) -> None:
    lost_servers = LostServers(storage.server_leases, rooms.in_memory.open_names)
    lost_servers.start()
    stack.push_async_callback(lost_servers.close)
    purging = Purging(storage.retention, _retention_periods(settings))
    purging.start()
    stack.push_async_callback(purging.close)


def _retention_periods(settings: Settings) -> RetentionPeriods:
    return RetentionPeriods(
        rooms=settings.ended_ttl,
        messages=settings.message_ttl,
        reactions=settings.reaction_ttl,
        polls=settings.poll_ttl,
        logs=settings.log_ttl,
        reports=settings.report_ttl,
        devices=settings.device_ttl,
    )
