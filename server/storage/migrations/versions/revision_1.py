"""Revision 1: rooms and blocks, as microlive 0.1 stored them in SQLite.

Microlive 0.1 stored the version of its schema in the table `schema_version`. The migration also
accepts a database of version 1 or 2.
"""

import sqlalchemy as sa
from alembic.operations import Operations

from server.storage.errors import StorageError

revision = "1"
down_revision = None

NEWEST_COUNTED = 2
"""The last version that microlive 0.1 stored in `schema_version`."""


def upgrade(op: Operations) -> None:
    connection = op.get_bind()
    version = _counted_version(connection)
    if version > NEWEST_COUNTED:
        raise StorageError(
            f"the database was written by another microlive (schema version {version})"
        )
    if version == 0:
        op.create_table(
            "room",
            sa.Column("room", sa.Text, primary_key=True),
            sa.Column("title", sa.Text, nullable=False),
            sa.Column("key_hash", sa.LargeBinary, nullable=False),
            sa.Column("created_at", sa.Double, nullable=False),
            sa.Column("ended_at", sa.Double),
            sa.Column("live_at", sa.Double),
        )
    if version < 2:
        op.add_column("room", sa.Column("address", sa.Text, nullable=False, server_default=""))
        op.create_table(
            "block",
            sa.Column("network", sa.Text, primary_key=True),
            sa.Column("until", sa.Double, nullable=False),
            sa.Column("reason", sa.Text, nullable=False),
        )
    if version:
        # The table remains with a version that 0.1 does not know, so that 0.1 refuses the database
        # with a clear error text.
        connection.execute(sa.text("INSERT INTO schema_version VALUES (3)"))


def _counted_version(connection: sa.Connection) -> int:
    if not sa.inspect(connection).has_table("schema_version"):
        return 0
    return connection.scalar(sa.text("SELECT MAX(version) FROM schema_version")) or 0
