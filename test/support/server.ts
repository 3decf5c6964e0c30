import http from 'node:http'
import https from 'node:https'
import net, { type AddressInfo } from 'node:net'

/** A request as a server got it. */
export interface Received {
  method: string
  path: string
  headers: http.IncomingHttpHeaders
  body: string
}

/** A local server of a test. */
export interface TestServer {
  url: string
  received: Received[]
  close(): Promise<void>
}

/** Answers a request. */
export type Answer = (
  response: http.ServerResponse,
  request: Received,
  incoming: http.IncomingMessage,
) => void

/**
 * Starts a real server on loopback. Every server that a test started is closed by
 * {@link closeServers}.
 * @param answer answers each request once its body is there
 * @param at the port of a server that is gone, to take its place; otherwise any that is free
 */
export async function startServer(
  answer: Answer,
  tls?: https.ServerOptions,
  at = 0,
): Promise<TestServer> {
  const received: Received[] = []
  const listener: http.RequestListener = async (incoming, response) => {
    let body = ''
    for await (const chunk of incoming) body += chunk
    const { method = '', url = '', headers } = incoming
    const request = { method, path: url, headers, body }
    received.push(request)
    answer(response, request, incoming)
  }
  const server = tls ? https.createServer(tls, listener) : http.createServer(listener)
  const port = await listen(server, at)
  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    received,
    close: () => close(server),
  }
}

/** Starts a TCP server that does with each connection what the test wants. */
export async function startTcpServer(handle: (socket: net.Socket) => void): Promise<string> {
  const server = net.createServer(handle)
  return `http://127.0.0.1:${await listen(server)}`
}

/** A port on which nobody listens. */
export async function refusedPort(): Promise<number> {
  const server = net.createServer()
  const port = await listen(server)
  await close(server)
  return port
}

/**
 * A proxy that tunnels.
 * @param refuse the status with which it refuses
 * @param to where every tunnel leads, as `host:port`; otherwise to where it is asked for
 */
export async function startProxy(refuse?: number, to?: string) {
  const connects: { target: string; authorization: string | undefined }[] = []
  const server = http.createServer()
  server.on('connect', (request, socket) => {
    connects.push({
      target: request.url ?? '',
      authorization: request.headers['proxy-authorization'],
    })
    if (refuse) {
      socket.end(`HTTP/1.1 ${refuse} No\r\ncontent-length: 0\r\n\r\n`)
      return
    }
    const [host, port] = (to ?? request.url ?? '').split(':')
    const upstream = net.connect(Number(port), host)
    upstream.on('connect', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'))
    upstream.on('error', () => socket.destroy())
    socket.on('error', () => upstream.destroy())
    socket.on('close', () => upstream.destroy())
    upstream.pipe(socket).pipe(upstream)
  })
  return { url: `http://127.0.0.1:${await listen(server)}`, connects }
}

const servers = new Set<net.Server>()
const sockets = new Set<net.Socket>()

async function listen(server: net.Server, at = 0): Promise<number> {
  servers.add(server)
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(at, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

async function close(server: net.Server): Promise<void> {
  servers.delete(server)
  const closed = new Promise((resolve) => server.close(resolve))
  if (server instanceof http.Server) server.closeAllConnections()
  await closed
}

/** Closes all servers with all their connections. For `afterEach`. */
export async function closeServers(): Promise<void> {
  for (const socket of sockets) socket.destroy()
  await Promise.all([...servers].map(close))
}
