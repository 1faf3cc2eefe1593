package acceptance

import (
	"io/fs"
	"path"
	"strings"

	"github.com/posternsql/postern/sql"
)

// findings has one file per check of doctor, named after it.
const findings = "functions/doctor"

// ExtraGrant is the only difference found by verify that can be accepted: a grant that no installation makes.
const ExtraGrant = "extra_grant"

// Names returns all names that can be accepted.
func Names() []string { return append(FindingNames(), ExtraGrant) }

// FindingNames returns the names of doctor's findings. They come from the checks themselves, so that there is no second
// list to keep.
func FindingNames() []string {
	entries, err := fs.ReadDir(sql.Files, findings)
	if err != nil {
		panic(err) // the files are in the binary
	}
	names := []string{}
	for _, entry := range entries {
		name := strings.TrimSuffix(entry.Name(), ".sql")
		content, err := fs.ReadFile(sql.Files, path.Join(findings, entry.Name()))
		if err != nil {
			panic(err)
		}
		if strings.Contains(string(content), "'"+name+"' as code") {
			names = append(names, name)
		}
	}
	return names
}
