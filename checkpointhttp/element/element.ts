// <postern-checkpoint> shows the questions of package checkpointhttp in a dialog: those that an answer to fetch asks, and
// those of the forms inside the element. Whatever it cannot do is done by the page without JavaScript.
//
// Nothing in here is trusted by the server. The database binds an approval to the user, the gate and its parameters, and
// a ticket works once.

import css from './element.css'
import { make } from './make'

/** What the server says about a refusal; a question if it has a challenge. */
interface Problem {
  code?: string
  reason?: string
  detail: string
  challenge?: string
}

interface Question extends Problem {
  challenge: string
  username: string | null
  schemes: string[]
  comment_required: boolean
  expires_in: number
  shown: { description: string; message: string }
  rejected?: Problem
}

interface Answer {
  username: string
  response: string
  comment: string
  scheme: string
}

interface Words {
  language: string
  direction: string
  said: Record<string, string>
  /** The domain of the passkeys, if it is not the host of this page. */
  domain?: string
}

/** Sends the request. With a ticket, it is the request that was approved. A rehearsal changes nothing on the server. */
type Attempt = (ticket: string, rehearses: boolean) => Promise<Response>

/** How a conversation ended: told reports that the person knows it already. There is no response if none arrived. */
interface Outcome {
  response?: Response
  ticket: string
  told: boolean
}

const name = 'postern-checkpoint'
const ticketHeader = 'Postern-Ticket'
const rehearsalHeader = 'Postern-Rehearsal'

/** The server's paths are beside this script. */
const base = new URL('.', import.meta.url)

/** The browser's own fetch. */
const send = window.fetch.bind(window)

/** Another site may lay something over a page in its frame, so the dialog does not open there. */
const framed = () => {
  try {
    return window.top!.location.origin !== location.origin
  } catch {
    return true
  }
}

let loading: Promise<Words> | undefined

export const words = () =>
  (loading ??= send(new URL('words', base))
    .then((response) => (response.ok ? (response.json() as Promise<Words>) : Promise.reject(new Error('no words'))))
    .catch((error: unknown) => {
      loading = undefined // try again at the next question
      throw error
    }))

const post = (path: string, body: unknown) =>
  send(new URL(path, base), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/problem+json' },
    body: JSON.stringify(body),
  })

export const base64url = (bytes: ArrayBuffer | Uint8Array): string => {
  let text = ''
  for (const byte of new Uint8Array(bytes)) text += String.fromCharCode(byte)
  return btoa(text).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '')
}

const passkey = 'PASSKEY'

/** The scheme that was last right in this browser: the database does not say who has a passkey. A page may have no storage. */
export const usual = (scheme?: string): string | null => {
  try {
    if (scheme) localStorage.setItem(name, scheme)
    return localStorage.getItem(name)
  } catch {
    return null
  }
}

/** Has a passkey sign a question. What it signs is the digest of the challenge, so it approves nothing else. */
const sign = async ({ challenge, expires_in }: Question): Promise<string> => {
  const { domain } = await words()
  const publicKey: PublicKeyCredentialRequestOptions = {
    // What stands behind the sign are tickets of earlier questions.
    challenge: await crypto.subtle.digest('SHA-256', new TextEncoder().encode(challenge.split('+')[0])),
    userVerification: 'required',
    timeout: expires_in * 1000,
  }
  if (domain) publicKey.rpId = domain
  const { id, response } = (await navigator.credentials.get({ publicKey })) as PublicKeyCredential
  const { authenticatorData, clientDataJSON, signature } = response as AuthenticatorAssertionResponse
  return JSON.stringify({
    id,
    response: {
      authenticatorData: base64url(authenticatorData), clientDataJSON: base64url(clientDataJSON), signature: base64url(signature),
    },
  })
}

/** Reads a refusal. A redirected response is about another request than the one that would be sent again. */
const problemOf = async (response: Response): Promise<Problem | undefined> =>
  response.type === 'basic' && !response.redirected && response.headers.get('Content-Type') === 'application/problem+json'
    ? response.clone().json()
    : undefined

const isQuestion = (response: Response, problem: Problem | undefined): problem is Question =>
  response.status === 401 &&
  problem?.code === 'PS101' &&
  !!problem.challenge &&
  !!response.headers.get('WWW-Authenticate')?.startsWith('Postern error="insufficient_user_authentication"')

/** What the dialog offers: to answer, to try again what did not arrive, or only to close it. */
type Offer = 'answer' | 'retry' | 'close'

