"""Stores a change of a creator's moderation. One transaction stores the decision, its line in the
log and the next revision of the creator. A server reads the revisions to notice the changes of
other servers with one small query.
"""

from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.moderation_log import LogRecord, append
from server.storage.schema.moderation import moderation_state
from server.storage.schema.upsert import insert

OPERATOR = ""
"""Id that stands for the operator in the place of a creator. The bans of the operator apply to
every room.
"""


async def change(
    database: Database,
    creator: str,
    log: LogRecord,
    work: Callable[[AsyncConnection], Awaitable[None]],
) -> None:
    """Runs `work` and writes a line of the log, in one transaction."""

    async def run(connection: AsyncConnection) -> None:
        # The first statement locks the row, so that two servers do not use the same number of the
        # log.
        await raise_revision(connection, creator, log.at)
        await work(connection)
        await append(connection, log)

    await database.write(run)


async def raise_revision(connection: AsyncConnection, creator: str, at: float) -> None:
    """Makes every server read the decisions of the creator, or of OPERATOR, again."""
    revision = moderation_state.c.revision + 1
    await connection.execute(
        insert(connection, moderation_state)
        .values(creator=creator, revision=1, links=False, changed_at=at)
        .on_conflict_do_update(
            index_elements=["creator"], set_={"revision": revision, "changed_at": at}
        )
    )
