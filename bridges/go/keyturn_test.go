// SPDX-License-Identifier: MIT

package keyturn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Against the Coze server of tests/servers, as tests/bridges.sh starts it.

const callers = 16

func starts(t *testing.T, account string) int {
	content, err := os.ReadFile(os.Getenv("BRIDGE_STARTS"))
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, line := range strings.Split(string(content), "\n") {
		if strings.HasPrefix(line, "token ") && strings.HasSuffix(line, " "+account) {
			count++
		}
	}
	return count
}

func revoke(t *testing.T, token string) {
	answer, err := http.Post(os.Getenv("BRIDGE_CONTROL")+"/control", "application/json",
		strings.NewReader(fmt.Sprintf(`{"revoke_access":%q}`, token)))
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatal(err, answer)
	}
	answer.Body.Close()
}

func me(client *http.Client) error {
	answer, err := client.Get(os.Getenv("BRIDGE_API") + "/v1/users/me")
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err == nil && (answer.StatusCode != 200 || !strings.Contains(string(content), "tester")) {
		err = fmt.Errorf("%d %s", answer.StatusCode, content)
	}
	return err
}

// BRIDGE_LIVES is 1 where the SDK's own tests have been there for three.
func TestLivesWithManyGoroutines(t *testing.T) {
	account := os.Getenv("BRIDGE_ACCOUNT")
	client := &http.Client{Transport: &Transport{Source: New(account)}}
	life, _ := strconv.Atoi(os.Getenv("BRIDGE_LIFE"))
	lives, _ := strconv.Atoi(os.Getenv("BRIDGE_LIVES"))
	end := time.Now().Add(time.Duration(lives*life) * time.Second)
	before := starts(t, account)
	var group sync.WaitGroup
	for i := 0; i < callers; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for time.Now().Before(end) {
				if err := me(client); err != nil {
					t.Error(err)
					return
				}
				time.Sleep(50 * time.Millisecond)
			}
		}()
	}
	group.Wait()
	if asked := starts(t, account) - before; asked > lives+2 {
		t.Errorf("%d starts of keyturn", asked)
	}
}

// A body that can be read once: the call is refused, and the next one is not.
func TestABodyThatIsGone(t *testing.T) {
	source := New(os.Getenv("BRIDGE_ACCOUNT"))
	client := &http.Client{Transport: &Transport{Source: source}}
	token, err := source.Token(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	revoke(t, token)
	for _, status := range []int{http.StatusUnauthorized, http.StatusOK} {
		body := io.MultiReader(strings.NewReader(`{"bot_id":"7","user_id":"me","stream":true}`))
		answer, err := client.Post(os.Getenv("BRIDGE_API")+"/v3/chat", "application/json", body)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != status {
			t.Errorf("%d, not %d", answer.StatusCode, status)
		}
	}
}

func TestARevokedTokenIsReplacedWithinTheCall(t *testing.T) {
	source := New(os.Getenv("BRIDGE_ACCOUNT"))
	client := &http.Client{Transport: &Transport{Source: source}}
	token, err := source.Token(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	revoke(t, token)
	if err := me(client); err != nil {
		t.Fatal(err)
	}
}

func TestAFailureCarriesTheCauseAndTheRemedy(t *testing.T) {
	_, err := New("nobody").Token(context.Background())
	var failed *Error
	if !errors.As(err, &failed) || failed.Code != "not_found" || failed.ExitStatus != 1 ||
		failed.Remedy == "" || !strings.Contains(err.Error(), "nobody") {
		t.Fatal(err)
	}
	_, err = (&Source{Program: "/nonexistent"}).Token(context.Background())
	if !errors.As(err, &failed) || !strings.Contains(failed.Remedy, "install") {
		t.Fatal(err)
	}
}

func TestWhoGivesUpIsNotKeptWaiting(t *testing.T) {
	source := New(os.Getenv("BRIDGE_ACCOUNT"))
	if err := source.enter(context.Background()); err != nil {
		t.Fatal(err)
	}
	defer source.leave()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := source.Token(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}
