package bench

import "testing"

func TestSpreadIsThatOfPercentileCont(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		values []float64
		want   Spread
	}{
		{[]float64{7}, Spread{7, 7, 7}},
		{[]float64{2, 1}, Spread{1.5, 1.1, 1.9}},
		{[]float64{11, 1, 3, 2, 4, 10, 5, 9, 6, 8, 7}, Spread{6, 2, 10}},
	} {
		if got := spread(c.values); got != c.want {
			t.Errorf("spread(%v) = %v, want %v", c.values, got, c.want)
		}
	}
}

func TestAResultJudgesRoundByRound(t *testing.T) {
	t.Parallel()
	// A machine that becomes half as fast between two rounds changes nothing.
	taken := samples{subject: []float64{3, 6, 6}, baseline: []float64{2, 4, 4}}
	for _, c := range []struct {
		bar     float64
		atLeast bool
		want    bool
	}{
		{1.5, false, true}, {1.4, false, false}, {1.5, true, true}, {1.6, true, false},
	} {
		got := measurement{baseline: "the same", bar: c.bar, atLeast: c.atLeast}.result(taken)
		if got.Measured != (Spread{1.5, 1.5, 1.5}) || got.Met != c.want {
			t.Errorf("bar %v, at least %v: measured %v, met %v", c.bar, c.atLeast, got.Measured, got.Met)
		}
	}
}

func TestADifferenceIsJudgedInItsUnit(t *testing.T) {
	t.Parallel()
	taken := samples{subject: []float64{5, 7, 9}, baseline: []float64{2, 4, 6}, difference: true}
	for bar, met := range map[float64]bool{3: true, 2.9: false} {
		got := measurement{baseline: "the same", unit: "ms", bar: bar}.result(taken)
		if got.Measured != (Spread{3, 3, 3}) || got.Met != met || !got.Difference {
			t.Errorf("bar %v: measured %v, met %v, a difference: %v", bar, got.Measured, got.Met, got.Difference)
		}
	}
}
