"""Network namespaces with a link between two sides. The benchmark and its server are on one side,
the creators' browsers on the other side. The link can lose packets and can limit the rate at which
creators send.

The namespaces belong to this process and end with it. The machine is not changed, and nothing needs
to be cleaned up.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NEAR, FAR = "10.77.0.1", "10.77.0.2"
SIDE = "creator"
INSIDE = "MICROLIVE_BENCH_NAMESPACE"
BURST = "8kb"


class NamespacesMissing(Exception):
    """Raised if this machine does not allow network namespaces, or lacks a tool for them."""


def enter() -> None:
    """Restarts this program in its own network namespaces. Returns at once if the program already
    runs in them. Raises NamespacesMissing.
    """
    if os.environ.get(INSIDE):
        return
    missing = [
        name
        for name in ("ip", "tc", "iptables", "nsenter", "unshare")
        if shutil.which(name, path=_path()) is None
    ]
    if missing:
        raise NamespacesMissing(
            f"needs {', '.join(missing)}; on Debian: sudo apt-get install iproute2 "
            "iptables util-linux"
        )
    options = [["--net", "--mount"], ["--user", "--map-root-user", "--net", "--mount"]]
    for option in options if os.geteuid() == 0 else options[1:]:
        refused = subprocess.run(["unshare", *option, "true"], capture_output=True, text=True)
        if refused.returncode == 0:
            os.execvpe(
                "unshare",
                ["unshare", *option, sys.executable, *sys.argv],
                {**os.environ, INSIDE: "1", "PATH": _path()},
            )
    raise NamespacesMissing(
        "needs network namespaces: run this as root, or let users create namespaces "
        f"({refused.stderr.strip()})"
    )


def bring_up_local() -> None:
    """Makes this namespace usable for programs that talk to each other at 127.0.0.1. Adds a link
    that leads nowhere: some WebRTC libraries send from no loopback interface. Raises
    NamespacesMissing.
    """
    _run("ip", "link", "set", "lo", "up")
    _run("ip", "link", "add", "near", "type", "veth", "peer", "name", "far")
    _run("ip", "addr", "add", f"{NEAR}/24", "dev", "near")
    for end in ("near", "far"):
        _run("ip", "link", "set", end, "up")


def _path() -> str:
    return f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


class Link:
    """The link between the two sides. Use `with Link() as link:` after `enter()` has been called.
    `NEAR` is the address of this side, `FAR` the address of the other side. The prefix
    `link.over_there` runs a command on the other side.
    """

    over_there = ("nsenter", f"--net=/run/netns/{SIDE}")

    def __enter__(self) -> "Link":
        # Mount a private /run, because users cannot write to the machine's /run.
        _run("mount", "-t", "tmpfs", "none", "/run")
        Path("/run/netns").mkdir()
        _run("ip", "netns", "add", SIDE)
        _run("ip", "link", "add", "near", "type", "veth", "peer", "name", "far", "netns", SIDE)
        for prefix, name, address in ((("ip",), "near", NEAR), (("ip", "-n", SIDE), "far", FAR)):
            _run(*prefix, "addr", "add", f"{address}/24", "dev", name)
            _run(*prefix, "link", "set", name, "up")
            _run(*prefix, "link", "set", "lo", "up")
        return self

    def __exit__(self, *_: object) -> None:
        _run("ip", "netns", "del", SIDE)
        _run("umount", "--lazy", "/run")

    def lose(self, share: float) -> None:
        """Makes the link lose each UDP packet with the probability `share`, in both directions.
        TCP, which pages and viewers use, loses no packets.
        """
        for prefix in ((), self.over_there):
            _run(*prefix, "iptables", "-F", "INPUT")
            if share:
                chance = (
                    "-m",
                    "statistic",
                    "--mode",
                    "random",
                    "--probability",
                    str(min(share, 1.0)),
                )
                _run(*prefix, "iptables", "-A", "INPUT", "-p", "udp", *chance, "-j", "DROP")

    def limit(self, rate: str | None) -> None:
        """Limits the rate at which creators can send. `rate`: the limit in the notation of `tc`, or
        None for no limit. The link buffers up to 300 ms of data.
        """
        if rate is None:
            _run("tc", "-n", SIDE, "qdisc", "del", "dev", "far", "root")
        else:
            _run(
                "tc",
                "-n",
                SIDE,
                "qdisc",
                "add",
                "dev",
                "far",
                "root",
                "tbf",
                "rate",
                rate,
                "burst",
                BURST,
                "latency",
                "300ms",
            )

    def wrapper(self, folder: Path, program: str) -> str:
        """Writes an executable file that runs `program` on the other side of the link. Returns the
        path of the file.
        """
        file = folder / "over-there"
        file.write_text(f'#!/bin/sh\nexec {" ".join(self.over_there)} {program} "$@"\n')
        file.chmod(0o755)
        return str(file)


def _run(*command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError as error:
        raise NamespacesMissing(f"{command[0]}: {error}") from error
    if done.returncode:
        raise NamespacesMissing(f"{' '.join(command)}: {done.stderr.strip()}")
