"""Korean particles by the last sound of a word, the same cases as in the page."""

import json
from pathlib import Path

import pytest

from server.site.particles import with_particle

CASES = json.loads((Path(__file__).parents[2] / "web/particles.json").read_text("utf-8"))


@pytest.mark.parametrize(("word", "name", "expected"), CASES)
def test_a_particle_suits_its_word(word: str, name: str, expected: str) -> None:
    assert with_particle(word, name) == expected
