package cli

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/configuration"
)

// preview shows who would gain and who would lose what, if the files were applied.
func (a *application) preview(ctx context.Context, desired *configuration.Desired, prune, asJSON bool) error {
	var impact *configuration.Impact
	bar := a.spinner("Comparing")
	err := a.withDatabase(ctx, func(connection *pgx.Conn, _ *statements) (err error) {
		impact, err = configuration.Preview(ctx, connection, desired, prune)
		return err
	})
	_ = bar.Finish()
	if err != nil {
		return err
	}
	if asJSON {
		err = a.printJSON(impact)
	} else {
		a.printImpact(impact)
	}
	if err == nil && len(impact.Gains) > 0 {
		err = errDifference
	}
	return err
}

func (a *application) printImpact(impact *configuration.Impact) {
	a.printf("Gains: %s.\nLosses: %s.\n", counts(impact.Gains), counts(impact.Losses))
	if len(impact.Effects) == 0 {
		return
	}
	rows := make([][]string, len(impact.Effects))
	for index, effect := range impact.Effects {
		what, combinations := strings.ReplaceAll(effect.Kind, "_", " "), "-"
		for _, name := range []*string{effect.Company, effect.LedgerID, effect.Name} {
			if name != nil {
				what += " " + *name
			}
		}
		if effect.Combinations != nil && effect.OfCombinations != nil {
			combinations = share(*effect.Combinations, *effect.OfCombinations)
		}
		who := "everybody"
		if effect.UserID != nil {
			who = *effect.UserID
		}
		rows[index] = []string{effect.Effect, who, what, combinations, effect.Reason}
	}
	a.printf("\n")
	a.printTable([]string{"effect", "who", "what", "combinations", "why"}, rows)
}

// counts says how many there are of each kind.
func counts(of map[string]int) string {
	parts := []string{}
	for _, kind := range []string{"user", "gate", "action", "guard", "table", "setting"} {
		if of[kind] > 0 {
			parts = append(parts, plural(int64(of[kind]), kind))
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}
