module keyturn/cozetest

go 1.18

require (
	github.com/coze-dev/coze-go v0.0.0
	keyturn v0.0.0
)

replace keyturn => ../
