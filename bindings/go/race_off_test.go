//go:build !race

package dbpool_test

const underRace = false
