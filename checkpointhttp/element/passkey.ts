// Enrols passkeys, on a page of the application. What it makes is worth nothing until the user's PIN or an earlier passkey
// has approved it: that is a gate, whose question the element asks.

import { ask, base64url, usual, words } from './element.js'

/**
 * Makes a passkey on the person's device and enrols it. The name is what the log and the device show, such as
 * "ALICE, telephone". Call it when the person clicks. It rejects with what the person has to know if nothing was enrolled.
 */
export const enrolPasskey = async (name: string): Promise<void> => {
  const { domain } = await words()
  const rpId = domain ?? location.hostname
  const random = (length: number) => crypto.getRandomValues(new Uint8Array(length))
  const credential = (await navigator.credentials.create({
    publicKey: {
      rp: { name: rpId, id: rpId },
      // A device keeps one passkey for each id, and would replace the one that has to approve the new one.
      user: { id: random(16), name, displayName: name },
      challenge: random(32), // nothing checks it, because attestation is not asked for
      pubKeyCredParams: [-7, -257].map((alg) => ({ type: 'public-key', alg })),
      attestation: 'none',
      authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
    },
  })) as PublicKeyCredential
  const key = (credential.response as AuthenticatorAttestationResponse).getPublicKey()
  const response = await ask(
    new Request(new URL('passkey', import.meta.url), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: 'application/problem+json' },
      body: JSON.stringify({ passkey_id: base64url(credential.rawId), public_key: base64url(key ?? new ArrayBuffer(0)), name }),
    }),
  )
  if (!response.ok) {
    // The device would go on offering what opens nothing. After 409, or an error of the server, it may have been enrolled.
    if (response.status < 500 && response.status !== 409) {
      await PublicKeyCredential.signalUnknownCredential?.({ rpId, credentialId: credential.id }).catch(() => {})
    }
    throw new Error(((await response.json()) as { detail: string }).detail)
  }
  usual('PASSKEY')
}
