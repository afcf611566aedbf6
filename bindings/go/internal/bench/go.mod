module dbpool/internal/bench

go 1.25

require dbpool v0.0.0

replace dbpool => ../..
