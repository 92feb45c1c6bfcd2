"""The inputs of earlier runs that are kept in the repository, in tests/fuzz/corpus/TARGET/.

`python -m tests.fuzz.corpus FOLDER` chooses them anew from those and from the folder of a run: for
each target the smallest inputs that together run the most branches of the product.
"""

import hashlib
import sys
from collections.abc import Iterable
from pathlib import Path

from coverage import Coverage

from tests.fuzz import cost, steps
from tests.fuzz.cost import Target
from tests.fuzz.meter import ROOT, load

CORPUS = Path(__file__).parent / "corpus"
MAX_BYTES = 10_000
"""Maximum size of the inputs of one target together, bytes."""

Branch = tuple[str, int, int]


def kept(target: str) -> list[bytes]:
    """Returns the inputs of a target."""
    return [path.read_bytes() for path in sorted((CORPUS / target).glob("*"))]


def choose(
    inputs: Iterable[bytes], branches: dict[bytes, set[Branch]], known: set[Branch]
) -> list[bytes]:
    """Returns inputs with branches that neither `known` nor a smaller input contains."""
    chosen: list[bytes] = []
    seen = set(known)
    for data in sorted(inputs, key=lambda data: (len(data), data)):
        if branches[data] - seen and len(data) + sum(map(len, chosen)) <= MAX_BYTES:
            chosen.append(data)
            seen |= branches[data]
    return chosen


def _branches(target: Target, data: bytes) -> set[Branch]:
    measured = Coverage(data_file=None, branch=True, source=["relay", "server"])
    measured.set_option("run:disable_warnings", ["no-data-collected"])
    with measured.collect():
        cost.run(target, data)
    read = measured.get_data()
    return {(name, *arc) for name in read.measured_files() for arc in read.arcs(name) or ()}


def main() -> None:
    folder = Path(sys.argv[1])
    targets = load("tests.fuzz.targets")
    steps.most = 1_024
    from tests.fuzz.seeds import SEEDS  # imports the product, whose clock is replaced by now

    for name, target in targets.items():
        found = {*kept(name), *(path.read_bytes() for path in (folder / name).glob("*"))}
        branches = {data: _branches(target, data) for data in found}
        known = set[Branch]().union(*(_branches(target, data) for data in SEEDS[name]()))
        chosen = choose(found, branches, known)
        for path in (CORPUS / name).glob("*"):
            path.unlink()
        for data in chosen:
            path = CORPUS / name / hashlib.sha1(data).hexdigest()
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        print(
            f"{name:20}{len(found):>6} inputs, {len(chosen)} kept, {sum(map(len, chosen)):,} bytes"
        )
    print(f"all in {CORPUS.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
