// Sets up what approves as well as the PIN: the codes of an authenticator app, and a passkey of this device.
import { enrolPasskey } from '/checkpoint/passkey.js'
import { enrolTOTP } from '/checkpoint/totp.js'

const onClick = (id, enrol, done) => document.getElementById(id)?.addEventListener('click', () =>
  enrol().then(() => done, (error) => error.message).then((text) => (document.getElementById('said').textContent = text)))
onClick('app', enrolTOTP, 'The codes of your app approve now, too.')
onClick('passkey', () => enrolPasskey(document.getElementById('user').innerText), 'Your passkey approves now, too.')
