"""What `scripts/load` does: viewers and creators by the thousand, and a report of how the server bore them.

    command_line  →  run  →  worker processes: crowd (a viewer for each of ways, walker, poller) and stage (publisher, clip)
                     run  ←  one line of JSON a second from each (figures, histogram)
                     run  →  record, screen; at the end summary, plots and report

Workers are processes of their own, so that `--workers` takes as many cores. Probes, the viewers that time every message, have a process for themselves:
what they measure is then the server's delay and not the queue in front of a busy generator.

Measured on one core of a virtual AMD EPYC: 3,000 viewers at 1 Mbps and 30 messages a second take 0.65 of it and the probes among them 0.07, with loops
2.5 ms late (p99); nearly half of that is the kernel's `read`. A creator at 1 Mbps takes 0.004, two thirds of which are `sendmsg`.
"""
