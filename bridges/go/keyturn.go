// SPDX-License-Identifier: MIT

// Package keyturn gets fresh access tokens from keyturn(1): from memory until shortly before their
// end.
package keyturn

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// A token without a known end is asked for again after this time.
const unknownLife = 5 * time.Minute

// Error is keyturn's own failure. Its text is the cause and the remedy, and holds no secret.
type Error struct {
	Message    string
	Remedy     string
	Code       string
	ExitStatus int
}

func (e *Error) Error() string {
	if e.Remedy == "" {
		return e.Message
	}
	return e.Message + ": " + e.Remedy
}

// Token is an access token, and how long it lives.
type Token struct {
	AccessToken string
	Service     string
	Account     string
	Expires     time.Time // zero: unknown
}

// Source gives the token of one account to any number of goroutines. It has the method of
// coze.Auth, and so can be given to coze.NewCozeAPI.
type Source struct {
	// Account as keyturn names it; empty: the default one.
	Account string
	// SessionName says whose conversations a service app's token sees.
	SessionName string
	// Program is the path of keyturn; empty: by PATH.
	Program string

	mutex sync.Mutex
	held  *Token
	until time.Time
	turn  chan struct{}
}

// New returns a source for the account; "" is the default one.
func New(account string) *Source {
	return &Source{Account: account}
}

// Token returns the access token.
func (s *Source) Token(ctx context.Context) (string, error) {
	token, err := s.Current(ctx)
	if err != nil {
		return "", err
	}
	return token.AccessToken, nil
}

// Current returns the token with what is known of it.
func (s *Source) Current(ctx context.Context) (*Token, error) {
	if token := s.remembered(); token != nil {
		return token, nil
	}
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.leave()
	if token := s.remembered(); token != nil {
		return token, nil
	}
	return s.ask(ctx)
}

// Service returns the address of the account's service, such as https://api.coze.cn.
func (s *Source) Service(ctx context.Context) (string, error) {
	token, err := s.Current(ctx)
	if err != nil {
		return "", err
	}
	return token.Service, nil
}

// Reject tells that the service refused the token: the next one is another, or the reason why not.
func (s *Source) Reject(ctx context.Context, refused string) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	s.mutex.Lock()
	held := s.held
	if held == nil || held.AccessToken != refused {
		s.mutex.Unlock()
		return nil
	}
	s.held = nil
	s.mutex.Unlock()
	_, err := s.call(ctx, refused, "reject", s.name(held))
	return err
}

// One call of keyturn at a time. Who gives up waiting leaves the others alone.
func (s *Source) enter(ctx context.Context) error {
	s.mutex.Lock()
	if s.turn == nil {
		s.turn = make(chan struct{}, 1)
	}
	s.mutex.Unlock()
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Source) leave() {
	<-s.turn
}

func (s *Source) remembered() *Token {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.held != nil && time.Now().Before(s.until) {
		return s.held
	}
	return nil
}

func (s *Source) name(token *Token) string {
	if s.Account != "" {
		return s.Account
	}
	if service, err := url.Parse(token.Service); err == nil {
		return token.Account + "@" + service.Host
	}
	return token.Account
}

func (s *Source) ask(ctx context.Context) (*Token, error) {
	arguments := []string{"token", "--json"}
	if s.Account != "" {
		arguments = append(arguments, s.Account)
	}
	output, err := s.call(ctx, "", arguments...)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Account     string `json:"account"`
		Service     string `json:"service"`
		AccessToken string `json:"access_token"`
		ExpiresAt   *int64 `json:"expires_at"`
		ObtainedAt  *int64 `json:"obtained_at"`
	}
	if json.Unmarshal(output, &answer) != nil || answer.AccessToken == "" {
		return nil, &Error{Message: "keyturn's answer is not understood", Code: "internal"}
	}
	token := &Token{AccessToken: answer.AccessToken, Service: answer.Service, Account: answer.Account}
	until := time.Now().Add(unknownLife)
	if answer.ExpiresAt != nil {
		token.Expires = time.Unix(*answer.ExpiresAt, 0)
		until = token.Expires.Add(-margin(token.Expires, answer.ObtainedAt))
	}
	s.mutex.Lock()
	s.held, s.until = token, until
	s.mutex.Unlock()
	return token, nil
}

// A tenth of its life before its end, at most a minute.
func margin(expires time.Time, obtained *int64) time.Duration {
	life := time.Until(expires)
	if obtained != nil {
		life = expires.Sub(time.Unix(*obtained, 0))
	}
	if life < 0 {
		return 0
	}
	if life > 10*time.Minute {
		return time.Minute
	}
	return life / 10
}

func (s *Source) call(ctx context.Context, input string, arguments ...string) ([]byte, error) {
	program := s.Program
	if program == "" {
		program = "keyturn"
	}
	if s.SessionName != "" {
		arguments = append(arguments, "--session-name", s.SessionName)
	}
	var output, said bytes.Buffer
	command := exec.CommandContext(ctx, program, arguments...)
	command.Stdin = strings.NewReader(input)
	command.Stdout = &output
	command.Stderr = &said
	err := command.Run()
	if err == nil {
		return output.Bytes(), nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return nil, failure(err, output.Bytes(), said.String())
}

func failure(err error, output []byte, said string) error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return &Error{
			Message: fmt.Sprintf("keyturn cannot be run (%v)", err),
			Remedy:  "install keyturn, or give the path of its program",
			Code:    "internal",
		}
	}
	var told struct {
		Error struct{ Code, Message, Remedy string }
	}
	if json.Unmarshal(output, &told) == nil && told.Error.Message != "" {
		return &Error{told.Error.Message, told.Error.Remedy, told.Error.Code, exit.ExitCode()}
	}
	lines := strings.SplitN(strings.ReplaceAll(strings.TrimSpace(said), "keyturn: ", ""), "\n", 2)
	failed := &Error{Message: lines[0], Code: "internal", ExitStatus: exit.ExitCode()}
	if len(lines) > 1 {
		failed.Remedy = lines[1]
	}
	return failed
}
