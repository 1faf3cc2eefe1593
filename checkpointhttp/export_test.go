package checkpointhttp

import "time"

// Exhaust makes the answers of a user too fast for an hour.
func (c *Checkpoints) Exhaust(userid string) {
	c.answers.mutex.Lock()
	defer c.answers.mutex.Unlock()
	c.answers.paid = map[string]time.Time{userid: time.Now().Add(time.Hour)}
	c.answers.sweep = time.Now().Add(time.Hour)
}
