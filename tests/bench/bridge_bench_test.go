// SPDX-License-Identifier: MIT

package cozetest

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"syscall"
	"testing"

	"github.com/coze-dev/coze-go"
	"keyturn"
)

func turn(t *testing.T, api coze.CozeAPI) float64 {
	var begun, ended syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &begun)
	for i := 0; i < 50; i++ {
		if _, err := api.Users.Me(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	syscall.Getrusage(syscall.RUSAGE_SELF, &ended)
	return float64(ended.Utime.Nano()+ended.Stime.Nano()-begun.Utime.Nano()-begun.Stime.Nano()) / 1e6
}

// For bridges.sh: the least turn of 50 calls of coze-go in ms of the processor, plain and bridged.
func TestBench(t *testing.T) {
	base := coze.WithBaseURL(os.Getenv("BENCH_API"))
	quiet := coze.WithLogLevel(coze.LogLevelError)
	plain := coze.NewCozeAPI(coze.NewTokenAuth(os.Getenv("BENCH_TOKEN")), base, quiet,
		coze.WithHttpClient(&http.Client{}))
	source := keyturn.New("bench")
	bridge := coze.NewCozeAPI(source, base, quiet,
		coze.WithHttpClient(&http.Client{Transport: &keyturn.Transport{Source: source}}))
	least := [2]float64{1e9, 1e9}
	for i := 0; i < 60; i++ {
		for number, api := range []coze.CozeAPI{plain, bridge} {
			if took := turn(t, api); took < least[number] {
				least[number] = took
			}
		}
	}
	fmt.Println(least[0], least[1])
}
