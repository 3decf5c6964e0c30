import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import FakeTimers from '@sinonjs/fake-timers'
import express from 'express'
import { HttpError } from '../../../nodes/lib/http/http-error'
import { readJson } from '../../../nodes/lib/http/request-body'
import { closePhones, serve } from '../../account/phone/helpers'

const MAX = 1000

describe('bodies as JSON', () => {
  let servers: Server[] = []
  afterEach(async () => {
    await closePhones()
    for (const server of servers) server.close().closeAllConnections()
    servers = []
  })

  /** Answers with what was read, or with why not. */
  const answer: express.RequestHandler = (request, response) => {
    readJson(request, MAX, 5000).then(
      (body) => response.end(JSON.stringify(body)),
      (error) => response.writeHead(error.status, error.headers).end(error.message),
    )
  }

  async function post(
    body: string | Uint8Array<ArrayBuffer>,
    parsers: express.RequestHandler[] = [],
    headers: Record<string, string> = {},
  ) {
    const url = await serve(express().post('/', ...parsers, answer))
    const response = await fetch(url, { method: 'POST', body, headers })
    const text = await response.text()
    return response.status === 200 ? JSON.parse(text) : response.status
  }

  it('are read with any content type', async () => {
    for (const type of ['application/json', 'text/plain', 'application/octet-stream', '']) {
      const headers = { 'content-type': type }
      assert.deepEqual(await post('{"a":1}', [], headers), { json: { a: 1 }, bytes: 7 })
    }
    assert.deepEqual(await post(' \ufeff[1] '), { json: [1], bytes: 8 })
  })

  it('are taken from an earlier parser, in any form', async () => {
    const json = { 'content-type': 'application/json' }
    const plain = { 'content-type': 'text/plain' }
    assert.deepEqual(await post('{"a":1}', [express.json()], json), { json: { a: 1 }, bytes: 7 })
    assert.deepEqual(await post('{"a":1}', [express.text()], plain), { json: { a: 1 }, bytes: 7 })
    assert.deepEqual(
      await post('{"a":1}', [express.raw()], {
        'content-type': 'application/octet-stream',
      }),
      { json: { a: 1 }, bytes: 7 },
    )
    // The parser leaves an empty object for a type that is not its own.
    assert.deepEqual(await post('{"a":1}', [express.json()], plain), { json: { a: 1 }, bytes: 7 })
  })

  it('are refused if they are not JSON', async () => {
    for (const body of ['', ' ', '{', 'a=b', new Uint8Array([0xff, 0xfe])]) {
      assert.equal(await post(body), 400)
      assert.equal(await post(body, [express.raw({ type: () => true })]), 400)
    }
  })

  it('are refused above the limit, even if another parser has read them', async () => {
    const text = (length: number) => JSON.stringify(['x'.repeat(length - 4)])
    const lax = express.json({ strict: false, type: () => true })
    for (const parsers of [[], [lax], [express.text({ type: () => true })]]) {
      assert.equal((await post(text(MAX), parsers)).bytes, MAX)
      assert.equal(await post(text(MAX + 1), parsers), 413)
    }
  })

  it('are measured without a Content-Length, or with that of a compressed body', async () => {
    const { gzipSync } = await import('node:zlib')
    const body = new Uint8Array(gzipSync(JSON.stringify(['x'.repeat(MAX)])))
    assert.ok(body.length < MAX)
    const lax = express.json({ strict: false, type: () => true })
    assert.equal(await post(body, [lax], { 'content-encoding': 'gzip' }), 413)
    const url = await serve(express().post('/', lax, answer))
    const chunked = (length: number) =>
      fetch(url, {
        method: 'POST',
        body: new Blob([JSON.stringify(['x'.repeat(length)])]).stream(),
        duplex: 'half',
      } as RequestInit)
    assert.equal((await chunked(MAX - 3)).status, 413)
    assert.equal((await chunked(MAX - 4)).status, 200)
    let deep: unknown = 0
    for (let i = 0; i < 100_000; i++) deep = [deep]
    const request = { readableEnded: true, body: deep, headers: {} } as unknown as IncomingMessage
    await assert.rejects(readJson(request, 1e9, 1), (error: HttpError) => error.status === 413)
  })

  it('are refused if they take too long, and the connection ends', async () => {
    let arrived: () => void = () => {}
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve
    })
    const app = express().post('/', (request, response, next) => {
      answer(request, response, next)
      arrived()
    })
    const server = createServer(app).listen(0, '127.0.0.1')
    servers.push(server)
    await once(server, 'listening')
    const clock = FakeTimers.install({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
      socket.setEncoding('utf8').write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{')
      await arrival
      clock.tick(5000)
      let text = ''
      for await (const chunk of socket) text += chunk
      assert.match(text, /^HTTP\/1\.1 408 .*\r\nconnection: close\r\n/is)
    } finally {
      clock.uninstall()
    }
  })

  it('fail if the client disconnects', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    servers.push(server)
    await once(server, 'listening')
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{')
    const [request] = (await once(server, 'request')) as [IncomingMessage]
    const failure = assert.rejects(
      readJson(request, MAX, 5000),
      (error) => !(error instanceof HttpError),
    )
    request.once('data', () => socket.destroy())
    await failure
  })
})
