"""What `scripts/bench` measures, one benchmark per file. Everything runs on this machine and talks
to it alone.
"""
