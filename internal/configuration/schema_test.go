package configuration

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aymanbagabas/go-udiff"
	"github.com/invopop/jsonschema"
	validator "github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
)

var update = flag.Bool("update", false, "write the schema instead of comparing it")

const published = "../../docs/configuration.schema.json"

func TestPublishedSchemaMatchesTheTypes(t *testing.T) {
	made := makeSchema(t)
	if *update {
		if err := os.WriteFile(published, made, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	committed, err := os.ReadFile(published)
	if err != nil {
		t.Fatal(err)
	}
	if difference := udiff.Unified("published", "of the types", string(committed), string(made)); difference != "" {
		t.Errorf("run `make generate` and review what it changes:\n%s", difference)
	}
}

// makeSchema takes the descriptions from the comments of the types.
func makeSchema(t *testing.T) []byte {
	t.Helper()
	scalar := func(types ...string) *jsonschema.Schema {
		schema := &jsonschema.Schema{}
		for _, name := range types {
			schema.AnyOf = append(schema.AnyOf, &jsonschema.Schema{Type: name})
		}
		return schema
	}
	reflector := &jsonschema.Reflector{
		Anonymous:                  true,
		RequiredFromJSONSchemaTags: true,
		Mapper: func(of reflect.Type) *jsonschema.Schema {
			switch {
			case of == reflect.TypeFor[Scalar]():
				return scalar("string", "number", "boolean")
			case of == reflect.TypeFor[Objects]():
				text := &jsonschema.Schema{Type: "string"}
				return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{text, {Type: "array", Items: text, MinItems: new(uint64(1))}}}
			case of == reflect.TypeFor[Day]():
				return &jsonschema.Schema{Type: "string", Format: "date", Pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
			case of == reflect.TypeFor[Setting]():
				return scalar("boolean", "integer", "string")
			case allowedValues[of.Name()] != nil:
				schema := &jsonschema.Schema{Type: "string"}
				for _, value := range allowedValues[of.Name()] {
					schema.Enum = append(schema.Enum, value)
				}
				return schema
			}
			return nil
		},
	}
	if err := reflector.AddGoComments("github.com/posternsql/postern/internal/configuration", "./", jsonschema.WithFullComment()); err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(reflector.Reflect(&Configuration{}))
	if err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	if err := json.Unmarshal(encoded, &schema); err != nil {
		t.Fatal(err)
	}
	schema["title"] = "Configuration of Postern"
	allowNulls(schema)
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(schema); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// allowNulls adds what the reader allows but the library does not know: keys with nothing below them, and fields tagged
// nullable.
func allowNulls(schema map[string]any) {
	nullable := func(of any) map[string]any {
		property := of.(map[string]any)
		allowed := map[string]any{"anyOf": []any{map[string]any{"type": "null"}}}
		if description, there := property["description"]; there {
			allowed["description"] = description
			delete(property, "description")
		}
		if alternatives, there := property["anyOf"].([]any); there {
			allowed["anyOf"] = append(alternatives, allowed["anyOf"].([]any)...)
		} else {
			allowed["anyOf"] = append([]any{property}, allowed["anyOf"].([]any)...)
		}
		return allowed
	}
	definitions := schema["$defs"].(map[string]any)
	for _, of := range []reflect.Type{
		reflect.TypeFor[Configuration](), reflect.TypeFor[Gate](), reflect.TypeFor[Action](), reflect.TypeFor[User](),
		reflect.TypeFor[Company](), reflect.TypeFor[CompanyUser](), reflect.TypeFor[Class](), reflect.TypeFor[Ledger](),
		reflect.TypeFor[LedgerUser](), reflect.TypeFor[ProtectedTable](), reflect.TypeFor[Guard](), reflect.TypeFor[Event](),
		reflect.TypeFor[EventAction](), reflect.TypeFor[AcceptedFinding](),
	} {
		properties := definitions[of.Name()].(map[string]any)["properties"].(map[string]any)
		for index := range of.NumField() {
			field := of.Field(index)
			property := properties[jsonName(field)].(map[string]any)
			switch {
			case field.Type == reflect.TypeFor[Objects]():
			case field.Tag.Get("nullable") == "true", field.Type.Kind() == reflect.Slice:
				properties[jsonName(field)] = nullable(property)
			case field.Type.Kind() == reflect.Map:
				if field.Type.Elem().Kind() == reflect.Map {
					inner := property["additionalProperties"].(map[string]any)
					inner["additionalProperties"] = nullable(inner["additionalProperties"])
				}
				if field.Type.Elem().Kind() != reflect.String {
					property["additionalProperties"] = nullable(property["additionalProperties"])
				}
				properties[jsonName(field)] = nullable(property)
			}
		}
	}
}

func compileSchema(t *testing.T) *validator.Schema {
	t.Helper()
	document, err := validator.UnmarshalJSON(bytes.NewReader(makeSchema(t)))
	if err != nil {
		t.Fatal(err)
	}
	compiler := validator.NewCompiler()
	if err := compiler.AddResource("configuration.schema.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("configuration.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// An editor with the schema rejects the same files as apply.
func TestSchemaAgreesWithTheReader(t *testing.T) {
	t.Parallel()
	schema := compileSchema(t)
	for text, isValid := range map[string]bool{
		"users:\n":                             true,
		"users: {ALICE: }\n":                   true,
		"users: {ALICE: {description: Alice}}": true,
		"users: {ALICE: {db_role: null}}":      true,
		"users: {ALICE: {description: null}}":  false,
		"users: {ALICE: {pin: 123456}}":        false,
		"users: {ALICE: {active: 1}}":          false,
		"users: [ALICE]":                       false,
		"gates: {A_B: {active: true, parameters: [A], administered: [active]}}":                                                  true,
		"gates: {A_B: {administered: [description]}}":                                                                            false,
		"gates: {A_B: {parameters: A}}":                                                                                          false,
		"actions: {A: {checkpoint: ~, legacy_checkpoints: [A_B]}}":                                                               true,
		"settings: {comment_required: true, max_failures: 3}":                                                                    true,
		"settings: {comment_required: [true]}":                                                                                   false,
		"companies: {A: {users: {ALICE: {class: ~}}, classes: {C: {allow: [{code_a: 10}], deny: []}}}}":                          true,
		"companies: {A: {classes: {C: {allow: [{code_k: 10}]}}}}":                                                                false,
		"companies: {A: {ledgers: {L: {users: {ALICE: {class: 1}}, classes: {C: }}}}}":                                           true,
		"protected_tables: {a.b: {protection: ledger, ledger_column: l}}":                                                        true,
		"protected_tables: {a.b: {protection: row}}":                                                                             false,
		"guarded_tables: {a.b: {A_B: , A_C: {operations: [insert, delete], columns: ~, condition: ~, exclusive: false}}, a.c: }": true,
		"guarded_tables: {a.b: {A_B: {columns: [a], parameters: {A: a, B: sum(b)}, condition: new.a}}}":                          true,
		"guarded_tables: {a.b: {A_B: {operations: [truncate]}}}":                                                                 false,
		"guarded_tables: {a.b: {A_B: {parameters: {A: ~}}}}":                                                                     false,
		"guarded_tables: {a.b: {A_B: {parameters: [A]}}}":                                                                        false,
		"guarded_tables: {a.b: {operations: [insert]}}":                                                                          false,
		"events: {SECURITY_CHECKPOINT_DENIED: {enabled: false}}":                                                                 true,
		"events: {SECURITY_CHECKPOINT_DENIED: {enabled: null}}":                                                                  false,
		"event_actions: {a: {event: E, webhook: 'https://a', when: ~, template: ~, allow_internal: true}, b: }":                  true,
		"event_actions: {a: {secret: whsec_}}":                                                                                   false,
		"accepted_findings: ":                                                                                                    true,
		"accepted_findings: []":                                                                                                  true,
		"accepted_findings: [{finding: server_version, object: server, reason: r, until: '2026-01-01'}]":                         true,
		"accepted_findings: [{finding: server_version, object: [server], level: warn, reason: r, until: '2026-01-01'}]":          true,
		"accepted_findings: [{finding: server, object: server, reason: r, until: '2026-01-01'}]":                                 false,
		"accepted_findings: [{finding: server_version, object: null, reason: r, until: '2026-01-01'}]":                           false,
		"accepted_findings: [{finding: server_version, object: [], reason: r, until: '2026-01-01'}]":                             false,
		"accepted_findings: [{finding: server_version, object: server, until: '2026-01-01'}]":                                    false,
		"accepted_findings: [{finding: server_version, object: server, reason: r, until: 'tomorrow'}]":                           false,
		"companys: {}": false,
	} {
		_, refused := (&source{name: "f.yaml", text: []byte(text)}).parse()
		if (refused == nil) != isValid {
			t.Errorf("the reader says %v of %s", refused, text)
		}
		if invalid := validate(t, schema, []byte(text)); (invalid == nil) != isValid {
			t.Errorf("the schema says %v of %s", invalid, text)
		}
	}
}

// asEditors turns dates into text, as editors read them: YAML 1.2 has no dates.
func asEditors(value any) any {
	switch value := value.(type) {
	case time.Time:
		return value.Format(time.DateOnly)
	case []any:
		for index := range value {
			value[index] = asEditors(value[index])
		}
	case map[string]any:
		for key := range value {
			value[key] = asEditors(value[key])
		}
	}
	return value
}

func validate(t *testing.T, schema *validator.Schema, text []byte) error {
	t.Helper()
	var document any
	if err := yaml.Load(text, &document); err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(asEditors(document))
	if err != nil {
		t.Fatal(err)
	}
	value, err := validator.UnmarshalJSON(bytes.NewReader(encoded))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(value)
}

// Files in the shell blocks of the documentation are valid for an editor too.
func TestDocumentedFilesAreValid(t *testing.T) {
	t.Parallel()
	schema := compileSchema(t)
	page, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, part := range strings.Split(string(page), ".yaml <<'END'\n")[1:] {
		text, _, found := strings.Cut(part, "\nEND\n")
		if !found {
			t.Fatalf("a file without an end: %s", part)
		}
		count++
		if err := validate(t, schema, []byte(text)); err != nil {
			t.Errorf("the schema refuses a documented file: %v\n%s", err, text)
		}
	}
	if count < 2 {
		t.Errorf("the documentation has %d files", count)
	}
}
