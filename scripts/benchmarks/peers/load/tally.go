package main

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// A tally has the results of all viewers. Times are in ms.
type tally struct {
	counting                atomic.Bool
	bytes, packets, missing atomic.Int64

	mutex               sync.Mutex
	joins, delays, gaps []float64
	watching, refused   int
	pictures, broken    int
	failure             string
}

func milliseconds(passed time.Duration) float64 {
	return math.Round(float64(passed.Microseconds())/10) / 100
}

func (t *tally) refuse(err error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.refused++
	t.failure = err.Error()
}

func (t *tally) countPacket(size, missing int) {
	if t.counting.Load() {
		t.bytes.Add(int64(size))
		t.packets.Add(1)
		t.missing.Add(int64(missing))
	}
}

// countPicture counts a whole picture. sent: the sender's clock, µs; 0 if unknown.
func (v *viewer) countPicture(sent int64) {
	now := time.Now()
	v.mutex.Lock()
	defer v.mutex.Unlock()
	if !v.began.IsZero() {
		v.watching++
		if v.timed {
			v.joins = append(v.joins, milliseconds(now.Sub(v.began)))
		}
		v.began = time.Time{}
	}
	if v.counting.Load() {
		v.pictures++
		if sent != 0 {
			v.delays = append(v.delays, milliseconds(now.Sub(time.UnixMicro(sent))))
		}
	}
}

// countShown counts a picture that a decoder could show. last: when the viewer's previous one was
// shown.
func (v *viewer) countShown(sent int64, now, last time.Time) {
	v.countPicture(sent)
	if v.counting.Load() && !last.IsZero() {
		v.mutex.Lock()
		defer v.mutex.Unlock()
		v.gaps = append(v.gaps, milliseconds(now.Sub(last)))
	}
}

func (v *viewer) countBroken() {
	if v.counting.Load() {
		v.mutex.Lock()
		defer v.mutex.Unlock()
		v.broken++
	}
}

type summary struct {
	Watching int       `json:"watching"`
	Refused  int       `json:"refused"`
	Failure  string    `json:"failure"`
	Mbps     float64   `json:"mbps"`     // of each viewer
	Packets  int64     `json:"packets"`  // that arrived
	Missing  int64     `json:"missing"`  // packets
	Pictures int       `json:"pictures"` // of all viewers
	Broken   int       `json:"broken"`   // pictures that a decoder could not show
	Joins    []float64 `json:"joins"`
	Delays   []float64 `json:"delays"`
	Gaps     []float64 `json:"gaps"`
}

func (t *tally) summary(seconds float64) summary {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	bits := float64(t.bytes.Load()) * 8
	return summary{
		t.watching, t.refused, t.failure,
		bits / 1e6 / seconds / float64(max(1, t.watching)),
		t.packets.Load(), t.missing.Load(), t.pictures, t.broken,
		some(t.joins), some(t.delays), some(t.gaps),
	}
}

// some makes an empty list of JSON of a list that is nil.
func some(values []float64) []float64 { return append([]float64{}, values...) }
