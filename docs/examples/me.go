// SPDX-License-Identifier: MIT

// keyturn run work -- go run me.go: Coze's own way, by variables.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/coze-dev/coze-go"
)

func main() {
	api := coze.NewCozeAPI(coze.NewTokenAuth(os.Getenv("COZE_API_TOKEN")),
		coze.WithBaseURL(os.Getenv("COZE_API_BASE")))
	user, err := api.Users.Me(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(user.UserName)
}
