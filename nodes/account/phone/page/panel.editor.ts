import {
  FAULTS,
  type FaultName,
  type PhoneDelivery,
  type PhoneRequest,
  type PhoneState,
} from '../state'
import { byId, make, setText, timeOf } from './dom.editor'

const FAULT_TEXTS: Record<FaultName, string> = {
  none: 'Works normally',
  unauthorized: 'Refuses the API key (401)',
  'rate-limited': 'Too many requests (429)',
  error: 'Server error (500)',
  slow: 'Answers slowly',
  down: 'Is down: cuts the connection',
  expired: 'Message older than 2 hours (400)',
}

const STATUS_TEXTS: Record<number, string> = {
  200: 'OK',
  400: 'bad request',
  401: 'key refused',
  403: 'not allowed',
  404: 'not found',
  429: 'too many requests',
  500: 'server error',
}

/** The requests on the screen, kept so that an open body stays open. */
const shown = new Map<string, { element: HTMLElement; json: string }>()

/** Fills the select of simulated errors. */
export function fillFaults(): void {
  for (const fault of FAULTS) {
    byId<HTMLSelectElement>('fault').append(new Option(FAULT_TEXTS[fault], fault))
  }
}

/** Shows the requests and the delivery of a state. */
export function showPanel({ requests, fault, delivery }: PhoneState): void {
  byId<HTMLSelectElement>('fault').value = fault
  byId('delivery').hidden = !delivery
  if (delivery) showDelivery(delivery)
  showRequests(requests)
}

function showDelivery({ attempts, delivered, statusCode, pending }: PhoneDelivery): void {
  const outcome = delivered ? 'Delivered' : pending ? 'Being delivered' : 'Given up'
  const times = attempts === 1 ? '1 attempt' : `${attempts} attempts`
  const last = statusCode ? `last answer ${statusCode}` : attempts > 0 && !pending && 'no answer'
  const element = byId('delivery-text')
  element.className = delivered ? 'good' : pending ? 'wait' : 'bad'
  setText(element, [outcome, times, last].filter(Boolean).join(', '))
}

/** @param requests oldest first */
function showRequests(requests: PhoneRequest[]): void {
  const list = byId('requests')
  const seen = new Set<string>()
  for (const request of requests) {
    let key = `${request.at} ${request.method} ${request.path}`
    while (seen.has(key)) key += ' again'
    seen.add(key)
    const json = JSON.stringify(request)
    const known = shown.get(key)
    if (known?.json === json) continue
    if (known) {
      // It has been answered meanwhile: only the line changes, because the body may be open.
      known.json = json
      known.element.firstElementChild?.replaceWith(makeLine(request))
    } else {
      const element = makeRequest(request)
      shown.set(key, { element, json })
      list.prepend(element)
    }
  }
  for (const [key, { element }] of shown) {
    if (seen.has(key)) continue
    element.remove()
    shown.delete(key)
  }
  byId('no-requests').hidden = requests.length > 0
}

function makeRequest(request: PhoneRequest): HTMLElement {
  const element = make('li')
  element.append(makeLine(request))
  const { body } = request
  if (body !== undefined) {
    const details = make('details')
    const text = typeof body === 'string' ? body : JSON.stringify(body, undefined, 2)
    details.append(make('summary', '', 'Body'), make('pre', '', text))
    element.append(details)
  }
  return element
}

function makeLine(request: PhoneRequest): HTMLElement {
  const line = make('div', 'request-line')
  const { at, method, path, status, durationMs } = request
  const shortPath = path.replace(/^\/api\/v\d+\/subaccounts/, '…')
  const code = make('code', '', `${method} ${shortPath}`)
  code.title = path
  line.append(timeOf(at, true), makeStatus(status, request.cut))
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
