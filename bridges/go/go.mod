module keyturn

go 1.18
