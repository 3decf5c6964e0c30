import type { ConnectionOptions } from 'node:tls'
import { Agent, type Dispatcher, EnvHttpProxyAgent, Pool } from 'undici'
import { type Channel, subAccountPath } from './api'
import { errorOfAnswer, errorOfConnection, TypingError } from './errors'
import type { ProxyRoute } from './proxy'
import { redact } from './redact'
import { type Limits, Sending } from './sending'

/** Bytes read of an answer; 8x8's error bodies have about 200. */
const MAX_ANSWER = 64 * 1024

/** Connections at most. Our choice: at 100 ms an answer, 640 requests/s, a third of 8x8's limit. */
const CONNECTIONS = 64

/** Where requests go and as whom. */
export interface Server {
  /** E.g. `https://chatapps.8x8.com`. */
  origin: string
  apiKey: string
}

export interface ClientOptions extends Limits {
  /** A promise where the server has to start first (the sandbox). */
  server: Server | Promise<Server>
  tls?: ConnectionOptions | undefined
  proxy?: ProxyRoute | undefined
}

/** The typing indicator to send. */
export interface TypingEvent {
  subAccountId: string
  channel: Channel
  umid: string
}

/** Sends events to 8x8 over one keep-alive pool. The only module that knows undici. */
export class Client {
  readonly #options: ClientOptions
  readonly #dispatcher: Dispatcher
  readonly #sendings = new Set<Sending>()
  #closed = false

  constructor(options: ClientOptions) {
    this.#options = options
    this.#dispatcher = createDispatcher(options)
  }

  /** Sends a typing indicator, with retries of what a retry can cure. */
  send({ subAccountId, channel, umid }: TypingEvent): Sending {
    const path = subAccountPath(subAccountId, 'events')
    const body = JSON.stringify({ channel, type: 'typing', umid })
    const sending = new Sending((signal) => this.#post(path, body, signal), this.#options)
    const forget = () => this.#sendings.delete(sending)
    this.#sendings.add(sending)
    sending.result.then(forget, forget)
    if (this.#closed) sending.cancel()
    return sending
  }

  /** Ends every send under way as `closed`, and all connections. */
  async close(): Promise<void> {
    this.#closed = true
    for (const sending of this.#sendings) sending.cancel()
    await this.#dispatcher.destroy()
  }

  async #post(path: string, body: string, signal: AbortSignal): Promise<number> {
    const { origin, apiKey } = await this.#server()
    let answer: Dispatcher.ResponseData
    try {
      answer = await this.#dispatcher.request({
        origin,
        path,
        method: 'POST',
        headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
        body,
        signal,
        // The signal bounds the whole attempt.
        headersTimeout: 0,
        bodyTimeout: 0,
      })
    } catch (error) {
      throw signal.aborted ? signal.reason : errorOfConnection(error)
    }
    const { statusCode, headers } = answer
    if (statusCode >= 200 && statusCode < 300) {
      if (headers['content-length'] !== '0') this.#discard(answer.body)
      return statusCode
    }
    const text = await readText(answer.body)
    const retryAfter = [headers['retry-after']].flat()[0]
    throw errorOfAnswer({ statusCode, text, retryAfter }, (said) => redact(said, apiKey))
  }

  async #server(): Promise<Server> {
    try {
      return await this.#options.server
    } catch (error) {
      const text = `The server does not start: ${(error as Error).message}`
      throw new TypingError('network', text, { retryable: false })
    }
  }

  /** The status has decided; the body is read only to free the connection, and not for long. */
  #discard(body: Dispatcher.ResponseData['body']): void {
    const signal = AbortSignal.timeout(this.#options.timeout)
    body.dump({ limit: MAX_ANSWER, signal }).catch(() => {})
  }
}

/** ms for a connection, as undici's own default; it may outlive an attempt, but not by much. */
const CONNECT_TIMEOUT = 10_000

function createDispatcher({ tls, proxy, ...limits }: ClientOptions): Dispatcher {
  const timeout = Math.min(limits.timeout, CONNECT_TIMEOUT)
  const connect = { ...tls, timeout }
  const pool = { connections: CONNECTIONS, connect }
  if (!proxy) return new Agent(pool)
  const { url, noProxy, token } = proxy
  return new EnvHttpProxyAgent({
    ...pool,
    requestTls: connect,
    proxyTls: { timeout },
    // A proxy that takes a connection and says nothing.
    clientFactory: (url, options) => new Pool(url, { ...options, headersTimeout: timeout }),
    httpProxy: url,
    httpsProxy: url,
    noProxy,
    ...(token && { token }),
  })
}

/** The body as text; undefined if it breaks off or is larger than anything 8x8 sends. */
async function readText(body: Dispatcher.ResponseData['body']): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of body) {
      size += chunk.length
      if (size > MAX_ANSWER) return undefined // leaving the loop destroys the body
      chunks.push(chunk)
    }
  } catch {
    return undefined
  }
  return Buffer.concat(chunks).toString()
}
