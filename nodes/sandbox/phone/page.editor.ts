/** The page of a phone: shows each state that the server sends, and sends what is typed. */
import { showChat } from './chat.editor'
import { byId, setText } from './dom.editor'
import { makeTroubles, showPanel } from './panel.editor'
import { MAX_TEXT, type PhoneState } from './state'

/** ms before another try to connect: the first, and the longest. */
const FIRST_WAIT = 1000
const LONGEST_WAIT = 5000

const text = byId<HTMLInputElement>('text')
const send = byId<HTMLButtonElement>('send')
const trouble = byId<HTMLSelectElement>('trouble')

let wait = FIRST_WAIT

/** A new EventSource for each try: after an HTTP error, as in a redeploy, one gives up for good. */
function connect(): void {
  const source = new EventSource('./events')
  source.addEventListener('state', ({ data }: MessageEvent<string>) => {
    wait = FIRST_WAIT
    const state: PhoneState = JSON.parse(data)
    setConnected(true)
    showChat(state)
    showPanel(state)
  })
  source.addEventListener('error', () => {
    source.close()
    setConnected(false)
    window.setTimeout(connect, wait)
    wait = Math.min(wait * 1.5, LONGEST_WAIT)
  })
}

function setConnected(connected: boolean): void {
  const status = byId('connection')
  setText(status, connected ? 'connected' : 'reconnecting…')
  status.classList.toggle('lost', !connected)
  // Read-only in place of disabled once it was in use: a redeploy must not take the focus away.
  if (connected) text.disabled = false
  text.readOnly = !connected
  text.setAttribute('aria-disabled', `${!connected}`)
  send.disabled = !connected
  trouble.disabled = !connected
}

/** @returns what went wrong, '' for nothing */
async function post(path: string, body: object): Promise<string> {
  try {
    const response = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (response.ok) return ''
    const answer: { error?: string } = await response.json().catch(() => ({}))
    return answer.error ?? `The sandbox answered ${response.status}`
  } catch {
    return 'The sandbox cannot be reached'
  }
}

async function sendMessage(): Promise<void> {
  const typed = text.value
  if (send.disabled || !typed.trim()) return
  text.value = ''
  const problem = await post('./messages', { text: typed })
  setText(byId('problem'), problem)
  // Nothing typed is lost, and nothing typed meanwhile.
  if (problem && !text.value) text.value = typed
}

text.maxLength = MAX_TEXT
byId('chat').tabIndex = 0 // it scrolls, so the keyboard must reach it
byId('compose').addEventListener('submit', (event) => {
  event.preventDefault()
  void sendMessage()
})
trouble.addEventListener('change', async () => {
  const problem = await post('./trouble', { trouble: trouble.value })
  setText(byId('trouble-problem'), problem)
})
makeTroubles()
connect()
