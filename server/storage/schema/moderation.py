"""The decisions of moderators, the reports of viewers, and the watch links of private lives."""

import sqlalchemy as sa

from server.storage.schema.metadata import metadata

moderator = sa.Table(
    "moderator",
    metadata,
    sa.Column("creator", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("at", sa.Double, nullable=False),
    sa.Index("moderator_by_person", "person"),
)

mute = sa.Table(
    "mute",
    metadata,
    sa.Column("room", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("until", sa.Double, nullable=False),
    sa.Column("made_by", sa.Text),
    sa.Column("at", sa.Double, nullable=False),
    sa.Index("mute_by_person", "person"),
)

ban = sa.Table(
    "ban",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    # Empty for a ban by the operator, which applies to every room.
    sa.Column("creator", sa.Text, nullable=False),
    # NULL for a permanent ban, which applies to every room of the creator.
    sa.Column("room", sa.Text),
    sa.Column("person", sa.Text, nullable=False),
    # NULL for the ban of a person. A ban of a network has a row of its own.
    sa.Column("network_hash", sa.Text),
    sa.Column("until", sa.Double),
    sa.Column("made_by", sa.Text),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.Index("ban_by_creator", "creator"),
    sa.Index("ban_by_room", "room"),
    sa.Index("ban_by_person", "person"),
)

moderation_state = sa.Table(
    "moderation_state",
    metadata,
    # Id of the owner of rooms; for a room without an owner, `room:` and the name of the room; for
    # the operator, empty; for the blocks of networks, see server/storage/blocks.py.
    sa.Column("creator", sa.Text, primary_key=True),
    # Each change increments this number, so that every server notices the changes of other servers.
    sa.Column("revision", sa.BigInteger, nullable=False),
    # Whether the creator allowed links in the last live.
    sa.Column("links", sa.Boolean, nullable=False, server_default=sa.false()),
    # Time of the last change.
    sa.Column("changed_at", sa.Double, nullable=False),
    sa.Index("moderation_state_by_change", "changed_at"),
)

word = sa.Table(
    "word",
    metadata,
    sa.Column("creator", sa.Text, primary_key=True),
    sa.Column("word", sa.Text, primary_key=True),
)

report = sa.Table(
    "report",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("room", sa.Text, nullable=False),
    # Number and text of the reported message.
    sa.Column("message", sa.BigInteger),
    sa.Column("message_text", sa.Text, nullable=False, server_default=""),
    # `message`, `person` or `room`.
    sa.Column("kind", sa.Text, nullable=False),
    # The author of the reported message, the reported person, or the owner of the reported room.
    sa.Column("person", sa.Text),
    sa.Column("reporter", sa.Text),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False, server_default=""),
    sa.Column("state", sa.Text, nullable=False, server_default="open"),
    sa.Column("decision", sa.Text),
    sa.Column("note", sa.Text, nullable=False, server_default=""),
    sa.Column("answer", sa.Text),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("decided_at", sa.Double),
    sa.Column("answered_at", sa.Double),
    sa.Index("report_by_room", "room"),
    sa.Index("report_by_person", "person"),
    sa.Index("report_by_reporter", "reporter"),
    sa.Index("report_by_state", "state", "at"),
)

moderation_log = sa.Table(
    "moderation_log",
    metadata,
    sa.Column("room", sa.Text, primary_key=True),
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("moderator", sa.Text),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("target", sa.Text),
    sa.Column("person", sa.Text),
    sa.Column("detail", sa.Text, nullable=False, server_default=""),
    sa.Index("moderation_log_by_moderator", "moderator"),
    sa.Index("moderation_log_by_target", "target"),
    sa.Index("moderation_log_by_person", "person"),
)

watch_link = sa.Table(
    "watch_link",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("room", sa.Text, nullable=False),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("expires_at", sa.Double, nullable=False),
    sa.Column("revoked_at", sa.Double),
    sa.Index("watch_link_by_room", "room"),
)
