"""The errors of the relay.

RelayError
├── BitstreamError      media bytes are invalid, for example a truncated SPS
├── MessageError        a record or notice does not follow PROTOCOL.md
└── Refusal             a request is refused, with a `status` and a `code`
    ├── OfferError      a WHIP or WHEP request is refused
    └── PlaylistError   an HLS request is refused
"""

from enum import StrEnum


class RefusalCode(StrEnum):
    """The reason why a request is refused or a connection is closed, as a stable name. Programs and
    translated pages use this name, because the accompanying text may change.
    """

    # Any request
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    BAD_REQUEST = "bad_request"
    UNKNOWN_HOST = "unknown_host"
    FOREIGN_ORIGIN = "foreign_origin"
    FOREIGN_NETWORK = "foreign_network"
    BODY_TOO_LARGE = "body_too_large"
    BODY_TOO_SLOW = "body_too_slow"
    BODY_NOT_UTF8 = "body_not_utf8"
    WRONG_CONTENT_TYPE = "wrong_content_type"
    NOT_JSON = "not_json"
    MISSING_KEY = "missing_key"
    WRONG_KEY = "wrong_key"
    WRONG_TOKEN = "wrong_token"
    RATE_LIMITED = "rate_limited"
    TOO_MANY_CONNECTIONS = "too_many_connections"
    TOO_MANY_REQUESTS = "too_many_requests"
    TOO_MANY_SESSIONS = "too_many_sessions"
    STORAGE_UNAVAILABLE = "storage_unavailable"
    MEDIA_UNAVAILABLE = "media_unavailable"
    SERVER_CLOSING = "server_closing"
    SERVER_FULL = "server_full"
    INTERNAL_ERROR = "internal_error"
    ADDRESS_BLOCKED = "address_blocked"

    # The admin API
    BAD_BLOCK = "bad_block"
    BLOCK_NOT_FOUND = "block_not_found"
    TOO_MANY_BLOCKS = "too_many_blocks"
    BAD_KEY_REQUEST = "bad_key_request"

    # People
    BAD_NAME = "bad_name"
    NAME_TOO_LONG = "name_too_long"
    NAME_RESERVED = "name_reserved"
    HANDLE_TAKEN = "handle_taken"
    HANDLE_NOT_FOUND = "handle_not_found"
    PERSON_NOT_FOUND = "person_not_found"
    BAD_LANGUAGE = "bad_language"
    BAD_BIO = "bad_bio"
    BAD_LINK = "bad_link"
    SIGNED_OUT = "signed_out"
    TOO_MANY_PEOPLE = "too_many_people"
    NOT_YOURSELF = "not_yourself"
    TOO_MANY_FOLLOWS = "too_many_follows"

    # Pushes
    PUSH_OFF = "push_off"
    BAD_SUBSCRIPTION = "bad_subscription"
    SUBSCRIPTION_NOT_FOUND = "subscription_not_found"

    # Sign-in, devices and personal data
    NO_PASSKEYS_HERE = "no_passkeys_here"
    BAD_CREDENTIAL = "bad_credential"
    WRONG_CREDENTIAL = "wrong_credential"
    WRONG_CHALLENGE = "wrong_challenge"
    TOO_MANY_PASSKEYS = "too_many_passkeys"
    PASSKEY_EXISTS = "passkey_exists"
    PASSKEY_NOT_FOUND = "passkey_not_found"
    DEVICE_NOT_FOUND = "device_not_found"
    BAD_CODE = "bad_code"
    WRONG_CODE = "wrong_code"
    NO_HANDLE = "no_handle"
    TOO_MANY_HIDDEN = "too_many_hidden"
    TOO_MANY_DOWNLOADS = "too_many_downloads"

    # Rooms
    ROOM_NOT_FOUND = "room_not_found"
    ROOM_ENDED = "room_ended"
    ROOM_NOT_LIVE = "room_not_live"
    ROOM_ELSEWHERE = "room_elsewhere"
    NODE_AWAY = "node_away"
    TOO_MANY_ROOMS = "too_many_rooms"
    OUT_OF_MEMORY = "out_of_memory"
    BITRATE_TOO_HIGH = "bitrate_too_high"
    BAD_TITLE = "bad_title"
    TITLE_TOO_LONG = "title_too_long"
    HELLO_TOO_LONG = "hello_too_long"
    ROOM_NOT_ENDED = "room_not_ended"
    BAD_LENGTH = "bad_length"
    BAD_MOOD = "bad_mood"
    BAD_MEDIA_TIME = "bad_media_time"
    NOT_IN_WINDOW = "not_in_window"

    # Clips
    BAD_CLIP = "bad_clip"
    BAD_RANGE = "bad_range"
    CLIP_NOT_FOUND = "clip_not_found"
    CLIP_FINISHED = "clip_finished"
    CLIP_TOO_SHORT = "clip_too_short"
    CLIP_TOO_LONG = "clip_too_long"
    CLIP_NOT_MADE = "clip_not_made"
    CLIPPER_ONLY = "clipper_only"
    CLIPS_OFF = "clips_off"
    MOMENT_GONE = "moment_gone"
    TOO_MANY_CLIPS = "too_many_clips"

    # Tags, search and announced lives
    TAG_NOT_FOUND = "tag_not_found"
    BAD_CURSOR = "bad_cursor"
    BAD_FEED = "bad_feed"
    BAD_VIEW = "bad_view"
    BAD_TASTE = "bad_taste"
    BAD_CHALLENGE = "bad_challenge"
    CHALLENGE_TAKEN = "challenge_taken"
    TOO_MANY_CHALLENGES = "too_many_challenges"
    QUERY_TOO_LONG = "query_too_long"
    BAD_ANNOUNCEMENT = "bad_announcement"
    ANNOUNCEMENT_NOT_FOUND = "announcement_not_found"
    TOO_MANY_ANNOUNCEMENTS = "too_many_announcements"
    TOO_MANY_REMINDERS = "too_many_reminders"

    # Polls and the length of a live
    BAD_POLL = "bad_poll"
    POLL_OPEN = "poll_open"
    POLL_CLOSED = "poll_closed"
    POLL_NOT_FOUND = "poll_not_found"
    POLL_FULL = "poll_full"
    NO_SUCH_ANSWER = "no_such_answer"
    TOO_MANY_POLLS = "too_many_polls"
    NO_COUNTDOWN = "no_countdown"
    LENGTH_AT_MAXIMUM = "length_at_maximum"

    # Replays
    BAD_KEEP = "bad_keep"
    NO_REPLAY = "no_replay"

    # People in rooms
    CREATOR_ONLY = "creator_only"
    MODERATORS_ONLY = "moderators_only"
    BAD_MESSAGE = "bad_message"
    EMPTY_MESSAGE = "empty_message"
    MESSAGE_TOO_LONG = "message_too_long"
    CHAT_CROWDED = "chat_crowded"
    BANNED = "banned"

    # Moderation
    BANNED_BY_OPERATOR = "banned_by_operator"
    MUTED = "muted"
    CHAT_OFF = "chat_off"
    FOLLOWERS_ONLY = "followers_only"
    KNOWN_ONLY = "known_only"
    SLOW_MODE = "slow_mode"
    BAD_MODERATION = "bad_moderation"
    BAD_WORDS = "bad_words"
    CANNOT_MODERATE = "cannot_moderate"
    UNDO_OVER = "undo_over"
    TOO_MANY_MODERATORS = "too_many_moderators"
    TOO_MANY_BANS = "too_many_bans"
    MESSAGE_NOT_FOUND = "message_not_found"

    # Reports
    REPORT_NOT_FOUND = "report_not_found"
    REPORT_DECIDED = "report_decided"
    REPORT_ANSWERED = "report_answered"
    BAD_REPORT = "bad_report"

    # Who may watch
    PRIVATE_ROOM = "private_room"
    LINK_NOT_FOUND = "link_not_found"
    LINK_EXPIRED = "link_expired"
    LINK_REVOKED = "link_revoked"
    TOO_MANY_LINKS = "too_many_links"

    # WHIP and WHEP
    NOT_SDP = "not_sdp"
    NO_VIDEO = "no_video"
    UNUSABLE_OFFER = "unusable_offer"
    NO_COMMON_CODEC = "no_common_codec"
    NOT_SDP_FRAGMENT = "not_sdp_fragment"
    BAD_ICE_RESTART = "bad_ice_restart"
    ICE_SESSION_CHANGED = "ice_session_changed"
    MISSING_IF_MATCH = "missing_if_match"
    NO_COUNTER_OFFER = "no_counter_offer"
    SESSION_NOT_FOUND = "session_not_found"
    NO_TRANSCODING = "no_transcoding"
    TOO_MANY_TRANSCODERS = "too_many_transcoders"

    # HLS
    BAD_DIRECTIVE = "bad_directive"
    TOO_FAR_AHEAD = "too_far_ahead"
    FILE_NOT_FOUND = "file_not_found"
    NOTHING_NEW = "nothing_new"
    TOO_MANY_STREAMS = "too_many_streams"

    # WebSocket and event stream
    BAD_NOTICE = "bad_notice"
    MESSAGE_TOO_LARGE = "message_too_large"
    NOT_READING = "not_reading"
    TOO_SLOW = "too_slow"
    UNSUPPORTED_CODEC = "unsupported_codec"


class RelayError(Exception):
    """The base class of all errors that the relay raises deliberately."""


class BitstreamError(RelayError):
    """Raised for media bytes that violate the standard of their codec or container."""


class MessageError(RelayError):
    """Raised for a record or notice that does not follow PROTOCOL.md."""


class Refusal(RelayError):
    """The refusal of a request. `status` is the HTTP status. `retry_after` is the number of seconds
    after which the client may retry; None if a retry does not help.
    """

    def __init__(
        self, status: int, code: RefusalCode, reason: str, retry_after: int | None = None
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.code = code
        self.retry_after = retry_after


class OfferError(Refusal):
    """The refusal of a WHIP or WHEP request.

    For an offer, `status` is 400 (not SDP), 406 (no codec in common) or 422 (unusable SDP), as in
    RFC 9725 §4.2. A PATCH may also get 412 (it belongs to a former ICE session), and a WHEP request
    404 (no such session) or 503 (the server is shutting down).
    """


class PlaylistError(Refusal):
    """The refusal of an HLS request.

    `status` is 400 (invalid directive), 404 (the resource does not exist, or no longer exists) or
    503 (the resource does not exist yet).
    """
