// Enrols authenticator apps, on a page of the application. The element asks for the PIN before the secret is shown, and
// for the first code of the app after it.

import { ask, words } from './element.js'
import { make } from './make'

/** What the server says about a new app. */
interface App {
  secret: string
  image: { size: number; path: string }
  said: Record<string, string>
}

const post = (path: string) =>
  ask(new Request(new URL(path, import.meta.url), { method: 'POST', headers: { Accept: 'application/problem+json' } }))

const problemOf = async (response: Response) => (await response.json()) as { code?: string; detail: string }

/** Draws the QR code. A strict Content-Security-Policy allows no image from the response, but it allows this. */
const draw = ({ size, path }: App['image'], label: string): SVGElement => {
  const node = (tag: string, attributes: Record<string, string | number>) => {
    const made = document.createElementNS('http://www.w3.org/2000/svg', tag)
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value))
    return made
  }
  const image = node('svg', { role: 'img', 'aria-label': label, width: 240, height: 240, viewBox: `0 0 ${size} ${size}` })
  image.append(node('rect', { width: size, height: size, fill: '#fff' }), node('path', { d: path, fill: '#000' }))
  return image
}

const enrol = async (): Promise<void> => {
  const enrolled = await post('totp')
  if (!enrolled.ok) throw new Error((await problemOf(enrolled)).detail)
  const { secret, image, said } = (await enrolled.json()) as App
  const { language, direction } = await words()
  const say = (key: string) => said[key] ?? key
  const refusal = make('p', { part: 'refusal', role: 'alert' })
  const next = make('button', { id: 'totp-continue', part: 'button ok', type: 'button' }, say('continue'))
  const cancel = make('button', { id: 'totp-cancel', part: 'button cancel', type: 'button' }, say('cancel'))
  next.style.marginInlineEnd = '.75rem'
  const dialog = make(
    'dialog', { id: 'totp', part: 'dialog', lang: language, dir: direction, 'aria-labelledby': 'totp-heading', 'aria-describedby': 'totp-message' },
    make('h2', { id: 'totp-heading', part: 'heading' }, say('enrol_totp')),
    refusal,
    make('p', { id: 'totp-message', part: 'message' }, say('scan')),
    draw(image, say('qr_code')),
    make('p', {}, say('secret'), ' ', make('code', { id: 'totp-secret' }, secret)),
    make('p', { part: 'buttons' }, next, cancel),
  )
  // In the element, so that it looks like the other dialog. The first request has made one.
  document.querySelector('postern-checkpoint')!.shadowRoot!.append(dialog)
  dialog.showModal()
  next.focus()
  try {
    // Whoever cancels the question for the code, because the app is not ready, is here again.
    for (;;) {
      const goesOn = await new Promise<boolean>((resolve) => {
        next.onclick = () => resolve(true)
        cancel.onclick = dialog.onclose = () => resolve(false)
      })
      if (!goesOn) throw new Error(say('cancelled'))
      const confirmed = await post('totp-confirm')
      if (confirmed.ok) return
      const problem = await problemOf(confirmed)
      refusal.textContent = problem.code === 'PS101' ? '' : problem.detail
    }
  } finally {
    dialog.close() // gives the focus back
    dialog.remove()
  }
}

let running: Promise<void> | undefined

/**
 * Enrols an authenticator app of the user: shows its QR code, and confirms it with its first code. Call it when the
 * person clicks. It rejects with what the person has to know if no app was confirmed.
 */
export const enrolTOTP = (): Promise<void> => (running ??= enrol().finally(() => (running = undefined)))
