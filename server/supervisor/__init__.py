"""`--processes N`: a parent process that starts N processes, restarts those that end, and ends all
of them. The parent serves no requests.

Each process is a server of its own: it listens on the same TCP ports as the others (SO_REUSEPORT)
and on a UDP port of its own, and shares the data directory, which the parent has locked. They are
the nodes of a cluster; without `--nats`, the parent starts a nats-server for them on loopback.
"""
