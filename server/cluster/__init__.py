"""Makes several servers one: nodes that share a database find each other over NATS, each room has
one owner, and every node answers for every room.

`connection` and `table` are the only modules that use the client of NATS, which is an optional
package.
"""
