import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { z } from 'zod'
import { UMID } from '../../lib/api'
import type { Handler, HttpApp } from '../../lib/http/app'
import { HttpError } from '../../lib/http/http-error'
import { isCrossOrigin, removeCorsHeaders } from '../../lib/http/same-origin'
import { PHONES_PATH } from '../../lib/rules'
import { CUSTOMERS, type SandboxCustomer } from '../../lib/sandbox/customers'
import { PageFiles } from './files'
import { answer, answerError, readWrite } from './http'
import type { Phone } from './phone'
import { FAULTS, MAX_TEXT } from './state'
import { Streams } from './stream'

/** A number of deliveries of one phone in so many ms; our choice. Beyond it: 429. */
const MAX_MESSAGES = 20
const SPAN = 10_000

const CROSS_ORIGIN =
  'Only the page itself may read and write here. Behind a proxy, pass on Host or use HTTPS'

const NO_PHONE =
  'No phone is here. Deploy an 8x8 node that uses this account, with Sandbox as region of the account'

const PHONES = new RegExp(`^${PHONES_PATH}(?:/.*)?$`, 'i')
const PHONE = new RegExp(`^${PHONES_PATH}/([^/]+)(/[^/]*)?$`, 'i')

interface ServedPhone {
  phone: Phone
  streams: Streams
  /** When the last deliveries were asked for, in performance.now(); at most 20. */
  delivered: number[]
}

/** The resources that the page writes to. They throw {HttpError} 400, 404 or 429. */
const WRITES: ReadonlyMap<string, (served: ServedPhone, body: Record<string, unknown>) => void> =
  new Map([
    ['messages', writeMessage],
    ['deliver', deliverAgain],
    ['inbound', setInbound],
    ['clear', clearChat],
    ['fault', setFault],
  ])

/** The resources that it reads, beside its files. */
const READS: ReadonlySet<string> = new Set(['events', 'webhook'])

const choice = z.object({
  umid: z.string().regex(UMID),
  kind: z.enum(['button', 'row', 'suggestion', 'quick-reply']),
  id: z.string(),
  title: z.string().min(1),
  description: z.string().optional(),
})

/** The router of each app. Weak: the app of a test or of an embedder may go. */
const routers = new WeakMap<HttpApp, PhoneRouter>()

/**
 * The one router of an app, mounted when it is first asked for; Express has no way to take a handler
 * away, so it stays, and without phones it answers 404.
 * @param middleware `httpNodeMiddleware`: run before each request, as `http in` does
 * @param folder where the built files of the page are
 */
export function routerOf(
  app: HttpApp,
  middleware: Handler[] = [],
  folder = join(__dirname, 'page'),
): PhoneRouter {
  let router = routers.get(app)
  if (!router) {
    router = new PhoneRouter(new PageFiles(folder))
    routers.set(app, router)
    // By route, not by use(), so that a middleware sees the same path as before `http in`.
    app.all(PHONES, ...middleware, router.handle)
  }
  return router
}

/** The pages of all phones of a runtime. */
export class PhoneRouter {
  readonly #phones = new Map<string, ServedPhone>()
  readonly #files: PageFiles

  constructor(files: PageFiles) {
    this.#files = files
  }

