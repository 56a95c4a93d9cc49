// SPDX-License-Identifier: MIT

// Package oauth2source gives keyturn's tokens to libraries that take an oauth2.TokenSource.
package oauth2source

import (
	"context"

	"golang.org/x/oauth2"
	"keyturn"
)

type source struct {
	ctx    context.Context
	source *keyturn.Source
}

// New returns a token source for the account; "" is the default one. The context ends its waits.
func New(ctx context.Context, account string) oauth2.TokenSource {
	return &source{ctx, keyturn.New(account)}
}

func (s *source) Token() (*oauth2.Token, error) {
	token, err := s.source.Current(s.ctx)
	if err != nil {
		return nil, err
	}
	return &oauth2.Token{AccessToken: token.AccessToken, TokenType: "Bearer",
		Expiry: token.Expires}, nil
}
