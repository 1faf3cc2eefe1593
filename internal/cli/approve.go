package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/posternsql/postern"
	"github.com/posternsql/postern/internal/printable"
	"github.com/posternsql/postern/internal/unlogged"
)

// approve returns the prompt with which an administrator approves a change on the terminal. An empty PIN refuses.
func (a *application) approve(connection *pgx.Conn) postern.Prompt {
	person := person{a}
	return func(ctx context.Context, required *postern.CheckpointRequired) (answer postern.Answer, err error) {
		if err := unlogged.Connection(ctx, connection); err != nil {
			return answer, err
		}
		var denied *postern.Denied
		switch {
		case errors.As(required.Rejected, &denied):
			a.warn("The user name or the PIN was wrong. Try again, or press Enter to refuse.\n")
		case required.Rejected != nil:
			a.warn("%s\n", required.Rejected)
		default:
			a.warn("%s:\n  %s\n", required.Description, required.Message)
		}
		if answer.Username = required.Username; answer.Username == "" {
			if answer.Username, err = person.AskLine(ctx, "User name: "); err != nil {
				return answer, err
			}
		}
		if answer.Response, err = a.ask(ctx, fmt.Sprintf("PIN of %s: ", printable.Text(answer.Username))); err != nil {
			return answer, err
		}
		if required.CommentRequired {
			if answer.Comment, err = person.AskLine(ctx, "Comment: "); err != nil {
				return answer, err
			}
		}
		if answer.Response == "" {
			return answer, postern.ErrCancelled
		}
		return answer, nil
	}
}
