"""One parser under atheris: `python -m tests.fuzz.one TARGET CORPUS… [-OPTION=VALUE…]`, the options
being libFuzzer's. Ends with 0, or with the first defect.

A process of its own for each, since libFuzzer ends the process that it runs in.
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
