package install

import (
	"regexp"
	"strings"
)

// sqlToken matches the tokens that withoutQualifiers must distinguish in a query as the server prints it.
var sqlToken = regexp.MustCompile(`'(?:[^']|'')*'|"(?:[^"]|"")*"|[\pL_][\pL\pN_$]*|::|\s+|.`)

var namePattern = regexp.MustCompile(`^["\pL_]`)

// withoutQualifiers turns a view's query as PostgreSQL 15 prints it into the form of later versions. If a query reads
// from only one relation, later versions omit the relation's name: "select a.x from t a" becomes "select x from t a".
// PostgreSQL 15 always prints the name, so different queries stay different.
func withoutQualifiers(query string) string {
	tokens := sqlToken.FindAllString(query, -1)
	word := func(at int) string {
		if at < 0 || at >= len(tokens) {
			return ""
		}
		return tokens[at]
	}
	// inner says for each token whether it is in a subquery, where all names are qualified.
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
			return query // reads from several relations
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
				relation = token // keeps the last one: the alias, or else the name
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
			at++ // skips the dot too
			continue
		}
		out.WriteString(tokens[at])
	}
	return out.String()
}

func isName(token string) bool { return namePattern.MatchString(token) }
