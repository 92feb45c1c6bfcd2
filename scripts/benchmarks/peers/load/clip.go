package main

import (
	"bytes"
	"encoding/binary"
)

// Types of NAL units (ITU-T H.264, table 7-1) and of RTP payloads (RFC 6184 §5.2).
const (
	slice, idr, sei, sps, delimiter, filler = 1, 5, 6, 7, 9, 12
	stapA, fuA                              = 24, 28
)

// A picture is the NAL units of one access unit. Each picture has one slice, its last NAL unit.
type picture [][]byte

func (p picture) isKey() bool { return p[len(p)-1][0]&31 == idr }

// pictures cuts an Annex B byte stream into its pictures. It leaves out SEIs, delimiters and filler.
func pictures(stream []byte) (found []picture) {
	var current picture
	for _, unit := range bytes.Split(stream, []byte{0, 0, 1}) {
		unit = bytes.TrimRight(unit, "\x00")
		if len(unit) == 0 {
			continue
		}
		switch unit[0] & 31 {
		case sei, delimiter, filler:
			continue
		}
		current = append(current, unit)
		if kind := unit[0] & 31; kind == slice || kind == idr {
			found, current = append(found, current), nil
		}
	}
	return found
}

// annexB returns the picture as a byte stream, with the time stamp before its slice.
func (p picture) annexB(now int64) []byte {
	var stream []byte
	for i, unit := range p {
		if i == len(p)-1 {
			stream = append(stream, timeStamp(now)...)
		}
		stream = append(append(stream, 0, 0, 0, 1), unit...)
	}
	return stream
}

var mark = []byte("microlive-peers1") // the UUID of the SEI that contains the sender's clock

// timeStamp returns an SEI (user_data_unregistered) that contains now, µs. Each byte holds four
// bits, so that no byte needs an emulation prevention byte.
func timeStamp(now int64) []byte {
	payload := append([]byte{}, mark...)
	for i := range 16 {
		payload = append(payload, 0x40|byte(now>>(60-4*i))&15)
	}
	header := []byte{0, 0, 0, 1, sei, 5, byte(len(payload))}
	return append(append(header, payload...), 0x80)
}

// readTimeStamp returns the time stamp in a packet or picture, µs; 0 if there is none.
func readTimeStamp(data []byte) int64 {
	at := bytes.Index(data, mark)
	if at < 0 || len(data) < at+32 {
		return 0
	}
	var now int64
	for _, half := range data[at+16 : at+32] {
		now = now<<4 | int64(half&15)
	}
	return now
}

// beginsKey tells whether the RTP payload belongs to a key picture: parameter sets or an IDR.
func beginsKey(payload []byte) bool {
	switch payload[0] & 31 {
	case idr, sps:
		return true
	case stapA:
		for at := 1; at+2 < len(payload); {
			if kind := payload[at+2] & 31; kind == idr || kind == sps {
				return true
			}
			at += 2 + int(binary.BigEndian.Uint16(payload[at:]))
		}
	case fuA:
		return len(payload) > 1 && payload[1]&0x80 != 0 && payload[1]&31 == idr
	}
	return false
}
