// SPDX-License-Identifier: MIT

package keyturn

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

const longestRefusal = 16384

// Coze's codes for a token that it does not take; they also come with HTTP 200.
var refusedCodes = map[int64]bool{4100: true, 700012006: true}

// Transport is an http.RoundTripper that sends the token, and replaces a refused one once for a
// request. Requests go on to Base, http.DefaultTransport if it is nil.
type Transport struct {
	Source *Source
	Base   http.RoundTripper
}

// RoundTrip sends the request, at most twice.
func (t *Transport) RoundTrip(request *http.Request) (*http.Response, error) {
	token, err := t.Source.Token(request.Context())
	if err != nil {
		closeBody(request)
		return nil, err
	}
	response, err := t.send(request, request.Body, token)
	if err != nil || !isRefused(response) {
		return response, err
	}
	if err = t.Source.Reject(request.Context(), token); err != nil {
		response.Body.Close()
		return nil, err
	}
	var body io.ReadCloser
	if request.Body != nil {
		if request.GetBody == nil {
			return response, nil
		}
		if body, err = request.GetBody(); err != nil {
			return response, nil
		}
	}
	response.Body.Close()
	if token, err = t.Source.Token(request.Context()); err != nil {
		return nil, err
	}
	return t.send(request, body, token)
}

func (t *Transport) send(request *http.Request, body io.ReadCloser, token string) (*http.Response,
	error) {
	again := request.Clone(request.Context())
	again.Body = body
	again.Header.Set("Authorization", "Bearer "+token)
	if t.Base == nil {
		return http.DefaultTransport.RoundTrip(again)
	}
	return t.Base.RoundTrip(again)
}

func closeBody(request *http.Request) {
	if request.Body != nil {
		request.Body.Close()
	}
}

// Only a short JSON answer is read ahead; streams go through.
func isRefused(response *http.Response) bool {
	if response.StatusCode == http.StatusUnauthorized {
		return true
	}
	if response.ContentLength <= 0 || response.ContentLength > longestRefusal ||
		!strings.Contains(response.Header.Get("Content-Type"), "json") {
		return false
	}
	content, err := io.ReadAll(response.Body)
	response.Body.Close()
	response.Body = io.NopCloser(bytes.NewReader(content))
	if err != nil {
		return false
	}
	var answer struct{ Code int64 }
	return json.Unmarshal(content, &answer) == nil && refusedCodes[answer.Code]
}
