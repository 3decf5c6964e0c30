import type { Socket } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import { buildConnector, type Dispatcher, EnvHttpProxyAgent, Pool } from 'undici'
import { MessagingError } from '../errors'
import { createRedactor, type Redactor } from './redact'

/** What is posted. */
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
  /** Hosts that are reached without, comma-separated as in NO_PROXY. */
  noProxy: string
  /** A Proxy-Authorization header. */
  token?: string
}

/** Where requests go and as whom. */
export interface Server {
  /** E.g. `https://chatapps.8x8.com`. */
  origin: string
  apiKey: string
}

export interface TransportOptions {
  /** A promise where the server has to start first (the sandbox). */
  server: Server | Promise<Server>
  /** Connections at most. */
  connections: number
  /** ms for an attempt. */
  timeout: number
  tls?: ConnectionOptions | undefined
  proxy?: ProxyRoute | undefined
}

/** What is the same for every request. */
interface ReadyTransport {
  /** For requests that may be repeated. */
  dispatcher: Dispatcher
  /** For those that may not; made for the first one. */
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
    this.#opening?.catch(() => {}) // each request says so
  }

  /** Sends a request; the handler hears what becomes of it. */
  send(options: RequestOptions, handler: ResponseHandler): void {
    if (this.#ready) dispatch(this.#ready, options, handler)
    else void this.#sendLater(options, handler)
  }

  /** Takes the API key out of what a server said. */
  redact(said: string): string {
    return this.#ready ? this.#ready.redact(said) : said
  }

  /** Ends all connections, whatever goes on. */
  async destroy(): Promise<void> {
    this.#destroyed = true
    await Promise.all(this.#dispatchers.map((dispatcher) => dispatcher.destroy()))
    // Of those that still connect, undici knows nothing.
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
    // No time limits of undici's: that of the attempt bounds it as a whole.
    chosen.dispatch(
      { origin, path, method: 'POST', headers, body, headersTimeout: 0, bodyTimeout: 0 },
      handler,
    )
  } catch (error) {
    handler.onResponseError(undefined, error as Error)
  }
}

/** ms for a connection, as undici's own default; it may outlive an attempt, but not by much. */
const CONNECT_TIMEOUT = 10_000

/**
 * ms that a connection may have been idle when a request goes out that must not be repeated. A server
 * may close an idle connection at any moment, and one that is closed while a request goes out leaves
 * open whether that was carried out. The shortest usual limits of servers are 5 s (Node.js, Apache);
 * undici takes a shorter one from a `Keep-Alive` header. undici itself never sends a POST again.
 */
const MAX_IDLE = 1000

/**
 * @param sockets gets each one for as long as it is open
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
    // Said outright, because NODE_TLS_REJECT_UNAUTHORIZED=0 would switch the check off.
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
        headersTimeout: timeout, // a proxy that takes a connection and says nothing
      }),
    httpProxy: url,
    httpsProxy: url,
    noProxy,
    ...(token && { token }),
  })
}

/**
 * ms for the TCP handshake with each address of a host but the last one. Node gives each 250 ms and
 * then never comes back to it, so a host is lost whose one address is slow and whose next one is dead.
 * Half of the time, because Node tries the families by turns: the second address is of the other one.
 * Go's net.Dialer shares its time out in the same way, by the number of addresses.
 * @param timeout ms for the connection
 */
function timeoutOfAddress(timeout: number): number {
  return Math.ceil(timeout / 2)
}

/** undici's own connector, and each socket in the set from its first moment on. */
function trackSockets(
  sockets: Set<Socket>,
  options: buildConnector.BuildOptions,
): buildConnector.connector {
  const connect = buildConnector(options)
  return (to, callback) => {
    // It returns the socket, but neither its types nor its documentation promise that.
    const socket = connect(to, callback) as unknown as Socket | undefined
    if (!socket) return
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  }
}

/**
 * The connections to a proxy. Where one hangs up, undici would ask it for a tunnel again at once,
 * thousands of times a second until the attempt is over; only an error of the system ends it.
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
