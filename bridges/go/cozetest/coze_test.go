// SPDX-License-Identifier: MIT

// Package cozetest has the tests with Coze's own SDK, so that no one else needs it.
package cozetest

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

	"github.com/coze-dev/coze-go"
	"keyturn"
)

const callers = 16

var _ coze.Auth = keyturn.New("")

func lines(t *testing.T, variable string, has func(string) bool) (count int) {
	content, err := os.ReadFile(os.Getenv(variable))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(content), "\n") {
		if has(line) {
			count++
		}
	}
	return count
}

func starts(t *testing.T, account string) int {
	return lines(t, "BRIDGE_STARTS", func(line string) bool {
		return strings.HasPrefix(line, "token ") && strings.HasSuffix(line, " "+account)
	})
}

func refused(t *testing.T, token string) int {
	return lines(t, "BRIDGE_LOG", func(line string) bool {
		return strings.Contains(line, `"value":"`+token+`"`) && strings.Contains(line, `"status":401`)
	})
}

func revoke(t *testing.T, token string) {
	answer, err := http.Post(os.Getenv("BRIDGE_CONTROL")+"/control", "application/json",
		strings.NewReader(`{"revoke_access":"`+token+`"}`))
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Error(err, answer)
		return
	}
	answer.Body.Close()
}

