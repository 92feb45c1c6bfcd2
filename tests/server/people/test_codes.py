"""Codes in the form in which they are shown, typed and stored."""

import math
import secrets

import pytest

from server.people import recovery, transfer_code
from server.people.recovery import new_recovery_code, recovers, recovery_hash
from server.people.transfer_code import new_transfer_code, transfer_hash, transfer_path
from server.people.typed_code import ALPHABET, read_code, shown, write_code


def test_a_recovery_code_has_128_bits() -> None:
    assert recovery.LENGTH * math.log2(len(ALPHABET)) >= 128
    assert recovery.ENTROPY * 8 >= recovery.LENGTH * math.log2(len(ALPHABET))


def test_every_character_is_equally_likely() -> None:
    codes = [write_code(secrets.token_bytes(32), 26) for _ in range(2_000)]
    text = "".join(codes)
    assert len(set(codes)) == 2_000 and set(text) == set(ALPHABET)
    expected = len(text) / len(ALPHABET)
    assert all(0.8 < text.count(each) / expected < 1.2 for each in ALPHABET)


def test_too_little_randomness_is_refused() -> None:
    with pytest.raises(ValueError):
        write_code(bytes(11), 12)


def test_a_code_is_typed_in_many_ways() -> None:
    code = new_transfer_code(bytes(range(16)))
    written = shown(code)
    assert [len(part) for part in written.split("-")] == [4, 4, 4]
    for text in (code, written, written.upper(), f"  {written.replace('-', ' ')}\n", f"{code}–"):
        assert read_code(text, 12) == code
        assert transfer_hash(text) == transfer_hash(code)


@pytest.mark.parametrize(
    "text", ["", "abcd", "abcd-efgh-jkm", "abcd-efgh-jkmnp", "0bcd-efgh-jkmn", "가bcd-efgh-jkmn"]
)
def test_other_texts_are_no_code(text: str) -> None:
    assert transfer_hash(text) is None


def test_a_long_text_is_not_read() -> None:
    assert read_code(" " * 1_000_000 + "abcdefghjkmn", 12) is None


def test_only_the_hash_is_stored() -> None:
    code = new_recovery_code(secrets.token_bytes(recovery.ENTROPY))
    stored = recovery_hash(code)
    assert stored and len(stored) == 32 and code.encode() not in stored
    assert recovers(shown(code).upper(), stored)
    assert not recovers(new_recovery_code(secrets.token_bytes(32)), stored)
    assert not recovers(code, None)
    assert not recovers("", stored)


def test_the_code_in_a_link_is_in_the_fragment() -> None:
    assert transfer_path("abcdefghjkmn") == "/me#transfer=abcdefghjkmn"
    assert transfer_code.LIFETIME == 600
