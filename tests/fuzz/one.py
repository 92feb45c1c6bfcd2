"""Runs one parser under atheris.

Usage: `python -m tests.fuzz.one TARGET CORPUS… [-OPTION=VALUE…]` with libFuzzer's options. It ends
with status 0 or at the first defect. Each parser needs its own process, since libFuzzer ends the
process.
"""

import logging
import sys

import atheris

with atheris.instrument_imports(
    include=["relay", "server", "aioice.stun", "aiortc.rtp", "aiortc.sdp"]
):
    from tests.fuzz.targets import TARGETS


def main() -> None:
    name = sys.argv.pop(1)
    logging.disable()
    atheris.Setup(sys.argv, TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
