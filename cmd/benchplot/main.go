// Benchplot draws a file that "postern bench --json" has written, as SVG.
package main

import (
	"fmt"
	"os"

	"github.com/posternsql/postern/internal/bench"
	"github.com/posternsql/postern/internal/benchplot"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) != 1 {
		return fmt.Errorf("usage: benchplot FILE.json > FILE.svg")
	}
	content, err := os.ReadFile(arguments[0])
	if err != nil {
		return err
	}
	report, err := bench.ReadReport(content)
	if err != nil {
		return fmt.Errorf("%s: %w", arguments[0], err)
	}
	return benchplot.Plot(report, os.Stdout)
}
