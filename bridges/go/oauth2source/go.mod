module keyturn/oauth2source

go 1.18

require (
	golang.org/x/oauth2 v0.10.0
	keyturn v0.0.0
)

replace keyturn => ../
