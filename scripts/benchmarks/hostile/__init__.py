"""Attacks on a server that has a live room and 200 viewers. Measures what honest users notice.

One module holds one kind of attack; `rows.py` lists all attacks. `measure.py` runs them.
"""
