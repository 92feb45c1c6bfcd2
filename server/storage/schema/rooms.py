"""Rooms, the servers that run them, and the networks that the operator has blocked."""

import sqlalchemy as sa

from server.storage.schema.metadata import metadata

room = sa.Table(
    "room",
    metadata,
    sa.Column("room", sa.Text, primary_key=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("key_hash", sa.LargeBinary, nullable=False),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("ended_at", sa.Double),
    sa.Column("live_at", sa.Double),
    sa.Column("address", sa.Text, nullable=False, server_default=""),
    # Id of the server that runs the room; "" if one process uses SQLite alone.
    sa.Column("server", sa.Text, nullable=False, server_default=""),
    sa.Column("owner", sa.Text),
    sa.Column("visibility", sa.Text, nullable=False, server_default="public"),
    sa.Column("length_s", sa.Double),
    sa.Column("ends_at", sa.Double),
    sa.Column("settings", sa.Text, nullable=False, server_default="{}"),
    sa.Column("peak", sa.Integer, nullable=False, server_default="0"),
    sa.Column("people", sa.Integer, nullable=False, server_default="0"),
    sa.Column("duration_s", sa.Double),
    # `calm`, `loud`, `funny`, `learn`, `create`, or "" if the creator chose no mood.
    sa.Column("mood", sa.Text, nullable=False, server_default=""),
    # The viewers at present, for other servers. Only right while the room has not ended.
    sa.Column("viewers", sa.Integer, nullable=False, server_default="0"),
    sa.Index("room_by_owner", "owner"),
    sa.Index("room_by_end", "ended_at"),
)

# What people do in a live at present. The server that runs the live writes it for the others.
live_activity = sa.Table(
    "live_activity",
    metadata,
    sa.Column("room", sa.Text, primary_key=True),
    sa.Column("viewers", sa.Integer, nullable=False),
    sa.Column("arrivals", sa.Integer, nullable=False),
    sa.Column("reactors", sa.Integer, nullable=False),
    sa.Column("usual_reactors", sa.Double, nullable=False),
    sa.Column("answers", sa.Integer, nullable=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.Index("live_activity_by_time", "at"),
)

server = sa.Table(
    "server",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    # How often the server has renewed its lease.
    sa.Column("renewals", sa.BigInteger, nullable=False),
)

block = sa.Table(
    "block",
    metadata,
    sa.Column("network", sa.Text, primary_key=True),
    sa.Column("until", sa.Double, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
)
