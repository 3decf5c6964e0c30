/** The page of a phone: shows each state that the server sends, and sends what is typed. */

import { MAX_TEXT, type PhoneState } from '../state'
import { showChat } from './chat.editor'
import { byId, setText } from './dom.editor'
import { fillFaults, showPanel } from './panel.editor'

/** ms before a reconnect: the first pause, and the longest. */
const FIRST_WAIT = 1000
const LONGEST_WAIT = 5000

/** ms without an event after which the connection counts as dead: two heartbeats. */
const LONGEST_SILENCE = 30_000

/** ms that a post may take; our choice. */
const POST_TIMEOUT = 10_000

const text = byId<HTMLInputElement>('text')
const send = byId<HTMLButtonElement>('send')
const faultSelect = byId<HTMLSelectElement>('fault')

let wait = FIRST_WAIT
let source: EventSource | undefined
/** Timer of the next reconnect, or of the silence. */
let timer: number | undefined
let connected = false
let sending = false
/** The error that the sandbox simulates now. */
let activeFault: PhoneState['fault'] = 'none'

/** A new EventSource each time: after an HTTP error, e.g. in a redeploy, it gives up for good. */
function connect(): void {
  disconnect()
  source = new EventSource('./events')
  source.addEventListener('state', ({ data }: MessageEvent<string>) => {
    onEvent()
    wait = FIRST_WAIT
    const state: PhoneState = JSON.parse(data)
    setConnected(true)
    activeFault = state.fault
    showChat(state)
    showPanel(state)
  })
  source.addEventListener('heartbeat', onEvent)
  source.addEventListener('error', reconnect)
  onEvent()
}

/** A dead connection reports no error, so only a timer can notice it. */
function onEvent(): void {
  window.clearTimeout(timer)
  timer = window.setTimeout(reconnect, LONGEST_SILENCE)
}

function reconnect(): void {
  disconnect()
  setConnected(false)
  timer = window.setTimeout(connect, wait)
  wait = Math.min(wait * 1.5, LONGEST_WAIT)
}

function disconnect(): void {
  source?.close()
  window.clearTimeout(timer)
}

/** A hidden page needs no events: a browser has only six connections per host. */
function followVisibility(): void {
  if (document.hidden) disconnect()
  else connect()
}

function setConnected(now: boolean): void {
  connected = now
  const status = byId('connection')
  setText(status, connected ? 'connected' : 'reconnecting…')
  status.classList.toggle('lost', !connected)
  // Read-only, not disabled, once it was used: a redeploy must not take the focus away.
  if (connected) text.disabled = false
  send.disabled = !connected
  faultSelect.disabled = !connected
  showWritable()
}

function showWritable(): void {
  text.readOnly = !connected || sending
  text.setAttribute('aria-disabled', `${text.readOnly}`)
}

/** @returns the problem; '' for none */
async function post(path: string, body: object): Promise<string> {
  try {
    const response = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(POST_TIMEOUT),
    })
    if (response.ok) return ''
    const answer: { error?: string } = await response.json().catch(() => ({}))
    return answer.error ?? `the sandbox answered ${response.status}`
  } catch (error) {
    return error instanceof DOMException && error.name === 'TimeoutError'
      ? `no answer within ${POST_TIMEOUT / 1000} s`
      : 'the sandbox cannot be reached'
  }
}

/** Keeps the typed text, read-only, until the server has accepted it. */
async function sendMessage(): Promise<void> {
  if (!connected || sending || !text.value.trim()) return
  sending = true
  showWritable()
  const problem = await post('./messages', { text: text.value })
  if (!problem) text.value = ''
  setText(byId('problem'), problem && `The message was not taken: ${problem}`)
  sending = false
  showWritable()
}

text.maxLength = MAX_TEXT
byId('chat').tabIndex = 0 // it scrolls, so the keyboard must reach it
byId('compose').addEventListener('submit', (event) => {
  event.preventDefault()
  void sendMessage()
})
faultSelect.addEventListener('change', async () => {
  const problem = await post('./fault', { fault: faultSelect.value })
  setText(byId('fault-problem'), problem && `Not changed: ${problem}`)
  if (problem) faultSelect.value = activeFault
})
document.addEventListener('visibilitychange', followVisibility)
// A page in the back/forward cache.
window.addEventListener('pagehide', disconnect)
window.addEventListener('pageshow', ({ persisted }) => persisted && followVisibility())
fillFaults()
followVisibility()
