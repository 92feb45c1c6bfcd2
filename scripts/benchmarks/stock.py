"""Runs aiortc's unmodified receiver: `python -m scripts.benchmarks.stock ADDRESS`. Reads an offer
from standard input (one line of JSON) and writes the answer to standard output. When standard input
ends, writes the time at which the receiver decoded each frame.
"""

import asyncio
import json
import sys
import time

from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError


async def main() -> None:
    loop = asyncio.get_running_loop()
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    arrivals: list[float] = []
    tasks: set[asyncio.Task[None]] = set()

    async def take(track: MediaStreamTrack) -> None:
        try:
            while True:
                await track.recv()
                if track.kind == "video":
                    arrivals.append(time.monotonic())
        except MediaStreamError:
            pass

    @peer.on("track")
    def on_track(track: MediaStreamTrack) -> None:
        tasks.add(asyncio.create_task(take(track)))

    offer = json.loads(await loop.run_in_executor(None, sys.stdin.readline))
    await peer.setRemoteDescription(RTCSessionDescription(sdp=offer, type="offer"))
    await peer.setLocalDescription(await peer.createAnswer())
    print(json.dumps(peer.localDescription.sdp), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    print(json.dumps(arrivals), flush=True)
    for task in tasks:
        task.cancel()
    await peer.close()


if __name__ == "__main__":
    asyncio.run(main())
