"""The limit of file descriptors, in a process of its own."""

import resource
import subprocess
import sys

SHOW = """
import resource
from server.host.descriptors import raise_limit
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 1_000))
print(raise_limit(), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def test_the_limit_is_raised_to_the_maximum() -> None:
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[1] >= 1_000
    shown = subprocess.run(
        [sys.executable, "-c", SHOW], check=True, capture_output=True, text=True, timeout=30
    )
    assert shown.stdout.split() == ["1000", "1000", "1000"]
