package dbpool

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Times cross the border as text, which both databases understand and sort alike.

// PostgreSQL rounds to microseconds; a timestamp without time zone takes the hour as it stands here.
const timeLayout = "2006-01-02 15:04:05.999999999Z07:00"

// What a time may look like, PostgreSQL's forms first; the rest is what SQLite's functions and other drivers write.
var timeLayouts = []string{
	"2006-01-02 15:04:05.999999999Z07",
	"2006-01-02 15:04:05.999999999",
	"2006-01-02",
	"2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02T15:04:05.999999999Z07:00",
	"2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04:05.999999999Z07:00:00",
	"2006-01-02 15:04",
	"2006-01-02T15:04",
	"15:04:05.999999999",
	"15:04:05.999999999Z07",
	"15:04:05.999999999Z07:00",
	"15:04",
}

func appendTime(to []byte, t time.Time) []byte {
	if year := t.Year(); year <= 0 { // PostgreSQL's way to say so; there was no year 0
		to = t.AddDate(1-2*year, 0, 0).AppendFormat(to, timeLayout)
		return append(to, " BC"...)
	}
	return t.AppendFormat(to, timeLayout)
}

func parseTime(text string) (time.Time, error) {
	era, bc := strings.CutSuffix(text, " BC")
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, era); err == nil {
			if bc {
				t = t.AddDate(1-2*t.Year(), 0, 0)
			}
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time", text)
}

// ParseDuration reads PostgreSQL's time of day and its intervals of days and less: "3 days -04:05:06.789".
func parseDuration(text string) (time.Duration, error) {
	var total time.Duration
	fields := strings.Fields(text)
	for i := 0; i < len(fields); i++ {
		if i+1 < len(fields) && strings.HasPrefix(fields[i+1], "day") {
			days, err := strconv.ParseInt(fields[i], 10, 32)
			if err != nil {
				return 0, fmt.Errorf("%q is no duration", text)
			}
			total += time.Duration(days) * 24 * time.Hour
			i++
			continue
		}
		clock, err := parseClock(fields[i])
		if err != nil {
			return 0, fmt.Errorf("%q is no duration of days, hours, minutes and seconds", text)
		}
		total += clock
	}
	if len(fields) == 0 {
		return 0, fmt.Errorf("%q is no duration", text)
	}
	return total, nil
}

func parseClock(text string) (time.Duration, error) {
	digits := strings.TrimLeft(text, "+-")
	parts := strings.Split(digits, ":")
	if len(parts) != 3 {
		return 0, strconv.ErrSyntax
	}
	d, err := time.ParseDuration(parts[0] + "h" + parts[1] + "m" + parts[2] + "s")
	if strings.HasPrefix(text, "-") {
		d = -d
	}
	return d, err
}
