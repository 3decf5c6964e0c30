import type net from 'node:net'
import { moment } from '../support/events'
import { refusedPort, startTcpServer } from '../support/server'
import { describeFaults, type FaultCase } from './matrix'
import { saying, thenReset, trickling } from './scenes'

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'
const network = { output: 'error', kind: 'network', attempts: 'retried' } as const
const timeout = { output: 'error', kind: 'timeout', attempts: 'retried' } as const

/** A server that closes the idle connection between two messages; the client has heard it. */
async function closingWhenIdle() {
  const ended = moment()
  let kept: net.Socket | undefined
  const scene = await saying((socket) => {
    kept = socket
    socket.on('close', () => ended.come())
    socket.write(OK)
  })
  const between = () => {
    kept?.end()
    return ended.came
  }
  return { ...scene, between }
}

const cases: FaultCase[] = [
  {
    name: 'an unknown host',
    provoke: () => ({ url: 'https://nowhere.invalid' }),
    expect: { ...network, says: /nowhere\.invalid/ },
  },
  {
    name: 'a refused connection',
    provoke: async () => ({ url: `http://127.0.0.1:${await refusedPort()}` }),
    expect: { ...network, says: /ECONNREFUSED/ },
  },
  {
    name: 'a reset as soon as it is connected',
    provoke: async () => ({ url: await startTcpServer((socket) => socket.resetAndDestroy()) }),
    expect: network,
  },
  {
    name: 'a reset before the headers',
    provoke: () => saying((socket) => socket.resetAndDestroy()),
    expect: network,
  },
  {
    name: 'a reset in the middle of the headers',
    provoke: () => saying(thenReset('HTTP/1.1 200 OK\r\ncontent-le')),
    expect: network,
  },
  {
    name: 'a connection closed before the headers',
    provoke: () => saying((socket) => socket.end()),
    expect: network,
  },
  {
    name: 'a reset in the body of a success',
    provoke: () => saying(thenReset('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{')),
    expect: { output: 'success', statusCode: 200, attempts: 1 },
  },
  {
    name: 'a reset in the body of a rejection',
    provoke: () => saying(thenReset('HTTP/1.1 400 No\r\ncontent-length: 100\r\n\r\n{"code":')),
    expect: { output: 'error', kind: 'rejected', statusCode: 400, attempts: 1 },
  },
  {
    name: 'a reset in the body of a 500',
    provoke: () => saying(thenReset('HTTP/1.1 500 No\r\ncontent-length: 100\r\n\r\n{"code":')),
    expect: { output: 'error', kind: 'server', statusCode: 500, attempts: 'retried' },
  },
  {
    name: 'a server that accepts and hangs',
    provoke: () => saying(() => {}),
    expect: timeout,
  },
  {
    name: 'a TLS server that accepts and hangs',
    provoke: async () => ({
      url: (await startTcpServer(() => {})).replace('http:', 'https:'),
    }),
    expect: timeout,
  },
  {
    name: 'headers that hang in the middle',
    provoke: () => saying((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-le')),
    expect: timeout,
  },
  {
    name: 'headers that trickle',
    provoke: () => saying(trickling('HTTP/1.1 200 OK\r\n', 'x: y\r\n', 20)),
    expect: timeout,
  },
  {
    name: 'a success that hangs after its headers',
    provoke: () => saying((socket) => socket.write(OK.replace(': 0', ': 9'))),
    expect: { output: 'success', statusCode: 200, attempts: 1 },
  },
  {
    name: 'a rejection that hangs after its headers',
    provoke: async () => ({
      ...(await saying((socket) => socket.write('HTTP/1.1 400 No\r\ncontent-length: 9\r\n\r\n'))),
      account: { timeout: 0.3 },
    }),
    expect: { output: 'error', kind: 'rejected', statusCode: 400, attempts: 1 },
  },
  {
    name: 'a rejection that trickles',
    provoke: async () => ({
      ...(await saying(trickling('HTTP/1.1 401 No\r\ncontent-length: 999\r\n\r\n', ' ', 20))),
      account: { timeout: 0.3 },
    }),
    expect: { output: 'error', kind: 'authentication', statusCode: 401, attempts: 1 },
  },
  {
    name: 'a keep-alive connection closed between two messages',
    provoke: closingWhenIdle,
    messages: 2,
    expect: { output: 'success', attempts: 1, requests: 2 },
  },
  {
    name: 'a keep-alive connection that ends as the second message comes',
    provoke: () =>
      saying((socket, nth) => {
        if (nth === 2) socket.resetAndDestroy()
        else socket.write(OK)
      }),
    messages: 2,
    expect: { output: 'success', attempts: 2, requests: 3 },
  },
  {
    name: 'something that is not HTTP, with the key in it',
    provoke: () => saying((socket, _nth, key) => socket.end(`SSH-2.0 ${key}\r\n`)),
    expect: { output: 'error', kind: 'server', attempts: 'retried' },
  },
  {
    name: 'a server that is down during the first attempt',
    provoke: () =>
      saying((socket, nth) => (nth === 1 ? socket.resetAndDestroy() : socket.write(OK))),
    expect: { output: 'success', attempts: 2 },
  },
]

describeFaults('connection', cases)
