/** The server: the states that it sends, and what the page asks of it. */
import type { PhoneState } from '../state'

/** ms before a reconnect: the first pause, and the longest. */
const FIRST_WAIT = 1000
const LONGEST_WAIT = 5000

/** ms without an event after which the connection counts as dead: two heartbeats. */
const LONGEST_SILENCE = 30_000

/** ms that a request may take; our choice. */
const TIMEOUT = 10_000

/** What the page does with news from the server. */
export interface Listener {
  onState(state: PhoneState): void
  onConnected(connected: boolean): void
}

let listener: Listener
/** Whose states are asked for; '': the server's choice. */
let customer: string
/** A state has come. */
let answered = false
let wait = FIRST_WAIT
let source: EventSource | undefined
/** Timer of the next reconnect, or of the silence. */
let timer: number | undefined

/** Keeps the page connected from now on. @param first the customer to begin with; '': any */
export function openConnection(first: string, on: Listener): void {
  customer = first
  listener = on
  document.addEventListener('visibilitychange', followVisibility)
  // A page in the back/forward cache.
  window.addEventListener('pagehide', disconnect)
  window.addEventListener('pageshow', ({ persisted }) => persisted && followVisibility())
  followVisibility()
}

/** Asks for the states of a customer in place of those of another. */
export function follow(id: string): void {
  customer = id
  followVisibility()
}

/** The customer who is shown, and who writes. */
export function currentCustomer(): string {
  return customer
}

/** Posts to a resource. @returns the problem; '' for none */
export async function post(resource: string, body: object): Promise<string> {
  const answer = await ask(resource, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return answer.problem
}

/** The event that 8x8 posts for a message, as JSON. */
export function readWebhook(umid: string): Promise<{ problem: string; json: unknown }> {
  return ask(`webhook?umid=${encodeURIComponent(umid)}`)
}

async function ask(resource: string, init: RequestInit = {}) {
  try {
    const response = await fetch(`./${resource}`, { ...init, signal: AbortSignal.timeout(TIMEOUT) })
    const json: unknown = await response.json().catch(() => undefined)
    if (response.ok) return { problem: '', json }
    const { error } = (json ?? {}) as { error?: string }
    return { problem: error ?? `the sandbox answered ${response.status}`, json }
  } catch (error) {
    const late = error instanceof DOMException && error.name === 'TimeoutError'
    const problem = late ? `no answer within ${TIMEOUT / 1000} s` : 'the sandbox cannot be reached'
    return { problem, json: undefined }
  }
}

/** A new EventSource each time: after an HTTP error, e.g. in a redeploy, it gives up for good. */
function connect(): void {
  disconnect()
  source = new EventSource(`./events${customer && `?customer=${encodeURIComponent(customer)}`}`)
  source.addEventListener('state', ({ data }: MessageEvent<string>) => {
    onEvent()
    wait = FIRST_WAIT
    const state: PhoneState = JSON.parse(data)
    customer = state.customer
    answered = true
    listener.onConnected(true)
    listener.onState(state)
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
  listener.onConnected(false)
  if (!answered) customer = '' // the server may not know the one in the URL
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
