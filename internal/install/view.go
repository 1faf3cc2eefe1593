package install

import (
	"regexp"
	"strings"
)

// sqlToken matches what withoutQualifiers has to tell apart in a query as the server prints it.
var sqlToken = regexp.MustCompile(`'(?:[^']|'')*'|"(?:[^"]|"")*"|[\pL_][\pL\pN_$]*|::|\s+|.`)

var namePattern = regexp.MustCompile(`^["\pL_]`)

// withoutQualifiers makes of a view's query, as PostgreSQL 15 prints it, what later versions print. They leave the name of
// the relation out where the query reads from one alone: "select a.x from t a" becomes "select x from t a". PostgreSQL 15
// writes it always, so no two queries become one.
func withoutQualifiers(query string) string {
	tokens := sqlToken.FindAllString(query, -1)
	word := func(at int) string {
		if at < 0 || at >= len(tokens) {
			return ""
		}
		return tokens[at]
	}
	// inner tells of each token whether it is in a query within the query: there all names are qualified.
	inner := make([]bool, len(tokens))
	depth := make([]int, len(tokens))
	beginsQuery := func(at int) bool {
		if strings.TrimSpace(word(at)) == "" {
			at++
		}
		return word(at) == "SELECT" || word(at) == "WITH" || word(at) == "VALUES"
	}
	open := []bool{false}
	for at, token := range tokens {
		if token == ")" && len(open) > 1 {
			open = open[:len(open)-1]
		}
		inner[at], depth[at] = open[len(open)-1], len(open)-1
		if token == "(" {
			open = append(open, inner[at] || beginsQuery(at+1))
		}
	}
	relation, reading := "", false
	for at, token := range tokens {
		if depth[at] > 0 {
			continue
		}
		switch token {
		case "UNION", "INTERSECT", "EXCEPT":
			return query // of several relations
		case "FROM":
			reading = true
		case "WHERE", "GROUP", "HAVING", "WINDOW", "ORDER", "OFFSET", "LIMIT", "FETCH", "FOR", ";":
			reading = false
		case ",", "JOIN":
			if reading {
				return query
			}
		case "(":
			if reading && relation == "" && !beginsQuery(at+1) {
				return query // a join
			}
		default:
			if reading && isName(token) {
				relation = token // the last one: its alias, or else its name
			}
		}
	}
	if relation == "" {
		return query
	}
	var out strings.Builder
	for at := 0; at < len(tokens); at++ {
		isColumn := word(at+1) == "." && isName(word(at+2)) && word(at+3) != "(" && word(at-1) != "." && word(at-1) != "::"
		if tokens[at] == relation && !inner[at] && isColumn {
			at++ // and the point
			continue
		}
		out.WriteString(tokens[at])
	}
	return out.String()
}

func isName(token string) bool { return namePattern.MatchString(token) }
