"""An AAC encoder for clips in a confined worker process (relay/worker).

The encoder of `relay.hls.aac_worker` runs with a higher priority, because a person waits for the
clip.
"""

from relay.hls.aac_worker import MEMORY, main

__all__ = ["MEMORY", "NICE", "main"]

NICE = 5
"""Niceness of the worker: that of a transcoder. A core that is busy with other work then still
encodes a clip in time.
"""
