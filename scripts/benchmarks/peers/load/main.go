// The load generator of scripts/bench peers. It publishes over WHIP and watches over WHEP, the same
// way for every server. LiveKit has no WHEP, so its viewers use its own client.
//
//	load publish -clip clip.h264 -seconds 30 [-loss 0.05] TARGET...
//	load watch -count 100 -seconds 15 [-first 30] [-decodable] TARGET...
//
// A target is a URL, followed by a comma and a bearer token if the server needs one. The results are
// lines of JSON on standard output. The Python modules beside this folder start the program.
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

func main() {
	if len(os.Args) < 2 {
		fail(fmt.Errorf("publish or watch"))
	}
	var err error
	switch os.Args[1] {
	case "publish":
		err = publish(os.Args[2:])
	case "watch":
		err = watch(os.Args[2:])
	default:
		err = fmt.Errorf("%s: publish or watch", os.Args[1])
	}
	if err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "load:", err)
	os.Exit(2)
}

// report writes one line of JSON.
func report(value any) {
	line, err := json.Marshal(value)
	if err != nil {
		fail(err)
	}
	os.Stdout.Write(append(line, '\n'))
}
