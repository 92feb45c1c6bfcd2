package main

import (
	"fmt"
	"io"
	"math/rand"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

var client = &http.Client{
	Timeout:   20 * time.Second,
	Transport: &http.Transport{MaxIdleConnsPerHost: 64},
}

// lossy drops a share of the packets that the creator sends, retransmissions too. It is the
// interceptor next to the network.
type lossy struct {
	interceptor.NoOp
	share float64
}

func (l *lossy) NewInterceptor(string) (interceptor.Interceptor, error) { return l, nil }

func (l *lossy) BindLocalStream(
	_ *interceptor.StreamInfo, writer interceptor.RTPWriter,
) interceptor.RTPWriter {
	return interceptor.RTPWriterFunc(
		func(header *rtp.Header, payload []byte, attributes interceptor.Attributes) (int, error) {
			if rand.Float64() < l.share {
				return len(payload), nil
			}
			return writer.Write(header, payload, attributes)
		})
}

// newAPI returns WebRTC with H.264 and Opus on the loopback interface. Packets have transport-wide
// numbers (TWCC), as those of browsers have. loss is the share of the sent packets that are dropped.
func newAPI(loss float64) (*webrtc.API, error) {
	media := &webrtc.MediaEngine{}
	if err := registerCodecs(media); err != nil {
		return nil, err
	}
	registry := &interceptor.Registry{}
	if loss > 0 {
		registry.Add(&lossy{share: loss})
	}
	if err := webrtc.ConfigureTWCCHeaderExtensionSender(media, registry); err != nil {
		return nil, err
	}
	if err := webrtc.RegisterDefaultInterceptors(media, registry); err != nil {
		return nil, err
	}
	settings := webrtc.SettingEngine{}
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetIPFilter(func(ip net.IP) bool { return ip.IsLoopback() && ip.To4() != nil })
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	return webrtc.NewAPI(
		webrtc.WithMediaEngine(media),
		webrtc.WithInterceptorRegistry(registry),
		webrtc.WithSettingEngine(settings),
	), nil
}

func registerCodecs(media *webrtc.MediaEngine) error {
	feedback := []webrtc.RTCPFeedback{
		{Type: "nack"}, {Type: "nack", Parameter: "pli"},
		{Type: "ccm", Parameter: "fir"}, {Type: "goog-remb"},
	}
	for payloadType, profile := range map[webrtc.PayloadType]string{102: "42e01f", 106: "42001f"} {
		format := "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=" + profile
		err := media.RegisterCodec(webrtc.RTPCodecParameters{
			RTPCodecCapability: webrtc.RTPCodecCapability{
				MimeType: webrtc.MimeTypeH264, ClockRate: 90000, SDPFmtpLine: format,
				RTCPFeedback: feedback,
			},
			PayloadType: payloadType,
		}, webrtc.RTPCodecTypeVideo)
		if err != nil {
			return err
		}
	}
	return media.RegisterCodec(webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2,
			SDPFmtpLine: "minptime=10;useinbandfec=1",
		},
		PayloadType: 111,
	}, webrtc.RTPCodecTypeAudio)
}

// exchange sends the offer to the target and applies the answer (RFC 9725 §4.2).
func exchange(connection *webrtc.PeerConnection, target string) error {
	offer, err := connection.CreateOffer(nil)
	if err != nil {
		return err
	}
	gathered := webrtc.GatheringCompletePromise(connection)
	if err := connection.SetLocalDescription(offer); err != nil {
		return err
	}
	<-gathered
	url, bearer, _ := strings.Cut(target, ",")
	request, err := http.NewRequest(
		"POST", url, strings.NewReader(connection.LocalDescription().SDP))
	if err != nil {
		return err
	}
	request.Header.Set("content-type", "application/sdp")
	if bearer != "" {
		request.Header.Set("authorization", "Bearer "+bearer)
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("%s: HTTP %d %.120s", url, response.StatusCode, body)
	}
	return connection.SetRemoteDescription(
		webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: string(body)})
}
