"""Confined worker processes, which decode the media of strangers.

`workers.py` runs in the server. It starts `fork_server.py`, which imports the decoders once and
forks a process for each stream. Each process is confined (`confinement.py`, `seccomp.py`) before it
reads its first byte. So an error or an attack in a decoder affects only one stream.
"""
