package bench

import (
	"math"
	"slices"
)

// Spread is the median of the rounds and their spread around it.
type Spread struct {
	Median float64 `json:"median"`
	// Low and High are the 10th and the 90th percentile.
	Low  float64 `json:"p10"`
	High float64 `json:"p90"`
}

func spread(values []float64) Spread {
	sorted := slices.Sorted(slices.Values(values))
	return Spread{percentile(sorted, 0.5), percentile(sorted, 0.1), percentile(sorted, 0.9)}
}

// percentile interpolates between the two nearest values, as percentile_cont does.
func percentile(sorted []float64, share float64) float64 {
	position := share * float64(len(sorted)-1)
	below := math.Floor(position)
	low, high := sorted[int(below)], sorted[int(math.Ceil(position))]
	return low + (high-low)*(position-below)
}
