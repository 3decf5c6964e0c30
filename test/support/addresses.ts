import dns from 'node:dns'
import net from 'node:net'
import { networkInterfaces } from 'node:os'
import { Worker } from 'node:worker_threads'

/** Runs beside the test: blocks its thread, so that nothing is accepted until it is woken. */
const SERVER = `
const { parentPort, workerData } = require('node:worker_threads')
const { awake, ...address } = workerData
const server = require('node:http').createServer((request, response) => {
  request.resume().on('end', () => response.end())
})
server.on('connect', (request, socket) => {
  socket.write('HTTP/1.1 200 OK\\r\\n\\r\\n')
  server.emit('connection', socket)
})
server.listen(address, () => {
  parentPort.postMessage(server.address().port)
  Atomics.wait(awake, 0, 0)
})`

/** Handshakes that Linux answers without the server for a backlog of 1. */
const QUEUE = 2

/** A server that lets no handshake happen, like a host behind a broken route, until it is woken. */
export interface DeadServer {
  port: number
  /** From now on it answers 200, and CONNECT as a proxy. Linux repeats a lost handshake after 1 s. */
  wake(): void
  close(): Promise<void>
}

/** Starts a server that never answers a connection. Works on Linux only. */
export async function startDeadServer(host: string, port = 0): Promise<DeadServer> {
  const awake = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(SERVER, { eval: true, workerData: { host, port, backlog: 1, awake } })
  const listening = await new Promise<number>((resolve, reject) => {
    worker.once('message', resolve).once('error', reject)
  })
  const fillers = await Promise.all(
    Array.from({ length: QUEUE }, () => {
      const socket = net.connect(listening, host).on('error', () => {})
      return new Promise<net.Socket>((resolve) => socket.once('connect', () => resolve(socket)))
    }),
  )
  const letGo = () => {
    for (const socket of fillers) socket.destroy()
  }
  return {
    port: listening,
    wake() {
      Atomics.store(awake, 0, 1)
      Atomics.notify(awake, 0)
      letGo()
    },
    async close() {
      letGo()
      await worker.terminate()
    },
  }
}

/** Two addresses of this machine, of both families where it has both. */
export const ADDRESSES = ['127.0.0.1', hasIPv6() ? '::1' : '127.0.0.2'] as const

function hasIPv6(): boolean {
  return Object.values(networkInterfaces())
    .flat()
    .some((found) => found?.address === '::1')
}

const { lookup } = dns

type Answer = (error: Error | null, found: dns.LookupAddress[]) => void

/**
 * Gives a host addresses, until {@link forgetHosts}.
 * @returns resolves when somebody has looked it up, and connects to the first one
 */
export function knowHost(host: string, addresses: readonly string[]): Promise<void> {
  const found = addresses.map((address) => ({ address, family: net.isIP(address) }))
  return new Promise((resolve) => {
    const known = (name: string, options: dns.LookupAllOptions, answer: Answer) => {
      if (name !== host) return lookup(name, options, answer)
      setImmediate(() => {
        answer(null, found)
        resolve()
      })
    }
    dns.lookup = known as typeof dns.lookup
  })
}

/** For `afterEach`. */
export function forgetHosts(): void {
  dns.lookup = lookup
}
