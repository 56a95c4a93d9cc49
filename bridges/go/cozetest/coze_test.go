// SPDX-License-Identifier: MIT

// Package cozetest has the tests with Coze's own SDK, so that no one else needs it.
package cozetest

import (
	"context"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coze-dev/coze-go"
	"keyturn"
)

var _ coze.Auth = keyturn.New("")

func TestTheSDKTakesTheSource(t *testing.T) {
	source := keyturn.New(os.Getenv("BRIDGE_ACCOUNT"))
	client := &http.Client{Transport: &keyturn.Transport{Source: source}, Timeout: 20 * time.Second}
	api := coze.NewCozeAPI(source, coze.WithBaseURL(os.Getenv("BRIDGE_API")),
		coze.WithHttpClient(client))
	token, err := source.Token(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.Post(os.Getenv("BRIDGE_CONTROL")+"/control", "application/json",
		strings.NewReader(`{"revoke":"`+token+`"}`))
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatal(err, answer)
	}
	var group sync.WaitGroup
	for i := 0; i < 16; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			user, err := api.Users.Me(context.Background())
			if err != nil || user.UserName != "tester" {
				t.Error(user, err)
			}
		}()
	}
	group.Wait()
}
