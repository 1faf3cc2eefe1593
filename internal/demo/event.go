package demo

import (
	"context"
	"fmt"
	"regexp"
	"strings"
)

// tellOutsiders is the fourth act: others learn of an approval, and can later prove what it was.
func (s *story) tellOutsiders(ctx context.Context) error {
	s.title("The fourth act: others are notified, and can prove it")
	for _, step := range []func(context.Context) error{
		s.tellOthers, s.sealLog, s.proveEntry, s.rewriteComment, s.findRewritten,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// This is the approval that the act is about.
const (
	approved        = "Invoice 1044 of Polar Tools over 2310.00 approved"
	approvalComment = "Price as agreed"
)

// tellOthers runs the receivers during this act.
func (s *story) tellOthers(ctx context.Context) error {
	web, err := openWebReceiver()
	if err != nil {
		return err
	}
	defer web.close()
	mail, err := openMailReceiver()
	if err != nil {
		return err
	}
	defer mail.close()
	if err := s.addReceivers(ctx, web); err != nil {
		return err
	}
	return s.deliver(ctx, web, mail)
}

var webhookSecret = regexp.MustCompile(`whsec_\S+`)

func (s *story) addReceivers(ctx context.Context, web *webReceiver) error {
	s.heading("A chat and the auditors want to know of approvals")
	s.say("While the story is told, the demo is also a web server and a mail server on this machine. The chat needs another")
	s.say("text than other webhooks, chat.template:")
	if err := s.file("chat.template"); err != nil {
		return err
	}
	s.say("A receiver inside the network must be allowed. With the secret, the receiver checks signatures:")
	output, err := s.runForOutput(ctx, exitDone, "$0 event action add chat --event SECURITY_CHECKPOINT_SUCCESS \\\n"+
		"    --webhook http://"+web.address+"/approvals --allow-internal --template - < chat.template")
	if err != nil {
		return err
	}
	if err := web.expect(webhookSecret.FindString(output)); err != nil {
		return err
	}
	s.say("The auditors get mails, of one gate only:")
	return s.run(ctx, exitDone, "$0 event action add auditors --event SECURITY_CHECKPOINT_SUCCESS \\\n"+
		"    --mail auditors@example.com --when 'gate_id == \"SINWOF_APPROVE\"'")
}

func (s *story) deliver(ctx context.Context, web *webReceiver, mail *mailReceiver) error {
	s.heading("Bob approves one more invoice, and both are notified")
	if err := s.administer(ctx, "insert into invoicing.supplier_invoice values (1044, 'Polar Tools', 2310.00)"); err != nil {
		return err
	}
	if err := s.do(ctx, "BOB", s.answer("BOB", approvalComment), s.approveInvoice(ctx, 1044)); err != nil {
		return err
	}
	s.say("A rollback would have notified nobody. A worker delivers what has committed. If a receiver is down, it tries again:")
	if err := s.run(ctx, exitDone, "$0 event run --once --smtp 'smtp://"+mail.address+"?from=postern@example.com'"); err != nil {
		return err
	}
	request, err := only(web.arrived)
	if err != nil {
		return fmt.Errorf("the demo's web server: %w", err)
	}
	s.say("This is what the web server got:")
	s.quote(request.dump)
	if web.check(request.header, append([]byte(request.body), ' ')) == nil {
		return fmt.Errorf("the demo's web server took a text that was not signed")
	}
	s.say("The signature matches the secret. With one more space at the end of the text it would not match.")
	letter, err := only(mail.arrived)
	if err != nil {
		return fmt.Errorf("the demo's mail server: %w", err)
	}
	s.say("And this is what the mail server got:")
	s.quote(letter.content)
	for _, text := range []string{request.body, letter.content} {
		if !strings.Contains(text, approved) || !strings.Contains(text, approvalComment) {
			return fmt.Errorf("the demo's receivers were told %q", text)
		}
	}
	if letter.from != "postern@example.com" || letter.to != "auditors@example.com" {
		return fmt.Errorf("the demo's mail went from %s to %s", letter.from, letter.to)
	}
	return nil
}

// approval returns the log_id of the approval that this act is about.
func (s *story) approval(ctx context.Context) (logID int64, err error) {
	return logID, s.backstageRow(ctx, "select log_id from postern.checkpoint_log where message = '"+approved+"'", &logID)
}
