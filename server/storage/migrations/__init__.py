"""The migrations of the database, in the folder `versions`, one for each revision of the schema.
Alembic runs them in one transaction, when a server starts.

Never change a released revision: add another one. While several servers share a database, servers
of two releases run on one schema, so a revision only adds what the older release can ignore.
"""

from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.errors import StorageError

LOCK = 0x6D6C_6976
"""Key of the advisory lock of PostgreSQL under which the migrations run."""


async def migrate(connection: AsyncConnection, place: str) -> None:
    """Applies the missing migrations within the transaction of the connection. Several processes
    may call this function at the same time: one migrates, and the others wait.

    Raises StorageError if a newer release wrote the database.
    """
    await connection.run_sync(_migrate, place)


def _migrate(connection: sa.Connection, place: str) -> None:
    scripts = _scripts()
    if _is_newest(connection, scripts, place):
        return
    if connection.dialect.name == "postgresql":
        # The lock ends with the transaction, so it works through PgBouncer too.
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
        if _is_newest(connection, scripts, place):
            return

    def missing(revision: Any, _context: MigrationContext) -> Any:
        return scripts._upgrade_revs("head", revision)

    context = MigrationContext.configure(connection, opts={"fn": missing, "script": scripts})
    context.run_migrations(op=Operations(context))


@cache
def _scripts() -> ScriptDirectory:
    """The migrations. Reading them takes longer than looking whether any is missing."""
    return ScriptDirectory(str(Path(__file__).parent))


def _is_newest(connection: sa.Connection, scripts: ScriptDirectory, place: str) -> bool:
    """Whether the database has the newest revision. Raises StorageError if the revision is
    unknown.
    """
    current = MigrationContext.configure(connection).get_current_heads()
    known = {script.revision for script in scripts.walk_revisions()}
    if not known.issuperset(current):
        raise StorageError(
            f"{place}: written by a newer microlive (schema {', '.join(current)}; this version "
            f"supports {scripts.get_current_head()})"
        )
    return set(current) == {scripts.get_current_head()}
