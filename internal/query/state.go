package query

// State says in a few words whether the gate is active, and how.
func (g Gate) State() string {
	state := "inactive"
	if g.Active {
		state = "active"
	}
	if g.Exclusive {
		state += ", exclusive"
	}
	return state
}
