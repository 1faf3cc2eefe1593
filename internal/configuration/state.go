package configuration

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/posternsql/postern/internal/query"
)

// state is the content of the database, by identity.
type state map[string]*object

// readState reads everything in one snapshot.
func readState(ctx context.Context, queries *query.Queries) (state, error) {
	document, err := queries.ReadConfiguration(ctx)
	if err != nil {
		return nil, err
	}
	var rows map[string][]map[string]any
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	if err := decoder.Decode(&rows); err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	read := state{}
	for _, kind := range kinds {
		for _, row := range rows[kind.name] {
			o := &object{kind: kind, keys: make([]string, len(kind.keys)), fields: map[string]any{}}
			for index, name := range kind.keys {
				o.keys[index], _ = row[name].(string) // NULL becomes "": a company's class has no ledger
			}
			for _, name := range kind.fields {
				o.fields[name] = fieldValue(row[name])
			}
			o.id = fmt.Sprint(row["id"])
			read[o.identity()] = o
		}
	}
	return read, nil
}

// fieldValue converts a JSON value to the type of an object's field.
func fieldValue(value any) any {
	switch value := value.(type) {
	case nil:
		return ""
	case []any:
		list := make([]string, len(value))
		for index := range value {
			list[index], _ = value[index].(string)
		}
		return list
	case map[string]any:
		texts := make(map[string]string, len(value))
		for name := range value {
			texts[name], _ = value[name].(string)
		}
		return texts
	}
	return value
}