class Checkpoint extends HTMLElement {
  #heading = make('bdi', {})
  #message = make('bdi', {})
  #refusal = make('p', { id: 'refusal', part: 'refusal', role: 'alert' })
  #status = make('p', { id: 'status', part: 'status', role: 'status' })
  #left = make('span', { id: 'left', role: 'timer' })
  #leftLabel = make('span', {})
  #time = make('p', { id: 'time', part: 'time' }, this.#leftLabel, ' ', this.#left)
  #link = make('a', { href: new URL('pin', base).href, target: '_blank', rel: 'noopener', part: 'link' })
  #linkLine = make('p', { id: 'link' }, this.#link)
  #username = make('input', {
    id: 'username', part: 'field', maxlength: 512, required: true, autocomplete: 'off', autocapitalize: 'none', spellcheck: false,
  })
  // The last three attributes keep the usual password managers away.
  #pin = make('input', {
    id: 'pin', part: 'field', type: 'password', inputmode: 'numeric', required: true, autocomplete: 'off',
    'aria-describedby': 'refusal', 'data-1p-ignore': '', 'data-lpignore': 'true', 'data-bwignore': '',
  })
  #scheme = make('select', { id: 'scheme', part: 'field' })
  #comment = make('textarea', { id: 'comment', part: 'field', rows: 2, maxlength: 2000 })
  #labels = ['username', 'pin', 'scheme', 'comment'].map((field) => make('label', { for: field, part: 'label' }))
  #fields = make(
    'div', {},
    ...[this.#username, this.#pin, this.#scheme, this.#comment].flatMap((field, index) => [this.#labels[index]!, field]),
    this.#time,
  )
  #ok = make('button', { part: 'button ok' })
  #cancel = make('button', { part: 'button cancel', type: 'button' })
  #form = make(
    'form', { autocomplete: 'off' },
    make('h2', { id: 'heading', part: 'heading' }, this.#heading),
    this.#refusal,
    make('p', { id: 'message', part: 'message' }, this.#message),
    this.#fields, this.#linkLine, this.#status,
    make('p', { id: 'buttons', part: 'buttons' }, this.#ok, this.#cancel),
  )
  #dialog = make('dialog', { part: 'dialog', 'aria-labelledby': 'heading', 'aria-describedby': 'message' }, this.#form)

  #said: Record<string, string> = {}
  /** The last conversation: the next one waits for it, because a person reads one question at a time. */
  #turn: Promise<unknown> = Promise.resolve()
  #offer: Offer = 'close'
  /** Waits for OK (true) or Cancel and Close (false); undefined while a request is on its way. */
  #decide: ((ok: boolean) => void) | undefined
  #deadline = 0
  #clock = 0

  constructor() {
    super()
    const root = this.attachShadow({ mode: 'open' })
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(css)
    root.adoptedStyleSheets = [sheet]
    root.append(make('slot', {}), this.#dialog)
    this.#scheme.addEventListener('change', () => this.#adapt())
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault()
      this.#settle(true)
    })
    this.#cancel.addEventListener('click', () => this.#settle(false))
    this.#dialog.addEventListener('cancel', (event) => {
      event.preventDefault()
      this.#settle(false)
    })
    // A browser may close it by force. The event comes late: the next question may be open already.
    this.#dialog.addEventListener('close', () => this.#dialog.open || this.#settle(false))
    // A key that is held down, and the second click of a double click, decide nothing.
    this.#dialog.addEventListener('keydown', (event) => {
      if (event.repeat && (event.key === 'Enter' || event.key === ' ')) event.preventDefault()
    })
    this.#form.addEventListener('click', (event) => {
      if (event.detail > 1 && event.target instanceof HTMLButtonElement) {
        event.preventDefault()
        event.stopImmediatePropagation()
      }
    }, true)
  }

  connectedCallback(): void {
    words().catch(() => {})
  }

  /** Sends a request, and asks a person as long as the server wants an approval. */
  async converse(attempt: Attempt, signal?: AbortSignal): Promise<Outcome> {
    const response = await attempt('', false)
    const problem = await problemOf(response)
    if (!isQuestion(response, problem) || framed()) return { response, ticket: '', told: false }
    const turn = this.#turn.then(() => this.#ask(response, problem, attempt, signal))
    this.#turn = turn.catch(() => {})
    return turn
  }

  async #ask(response: Response, question: Question, attempt: Attempt, signal?: AbortSignal): Promise<Outcome> {
    const abort = () => this.#dialog.close()
    try {
      if (!(await this.#speak())) return { response, ticket: '', told: false }
      signal?.throwIfAborted()
      signal?.addEventListener('abort', abort)
      let outcome: Outcome | undefined
      let refused = ''
      this.#show(question)
      while (!outcome) {
        const ok = await this.#decided('answer', refused)
        signal?.throwIfAborted()
        const answer = this.#answer()
        if (!ok) {
          await this.#tell(await this.#refuse(question, answer.comment))
          outcome = { response, ticket: '', told: true }
          continue
        }
        if (answer.scheme === passkey) {
          answer.response = await sign(question).catch(() => '')
          signal?.throwIfAborted()
          if (!answer.response) {
            refused = this.#say('no_passkey')
            continue
          }
        }
        const answered = await post('answer', { ...answer, challenge: question.challenge }).catch(() => undefined)
        if (!answered) {
          refused = this.#say('offline')
          continue
        }
        let problem = await problemOf(answered)
        let ticket = ''
        let next: Response | undefined
        if (answered.ok) {
          ticket = ((await answered.json()) as { ticket: string }).ticket
          next = await this.#insist(() => attempt(ticket, false))
          if (!next) return { ticket, told: true }
          problem = await problemOf(next)
        } else if (problem?.code === 'PS103' && (problem.reason === 'expired' || problem.reason === 'changed')) {
          // Only a rehearsal: if nobody asks any more, nothing must happen without another OK.
          const again = await this.#insist(() => attempt('', true))
          const asked = again && (await problemOf(again))
          if (again && isQuestion(again, asked)) [next, problem] = [again, { ...asked, rejected: problem } as Question]
        } else if (answered.status !== 401 && answered.status !== 403 && answered.status !== 409) {
          refused = problem?.detail ?? this.#say('other')
          continue // the same question can be answered again
        }
        signal?.throwIfAborted()
        if (next && isQuestion(next, problem)) {
          ;[response, question] = [next, problem]
          refused = question.rejected?.detail ?? ''
          this.#show(question, problem.rejected)
        } else if (next && !problem?.code?.startsWith('PS')) {
          usual(answer.scheme)
          outcome = { response: next, ticket, told: false }
        } else {
          await this.#tell(problem?.detail ?? this.#say('other'))
          outcome = { response: next ?? response, ticket, told: true }
        }
      }
      return outcome
    } finally {
      signal?.removeEventListener('abort', abort)
      this.#hide()
    }
  }

  /** Logs the refusal. Returns what the person has to know if that failed. */
  async #refuse(question: Question, comment: string): Promise<string> {
    const cancelled = await post('cancel', { challenge: question.challenge, comment }).catch(() => undefined)
    if (!cancelled) return this.#say('offline')
    return cancelled.ok ? '' : ((await problemOf(cancelled))?.detail ?? this.#say('other'))
  }

  /** Sends what was approved until it arrives, or until the person gives up. A ticket works once, however often it is sent. */
  async #insist(attempt: () => Promise<Response>): Promise<Response | undefined> {
    for (;;) {
      try {
        return await attempt()
      } catch (error) {
        if (error instanceof DOMException && error.name === 'AbortError') throw error
        if (!(await this.#decided('retry', this.#say('offline')))) return undefined
      }
    }
  }

  /** Gets the words; false if there are none, and so no dialog. */
  async #speak(): Promise<boolean> {
    try {
      const { language, direction, said } = await words()
      this.#said = said
      this.#dialog.lang = language
      this.#dialog.dir = direction
      return true
    } catch {
      return false
    }
  }

  #say(key: string): string {
    return this.#said[key] ?? key
  }

  /** Shows a question. After a rejection, what was typed stays, except for the PIN. */
  #show(question: Question, rejected?: Problem): void {
    this.#heading.textContent = question.shown.description
    this.#message.textContent = question.shown.message
    const commentLabel = question.comment_required ? 'comment_required' : 'comment'
    ;['username', '', 'scheme', commentLabel].forEach((key, index) => (this.#labels[index]!.textContent = this.#say(key)))
    this.#leftLabel.textContent = this.#say('time_left')
    this.#link.textContent = this.#say('change_pin')
    this.#linkLine.hidden = rejected?.code !== 'PS102' || this.#scheme.value !== 'PIN'
    if (!rejected) {
      this.#username.value = question.username ?? ''
      this.#comment.value = ''
    }
    this.#comment.required = question.comment_required
    const { schemes } = question
    if (!rejected || !schemes.includes(this.#scheme.value)) {
      this.#scheme.replaceChildren(...schemes.map((scheme) => make('option', { value: scheme }, this.#said[scheme] ?? scheme)))
      const last = usual()
      if (last && schemes.includes(last)) this.#scheme.value = last
    }
    this.#scheme.hidden = this.#labels[2]!.hidden = schemes.length < 2
    this.#deadline = performance.now() + question.expires_in * 1000
    this.#tick()
  }

  /** Shows what the way to authenticate asks for. A passkey asks by itself, after OK. */
  #adapt(): void {
    const scheme = this.#scheme.value
    this.#pin.hidden = this.#labels[1]!.hidden = scheme === passkey
    this.#pin.disabled = this.#offer !== 'answer' || scheme === passkey
    this.#labels[1]!.textContent = this.#said[scheme] ?? scheme
  }

  #tick(): void {
    const left = Math.max(0, Math.ceil((this.#deadline - performance.now()) / 1000))
    this.#left.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`
    if (this.#offer !== 'answer' || !this.#decide) return
    if (left === 60) this.#status.textContent = `${this.#say('time_left')} ${this.#left.textContent}`
    if (left === 0 && !this.#refusal.textContent) this.#refusal.textContent = this.#say('PS103.expired')
  }

  /** Waits for a decision of the person. What was typed before the question could be read is no answer to it. */
  #decided(offer: Offer, refused: string): Promise<boolean> {
    this.#offer = offer
    this.#pin.value = ''
    this.#refusal.textContent = refused
    this.#status.textContent = ''
    this.#fields.hidden = offer !== 'answer'
    this.#linkLine.hidden ||= offer !== 'answer'
    this.#username.disabled = this.#comment.disabled = offer !== 'answer'
    this.#adapt()
    this.#ok.hidden = offer === 'close'
    this.#ok.textContent = this.#say('ok')
    this.#cancel.textContent = this.#say(offer === 'close' ? 'close' : 'cancel')
    this.#dialog.removeAttribute('aria-busy')
    if (!this.#dialog.open) this.#dialog.showModal()
    const first = offer === 'close' ? this.#cancel : offer === 'retry' ? this.#ok : !this.#username.value ? this.#username : this.#pin.hidden ? this.#ok : this.#pin
    first.focus()
    this.#clock ||= setInterval(() => this.#tick(), 1000)
    return new Promise((resolve) => (this.#decide = resolve))
  }

  #settle(ok: boolean): void {
    const decide = this.#decide
    if (!decide) return
    this.#decide = undefined
    this.#dialog.setAttribute('aria-busy', 'true')
    this.#refusal.textContent = ''
    this.#status.textContent = this.#say('sending')
    decide(ok)
  }

  /** Takes the answer out of the fields. */
  #answer(): Answer {
    const answer = {
      username: this.#username.value, response: this.#pin.value, comment: this.#comment.value, scheme: this.#scheme.value,
    }
    this.#pin.value = ''
    return answer
  }

  /** Shows how it ended, if the person does not know. */
  async #tell(text: string): Promise<void> {
    if (text) await this.#decided('close', text)
  }

  #hide(): void {
    this.#decide = undefined
    this.#dialog.close()
    this.#dialog.removeAttribute('aria-busy')
    this.#pin.value = this.#comment.value = this.#username.value = ''
    this.#heading.textContent = this.#message.textContent = this.#refusal.textContent = this.#status.textContent = ''
    clearInterval(this.#clock)
    this.#clock = 0
  }

  /** Tells the person what happened when no question was open. */
  async tellAlone(key: string): Promise<void> {
    if (!(await this.#speak())) return
    this.#heading.textContent = this.#say('title')
    this.#fields.hidden = this.#linkLine.hidden = true
    await this.#tell(this.#say(key))
    this.#hide()
  }
}

/** The element of the page; one is made for a page that only has the script. */
const element = (): Checkpoint => {
  const found = document.querySelector<Checkpoint>(name)
  if (found) return found
  const added = document.createElement(name) as Checkpoint
  document.body.append(added)
  return added
}

const fetchWithApproval: typeof fetch = async (input, init) => {
  const url = new URL(input instanceof Request ? input.url : input, document.baseURI)
  if (url.origin !== location.origin || url.href.startsWith(base.href)) return send(input, init)
  const request = new Request(input, init)
  const own = request.headers.has(ticketHeader) || request.headers.has(rehearsalHeader)
  if (own || request.mode === 'no-cors' || request.mode === 'navigate') return send(request)
  return ask(request)
}

/** Sends a request, with the dialog if the server wants an approval. */
export const ask = async (request: Request): Promise<Response> => {
  const attempt: Attempt = (ticket, rehearses) => {
    const copy = request.clone()
    if (ticket) copy.headers.set(ticketHeader, ticket)
    if (rehearses) copy.headers.set(rehearsalHeader, '1')
    return send(copy)
  }
  const { response } = await element().converse(attempt, request.signal)
  if (!response) throw new TypeError('the approved request did not arrive')
  return response
}

/** The forms whose requests are on their way. A browser needs some time to leave the page. */
const busy = new WeakSet<HTMLFormElement>()
const leavingMilliseconds = 3000

/** What a browser would send for a form. */
interface Submission {
  url: URL
  method: string
  contentType: string
  body: Uint8Array<ArrayBuffer> | null
  target: string
}

/** Reads a form as the browser does when it sends it. */
const readForm = async (form: HTMLFormElement, submitter: HTMLElement | null): Promise<Submission> => {
  const { url, method, enctype, target } = destination(form, submitter)
  const data = [...new FormData(form, submitter)]
  const text = (value: string) => value.replace(/\r\n|\r|\n/g, '\r\n')
  const pairs = new URLSearchParams(
    data.map(([key, value]) => [text(key), typeof value === 'string' ? text(value) : value.name] as [string, string]),
  )
  if (method === 'get') {
    url.search = pairs.toString()
    return { url, method, contentType: '', body: null, target }
  }
  const multipart = new FormData()
  for (const [key, value] of data) multipart.append(key, value)
  const request = new Request(url, { method, body: enctype === 'multipart/form-data' ? multipart : pairs })
  const contentType = request.headers.get('Content-Type') ?? ''
  return { url, method, contentType, body: new Uint8Array(await request.arrayBuffer()), target }
}

/** Where a form goes. Properties of the form are not used: a field may have their name. */
const destination = (form: HTMLFormElement, submitter: HTMLElement | null) => {
  const read = (attribute: string) => submitter?.getAttribute(`form${attribute}`) ?? form.getAttribute(attribute) ?? ''
  return {
    url: new URL(read('action') || location.href, document.baseURI),
    method: read('method').toLowerCase() || 'get',
    enctype: read('enctype').toLowerCase(),
    target: read('target'),
  }
}

/** Sends the very bytes that were rehearsed, as the browser sends a form, so that it shows the response. */
const navigate = ({ url, method, contentType, body, target }: Submission, ticket: string): void => {
  if (method === 'get' && !ticket) {
    make('a', { href: url.href, target }).click()
    return
  }
  const fields = {
    postern_ticket: ticket,
    postern_method: method.toUpperCase(),
    postern_type: contentType,
    postern_body: base64url(body ?? new Uint8Array()),
  }
  const form = make('form', { method: 'post', action: url.href, target, hidden: true })
  for (const [key, value] of Object.entries(fields)) form.append(make('input', { type: 'hidden', name: key, value }))
  document.body.append(form)
  form.submit()
  form.remove()
}

const submit = async (event: SubmitEvent): Promise<void> => {
  const form = event.target as HTMLFormElement
  const checkpoint = form.closest<Checkpoint>(name)
  if (event.defaultPrevented || !checkpoint) return
  const { url, method, enctype } = destination(form, event.submitter)
  if (url.origin !== location.origin || (method !== 'get' && method !== 'post') || enctype === 'text/plain' || framed()) return
  event.preventDefault()
  if (busy.has(form)) return
  busy.add(form)
  let leaving = 0
  try {
    const submission = await readForm(form, event.submitter)
    const attempt: Attempt = (ticket) => {
      const headers = new Headers({ Accept: 'application/problem+json', [rehearsalHeader]: '1' })
      if (submission.body) headers.set('Content-Type', submission.contentType)
      if (ticket) headers.set(ticketHeader, ticket)
      return send(submission.url, { method: submission.method, headers, body: submission.body })
    }
    const outcome = await checkpoint.converse(attempt).catch(() => undefined)
    if (outcome?.told) return
    const response = outcome?.response
    if (!outcome || response?.headers.has(rehearsalHeader)) {
      leaving = leavingMilliseconds
      navigate(submission, outcome?.ticket ?? '')
    } else if (response?.redirected) {
      location.assign(response.url) // of another middleware, such as one that wants the user to sign in
    } else {
      console.error(`${name}: ${submission.url.pathname} is not served by a checkpointhttp.Handler; its form must not be inside the element`)
      await checkpoint.tellAlone('other')
    }
  } finally {
    if (leaving) setTimeout(() => busy.delete(form), leaving)
    else busy.delete(form) // with the dialog, so that the next click counts
  }
}

if (!customElements.get(name)) {
  customElements.define(name, Checkpoint)
  window.fetch = fetchWithApproval
  window.addEventListener('submit', (event) => void submit(event)) // after the application's own listeners
}
