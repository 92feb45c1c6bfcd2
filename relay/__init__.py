"""The lower building: streams, samples, viewers. It knows no rooms, no cameras and no accounts, and
never imports `server`.

A *fragment* here is one `moof` and its `mdat` (ISO/IEC 14496-12 §8.8); strict CMAF calls the same
thing a chunk.
"""
