package main

import (
	"flag"
	"strings"
	"time"

	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/pion/webrtc/v4"
)

// watch opens viewers, reports "start" and "stop" of the measured time, and then its results.
func watch(words []string) error {
	flags := flag.NewFlagSet("watch", flag.ExitOnError)
	count := flags.Int("count", 1, "number of viewers")
	first := flags.Int("first", 0, "number of viewers that arrive slowly and whose first picture is timed")
	slow := flags.Duration("slow", 337*time.Millisecond, "time between two slow arrivals")
	quick := flags.Duration("quick", 25*time.Millisecond, "time between two other arrivals")
	settle := flags.Duration("settle", 4*time.Second, "time from the last arrival to the start")
	seconds := flags.Float64("seconds", 15, "measured time")
	decodable := flags.Bool("decodable", false, "count only the pictures that a decoder could show")
	flags.Parse(words)

	results := &tally{}
	for number := range *count {
		viewer := &viewer{tally: results, decodable: *decodable, timed: number < *first}
		go viewer.arrive(flags.Arg(number % flags.NArg()))
		if number < *first {
			time.Sleep(*slow)
		} else {
			time.Sleep(*quick)
		}
	}
	time.Sleep(*settle)
	results.counting.Store(true)
	report(map[string]string{"phase": "start"})
	time.Sleep(time.Duration(*seconds * float64(time.Second)))
	results.counting.Store(false)
	report(map[string]string{"phase": "stop"})
	report(results.summary(*seconds))
	return nil
}

type viewer struct {
	*tally
	decodable bool
	timed     bool
	began     time.Time
}

// arrive joins the live. A target that begins with ws is a LiveKit server.
func (v *viewer) arrive(target string) {
	v.began = time.Now()
	join := v.joinWHEP
	if strings.HasPrefix(target, "ws") {
		join = v.joinLiveKit
	}
	if err := join(target); err != nil {
		v.refuse(err)
	}
}

func (v *viewer) joinWHEP(target string) error {
	api, err := newAPI(0)
	if err != nil {
		return err
	}
	connection, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return err
	}
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeAudio} {
		_, err := connection.AddTransceiverFromKind(
			kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
		if err != nil {
			return err
		}
	}
	connection.OnTrack(func(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
		go readReports(receiver)
		v.read(track)
	})
	return exchange(connection, target)
}

// readReports lets the interceptors see the RTCP packets.
func readReports(receiver *webrtc.RTPReceiver) {
	for buffer := make([]byte, 1500); ; {
		if _, _, err := receiver.Read(buffer); err != nil {
			return
		}
	}
}

func (v *viewer) joinLiveKit(target string) error {
	url, token, _ := strings.Cut(target, ",")
	callback := &lksdk.RoomCallback{ParticipantCallback: lksdk.ParticipantCallback{
		OnTrackSubscribed: func(
			track *webrtc.TrackRemote, _ *lksdk.RemoteTrackPublication, _ *lksdk.RemoteParticipant,
		) {
			v.read(track)
		},
	}}
	_, err := lksdk.ConnectToRoomWithToken(url, token, callback)
	return err
}

func (v *viewer) read(track *webrtc.TrackRemote) {
	switch {
	case track.Kind() == webrtc.RTPCodecTypeAudio:
		v.readAudio(track)
	case v.decodable:
		v.readPictures(track)
	default:
		v.readVideo(track)
	}
}