  /** Shows a phone while it is in use, until it closes. Adding it again does nothing. */
  add(page: string, phone: Phone): void {
    if (this.#phones.get(page)?.phone === phone) return
    const served = { phone, streams: new Streams(phone), delivered: [] }
    this.#phones.set(page, served)
    phone.on('close', () => {
      // Another one may be there already.
      if (this.#phones.get(page) === served) this.#phones.delete(page)
    })
  }

  /** The request handler. */
  readonly handle: Handler = (request, response) => {
    removeCorsHeaders(response)
    this.#answer(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy()
      else if (error instanceof HttpError) answerError(response, error)
      else answerError(response, new HttpError(500, 'Internal error'))
    })
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request
    const { pathname, searchParams } = new URL(url, 'http://localhost')
    const [, id = '', rest] = PHONE.exec(pathname) ?? []
    const served = this.#phones.get(decode(id))
    const resource = rest?.slice(1) ?? ''
    if (!served?.phone.inUse) {
      if (resource === '') return answer(response, 404, { 'content-type': 'text/plain' }, NO_PHONE)
      throw new HttpError(404, NO_PHONE)
    }
    // Relative, so that it holds below any root and behind any proxy.
    if (rest === undefined) return answer(response, 308, { location: `${id}/` })
    const write = WRITES.get(resource)
    // The files tell nothing of the phone, and a link to the page may stand anywhere.
    if ((write || READS.has(resource)) && isCrossOrigin(request)) {
      throw new HttpError(403, CROSS_ORIGIN)
    }
    allow(method, write ? ['POST'] : resource === 'events' ? ['GET'] : ['GET', 'HEAD'])
    if (write) {
      const body = await readWrite(request)
      // A deploy may have stopped its nodes in the meantime.
      if (!served.phone.inUse) throw new HttpError(404, NO_PHONE)
      write(served, body)
      answer(response, 202)
    } else if (resource === 'events') {
      served.streams.add(response, customerOf(searchParams.get('customer') ?? CUSTOMERS[0]?.id))
    } else if (resource === 'webhook') {
      const webhook = find(() => served.phone.webhook(searchParams.get('umid') ?? ''))
      answer(response, 200, { 'content-type': 'application/json' }, JSON.stringify(webhook))
    } else await this.#sendFile(resource || 'page.html', response)
  }

  async #sendFile(name: string, response: ServerResponse): Promise<void> {
    const type = this.#files.typeOf(name)
    if (!type) throw new HttpError(404, 'Not found')
    const file = await this.#files.read(name).catch(() => undefined)
    if (file) answer(response, 200, { 'content-type': type }, file)
    else answer(response, 503, { 'content-type': 'text/plain' }, `${name} was not built`)
  }
}

function writeMessage(served: ServedPhone, body: Record<string, unknown>): void {
  const customer = customerOf(body.customer)
  if (body.choice !== undefined) {
    const { data } = choice.safeParse(body.choice)
    if (!data) throw new HttpError(400, 'choice: umid, kind, id and title of what was pressed')
    checkRate(served)
    find(() => served.phone.choose(customer, data))
    return
  }
  const text = stringOf(body.text).trim()
  if (text === '' || text.length > MAX_TEXT) {
    throw new HttpError(400, `text: 1 to ${MAX_TEXT} characters`)
  }
  checkRate(served)
  served.phone.write(customer, text)
}

function deliverAgain(served: ServedPhone, { umid }: Record<string, unknown>): void {
  checkRate(served)
  find(() => served.phone.deliver(stringOf(umid)))
}

function setInbound({ phone }: ServedPhone, { inbound }: Record<string, unknown>): void {
  find(() => phone.writeTo(stringOf(inbound)))
}

function clearChat({ phone }: ServedPhone, { customer }: Record<string, unknown>): void {
  phone.clear(customerOf(customer))
}

function setFault({ phone }: ServedPhone, body: Record<string, unknown>): void {
  const customer = customerOf(body.customer)
  const fault = FAULTS.find((one) => one === body.fault)
  if (!fault) throw new HttpError(400, `fault: one of ${FAULTS.join(', ')}`)
  phone.simulate(customer, fault)
}

/** Blank for anything but a text. */
function stringOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** @throws {HttpError} 400 */
function customerOf(id: unknown): SandboxCustomer {
  const customer = CUSTOMERS.find((each) => each.id === id)
  if (customer) return customer
  throw new HttpError(400, `customer: one of ${CUSTOMERS.map(({ id }) => id).join(', ')}`)
}

/** @returns what `work` returns @throws {HttpError} 404 for its RangeError */
function find<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof RangeError) throw new HttpError(404, error.message)
    throw error
  }
}

/** @throws {HttpError} 429 */
function checkRate({ delivered }: ServedPhone): void {
  const now = performance.now()
  const [oldest = 0] = delivered
  if (delivered.length === MAX_MESSAGES && now - oldest < SPAN) {
    const text = `More than ${MAX_MESSAGES} messages in ${SPAN / 1000} s`
    const wait = Math.ceil((oldest + SPAN - now) / 1000)
    throw new HttpError(429, text, { 'retry-after': `${wait}` })
  }
  if (delivered.push(now) > MAX_MESSAGES) delivered.shift()
}

/** @throws {HttpError} 405 */
function allow(method: string, methods: string[]): void {
  if (methods.includes(method)) return
  throw new HttpError(405, 'Method not allowed', { allow: methods.join(', ') })
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return ''
  }
}
