"""What `scripts/load` does: viewers and creators by the thousand, and a report of how the server
bore them.

command_line  →  run  →  worker processes: crowd (a viewer for each of ways, walker, poller) and
stage (publisher, clip) run  ←  one line of JSON a second from each (figures, histogram) run  →
record, screen; at the end summary, plots and report

Workers are processes of their own, so that `--workers` takes as many cores. Probes, the viewers
that time every message, have a process for themselves: what they measure is then the server's delay
and not the queue in front of a busy generator.

Measured on one core of a virtual machine: a creator at 1 Mbps takes 0.004 of it, two thirds of
which are `sendmsg`; 500 viewers over WebRTC take 0.25.
"""
