"""The recordings of lives, clips, and the objects that are to be deleted.

The object store has the media itself: `lives/{room}/{sequence}.m4s`, and
`clips/{id}/{revision}/{file}`.
"""

import sqlalchemy as sa

from server.storage.schema.metadata import metadata

recording = sa.Table(
    "recording",
    metadata,
    sa.Column("room", sa.Text, primary_key=True),
    # `recording`, `finished` or `stopped`.
    sa.Column("state", sa.Text, nullable=False),
    # The creator's choice: `yes`, `day` or `no`.
    sa.Column("keep", sa.Text, nullable=False),
    # Id of the server that writes the recording; "" if one process uses SQLite alone.
    sa.Column("server", sa.Text, nullable=False, server_default=""),
    sa.Column("began_at", sa.Double, nullable=False),
    sa.Column("ended_at", sa.Double),
    sa.Column("delete_at", sa.Double),
    # The size of all segments together.
    sa.Column("bytes", sa.BigInteger, nullable=False, server_default="0"),
    # Why the recording stopped: `disk_full`, `too_long`, `store_failed` or `over_limit`.
    sa.Column("note", sa.Text, nullable=False, server_default=""),
    sa.Index("recording_by_delete_at", "delete_at"),
    sa.Index("recording_by_state", "state", "server"),
)

# A piece begins with each new picture size or track configuration.
recording_piece = sa.Table(
    "recording_piece",
    metadata,
    sa.Column("room", sa.Text, primary_key=True),
    # Number of the piece, from 1.
    sa.Column("piece", sa.Integer, primary_key=True, autoincrement=False),
    # The init segment, with H.264 and Opus.
    sa.Column("init", sa.LargeBinary, nullable=False),
    sa.Column("width", sa.Integer, nullable=False),
    sa.Column("height", sa.Integer, nullable=False),
    # µs.
    sa.Column("media_time", sa.BigInteger, nullable=False),
)

recording_segment = sa.Table(
    "recording_segment",
    metadata,
    sa.Column("room", sa.Text, primary_key=True),
    sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("piece", sa.Integer, nullable=False),
    # µs.
    sa.Column("media_time", sa.BigInteger, nullable=False),
    # µs.
    sa.Column("duration", sa.BigInteger, nullable=False),
    sa.Column("epoch", sa.Integer, nullable=False),
    # Bytes.
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Index("recording_segment_by_time", "room", "media_time"),
)

clip = sa.Table(
    "clip",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("room", sa.Text, nullable=False),
    # The creator of the live: the owner of the room, or `room:{room}`.
    sa.Column("creator", sa.Text, nullable=False),
    # Who made the clip; NULL for a program with the creator key.
    sa.Column("person", sa.Text),
    sa.Column("title", sa.Text, nullable=False, server_default=""),
    sa.Column("caption", sa.Text, nullable=False, server_default=""),
    # `making`, `draft`, `waiting`, `published` or `deleted`.
    sa.Column("state", sa.Text, nullable=False),
    # At first, the visibility of the live.
    sa.Column("visibility", sa.Text, nullable=False),
    # `viewer`, `highlight` or `replay`.
    sa.Column("source", sa.Text, nullable=False),
    # µs.
    sa.Column("media_time", sa.BigInteger, nullable=False),
    # µs.
    sa.Column("duration", sa.BigInteger, nullable=False),
    sa.Column("width", sa.Integer, nullable=False),
    sa.Column("height", sa.Integer, nullable=False),
    # The size of all objects of the clip together.
    sa.Column("bytes", sa.BigInteger, nullable=False, server_default="0"),
    # Whether the clip has a poster.
    sa.Column("pictures", sa.Boolean, nullable=False, server_default=sa.false()),
    # Part of the object keys: each new cut has a new revision.
    sa.Column("revision", sa.Integer, nullable=False),
    # Id of the server that makes the clip; "" if one process uses SQLite alone.
    sa.Column("server", sa.Text, nullable=False, server_default=""),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("published_at", sa.Double),
    sa.Column("deleted_at", sa.Double),
    # Whether the creator of the live, or a ban, deleted the clip.
    sa.Column("deleted_by_creator", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Index("clip_by_room", "room"),
    sa.Index("clip_by_creator", "creator"),
    sa.Index("clip_by_person", "person", "created_at"),
    sa.Index("clip_by_state", "state", "created_at"),
)

# Objects that no row names any more. A server deletes all objects under the prefix.
discarded = sa.Table(
    "discarded",
    metadata,
    sa.Column("prefix", sa.Text, primary_key=True),
    sa.Column("at", sa.Double, nullable=False),
    sa.Index("discarded_by_time", "at"),
)
