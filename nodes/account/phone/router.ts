import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import type { Handler, HttpApp } from '../../lib/http/app'
import { HttpError } from '../../lib/http/http-error'
import { isCrossOrigin, removeCorsHeaders } from '../../lib/http/same-origin'
import { PageFiles } from './files'
import { answer, answerError, readWrite } from './http'
import type { Phone } from './phone'
import { FAULTS, MAX_TEXT } from './state'
import { Streams } from './stream'

/** The path of all phones below the HTTP node root. */
export const PHONES_PATH = '/8x8-sandbox'

/** A number of messages of one phone in so many ms; our choice. Beyond it: 429. */
const MAX_MESSAGES = 20
const SPAN = 10_000

const CROSS_ORIGIN =
  'Only the page itself may read and write here. Behind a proxy, pass on Host or use HTTPS'

const ROUTE = /^\/8x8-sandbox\/([^/]+)(\/[^/]*)?$/i

interface ServedPhone {
  phone: Phone
  streams: Streams
  /** When the last messages came, in performance.now(); at most 20. */
  written: number[]
}

/** The resources that the page writes to. */
const WRITES = new Map([
  ['messages', writeMessage],
  ['fault', setFault],
])

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
    app.all(/^\/8x8-sandbox(?:\/.*)?$/i, ...middleware, router.handle)
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

  /** Shows a phone until it closes. @param id of its node */
  add(id: string, phone: Phone): void {
    const served = { phone, streams: new Streams(phone), written: [] }
    this.#phones.set(id, served)
    phone.on('close', () => {
      // A redeployed node may be there already.
      if (this.#phones.get(id) === served) this.#phones.delete(id)
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
    const [, id = '', rest] = ROUTE.exec(url.replace(/\?.*/s, '')) ?? []
    const served = this.#phones.get(decode(id))
    if (!served) throw new HttpError(404, 'No such phone is deployed')
    // Relative, so that it holds below any root and behind any proxy.
    if (rest === undefined) return answer(response, 308, { location: `${id}/` })
    const resource = rest.slice(1)
    const write = WRITES.get(resource)
    // The files tell nothing of the phone, and a link to the page may stand anywhere.
    if ((write || resource === 'events') && isCrossOrigin(request)) {
      throw new HttpError(403, CROSS_ORIGIN)
    }
    allow(method, write ? ['POST'] : ['GET', 'HEAD'])
    if (write) {
      const body = await readWrite(request)
      write(served, body)
      answer(response, 202)
    } else if (resource === 'events') {
      allow(method, ['GET'])
      served.streams.add(response)
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

/** @throws {HttpError} 400, 429 */
function writeMessage({ phone, written }: ServedPhone, { text }: Record<string, unknown>): void {
  const trimmed = typeof text === 'string' ? text.trim() : ''
  if (trimmed === '' || trimmed.length > MAX_TEXT) {
    throw new HttpError(400, `text: 1 to ${MAX_TEXT} characters`)
  }
  const now = performance.now()
  const [oldest = 0] = written
  if (written.length === MAX_MESSAGES && now - oldest < SPAN) {
    const text = `More than ${MAX_MESSAGES} messages in ${SPAN / 1000} s`
    const wait = Math.ceil((oldest + SPAN - now) / 1000)
    throw new HttpError(429, text, { 'retry-after': `${wait}` })
  }
  if (written.push(now) > MAX_MESSAGES) written.shift()
  phone.write(trimmed)
}

/** @throws {HttpError} 400 */
function setFault({ phone }: ServedPhone, { fault }: Record<string, unknown>): void {
  const known = FAULTS.find((one) => one === fault)
  if (!known) throw new HttpError(400, `fault: one of ${FAULTS.join(', ')}`)
  phone.fault = known
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
