"""The simplest player with FFmpeg:
`python -m scripts.benchmarks.clients.frame_player URL PICTURES SOUND [OPTION=VALUE …]`

Decodes with PyAV and writes each grey picture when it is due, and the sound at once. After a stall
it does not catch up.
"""

import sys
import time

import av


def main(url: str, pictures_path: str, sound_path: str, *options: str) -> None:
    began: float | None = None
    resampler = av.AudioResampler("s16", "mono", 48_000)
    with (
        open(pictures_path, "wb", buffering=0) as pictures,
        open(sound_path, "wb", buffering=0) as sound,
        av.open(url, options=dict(option.split("=", 1) for option in options)) as media,
    ):
        for frame in media.decode(video=0, audio=0):
            if isinstance(frame, av.AudioFrame):
                for part in resampler.resample(frame):
                    sound.write(part.to_ndarray().tobytes())
                continue
            assert isinstance(frame, av.VideoFrame) and frame.time is not None
            now = time.monotonic()
            if began is None or now > began + frame.time:
                began = now - frame.time
            time.sleep(max(0.0, began + frame.time - now))
            pictures.write(frame.to_ndarray(format="gray").tobytes())


if __name__ == "__main__":
    main(*sys.argv[1:])
