package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"
)

const (
	framesPerSecond = 30
	frameTime       = time.Second / framesPerSecond
	audioTime       = 20 * time.Millisecond
	audioBytes      = 83 // of each Opus packet
	arriveEvery     = 30 * time.Millisecond
	connectWithin   = 10 * time.Second
	// An encoder answers a request for a key picture at most this often.
	keyEvery = framesPerSecond / 3
)

// publish starts one creator for each target, and reports once when all have connected or failed.
func publish(words []string) error {
	flags := flag.NewFlagSet("publish", flag.ExitOnError)
	file := flags.String("clip", "", "H.264 in Annex B, one slice per picture")
	seconds := flags.Float64("seconds", 30, "time after the last arrival")
	loss := flags.Float64("loss", 0, "share of the packets that are never sent")
	flags.Parse(words)
	stream, err := os.ReadFile(*file)
	if err != nil {
		return err
	}
	clip := pictures(stream)
	if len(clip) == 0 || !clip[0].isKey() {
		return errors.New(*file + ": does not begin with a key picture")
	}
	var all sync.WaitGroup
	var connected atomic.Int64
	failures := make([]string, flags.NArg())
	end := make(chan struct{})
	var arrived sync.WaitGroup
	for number, target := range flags.Args() {
		arrived.Add(1)
		all.Go(func() {
			creator, err := arrive(target, *loss)
			if err != nil {
				failures[number] = err.Error()
				arrived.Done()
				return
			}
			defer creator.connection.Close()
			connected.Add(1)
			arrived.Done()
			creator.send(clip, frameTime*time.Duration(number%8)/8, end)
		})
		time.Sleep(arriveEvery)
	}
	arrived.Wait()
	report(map[string]any{"connected": connected.Load(), "failure": first(failures)})
	time.Sleep(time.Duration(*seconds * float64(time.Second)))
	close(end)
	all.Wait()
	return nil
}

func first(texts []string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

type creator struct {
	connection   *webrtc.PeerConnection
	video, audio *webrtc.TrackLocalStaticSample
	keyWanted    atomic.Bool
}

// arrive publishes to the target. It returns once the creator can send.
func arrive(target string, loss float64) (*creator, error) {
	api, err := newAPI(loss)
	if err != nil {
		return nil, err
	}
	connection, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, err
	}
	c := &creator{connection: connection}
	ready := make(chan struct{})
	var once sync.Once
	connection.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		if state == webrtc.PeerConnectionStateConnected {
			once.Do(func() { close(ready) })
		}
	})
	if err = c.addTracks(); err == nil {
		err = exchange(connection, target)
	}
	if err == nil {
		select {
		case <-ready:
			return c, nil
		case <-time.After(connectWithin):
			err = fmt.Errorf("%.60s: not connected after %s", target, connectWithin)
		}
	}
	connection.Close()
	return nil, err
}

func (c *creator) addTracks() (err error) {
	c.video, err = webrtc.NewTrackLocalStaticSample(
		webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeH264}, "video", "live")
	if err != nil {
		return err
	}
	c.audio, err = webrtc.NewTrackLocalStaticSample(
		webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus}, "audio", "live")
	if err != nil {
		return err
	}
	for _, track := range []webrtc.TrackLocal{c.video, c.audio} {
		transceiver, err := c.connection.AddTransceiverFromTrack(
			track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		if err != nil {
			return err
		}
		go c.readReports(transceiver.Sender())
	}
	return nil
}

func (c *creator) readReports(sender *webrtc.RTPSender) {
	for buffer := make([]byte, 1500); ; {
		size, _, err := sender.Read(buffer)
		if err != nil {
			return
		}
		packets, _ := rtcp.Unmarshal(buffer[:size])
		for _, packet := range packets {
			switch packet.(type) {
			case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
				c.keyWanted.Store(true)
			}
		}
	}
}

// send sends the clip in a loop, and audio, until end is closed.
func (c *creator) send(clip []picture, phase time.Duration, end <-chan struct{}) {
	go paced(audioTime, end, c.sendAudio())
	time.Sleep(phase)
	at, sinceKey := 0, 0
	paced(frameTime, end, func() {
		sinceKey++
		if sinceKey > keyEvery && c.keyWanted.Swap(false) {
			for !clip[at%len(clip)].isKey() {
				at++
			}
		}
		next := clip[at%len(clip)]
		at++
		if next.isKey() {
			sinceKey = 0
		}
		c.video.WriteSample(
			media.Sample{Data: next.annexB(time.Now().UnixMicro()), Duration: frameTime})
	})
}

func (c *creator) sendAudio() func() {
	packet := make([]byte, audioBytes)
	copy(packet, []byte{0xf8, 0xff, 0xfe})
	return func() { c.audio.WriteSample(media.Sample{Data: packet, Duration: audioTime}) }
}

// paced calls send every step until end is closed. After a pause it makes up for every missed call,
// so that RTP time stamps keep up with the clock.
func paced(step time.Duration, end <-chan struct{}, send func()) {
	began := time.Now()
	for i := 1; ; i++ {
		send()
		select {
		case <-time.After(time.Until(began.Add(time.Duration(i) * step))):
		case <-end:
			return
		}
	}
}
