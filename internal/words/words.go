// Package words has what people read about Postern's errors and in dialogs, in English and German. Each sentence has a
// key, under which an application can replace it or add another language.
//
// No sentence contains what the database says about an error, except for durations and a PIN's length. So no sentence
// can reveal what the database hides, and nobody's trigger can put words into Postern's mouth.
package words

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/message/catalog"
)

// Other is the key of the sentence for errors that are not Postern's.
const Other = "other"

// sentence is the same sentence in each language.
type sentence struct {
	key             string
	english, german catalog.Message
}

func say(key, english, german string) sentence {
	return sentence{key, catalog.String(english), catalog.String(german)}
}

// count is a sentence about a number of things, its first argument.
func count(key, englishOne, englishOther, germanOne, germanOther string) sentence {
	return sentence{key,
		plural.Selectf(1, "%d", plural.One, englishOne, plural.Other, englishOther),
		plural.Selectf(1, "%d", plural.One, germanOne, plural.Other, germanOther)}
}

// sentences are those of errors, then those of dialogs and refusals over HTTP.
var sentences = []sentence{
	say("PS101",
		"This needs your approval.",
		"Dafür ist Ihre Freigabe nötig."),
	say("PS102",
		"The user name or the answer is wrong.",
		"Benutzername oder Antwort ist falsch."),
	say("PS102.PIN",
		"The user name or the PIN is wrong. If somebody else has chosen your PIN, change it first.",
		"Benutzername oder PIN ist falsch. Wenn jemand anders Ihre PIN gewählt hat, ändern Sie sie zuerst."),
	say("PS102.TOTP",
		"The user name or the code is wrong, or the code has been used. Wait for the next code.",
		"Benutzername oder Code ist falsch, oder der Code wurde schon benutzt. Warten Sie auf den nächsten Code."),
	say("PS102.PASSKEY",
		"The user name or the passkey is wrong. Try another passkey.",
		"Benutzername oder Passkey ist falsch. Versuchen Sie es mit einem anderen Passkey."),
	say("PS102.locked",
		"The user name or the answer was wrong too often. Try again %[1]s.",
		"Benutzername oder Antwort war zu oft falsch. Versuchen Sie es %[1]s wieder."),
	say("PS103",
		"This approval cannot be used. Start again.",
		"Diese Freigabe gilt hier nicht. Beginnen Sie noch einmal."),
	say("PS103.expired",
		"The time to approve is over. Look at it again, and approve it again.",
		"Die Zeit für die Freigabe ist abgelaufen. Sehen Sie es sich noch einmal an und geben Sie es erneut frei."),
	say("PS103.changed",
		"Something has changed since you were asked. Look at it again before you approve it.",
		"Seit der Frage hat sich etwas geändert. Sehen Sie es sich noch einmal an, bevor Sie es freigeben."),
	say("PS103.used",
		"This approval has been used already. Check whether everything is done before you start again.",
		"Diese Freigabe wurde schon benutzt. Prüfen Sie, ob alles erledigt ist, bevor Sie noch einmal beginnen."),
	say("PS103.answered",
		"This question has been answered already. Check whether everything is done before you start again.",
		"Diese Frage ist schon beantwortet. Prüfen Sie, ob alles erledigt ist, bevor Sie noch einmal beginnen."),
	say("PS103.other_user",
		"Somebody else was asked for this approval. Check who is signed in, and start again.",
		"Nach dieser Freigabe wurde jemand anders gefragt. Prüfen Sie, wer angemeldet ist, und beginnen Sie noch einmal."),
	say("PS103.uncommitted",
		"Your approval is still being saved. Try again.",
		"Ihre Freigabe wird noch gespeichert. Versuchen Sie es noch einmal."),
	say("PS104",
		"There were too many wrong answers. Try again %[1]s.",
		"Es gab zu viele falsche Antworten. Versuchen Sie es %[1]s wieder."),
	say("PS105",
		"This step is not completely set up, so it was stopped. Tell your administrator.",
		"Dieser Schritt ist nicht vollständig eingerichtet und wurde deshalb angehalten. Sagen Sie es Ihrer Administration."),
	say("PS106",
		"This step is not set up. Tell your administrator.",
		"Dieser Schritt ist nicht eingerichtet. Sagen Sie es Ihrer Administration."),
	say("PS107",
		"Something that was entered cannot be used. Check it, and try again.",
		"Eine Eingabe kann nicht verwendet werden. Prüfen Sie sie und versuchen Sie es noch einmal."),
	say("PS108",
		"Say why in the comment.",
		"Begründen Sie es im Kommentar."),
	say("PS109",
		"This PIN cannot be used. Choose another one.",
		"Diese PIN kann nicht verwendet werden. Wählen Sie eine andere."),
	say("PS109.missing",
		"Enter a new PIN.",
		"Geben Sie eine neue PIN ein."),
	count("PS109.too_short",
		"The new PIN is too short: it needs at least %[1]d character.",
		"The new PIN is too short: it needs at least %[1]d characters.",
		"Die neue PIN ist zu kurz: Sie braucht mindestens %[1]d Zeichen.",
		"Die neue PIN ist zu kurz: Sie braucht mindestens %[1]d Zeichen."),
	say("PS109.too_long",
		"The new PIN is too long.",
		"Die neue PIN ist zu lang."),
	say("PS109.repetition",
		"The new PIN only repeats one part. Choose one that is harder to guess.",
		"Die neue PIN wiederholt nur einen Teil. Wählen Sie eine, die schwerer zu erraten ist."),
	say("PS109.run",
		"The new PIN only counts up or down. Choose one that is harder to guess.",
		"Die neue PIN zählt nur auf oder ab. Wählen Sie eine, die schwerer zu erraten ist."),
	say("PS109.date",
		"The new PIN is a date. Choose one that is harder to guess.",
		"Die neue PIN ist ein Datum. Wählen Sie eine, die schwerer zu erraten ist."),
	say("PS109.user_name",
		"The new PIN is the user name. Choose one that is harder to guess.",
		"Die neue PIN ist der Benutzername. Wählen Sie eine, die schwerer zu erraten ist."),
	say("PS109.common",
		"Many people choose this PIN. Choose one that is harder to guess.",
		"Diese PIN wählen viele. Wählen Sie eine, die schwerer zu erraten ist."),
	say("PS109.old",
		"This is your old PIN. Choose another one.",
		"Das ist Ihre alte PIN. Wählen Sie eine andere."),
	say("PS110",
		"There were too many attempts. Try again %[1]s.",
		"Es gab zu viele Versuche. Versuchen Sie es %[1]s wieder."),
	say("PS201",
		"You may not work in this company.",
		"In diesem Unternehmen dürfen Sie nicht arbeiten."),
	say("PS301",
		"This rule, ledger or code cannot be used. Check what was entered.",
		"Diese Regel, dieses Buch oder dieser Code kann nicht verwendet werden. Prüfen Sie die Eingabe."),
	say("PS401",
		"You are not signed in. Sign in, and try again.",
		"Sie sind nicht angemeldet. Melden Sie sich an und versuchen Sie es noch einmal."),
	say("PS402",
		"Your session is not valid any more. Sign in again.",
		"Ihre Sitzung ist nicht mehr gültig. Melden Sie sich noch einmal an."),
	say("PS501",
		"The log is not what it should be. Tell your administrator at once.",
		"Das Protokoll ist nicht, wie es sein soll. Sagen Sie es sofort Ihrer Administration."),
	say("42501",
		"You may not do this here.",
		"Das dürfen Sie hier nicht."),
	say("25006",
		"Nothing can be changed at the moment. Try again later.",
		"Im Moment kann nichts geändert werden. Versuchen Sie es später wieder."),
	say("40001",
		"Others are working on the same data. Try again.",
		"Andere arbeiten an denselben Daten. Versuchen Sie es noch einmal."),
	say("40P01",
		"Others are working on the same data. Try again.",
		"Andere arbeiten an denselben Daten. Versuchen Sie es noch einmal."),
	say("cancelled",
		"You cancelled. Nothing was changed.",
		"Sie haben abgebrochen. Es wurde nichts geändert."),
	say(Other,
		"That did not work. Check what is done before you try again.",
		"Das hat nicht geklappt. Prüfen Sie, was erledigt ist, bevor Sie es noch einmal versuchen."),
	say("too_fast",
		"Your answers follow each other too quickly. Try again %[1]s.",
		"Ihre Antworten folgen zu schnell aufeinander. Versuchen Sie es %[1]s wieder."),
	say("too_large",
		"This is more than can be sent at once.",
		"Das ist mehr, als auf einmal gesendet werden kann."),
	say("too_slow",
		"The request took too long to arrive. Try again.",
		"Die Anfrage kam zu langsam an. Versuchen Sie es noch einmal."),
	say("other_site",
		"Another site sent you here. Do this from within the application.",
		"Eine andere Website hat Sie hierher geschickt. Tun Sie das in der Anwendung selbst."),
	say("pins_differ",
		"The two new PINs are not the same.",
		"Die beiden neuen PINs sind nicht gleich."),
	say("pin_changed",
		"Your PIN is changed.",
		"Ihre PIN ist geändert."),
	say("offline",
		"There is no connection. Try again.",
		"Es gibt keine Verbindung. Versuchen Sie es noch einmal."),
	say("no_passkey",
		"No passkey has answered. Try again, or choose another way.",
		"Kein Passkey hat geantwortet. Versuchen Sie es noch einmal, oder wählen Sie eine andere Art."),
	say("needs_script",
		"This approval needs a passkey, which needs JavaScript.",
		"Diese Freigabe braucht einen Passkey, und der braucht JavaScript."),
	say("totp_confirmed",
		"Your authenticator app is confirmed. Each of its codes approves once.",
		"Ihre Authenticator-App ist bestätigt. Jeder ihrer Codes gibt einmal frei."),
	say("totp_refused",
		"You have an authenticator app already, or none that waits to be confirmed, or apps are not allowed here. Ask your administrator.",
		"Sie haben schon eine Authenticator-App, oder keine wartet auf die Bestätigung, oder Apps sind hier nicht erlaubt. Fragen Sie Ihre Administration."),
	say("dialog.title", "Approval", "Freigabe"),
	say("dialog.not_done", "Not done", "Nicht erledigt"),
	say("dialog.username", "User name", "Benutzername"),
	say("dialog.PIN", "PIN", "PIN"),
	say("dialog.TOTP", "Code of your app", "Code Ihrer App"),
	say("dialog.PASSKEY", "Passkey", "Passkey"),
	say("dialog.response", "Answer", "Antwort"),
	say("dialog.scheme", "Way to authenticate", "Art des Nachweises"),
	say("dialog.comment", "Comment", "Kommentar"),
	say("dialog.comment_required", "Comment (required)", "Kommentar (nötig)"),
	say("dialog.ok", "OK", "OK"),
	say("dialog.cancel", "Cancel", "Abbrechen"),
	say("dialog.close", "Close", "Schließen"),
	say("dialog.continue", "Continue", "Weiter"),
	say("dialog.sending", "Sending …", "Wird gesendet …"),
	say("dialog.time_left", "Time left", "Verbleibende Zeit"),
	say("dialog.change_pin", "Change your PIN", "PIN ändern"),
	say("dialog.current_pin", "Current PIN", "Bisherige PIN"),
	say("dialog.new_pin", "New PIN", "Neue PIN"),
	say("dialog.new_pin_again", "New PIN, again", "Neue PIN, noch einmal"),
	say("dialog.enrol_totp", "Set up your authenticator app", "Authenticator-App einrichten"),
	say("dialog.begin_totp",
		"You need an authenticator app on your telephone. Approve with your PIN, and then scan the image that appears.",
		"Sie brauchen eine Authenticator-App auf Ihrem Telefon. Geben Sie es mit Ihrer PIN frei und scannen Sie dann das Bild, das erscheint."),
	say("dialog.scan",
		"Scan this with your authenticator app. It is not shown again. Then enter the first code that the app shows.",
		"Scannen Sie das mit Ihrer Authenticator-App. Es wird nicht noch einmal gezeigt. Geben Sie dann den ersten Code ein, den die App zeigt."),
	say("dialog.qr_code", "QR code with the secret", "QR-Code mit dem Geheimnis"),
	say("dialog.secret", "Without a camera, type this secret:", "Ohne Kamera tippen Sie dieses Geheimnis ein:"),
	count("dialog.time",
		"Answer within a minute.", "Answer within %[1]d minutes.",
		"Antworten Sie innerhalb einer Minute.", "Antworten Sie innerhalb von %[1]d Minuten."),
	say("wait.later", "later", "später"),
	count("wait.minutes", "in a minute", "in %[1]d minutes", "in einer Minute", "in %[1]d Minuten"),
	count("wait.hours", "in an hour", "in %[1]d hours", "in einer Stunde", "in %[1]d Stunden"),
}

