package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/posternsql/postern/internal/install"
)

func newStatusCommand(app *application) *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "status",
		Short: "Show which version is installed, and whether install has work to do",
		Long: `Shows the version of this binary, the version in the database, and what install would do. It needs no
right in Postern's schemas and takes no lock. It says if the server is a standby. If you may read Postern's tables, it
also says which upkeep is overdue, and what that costs now: "doctor" explains it. To find out whether somebody has
changed the installation, run verify.

Exit code 3: the two versions differ, or nothing is installed.`,
		Example: `  $0 status
  $0 status --json | jq .pending`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			config, err := app.config()
			if err != nil {
				return err
			}
			status, err := install.ReadStatus(command.Context(), config, nil)
			if err != nil {
				return err
			}
			if asJSON {
				err = app.printJSON(status)
			} else {
				app.printTable([]string{"", "this binary", fmt.Sprintf("database %q", status.Database)}, statusRows(status))
			}
			if err != nil {
				return err
			}
			if status.Refused != "" || len(status.Pending) > 0 {
				return errDifference
			}
			return nil
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

func statusRows(status *install.Status) [][]string {
	server := "PostgreSQL " + status.ServerVersion
	if status.Standby {
		server += ", standby"
	}
	rows := [][]string{
		{"version", status.BinaryVersion, orDash(status.Version)},
		{"schema", fmt.Sprint(status.BinarySchemaVersion), fmt.Sprint(status.SchemaVersion)},
		{"code SHA-256", short(status.BinaryCodeSHA256), orDash(short(status.CodeSHA256))},
		{"server", "", server},
	}
	if status.InstalledAt != nil {
		rows = append(rows, []string{"installed", "", fmt.Sprintf("%s by %s", stamp(*status.InstalledAt), *status.InstalledBy)})
	}
	switch {
	case status.DatabaseIsNewer:
		rows = append(rows, []string{"pending", "", "none for this binary: it is older than the database"})
	case status.Refused != "":
		rows = append(rows, []string{"pending", "", "none for this binary: " + status.Refused})
	case len(status.Pending) > 0:
		pending := strings.Join(status.Pending, ", ")
		if status.Standby {
			pending += " (on the primary)"
		}
		rows = append(rows, []string{"pending", "", pending})
	default:
		rows = append(rows, []string{"pending", "", "nothing"})
	}
	for _, overdue := range status.OverdueUpkeep {
		rows = append(rows, []string{"overdue", "", overdue})
	}
	return rows
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

func short(digest string) string {
	if len(digest) > 12 {
		return digest[:12]
	}
	return digest
}
