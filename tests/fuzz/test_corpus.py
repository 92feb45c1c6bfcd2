"""The inputs kept in the repository are few and small."""

from tests.fuzz.corpus import CORPUS, MAX_BYTES, Branch, choose, kept
from tests.fuzz.seeds import SEEDS


def test_the_corpus_is_small_and_each_folder_has_a_target() -> None:
    names = {path.name for path in CORPUS.iterdir()}
    assert names and names <= SEEDS.keys()
    sizes = {name: sum(map(len, kept(name))) for name in names}
    assert max(sizes.values()) <= MAX_BYTES
    assert sum(sizes.values()) < 300_000


def test_the_smallest_inputs_with_new_branches_are_chosen() -> None:
    """A larger input with the same branches is left out, and so is one with known branches only."""
    first, second, third = (("file", 1, line) for line in (2, 3, 4))
    branches: dict[bytes, set[Branch]] = {
        b"known": {first},
        b"a": {first, second},
        b"longer": {second},
        b"longest": {second, third},
        bytes(MAX_BYTES): {("file", 1, 5)},
    }
    assert choose(branches, branches, {first}) == [b"a", b"longest"]
