"""What `scripts/load` does: viewers and creators by the thousand, and a report of how the server bore them.

    command_line  →  run  →  worker processes: viewers (watching, viewer, walker) and creators (publishing, publisher, whip, clip)
                     run  ←  one line of JSON a second from each (tally, histogram)
                     run  →  screen while it runs; verdict, summary, plots and report at the end

Workers are processes of their own, so that `--workers` takes as many cores. Probes, the viewers that time every message, have a process for themselves:
what they measure is then the server's delay and not the queue in front of a busy generator.
"""
