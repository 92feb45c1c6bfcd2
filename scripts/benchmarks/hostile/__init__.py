"""Attacks on a server that has a live room and 200 viewers. Measures what honest users notice.

Each attack module contains one kind of attack. `rows.py` lists all attacks, and `measure.py` runs
the attacks.
"""
