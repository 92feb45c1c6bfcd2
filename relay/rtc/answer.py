"""Writes what the SDP answers to publishers and to WHEP players share (RFC 8829). Pure."""

from collections.abc import Callable, Sequence

from relay.rtc.sdp import Local, MediaSection, RejectedSection, Remote, Section


def write_session(sections: Sequence[MediaSection], msid: str) -> list[str]:
    """Returns the lines before the first media section, for an ICE-lite agent. `msid`: name of the
    media stream, or `*`.
    """
    return [
        "v=0",
        "o=- 1 1 IN IP4 0.0.0.0",
        "s=microlive",
        "t=0 0",
        "a=ice-lite",
        f"a=group:BUNDLE {' '.join(section.mid for section in sections)}",
        f"a=msid-semantic:WMS {msid}",
    ]


def write_transport(
    section: MediaSection, direction: str, remote: Remote, local: Local
) -> list[str]:
    """Returns the first lines of a media section: everything but codecs and candidates."""
    payload_types = [section.payload_type]
    if section.rtx_payload_type is not None:
        payload_types.append(section.rtx_payload_type)
    return [
        f"m={section.kind} 9 UDP/TLS/RTP/SAVPF {' '.join(map(str, payload_types))}",
        "c=IN IP4 0.0.0.0",
        f"a=mid:{section.mid}",
        f"a={direction}",
        "a=rtcp-mux",
        "a=rtcp-rsize",
        f"a=ice-ufrag:{local.ufrag}",
        f"a=ice-pwd:{local.password}",
        f"a=fingerprint:{local.fingerprint}",
        f"a=setup:{'active' if remote.passive else 'passive'}",
    ]


def write_codec(section: MediaSection, rtpmap: str, parameters: str) -> list[str]:
    """Returns the lines for a section's codec and its retransmissions. `rtpmap`: name and clock
    rate of the codec.
    """
    number, rtx = section.payload_type, section.rtx_payload_type
    lines = [
        f"a=rtpmap:{number} {rtpmap}",
        *(f"a=rtcp-fb:{number} {item}" for item in section.feedback),
        f"a=fmtp:{number} {parameters}",
    ]
    if rtx is not None:
        lines += [f"a=rtpmap:{rtx} rtx/90000", f"a=fmtp:{rtx} apt={number}"]
    return lines


def write_sections(
    sections: Sequence[Section],
    rejected: Sequence[RejectedSection],
    write: Callable[[Section], list[str]],
) -> list[str]:
    """Returns the lines of all media sections, in the order of the offer. `write` returns the lines
    of an accepted section.
    """
    written = [write(section) for section in sections]
    for section in rejected:
        written.insert(section.index, _write_rejected(section))
    return [line for lines in written for line in lines]


def _write_rejected(section: RejectedSection) -> list[str]:
    # RFC 8829 §5.3.1: nothing else follows port 0. Browsers find the section by its mid.
    return [
        f"m={section.kind} 0 {section.protocol} {section.format}",
        "c=IN IP4 0.0.0.0",
        f"a=mid:{section.mid}",
        "a=inactive",
    ]


def write_candidates(local: Local) -> list[str]:
    """Returns a host candidate for each address.

    Every media section repeats the candidates. With BUNDLE, the candidates of the first section
    would suffice; but aiortc, as a client, reads only the candidates of the last section.
    """
    lines = [candidate(number, host, local.port) for number, host in enumerate(local.hosts)]
    return [*lines, "a=end-of-candidates"]


def candidate(number: int, host: str, port: int) -> str:
    """Returns the line for the host candidate with this number, counted from 0."""
    # RFC 8445 §5.1.2.1: the type preference is 126 (host), the local preference decreases with the
    # candidate's number, and the component is 1.
    priority = (126 << 24) | ((65_535 - number) << 8) | 255
    return f"a=candidate:{number + 1} 1 udp {priority} {host} {port} typ host"
