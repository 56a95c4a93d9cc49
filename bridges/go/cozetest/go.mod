module keyturn/cozetest

go 1.18

require keyturn v0.0.0

replace keyturn => ../
