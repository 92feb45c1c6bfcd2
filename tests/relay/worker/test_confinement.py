"""The layers under which the fork server runs, each without the filter of system calls."""

import json
import subprocess
import sys
from typing import Any

from tests.fixtures.workers import has_unprivileged_user


def confined(script: str) -> Any:
    """The JSON that a separate process prints."""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=30
    )
    assert not done.returncode, done.stderr
    return json.loads(done.stdout)


def may_leave_networks() -> bool:
    """Whether this system lets this user make network namespaces."""
    return not subprocess.run(["unshare", "--user", "--net", "true"], timeout=30).returncode


def test_files_are_closed() -> None:
    """Landlock closes them if the kernel has it. Open descriptors remain open."""
    layers, before, after = confined("""
import json
from relay.worker.confinement import Layer, confine_fork_server
file = open("/etc/passwd", "rb", 0)
layers = confine_fork_server()
try:
    open("/etc/passwd")
    after = "opened"
except OSError as error:
    after = type(error).__name__
print(json.dumps([layers & Layer.LANDLOCK, len(file.read(1)), after]))
""")
    assert before == 1
    assert after == ("PermissionError" if layers else "opened")


def test_networks_are_left_if_there_is_no_seccomp() -> None:
    left, names = confined("""
import json, socket
from relay.worker import confinement
left = confinement._leave_networks()
print(json.dumps([left, [name for _, name in socket.if_nameindex()]]))
""")
    assert left or not may_leave_networks()
    assert not left or set(names) <= {"lo"}


def test_limits_and_privileges() -> None:
    """Root becomes another user without capabilities; a limit that is lower already stays."""
    descriptors, user, capabilities = confined("""
import json, os, resource
from relay.worker.confinement import confine_fork_server
resource.setrlimit(resource.RLIMIT_NOFILE, (50, 50))
file = open("/proc/self/status")
confine_fork_server()
status = dict(line.split(":", 1) for line in file)
limit = resource.getrlimit(resource.RLIMIT_NOFILE)
print(json.dumps([limit, os.getuid(), [status[name].strip() for name in ("CapEff", "CapPrm")]]))
""")
    assert descriptors == [50, 50]
    assert user != 0 or not has_unprivileged_user()
    assert [int(found, 16) for found in capabilities] == [0, 0]
