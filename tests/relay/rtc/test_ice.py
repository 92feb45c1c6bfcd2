"""The ICE-lite agent, against aioice's messages."""

import pytest
from aioice import stun
from hypothesis import given
from hypothesis import strategies as st

from relay.rtc.ice import MAX_MESSAGE, UFRAG_BYTES, Answer, Check, IceAgent, local_ufrag_of

SOURCE = ("192.0.2.9", 50_000)
AGENT = IceAgent("them", "their-password-0123456789", "us", "our-password-0123456789ab")


def check(
    *,
    username: str = "us:them",
    password: str = "our-password-0123456789ab",
    nominated: bool = False,
) -> stun.Message:
    """A check as aioice sends it in the controlling role."""
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    message.attributes["USERNAME"] = username
    message.attributes["PRIORITY"] = 1
    message.attributes["ICE-CONTROLLING"] = 7
    if nominated:
        message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity(password.encode())
    return message


@pytest.mark.parametrize("nominated", [True, False])
def test_a_check_is_answered(nominated: bool) -> None:
    """The answer has the transaction ID, the source address and a valid MESSAGE-INTEGRITY;
    `nominated` is USE-CANDIDATE.
    """
    request = check(nominated=nominated)
    answered = AGENT.receive(bytes(request), SOURCE)
    assert isinstance(answered, Check) and answered.nominated is nominated
    answer = stun.parse_message(answered.answer)
    assert answer.check_message_integrity(b"our-password-0123456789ab")
    assert (answer.message_class, answer.transaction_id) == (
        stun.Class.RESPONSE,
        request.transaction_id,
    )
    assert answer.attributes["XOR-MAPPED-ADDRESS"] == SOURCE


@pytest.mark.parametrize(
    "request_",
    [
        check(password="wrong"),
        check(username="us:others"),
        check(username="others:them"),
        check(username="them:us"),
        stun.Message(stun.Method.BINDING, stun.Class.REQUEST),
        stun.Message(stun.Method.BINDING, stun.Class.INDICATION),
        stun.Message(stun.Method.ALLOCATE, stun.Class.REQUEST),
        stun.Message(stun.Method.BINDING, stun.Class.RESPONSE),
    ],
    ids=[
        "password",
        "their name",
        "our name",
        "swapped",
        "nothing",
        "indication",
        "TURN",
        "an answer to nothing",
    ],
)
def test_checks_of_others_get_no_answer(request_: stun.Message) -> None:
    """A wrong password, another user name, or another kind of message."""
    assert AGENT.receive(bytes(request_), SOURCE) is None


def test_a_check_without_integrity_gets_no_answer() -> None:
    """The right user names alone prove nothing."""
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    message.attributes["USERNAME"] = "us:them"
    assert AGENT.receive(bytes(message), SOURCE) is None


def test_a_message_that_is_too_long_is_refused() -> None:
    """Messages over 576 bytes are not parsed."""
    padded = bytes(check()) + bytes(MAX_MESSAGE)
    with pytest.raises(ValueError, match="too long"):
        AGENT.receive(padded, SOURCE)


@given(st.binary(max_size=MAX_MESSAGE + 10))
def test_garbage_raises_value_error_only(data: bytes) -> None:
    """Random bytes give None or ValueError; `local_ufrag_of` raises nothing."""
    local_ufrag_of(data)
    try:
        assert AGENT.receive(data, SOURCE) is None
    except ValueError:
        pass


@given(st.data())
def test_a_damaged_check_is_refused(data: st.DataObject) -> None:
    """With one byte changed or the end cut off, there is no answer and no other error."""
    message = bytearray(bytes(check()))
    if data.draw(st.booleans()):
        at = data.draw(
            st.integers(0, len(message) - 9)
        )  # the last 8 are FINGERPRINT, which aioice verifies itself
        message[at] ^= data.draw(st.integers(1, 255))
    else:
        del message[data.draw(st.integers(0, len(message) - 9)) :]
    local_ufrag_of(bytes(message))
    try:
        assert AGENT.receive(bytes(message), SOURCE) is None
    except ValueError:
        pass


def test_the_local_ufrag_of_a_check() -> None:
    """The part of USERNAME before the colon, at any position among the attributes; None without
    one.
    """
    assert local_ufrag_of(bytes(check())) == "us"
    first = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    first.attributes["SOFTWARE"] = "odd length!"
    first.attributes["USERNAME"] = "abc:def"
    assert local_ufrag_of(bytes(first)) == "abc"
    assert local_ufrag_of(bytes(stun.Message(stun.Method.BINDING, stun.Class.REQUEST))) is None
    assert local_ufrag_of(bytes(check())[:24]) is None


def test_a_check_of_the_server_and_its_answer() -> None:
    """The check is signed with the peer's password, and only an authentic answer counts."""
    agent = IceAgent("them", "their-password-0123456789", "us", "our-password-0123456789ab")
    transaction = bytes(range(12))
    request = stun.parse_message(agent.check(transaction))
    assert request.check_message_integrity(b"their-password-0123456789")
    assert request.attributes["USERNAME"] == "them:us"
    assert "ICE-CONTROLLED" in request.attributes and request.transaction_id == transaction

    def answer(password: str = "their-password-0123456789") -> bytes:
        message = stun.Message(
            stun.Method.BINDING, stun.Class.RESPONSE, transaction, {"XOR-MAPPED-ADDRESS": SOURCE}
        )
        message.add_message_integrity(password.encode())
        return bytes(message)

    assert agent.receive(answer("forged"), SOURCE) is None
    assert agent.receive(answer(), SOURCE) == Answer(transaction)


def test_credentials_are_new_for_each_peer() -> None:
    """They have the characters that RFC 8445 §5.3 requires. A fragment has 64 random bits."""
    agents = [IceAgent("a", "b") for _ in range(20)]
    assert len({agent.ufrag for agent in agents}) == len({agent.password for agent in agents}) == 20
    for agent in agents:
        assert len(agent.ufrag) == 2 * UFRAG_BYTES and len(agent.password) >= 22
        assert all(
            character.isalnum() or character in "+/" for character in agent.ufrag + agent.password
        )
