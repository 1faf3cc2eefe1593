package acceptance

import (
	"io/fs"
	"path"
	"strings"

	"github.com/posternsql/postern/sql"
)

// findings is where each check of doctor's has a file of its name.
const findings = "functions/doctor"

// ExtraGrant is the name of the one difference of verify's that can be accepted: a grant that no installation makes.
const ExtraGrant = "extra_grant"

// Names are all that can be accepted.
func Names() []string { return append(FindingNames(), ExtraGrant) }

// FindingNames are the names that a finding of doctor's can have. They come from the checks themselves, so that there is no
// second list to keep.
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
