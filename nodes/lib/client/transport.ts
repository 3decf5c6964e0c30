import type { Socket } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import { buildConnector, type Dispatcher, EnvHttpProxyAgent, Pool } from 'undici'
import { MessagingError } from '../errors'
import { createRedactor, type Redactor } from './redact'

/** A request to post. */
export interface RequestOptions {
  path: string
  body: string
  /** Set for what must never be carried out twice: a reply. */
  atMostOnce?: true
}

/** undici's handler of a response, which is also called for a request that could not be made. */
export interface ResponseHandler extends Dispatcher.DispatchHandler {
  onResponseError(controller: Dispatcher.DispatchController | undefined, error: Error): void
}

/** A proxy for one target. */
export interface ProxyRoute {
  url: string
  /** Hosts that are reached directly, comma-separated as in NO_PROXY. */
  noProxy: string
  /** A Proxy-Authorization header. */
  token?: string
}

/** Where requests go, and with which key. */
export interface Server {
  /** E.g. `https://chatapps.8x8.com`. */
  origin: string
  apiKey: string
}

export interface TransportOptions {
  /** A promise if the server has to start first (the sandbox). */
  server: Server | Promise<Server>
  /** Maximum number of connections. */
  connections: number
  /** ms for an attempt. */
  timeout: number
  tls?: ConnectionOptions | undefined
  proxy?: ProxyRoute | undefined
}

/** What all requests share. */
interface ReadyTransport {
  /** For requests that may be repeated. */
  dispatcher: Dispatcher
  /** For requests that must not be repeated; created for the first one. */
  freshDispatcher(): Dispatcher
  origin: string
  headers: string[]
  redact: Redactor
}

/** The keep-alive connections to 8x8. The only module that imports undici. */
export class Transport {
  readonly #options: TransportOptions
  #ready: ReadyTransport | undefined
  readonly #opening: Promise<void> | undefined
  readonly #sockets = new Set<Socket>()
  readonly #dispatchers: Dispatcher[] = []
  #destroyed = false

  constructor(options: TransportOptions) {
    this.#options = options
    const { server } = options
    if (!(server instanceof Promise)) this.#open(server)
    else this.#opening = server.then((known) => this.#open(known))
    this.#opening?.catch(() => {}) // each request reports it
  }