// builtIn is one of the few globals of this module: it never changes.
var builtIn = sync.OnceValue(New)

// New returns a catalog with all sentences, to which an application may add.
func New() *catalog.Builder {
	words := catalog.NewBuilder(catalog.Fallback(language.English))
	for _, s := range sentences {
		for tag, message := range map[language.Tag]catalog.Message{language.English: s.english, language.German: s.german} {
			if err := words.Set(tag, s.key, message); err != nil {
				panic(fmt.Sprintf("sentence %s in %s: %v", s.key, tag, err)) // only a mistake in the table above
			}
		}
	}
	return words
}

// Language says things in one language.
type Language struct {
	// Tag is the language, for the attribute lang of HTML and for Content-Language.
	Tag      language.Tag
	printers []*message.Printer
}

// rightToLeft are the scripts of living languages that are written from right to left.
var rightToLeft = []string{"Adlm", "Arab", "Hebr", "Mand", "Nkoo", "Rohg", "Samr", "Syrc", "Thaa"}

// Direction is the direction of writing, for the attribute dir of HTML.
func (l Language) Direction() string {
	if script, _ := l.Tag.Script(); slices.Contains(rightToLeft, script.String()) {
		return "rtl"
	}
	return "ltr"
}

// Match returns the language of a catalog that fits best. locale is a language tag or an Accept-Language header; with
// neither the language is English. Sentences that the catalog does not have in that language are in English. A nil
// catalog is the built-in one.
func Match(words catalog.Catalog, locale string) Language {
	if words == nil {
		words = builtIn()
	}
	_, index := language.MatchStrings(words.Matcher(), locale)
	tag := language.English
	if tags := words.Languages(); index < len(tags) {
		tag = tags[index]
	}
	return Language{tag, []*message.Printer{
		message.NewPrinter(tag, message.Catalog(words)),
		message.NewPrinter(language.English, message.Catalog(words)),
		message.NewPrinter(language.English, message.Catalog(builtIn())),
	}}
}

// missing is what a printer returns for a key without a sentence.
const missing = "\x00"

// Say returns the sentence of the first key that has one. The language matters more than the order of the keys.
func (l Language) Say(keys []string, arguments ...any) string {
	for _, printer := range l.printers {
		for _, key := range keys {
			if said := printer.Sprintf(message.Key(key, missing), arguments...); said != missing {
				return said
			}
		}
	}
	return ""
}

// Wait says how long to wait, because the server does not know in which time zone the person is. It rounds up, so that
// nobody tries too early.
func (l Language) Wait(duration time.Duration) string {
	minutes := max(1, int(math.Ceil(duration.Minutes())))
	if minutes < 120 {
		return l.Say([]string{"wait.minutes"}, minutes)
	}
	return l.Say([]string{"wait.hours"}, int(math.Ceil(duration.Hours())))
}
