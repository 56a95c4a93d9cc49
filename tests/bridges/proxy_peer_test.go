// SPDX-License-Identifier: MIT

package cozetest

import (
	"context"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/coze-dev/coze-go"
)

// Coze's own way, by variables, under keyturn run --proxy: each call in turn, for so many seconds.
func TestProxyPeer(t *testing.T) {
	seconds, _ := strconv.Atoi(os.Getenv("PEER_SECONDS"))
	ctx := context.Background()
	api := coze.NewCozeAPI(coze.NewTokenAuth(os.Getenv("COZE_API_TOKEN")),
		coze.WithBaseURL(os.Getenv("COZE_API_BASE")), coze.WithLogLevel(coze.LogLevelError))
	done := 0
	for end := time.Now().Add(time.Duration(seconds) * time.Second); time.Now().Before(end); {
		for number, one := range []call{me, chat, upload, websocket} {
			if err := one(ctx, api); err != nil {
				t.Error(number, err)
			}
			done++
		}
		time.Sleep(200 * time.Millisecond)
	}
	t.Logf("%d calls", done)
}
