"""The code of `scripts/load`: simulates thousands of viewers and creators, and reports the server's
performance. It reaches the server over the network only. It may import `relay` and `server`, but no
benchmark.

  command_line → run → worker processes: crowd (viewers, walker, poller) and publishers (clip)
  run ← one line of JSON a second from each (figures, histogram)
  run → record, screen; at the end summary, plots and report

`--workers` sets the number of processes, each of which can use a core. Probes, the viewers that
time every message, have their own process: they measure the server's delay, not the queue of a busy
generator.

On one core of a virtual machine a creator at 1 Mbps takes 0.4 %, two thirds of it in `sendmsg`; 500
viewers over WebRTC take 25 %.
"""
