module dbpool

go 1.24
