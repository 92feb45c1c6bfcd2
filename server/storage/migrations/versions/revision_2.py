"""Revision 2: people, chat, reactions, polls and moderation."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "2"
down_revision = "1"


def upgrade(op: Operations) -> None:
    _extend_rooms(op)
    _create_server(op)
    _create_cookie_key(op)
    _create_installation(op)
    _create_person(op)
    _create_handle_reservation(op)
    _create_device(op)
    _create_passkey(op)
    _create_used_challenge(op)
    _create_transfer(op)
    _create_follow(op)
    _create_hidden(op)
    _create_message(op)
    _create_reaction_second(op)
    _create_poll(op)
    _create_vote(op)
    _create_moderator(op)
    _create_mute(op)
    _create_ban(op)
    _create_moderation_state(op)
    _create_word(op)
    _create_report(op)
    _create_moderation_log(op)
    _create_watch_link(op)


def _extend_rooms(op: Operations) -> None:
    op.add_column("room", sa.Column("server", sa.Text, nullable=False, server_default=""))
    op.add_column("room", sa.Column("owner", sa.Text))
    op.add_column("room", sa.Column("visibility", sa.Text, nullable=False, server_default="public"))
    op.add_column("room", sa.Column("length_s", sa.Double))
    op.add_column("room", sa.Column("ends_at", sa.Double))
    op.add_column("room", sa.Column("settings", sa.Text, nullable=False, server_default="{}"))
    op.add_column("room", sa.Column("peak", sa.Integer, nullable=False, server_default="0"))
    op.add_column("room", sa.Column("people", sa.Integer, nullable=False, server_default="0"))
    op.add_column("room", sa.Column("duration_s", sa.Double))
    op.create_index("room_by_owner", "room", ["owner"])
    op.create_index("room_by_end", "room", ["ended_at"])


def _create_server(op: Operations) -> None:
    op.create_table(
        "server",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("renewals", sa.BigInteger, nullable=False),
    )


def _create_cookie_key(op: Operations) -> None:
    op.create_table(
        "cookie_key",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("retired_at", sa.Double),
    )


def _create_installation(op: Operations) -> None:
    op.create_table(
        "installation",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("id", sa.Text, nullable=False),
    )


def _create_person(op: Operations) -> None:
    op.create_table(
        "person",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("colour", sa.Integer, nullable=False),
        sa.Column("handle", sa.Text),
        sa.Column("handle_key", sa.Text, unique=True),
        sa.Column("skeleton", sa.Text, unique=True),
        sa.Column("language", sa.Text),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("seen_at", sa.Double, nullable=False),
        sa.Column("recovery_hash", sa.LargeBinary),
        sa.Column("delete_at", sa.Double),
        sa.Column("deleted_at", sa.Double),
        sa.Column("followers", sa.Integer, nullable=False, server_default="0"),
    )
    op.create_index("person_by_delete_at", "person", ["delete_at"])


def _create_handle_reservation(op: Operations) -> None:
    op.create_table(
        "handle_reservation",
        sa.Column("skeleton", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("until", sa.Double, nullable=False),
    )
    op.create_index("handle_reservation_by_person", "handle_reservation", ["person"])


def _create_device(op: Operations) -> None:
    op.create_table(
        "device",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("seen_at", sa.Double, nullable=False),
        sa.Column("revoked_at", sa.Double),
    )
    op.create_index("device_by_person", "device", ["person"])
    op.create_index("device_by_revocation", "device", ["revoked_at"])


def _create_passkey(op: Operations) -> None:
    op.create_table(
        "passkey",
        sa.Column("id", sa.LargeBinary, primary_key=True),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.Column("transports", sa.Text, nullable=False, server_default="[]"),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("used_at", sa.Double),
    )
    op.create_index("passkey_by_person", "passkey", ["person"])


def _create_used_challenge(op: Operations) -> None:
    op.create_table(
        "used_challenge",
        sa.Column("hash", sa.LargeBinary, primary_key=True),
        sa.Column("expires_at", sa.Double, nullable=False),
    )
    op.create_index("used_challenge_by_expiry", "used_challenge", ["expires_at"])


def _create_transfer(op: Operations) -> None:
    op.create_table(
        "transfer",
        sa.Column("code_hash", sa.LargeBinary, primary_key=True),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("expires_at", sa.Double, nullable=False),
        sa.Column("used_at", sa.Double),
    )
    op.create_index("transfer_by_person", "transfer", ["person"])


def _create_follow(op: Operations) -> None:
    op.create_table(
        "follow",
        sa.Column("follower", sa.Text, primary_key=True),
        sa.Column("followed", sa.Text, primary_key=True),
        sa.Column("at", sa.Double, nullable=False),
    )
    op.create_index("follow_by_followed", "follow", ["followed", "at"])


def _create_hidden(op: Operations) -> None:
    op.create_table(
        "hidden",
        sa.Column("person", sa.Text, primary_key=True),
        sa.Column("hidden", sa.Text, primary_key=True),
        sa.Column("at", sa.Double, nullable=False),
    )
    op.create_index("hidden_by_hidden", "hidden", ["hidden"])


def _create_message(op: Operations) -> None:
    op.create_table(
        "message",
        sa.Column("room", sa.Text, primary_key=True),
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("person", sa.Text),
        sa.Column("client_id", sa.Text),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("colour", sa.Integer, nullable=False),
        sa.Column("handle", sa.Text),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("media_time", sa.BigInteger),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("reply_to", sa.BigInteger),
        sa.Column("kind", sa.Text, nullable=False, server_default="chat"),
        sa.Column("state", sa.Text, nullable=False, server_default="shown"),
        sa.Column("removed_by", sa.Text),
        sa.Column("removed_at", sa.Double),
        sa.Column("pinned_at", sa.Double),
    )
    op.create_index("message_once", "message", ["room", "person", "client_id"], unique=True)
    op.create_index("message_by_person", "message", ["person", "room", "sequence"])


def _create_reaction_second(op: Operations) -> None:
    op.create_table(
        "reaction_second",
        sa.Column("room", sa.Text, primary_key=True),
        sa.Column("second", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("emoji", sa.Text, primary_key=True),
        sa.Column("taps", sa.BigInteger, nullable=False),
        sa.Column("people", sa.Integer, nullable=False),
        sa.Column("first_people", sa.Integer, nullable=False),
    )


def _create_poll(op: Operations) -> None:
    op.create_table(
        "poll",
        sa.Column("room", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("answers", sa.Text, nullable=False),
        sa.Column("opened_at", sa.Double, nullable=False),
        sa.Column("closed_at", sa.Double),
        sa.Column("media_time", sa.BigInteger),
    )


def _create_vote(op: Operations) -> None:
    op.create_table(
        "vote",
        sa.Column("room", sa.Text, primary_key=True),
        sa.Column("poll", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, primary_key=True),
        sa.Column("answer", sa.Integer, nullable=False),
    )
    op.create_index("vote_by_person", "vote", ["person"])


def _create_moderator(op: Operations) -> None:
    op.create_table(
        "moderator",
        sa.Column("creator", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, primary_key=True),
        sa.Column("at", sa.Double, nullable=False),
    )
    op.create_index("moderator_by_person", "moderator", ["person"])


def _create_mute(op: Operations) -> None:
    op.create_table(
        "mute",
        sa.Column("room", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, primary_key=True),
        sa.Column("until", sa.Double, nullable=False),
        sa.Column("made_by", sa.Text),
        sa.Column("at", sa.Double, nullable=False),
    )
    op.create_index("mute_by_person", "mute", ["person"])


def _create_ban(op: Operations) -> None:
    op.create_table(
        "ban",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("creator", sa.Text, nullable=False),
        sa.Column("room", sa.Text),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("network_hash", sa.Text),
        sa.Column("until", sa.Double),
        sa.Column("made_by", sa.Text),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("reason", sa.Text, nullable=False, server_default=""),
    )
    op.create_index("ban_by_creator", "ban", ["creator"])
    op.create_index("ban_by_room", "ban", ["room"])
    op.create_index("ban_by_person", "ban", ["person"])


def _create_moderation_state(op: Operations) -> None:
    op.create_table(
        "moderation_state",
        sa.Column("creator", sa.Text, primary_key=True),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("links", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("changed_at", sa.Double, nullable=False),
    )
    op.create_index("moderation_state_by_change", "moderation_state", ["changed_at"])


def _create_word(op: Operations) -> None:
    op.create_table(
        "word",
        sa.Column("creator", sa.Text, primary_key=True),
        sa.Column("word", sa.Text, primary_key=True),
    )


def _create_report(op: Operations) -> None:
    op.create_table(
        "report",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("room", sa.Text, nullable=False),
        sa.Column("message", sa.BigInteger),
        sa.Column("message_text", sa.Text, nullable=False, server_default=""),
        sa.Column("kind", sa.Text, nullable=False),
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
    )
    op.create_index("report_by_room", "report", ["room"])
    op.create_index("report_by_person", "report", ["person"])
    op.create_index("report_by_reporter", "report", ["reporter"])
    op.create_index("report_by_state", "report", ["state", "at"])


def _create_moderation_log(op: Operations) -> None:
    op.create_table(
        "moderation_log",
        sa.Column("room", sa.Text, primary_key=True),
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("moderator", sa.Text),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("target", sa.Text),
        sa.Column("person", sa.Text),
        sa.Column("detail", sa.Text, nullable=False, server_default=""),
    )
    op.create_index("moderation_log_by_moderator", "moderation_log", ["moderator"])
    op.create_index("moderation_log_by_target", "moderation_log", ["target"])
    op.create_index("moderation_log_by_person", "moderation_log", ["person"])


def _create_watch_link(op: Operations) -> None:
    op.create_table(
        "watch_link",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("room", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("expires_at", sa.Double, nullable=False),
        sa.Column("revoked_at", sa.Double),
    )
    op.create_index("watch_link_by_room", "watch_link", ["room"])
