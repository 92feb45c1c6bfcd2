"""A simulated evening of viewers and creators, on which ways to order the feed are compared.

`constants.py` and `world.py` describe who is there and what they like; `evening.py` lets the
viewers watch; `orders.py` has the simple orders and the oracle. These were written before the
ranking of the server, and do not change with it.
"""
