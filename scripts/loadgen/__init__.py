"""The load generator behind `scripts/load`: simulates thousands of viewers and creators and reports
the server's performance. This package reaches the server over the network only. Its modules may
import `relay` and `server`, but no benchmark.

The data flows as follows:

  command_line → run → worker processes: crowd (viewers, walker, poller) and publishers (clip)
  run ← one line of JSON a second from each (figures, histogram)
  run → record, screen; at the end summary, plots and report

`--workers` sets the number of worker processes; each process can use a whole core. Probes are
viewers that measure the delay of every message. The probes run in a process of their own. They
therefore measure the delay of the server, and not the queue of a busy load generator.

On a virtual machine, a creator at 1 Mbps takes 0.4 % of one core. Two thirds of this time are spent
in `sendmsg`. 500 viewers over WebRTC take 25 % of one core.
"""
