package callgraph

// step is a part of the flow of a function: an expression, or branches of which at most one runs.
type step struct {
	number   int // of the expression; 0 if it is none
	branches [][]step
	ends     bool // nothing after it runs: the function returns, or fails
}

// choose returns the step of some branches.
func choose(branches [][]step) []step {
	if len(branches) == 0 {
		return nil
	}
	return []step{{branches: branches}}
}

// follow walks through the steps in each order in which they may run. It calls visit for each expression, with the line
// of the first write before it; nil if there is none. before is that line for the first step, and after for what
// follows the last one. written returns the line of an expression's write, if it writes.
func follow(steps []step, before *int, written func(number int) *int, visit func(number int, before *int)) (after *int) {
	after = before
	for _, s := range steps {
		switch {
		case s.ends:
			return nil
		case s.number > 0:
			visit(s.number, after)
			if after == nil {
				after = written(s.number)
			}
		default:
			// If the handler of a block runs, the block's writes are undone. So each branch begins with what was before.
			start := after
			for _, branch := range s.branches {
				if end := follow(branch, start, written, visit); after == nil {
					after = end
				}
			}
		}
	}
	return after
}