// young is a source whose token has its whole life before it: none but the server ends it.
func young(t *testing.T, account string) *keyturn.Source {
	ctx := context.Background()
	source := keyturn.New(account)
	token, err := source.Token(ctx)
	if err == nil {
		err = source.Reject(ctx, token)
	}
	if err == nil {
		_, err = source.Token(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func connect(source *keyturn.Source) coze.CozeAPI {
	client := &http.Client{Transport: &keyturn.Transport{Source: source}, Timeout: time.Minute}
	return coze.NewCozeAPI(source, coze.WithBaseURL(os.Getenv("BRIDGE_API")),
		coze.WithHttpClient(client), coze.WithLogLevel(coze.LogLevelError))
}

func me(ctx context.Context, api coze.CozeAPI) error {
	user, err := api.Users.Me(ctx)
	if err == nil && user.UserName != "tester" {
		err = fmt.Errorf("it is %s", user.UserName)
	}
	return err
}

func chat(ctx context.Context, api coze.CozeAPI) error {
	stream, err := api.Chat.Stream(ctx, &coze.CreateChatsReq{BotID: "7", UserID: "me",
		Messages: []*coze.Message{coze.BuildUserQuestionText("hello", nil)}})
	if err != nil {
		return err
	}
	defer stream.Close()
	said := ""
	for {
		event, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if event.Event == coze.ChatEventConversationMessageDelta {
			said += event.Message.Content
		}
	}
	if said != "hello" {
		return fmt.Errorf("it said %q", said)
	}
	return nil
}

func upload(ctx context.Context, api coze.CozeAPI) error {
	file, err := api.Files.Upload(ctx, &coze.UploadFilesReq{
		File: coze.NewUploadFile(strings.NewReader("some text"), "a.txt")})
	if err == nil && file.Bytes != 9 {
		err = fmt.Errorf("%d bytes", file.Bytes)
	}
	return err
}

func websocket(ctx context.Context, api coze.CozeAPI) error {
	bot := "7"
	chat := api.WebSockets.Chat.Create(ctx, &coze.CreateWebsocketChatReq{BotID: &bot,
		WebSocketClientOption: &coze.WebSocketClientOption{HandshakeTimeout: time.Minute}})
	if err := chat.Connect(); err != nil {
		return err
	}
	defer chat.Close()
	if err := chat.ConversationMessageCreate(&coze.WebSocketConversationMessageCreateEventData{
		Role: coze.MessageRoleUser, ContentType: coze.MessageContentTypeText,
		Content: "hello"}); err != nil {
		return err
	}
	return chat.Wait(coze.WebSocketEventTypeConversationChatCompleted)
}

type call func(context.Context, coze.CozeAPI) error

// A websocket whose token ends on a slow way is opened anew, once, as its program would.
func once(make call, isWebsocket bool, source *keyturn.Source, api coze.CozeAPI) (int, error) {
	ctx := context.Background()
	token, err := source.Token(ctx)
	if err != nil {
		return 0, err
	}
	if err = make(ctx, api); err == nil || !isWebsocket {
		return 0, err
	}
	if err = source.Reject(ctx, token); err != nil {
		return 1, err
	}
	return 1, make(ctx, api)
}

// So many goroutines for each source, which do one thing after the other until that time.
func run(t *testing.T, sources []*keyturn.Source, calls []call, end time.Time, pause time.Duration) {
	var group sync.WaitGroup
	var mutex sync.Mutex
	done, anew := 0, 0
	for _, source := range sources {
		source, api := source, connect(source)
		for i := 0; i < callers; i++ {
			group.Add(1)
			go func(number int) {
				defer group.Done()
				for ; time.Now().Before(end); number++ {
					again, err := once(calls[number%len(calls)], number%len(calls) == 3, source, api)
					if err != nil {
						t.Error(number%len(calls), err)
					}
					mutex.Lock()
					done++
					anew += again
					mutex.Unlock()
					time.Sleep(pause)
				}
			}(i)
		}
	}
	group.Wait()
	t.Logf("%d calls, %d websockets anew", done, anew)
}

func TestThreeLivesOfEachKind(t *testing.T) {
	life, _ := strconv.Atoi(os.Getenv("BRIDGE_LIFE"))
	accounts := strings.Fields(os.Getenv("BRIDGE_ACCOUNTS"))
	var sources []*keyturn.Source
	var before []int
	for _, account := range accounts {
		sources = append(sources, keyturn.New(account))
		before = append(before, starts(t, account))
	}
	run(t, sources, []call{me, chat, upload, websocket},
		time.Now().Add(3*time.Duration(life)*time.Second), time.Second)
	for i, account := range accounts {
		// A token is left a tenth of its life before its end, and may have been in its last
		// fifth, with its renewal under way: the first, and two for each life at the most.
		if asked := starts(t, account) - before[i]; asked < 3 || asked > 7 {
			t.Errorf("%d starts for %s", asked, account)
		}
	}
}

func TestWhatIsNotRenewed(t *testing.T) {
	for _, account := range strings.Fields(os.Getenv("BRIDGE_FIXED")) {
		api := connect(keyturn.New(account))
		for _, one := range []call{me, chat, upload, websocket} {
			if err := one(context.Background(), api); err != nil {
				t.Error(account, err)
			}
		}
	}
}

func TestRevokedInTheMiddle(t *testing.T) {
	account := os.Getenv("BRIDGE_ACCOUNT")
	source := young(t, account)
	before := starts(t, account)
	revoked := make(chan string, 1)
	time.AfterFunc(2*time.Second, func() {
		token, err := source.Token(context.Background())
		if err != nil {
			t.Error(err)
		}
		revoke(t, token)
		revoked <- token
	})
	run(t, []*keyturn.Source{source}, []call{me, chat, upload}, time.Now().Add(4*time.Second),
		100*time.Millisecond)
	if count := refused(t, <-revoked); count < 1 || count > callers {
		t.Errorf("%d calls were refused", count)
	}
	if asked := starts(t, account) - before; asked > 3 {
		t.Errorf("%d starts", asked)
	}
}

func TestAWebsocketTellsThatItsTokenWasRefused(t *testing.T) {
	ctx := context.Background()
	source := young(t, os.Getenv("BRIDGE_ACCOUNT"))
	api := connect(source)
	token, err := source.Token(ctx)
	if err != nil {
		t.Fatal(err)
	}
	revoke(t, token)
	if websocket(ctx, api) == nil {
		t.Fatal("it was not refused")
	}
	if err = source.Reject(ctx, token); err != nil {
		t.Fatal(err)
	}
	if err = websocket(ctx, api); err != nil {
		t.Fatal(err)
	}
	if count := refused(t, token); count != 1 {
		t.Errorf("%d calls were refused", count)
	}
}
