/** The API requests that the sandbox got. */
import type { PhoneMessage, PhoneRequest, PhoneState } from '../state'
import { goTo } from './bubble.editor'
import { byId, make, makeButton, makeJson, timeOf } from './dom.editor'
import { excerptOf } from './words.editor'

const STATUS_TEXTS: Record<number, string> = {
  200: 'OK',
  400: 'bad request',
  401: 'key refused',
  403: 'not allowed',
  404: 'not found',
  429: 'too many requests',
  500: 'server error',
}

/** What a request is for, by the end of its path. */
const PURPOSES: [end: string, purpose: string][] = [
  ['/events', 'Typing indicator'],
  ['/messages', 'Message'],
]

/** The requests on the screen, by id, kept so that what is open stays open. */
const shown = new Map<number, { element: HTMLElement; json: string }>()
let customer = ''

/** Shows the requests of a state, newest first. */
export function showRequests(state: PhoneState): void {
  const list = byId('requests')
  const { requests } = state
  const known = new Set(requests.map(({ id }) => id))
  for (const [id, { element }] of shown) {
    if (known.has(id) && customer === state.customer) continue
    element.remove()
    shown.delete(id)
  }
  customer = state.customer
  for (const request of requests) {
    const message = state.messages.find(({ umid }) => umid === request.umid)
    const json = JSON.stringify([request, message?.umid])
    const before = shown.get(request.id)
    if (before?.json === json) continue
    const element = before?.element ?? make('li')
    fill(element, request, message)
    if (!before) list.prepend(element)
    shown.set(request.id, { element, json })
  }
  byId('no-requests').hidden = requests.length > 0
}

/** Keeps the body open that is open. */
function fill(element: HTMLElement, request: PhoneRequest, message?: PhoneMessage): void {
  const isOpen = element.querySelector('details')?.open ?? false
  element.replaceChildren(makeLine(request))
  if (message) {
    const link = makeButton(`To the message “${excerptOf(message)}”`, 'link')
    link.addEventListener('click', () => goTo(message.umid))
    element.append(link)
  }
  const { body, response } = request
  if (body === undefined && response === undefined) return
  const details = make('details')
  details.open = isOpen
  details.append(make('summary', '', 'Body and response'))
  if (body !== undefined) details.append(make('h4', '', 'Body'), makeJson(body))
  if (response !== undefined) details.append(make('h4', '', 'Response'), makeJson(response))
  element.append(details)
}

function makeLine(request: PhoneRequest): HTMLElement {
  const line = make('div', 'request-line')
  const { at, method, path, status, durationMs } = request
  const purpose = PURPOSES.find(([end]) => path.endsWith(end))?.[1] ?? 'Request'
  const code = make('code', '', `${method} ${path.replace(/^\/api\/v\d+\/subaccounts/, '…')}`)
  code.title = path
  line.append(timeOf(at, true), make('strong', '', purpose), makeStatus(status, request.cut))
  if (durationMs !== undefined) line.append(make('span', 'took', `${Math.round(durationMs)} ms`))
  line.append(code)
  return line
}

function makeStatus(status: number | undefined, cut?: true): HTMLElement {
  if (cut) return make('span', 'bad', 'cut off, no answer')
  if (status === undefined) return make('span', 'wait', 'waiting…')
  const words = STATUS_TEXTS[status] ?? (status < 400 ? 'accepted' : 'failed')
  return make('span', status < 400 ? 'good' : 'bad', `${status} ${words}`)
}
