package cli_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"regexp"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern/internal/query"
)

var peakPattern = regexp.MustCompile(`(?m)^VmHWM:\s*(\d+) kB$`)

// reportPeak makes a program print its peak memory as the last line of standard error. The kernel counts from the start
// of the program. What wait returns includes the parent's memory before that.
func reportPeak(run func() error) func() {
	return func() {
		err := run()
		status, readErr := os.ReadFile("/proc/self/status")
		if err != nil || readErr != nil {
			fmt.Fprintln(os.Stderr, err, readErr)
			os.Exit(1)
		}
		fmt.Fprintf(os.Stderr, "%s\n", peakPattern.Find(status))
	}
}

// collectLog reads the log without regard to its length.
func collectLog() error {
	ctx := context.Background()
	connection, err := pgx.Connect(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		return err
	}
	defer connection.Close(ctx)
	entries, err := query.New(connection).ListLog(ctx, query.ListLogParams{
		ToLogID: math.MaxInt64, PageSize: math.MaxInt32, PageOctets: math.MaxInt64,
	})
	if err != nil {
		return err
	}
	fmt.Println(len(entries))
	return nil
}