  /** Sends a request; the handler gets its events. */
  send(options: RequestOptions, handler: ResponseHandler): void {
    if (this.#ready) dispatch(this.#ready, options, handler)
    else void this.#sendLater(options, handler)
  }

  /** Takes the API key out of a server's text. */
  redact(said: string): string {
    return this.#ready ? this.#ready.redact(said) : said
  }

  /** Destroys all connections, also those in use. */
  async destroy(): Promise<void> {
    this.#destroyed = true
    await Promise.all(this.#dispatchers.map((dispatcher) => dispatcher.destroy()))
    // undici does not know the sockets that are still connecting.
    for (const socket of this.#sockets) socket.destroy()
  }

  async #sendLater(options: RequestOptions, handler: ResponseHandler): Promise<void> {
    try {
      await this.#opening
    } catch (error) {
      const text = `The server does not start: ${(error as Error).message}`
      handler.onResponseError(undefined, new MessagingError('network', text, { retryable: false }))
    }
    if (this.#ready) dispatch(this.#ready, options, handler)
  }

  #open({ origin, apiKey }: Server): void {
    if (this.#destroyed) return
    const headers = ['authorization', `Bearer ${apiKey}`, 'content-type', 'application/json']
    const create = (keepAlive: Pool.Options) => {
      const dispatcher = createDispatcher(origin, this.#options, this.#sockets, keepAlive)
      this.#dispatchers.push(dispatcher)
      return dispatcher
    }
    let fresh: Dispatcher | undefined
    this.#ready = {
      dispatcher: create({}),
      freshDispatcher: () => {
        fresh ??= create({ keepAliveTimeout: MAX_IDLE, keepAliveMaxTimeout: MAX_IDLE })
        return fresh
      },
      origin,
      headers,
      redact: createRedactor(apiKey),
    }
  }
}

function dispatch(
  { dispatcher, freshDispatcher, origin, headers }: ReadyTransport,
  { path, body, atMostOnce }: RequestOptions,
  handler: ResponseHandler,
): void {
  try {
    const chosen = atMostOnce ? freshDispatcher() : dispatcher
    // No time limits by undici: the attempt has one for the whole.
    chosen.dispatch(
      { origin, path, method: 'POST', headers, body, headersTimeout: 0, bodyTimeout: 0 },
      handler,
    )
  } catch (error) {
    handler.onResponseError(undefined, error as Error)
  }
}

/** ms to connect, undici's default; it may outlive an attempt, but not by much. */
const CONNECT_TIMEOUT = 10_000

/**
 * ms after which an idle connection is not used for a request that must not be repeated. A server may
 * close an idle connection at any moment; if it does so while a request goes out, nobody knows whether
 * the request was carried out. The shortest usual limits of servers are 5 s (Node.js, Apache);
 * undici takes a shorter one from a `Keep-Alive` header. undici itself never sends a POST again.
 */
const MAX_IDLE = 1000

/**
 * @param sockets holds each one while it is open
 * @param keepAlive undici's options for idle connections
 */
function createDispatcher(
  origin: string,
  options: TransportOptions,
  sockets: Set<Socket>,
  keepAlive: Pool.Options,
): Dispatcher {
  const { tls, proxy, connections } = options
  const timeout = Math.min(options.timeout, CONNECT_TIMEOUT)
  const checked = {
    // Explicit, because NODE_TLS_REJECT_UNAUTHORIZED=0 would switch the check off.
    rejectUnauthorized: true,
    timeout,
    autoSelectFamilyAttemptTimeout: timeoutOfAddress(timeout),
  }
  const requestTls = { ...checked, ...tls }
  const connect = trackSockets(sockets, requestTls)
  if (!proxy) return new Pool(origin, { connections, connect, ...keepAlive })
  const { url, noProxy, token } = proxy
  return new EnvHttpProxyAgent({
    ...keepAlive,
    connections,
    connect,
    requestTls,
    clientFactory: (url) =>
      new ProxyPool(url, {
        connect: trackSockets(sockets, checked),
        headersTimeout: timeout, // for a proxy that accepts a connection and never answers
      }),
    httpProxy: url,
    httpsProxy: url,
    noProxy,
    ...(token && { token }),
  })
}

/**
 * ms for the TCP handshake with each address of a host but the last. Node.js gives each 250 ms and
 * never returns to it, so a host with one slow and one dead address is never reached. Half of the
 * time, because Node.js alternates between the families: the second address is of the other one.
 * Go's net.Dialer divides its time in the same way, by the number of addresses.
 * @param timeout ms for the connection
 */
function timeoutOfAddress(timeout: number): number {
  return Math.ceil(timeout / 2)
}

/** undici's own connector; keeps each socket in the set while it exists. */
function trackSockets(
  sockets: Set<Socket>,
  options: buildConnector.BuildOptions,
): buildConnector.connector {
  const connect = buildConnector(options)
  return (to, callback) => {
    // It returns the socket, though neither its types nor its documentation say so.
    const socket = connect(to, callback) as unknown as Socket | undefined
    if (!socket) return
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  }
}

/**
 * The connections to a proxy. If a proxy hangs up, undici asks it for a tunnel again at once,
 * thousands of times a second until the end of the attempt. Only a system error stops that.
 */
class ProxyPool extends Pool {
  override connect(options: Dispatcher.ConnectOptions): Promise<Dispatcher.ConnectData>
  override connect(...args: Parameters<Pool['connect']>): void
  override connect(options: Dispatcher.ConnectOptions): Promise<Dispatcher.ConnectData> {
    return super.connect(options).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'UND_ERR_SOCKET') throw error
      throw Object.assign(new Error(`The proxy hung up: ${error.message}`), { code: 'ECONNRESET' })
    })
  }
}
