"""The benchmark `scripts/bench peers`: microlive and other servers in front of the same load.

`load/` is the load generator, a Go program that is compiled when it is needed.
"""
