package configuration

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestActionsOfProjections(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		`action A { checkpoint = "X_Y"; }`:                                                                        {"A X_Y []"},
		`action A { legacycheckpoints = "X_Y", "X_Z"; checkpoint = "X_W"; }`:                                      {"A X_W [X_Y X_Z]"},
		"\ufeff// an action { \n/* action B { */ -- action C {\naction A Text { checkpoint=\"X_Y\"; }":            {"A X_Y []"},
		"projection P;\n@Override\naction A {\r\n checkpoint = \"X_Y\";\r\n}\naction B { checkpoint = \"X_Z\"; }": {"A X_Y []", "B X_Z []"},
		`projection P; entity E { action A { legacycheckpoints = "X_Y"; } attribute action Text; }`:               {"A  [X_Y]"},
		`action A { initialcheck none; }`:                                                                         nil,
		`action A { checkpoint = "X_Y"; } action A2 { structure { checkpoint = "N_N"; } }`:                        {"A X_Y []"},
		`projection P; description "an action { checkpoint = ; }"; action A { parameter checkpoint Text; }`:       nil,
		"action A;\naction B { checkpoint = \"X_Y\"; }":                                                           {"B X_Y []"},
	} {
		desired, err := Read([]string{standardInput}, strings.NewReader(text))
		if err != nil {
			t.Errorf("%s cannot be read: %v", text, err)
			continue
		}
		var got []string
		for _, action := range desired.of(actionKind) {
			legacy := action.fields["legacy_checkpoints"].([]string)
			got = append(got, action.keys[0]+" "+action.text("checkpoint")+" ["+strings.Join(legacy, " ")+"]")
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s has %q, want %q", text, got, want)
		}
	}
}

func TestBadProjectionsAreRefusedWithThePlace(t *testing.T) {
	t.Parallel()
	for text, message := range map[string]string{
		"action A {\n  checkpoint = \"X_Y;\n}":                                   "2:16: This quote is not closed.",
		"action A { legacycheckpoints = \"X_Y\", \"X_Z, \"X_W\"; }":              "1:39: This quote is not closed.",
		"action A { legacycheckpoints = \"X_Y, \"X_Z\", \"X_W\"; }":              "1:32: This quote is not closed.",
		"action A { legacycheckpoints = \"X_Y\", \"X_Z; }":                       "1:39: This quote is not closed.",
		"action A { checkpoint = \"X Y\"; }":                                     "1:25: \"X Y\" is not a gate id: it has letters, digits and underscores.",
		"action A { checkpoint = \"\"; }":                                        "1:25: \"\" is not a gate id",
		"action A { checkpoint = X_Y; }":                                         "1:25: A gate id in quotes is missing here.",
		"action A { checkpoint = ; }":                                            "1:25: A gate id in quotes is missing here.",
		"action A { checkpoint \"X_Y\"; }":                                       "1:23: An equals sign is missing after checkpoint.",
		"action A { checkpoint = \"X_Y\" }":                                      "1:31: A comma, or the semicolon that ends checkpoint, is missing here.",
		"action A { legacycheckpoints = \"X_Y\" \"X_Z\"; }":                      "1:38: A comma, or the semicolon that ends legacycheckpoints, is missing here.",
		"action A { checkpoint = \"X_Y\", \"X_Z\"; }":                            "1:12: An action has one checkpoint; the others are legacycheckpoints.",
		"action A { checkpoint = \"X_Y\"; checkpoint = \"X_Y\"; }":               "1:32: checkpoint is there twice in this action.",
		"action A { checkpoint = \"X_Y\";":                                       "1:8: The action A is not closed: its } is missing.",
		"projection P; action { }":                                               "1:22: The name of the action is missing.",
		"action A { } }":                                                         "1:14: This brace closes nothing.",
		"action A { /* }":                                                        "1:12: This comment is not closed.",
		"action A { checkpoint = \"X_Y\"; }\naction A { checkpoint = \"X_Z\"; }": "2:8: The action A is there twice; first at standard input:1:8.",
	} {
		_, err := Read([]string{standardInput}, strings.NewReader(text))
		var inFile *Error
		if !errors.As(err, &inFile) || !strings.HasPrefix(err.Error(), "standard input:"+message) {
			t.Errorf("%s\ngot  %v\nwant standard input:%s", text, err, message)
		}
	}
}
