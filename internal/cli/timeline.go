package cli

import (
	"os"
	"strconv"

	"github.com/spf13/cobra"
)

// timelineVariable names the environment variable with production's timeline.
const timelineVariable = "POSTERN_CONFIRM_TIMELINE"

// addConfirmTimeline adds the flag with production's timeline. Only a configuration outside the database can tell a
// failover from a copy.
func addConfirmTimeline(command *cobra.Command, timeline *int64) {
	command.Flags().Int64Var(timeline, "confirm-timeline", 0, "after a failover: production's timeline (default $"+timelineVariable+")")
}

// confirmedTimeline returns the value of the flag, or else of the environment variable; nil if neither is set.
func confirmedTimeline(command *cobra.Command, timeline int64) (*int64, error) {
	origin := "--confirm-timeline"
	if !command.Flags().Changed("confirm-timeline") {
		text := os.Getenv(timelineVariable)
		if text == "" {
			return nil, nil
		}
		origin = timelineVariable
		number, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, usageError("%s must be the number of a timeline, not %q", origin, text)
		}
		timeline = number
	}
	if timeline < 1 {
		return nil, usageError("%s must be the number of a timeline, 1 or more, not %d", origin, timeline)
	}
	return &timeline, nil
}
