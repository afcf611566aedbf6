package dbpool

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// PostgreSQL's arrays cross the border as text: {1,2,NULL,"a \"b\""}, {{1,2},{3,4}}.

func appendArray(to []byte, list reflect.Value) ([]byte, error) {
	to = append(to, '{')
	for i := range list.Len() {
		if i > 0 {
			to = append(to, ',')
		}
		var err error
		if to, err = appendElement(to, list.Index(i)); err != nil {
			return to, err
		}
	}
	return append(to, '}'), nil
}

func appendElement(to []byte, v reflect.Value) ([]byte, error) {
	if v.Kind() == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8 {
		return appendArray(to, v)
	}
	// What the element would be as a parameter, as text.
	one := arguments{}
	if err := one.add(v.Interface()); err != nil {
		return to, err
	}
	p := one.params[0]
	switch p.kind {
	case kindNull:
		return append(to, "NULL"...), nil
	case kindBool:
		return strconv.AppendBool(to, p.number != 0), nil
	case kindInt64:
		return strconv.AppendInt(to, int64(p.number), 10), nil
	case kindFloat64:
		return strconv.AppendFloat(to, floatOf(p.number), 'g', -1, 64), nil
	case kindBytes:
		return fmt.Appendf(to, `"\\x%x"`, one.arena), nil
	}
	to = append(to, '"')
	for _, c := range one.arena {
		if c == '"' || c == '\\' {
			to = append(to, '\\')
		}
		to = append(to, c)
	}
	return append(to, '"'), nil
}

// An element of an array's text: a value, NULL, or an array.
type element struct {
	text  string
	null  bool
	inner []element
	array bool
}

// ParseArray reads the text of an array; bounds like [2:3]= in front are passed over.
func parseArray(text string) ([]element, error) {
	if strings.HasPrefix(text, "[") {
		_, text, _ = strings.Cut(text, "=")
	}
	list, rest, err := parseElements(text)
	if err == nil && rest != "" {
		err = fmt.Errorf("%q is no array", text)
	}
	return list, err
}

// ParseElements reads from "{" to its "}" and gives what is behind it.
func parseElements(text string) (list []element, rest string, err error) {
	bad := fmt.Errorf("%q is no array", text)
	if !strings.HasPrefix(text, "{") {
		return nil, "", bad
	}
	rest = text[1:]
	if strings.HasPrefix(rest, "}") {
		return nil, rest[1:], nil
	}
	for {
		var e element
		switch {
		case strings.HasPrefix(rest, "{"):
			e.array = true
			if e.inner, rest, err = parseElements(rest); err != nil {
				return nil, "", err
			}
		case strings.HasPrefix(rest, `"`):
			var quoted strings.Builder
			i := 1
			for ; i < len(rest) && rest[i] != '"'; i++ {
				if rest[i] == '\\' {
					i++
				}
				if i < len(rest) {
					quoted.WriteByte(rest[i])
				}
			}
			if i >= len(rest) {
				return nil, "", bad
			}
			e.text, rest = quoted.String(), rest[i+1:]
		default:
			end := strings.IndexAny(rest, ",}")
			if end < 0 {
				return nil, "", bad
			}
			e.text, rest = rest[:end], rest[end:]
			e.null = strings.EqualFold(e.text, "NULL")
		}
		list = append(list, e)
		if rest == "" {
			return nil, "", bad
		}
		next := rest[0]
		rest = rest[1:]
		switch next {
		case '}':
			return list, rest, nil
		case ',':
		default:
			return nil, "", bad
		}
	}
}
