package main

import (
	"bytes"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media/samplebuilder"
)

// A viewer waits this long, or for this many packets, until it gives up a lost packet.
const (
	waitForPacket  = 400 * time.Millisecond
	waitForPackets = 400
)

func (v *viewer) readAudio(track *webrtc.TrackRemote) {
	for buffer := make([]byte, 1600); ; {
		size, _, err := track.Read(buffer)
		if err != nil {
			return
		}
		v.countPacket(size, 0)
	}
}

// readVideo records the delay of each picture when its last packet has arrived.
func (v *viewer) readVideo(track *webrtc.TrackRemote) {
	buffer := make([]byte, 1600)
	var packet rtp.Packet
	var sent int64
	last, started := -1, false
	for {
		size, _, err := track.Read(buffer)
		if err != nil {
			return
		}
		if packet.Unmarshal(buffer[:size]) != nil || len(packet.Payload) == 0 {
			continue
		}
		missing := 0
		if ahead := int(packet.SequenceNumber) - last; last >= 0 && ahead > 1 && ahead < 1000 {
			missing = ahead - 1
		}
		last = int(packet.SequenceNumber)
		v.countPacket(size, missing)
		if stamp := readTimeStamp(packet.Payload); stamp != 0 {
			sent = stamp
		}
		if !started && beginsKey(packet.Payload) {
			started = true
		}
		if started && packet.Marker {
			v.countPicture(sent)
			sent = 0
		}
	}
}

// readPictures records only pictures that a decoder could show: pictures without a lost packet,
// and none between a lost packet and the next key picture. The sample builder returns a picture
// when the next picture begins, so one picture's time (33 ms) of each delay is its own.
func (v *viewer) readPictures(track *webrtc.TrackRemote) {
	builder := samplebuilder.New(waitForPackets, &codecs.H264Packet{}, 90000,
		samplebuilder.WithMaxTimeDelay(waitForPacket))
	intact := false
	var shown time.Time
	for {
		packet, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		builder.Push(packet)
		for sample := builder.Pop(); sample != nil; sample = builder.Pop() {
			if sample.PrevDroppedPackets > 0 {
				intact = false
			}
			intact = intact || containsIDR(sample.Data)
			if !intact {
				v.countBroken()
				continue
			}
			now := time.Now()
			v.countShown(readTimeStamp(sample.Data), now, shown)
			shown = now
		}
	}
}

func containsIDR(stream []byte) bool {
	return bytes.Contains(stream, []byte{0, 0, 1, 0x65}) ||
		bytes.Contains(stream, []byte{0, 0, 1, 0x25})
}
