"""People, how they sign in, and whom they follow or hide."""

import sqlalchemy as sa

from server.storage.schema.metadata import metadata

cookie_key = sa.Table(
    "cookie_key",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("secret", sa.LargeBinary, nullable=False),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("retired_at", sa.Double),
)

# One row: the random id of this database, from which the name of the cookie is made.
installation = sa.Table(
    "installation",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("id", sa.Text, nullable=False),
)

person = sa.Table(
    "person",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("colour", sa.Integer, nullable=False),
    sa.Column("handle", sa.Text),
    # The handle in the form in which handles are compared.
    sa.Column("handle_key", sa.Text, unique=True),
    # The UTS 39 skeleton of the handle: equal for handles that look alike.
    sa.Column("skeleton", sa.Text, unique=True),
    sa.Column("language", sa.Text),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("seen_at", sa.Double, nullable=False),
    sa.Column("recovery_hash", sa.LargeBinary),
    sa.Column("delete_at", sa.Double),
    sa.Column("deleted_at", sa.Double),
    # The number of rows in `follow` whose `followed` is this person.
    sa.Column("followers", sa.Integer, nullable=False, server_default="0"),
    # What the page of the person shows: a text, and one https URL.
    sa.Column("bio", sa.Text, nullable=False, server_default=""),
    sa.Column("link", sa.Text, nullable=False, server_default=""),
    sa.Index("person_by_delete_at", "delete_at"),
)

handle_reservation = sa.Table(
    "handle_reservation",
    metadata,
    sa.Column("skeleton", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("until", sa.Double, nullable=False),
    sa.Index("handle_reservation_by_person", "person"),
)

device = sa.Table(
    "device",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("seen_at", sa.Double, nullable=False),
    sa.Column("revoked_at", sa.Double),
    sa.Index("device_by_person", "person"),
    sa.Index("device_by_revocation", "revoked_at"),
)

passkey = sa.Table(
    "passkey",
    metadata,
    sa.Column("id", sa.LargeBinary, primary_key=True),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("public_key", sa.LargeBinary, nullable=False),
    sa.Column("sign_count", sa.BigInteger, nullable=False),
    # A JSON list.
    sa.Column("transports", sa.Text, nullable=False, server_default="[]"),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("used_at", sa.Double),
    sa.Index("passkey_by_person", "person"),
)

used_challenge = sa.Table(
    "used_challenge",
    metadata,
    # Hash of a challenge that a passkey has answered. Kept until a day after the challenge expires.
    sa.Column("hash", sa.LargeBinary, primary_key=True),
    sa.Column("expires_at", sa.Double, nullable=False),
    sa.Index("used_challenge_by_expiry", "expires_at"),
)

transfer = sa.Table(
    "transfer",
    metadata,
    sa.Column("code_hash", sa.LargeBinary, primary_key=True),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("expires_at", sa.Double, nullable=False),
    sa.Column("used_at", sa.Double),
    sa.Index("transfer_by_person", "person"),
)

follow = sa.Table(
    "follow",
    metadata,
    sa.Column("follower", sa.Text, primary_key=True),
    sa.Column("followed", sa.Text, primary_key=True),
    sa.Column("at", sa.Double, nullable=False),
    sa.Index("follow_by_followed", "followed", "at"),
)

hidden = sa.Table(
    "hidden",
    metadata,
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("hidden", sa.Text, primary_key=True),
    sa.Column("at", sa.Double, nullable=False),
    sa.Index("hidden_by_hidden", "hidden"),
    sa.Index("hidden_by_time", "at"),
)
