"""The errors of the cluster.

ClusterError      the node cannot take part in the cluster
└── Unreachable   NATS or another node does not answer
    └── NoNode    the other node is gone
"""


class ClusterError(Exception):
    """The node cannot take part in the cluster. The text is one line."""


class Unreachable(ClusterError):
    """NATS or another node does not answer. The same request may succeed a moment later."""


class NoNode(Unreachable):
    """No node listens to the subject of the request."""
