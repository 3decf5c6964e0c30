import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { connect } from 'node:net'
import type { MessagingError } from '../../../nodes/lib/errors'
import { identify } from '../../support/certificates'
import { closeClients, createClient, headArrived } from '../../support/client'
import { EVENT, moment, rejection } from '../../support/events'
import {
  type Answer,
  refusedPort,
  startProxy,
  startServer,
  startTcpServer,
} from '../../support/server'

const REPLY = { subAccountId: 'my_sub', body: '{"type":"text"}' }
const UMID = '0d2e6a1c-7b4f-e611-8150-020897df5459'
const RECEIPT = JSON.stringify({ umid: UMID, status: { state: 'queued', timestamp: 'now' } })

/** Answers with JSON. */
const json =
  (status: number, body: string, headers = {}): Answer =>
  (response) =>
    void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)

describe('client: a reply', () => {
  afterEach(closeClients)

  it('is posted to the messages of the sub-account, and brings its umid and state', async () => {
    const server = await startServer(json(200, RECEIPT))
    const client = createClient(server.url)
    const result = await client.sendReply({ ...REPLY, subAccountId: 'a&b' }).result
    assert.deepEqual(result.response, { umid: UMID, state: 'queued' })
    assert.equal(result.statusCode, 200)
    const { method, path, body } = server.received[0] ?? {}
    assert.deepEqual(
      [method, path, body],
      ['POST', '/api/v1/subaccounts/a%26b/messages', REPLY.body],
    )
  })

  describe('is never sent twice', () => {
    async function fails(
      answer: Answer,
      options = {},
    ): Promise<{ error: MessagingError; times: number }> {
      const server = await startServer(answer)
      const client = createClient(server.url, options)
      const error = await client.sendReply(REPLY).result.then(
        () => assert.fail('it did not fail'),
        (failure: MessagingError) => failure,
      )
      return { error, times: server.received.length }
    }

    const reset: Answer = (_response, _request, { socket }) => socket.resetAndDestroy()
    for (const [what, answer, kind] of [
      ['a server that takes it and says nothing', () => {}, 'timeout'],
      ['a reset', reset, 'network'],
      ['a connection that is closed', (_r, _q, { socket }) => socket.end(), 'network'],
      ['what is not HTTP', (_r, _q, { socket }) => socket.end('SSH-2.0\r\n\r\n'), 'server'],
      ['408', json(408, ''), 'rejected'],
      ['500', json(500, '{"code":2000}'), 'server'],
      ['500 with the code of a wrong sub-account', json(500, '{"code":1001}'), 'forbidden'],
      ['503', json(503, ''), 'server'],
      ['503 with Retry-After', json(503, '', { 'retry-after': '0' }), 'server'],
      ['a 500 whose body does not come', (r) => r.writeHead(500).flushHeaders(), 'server'],
      ['a page with 200', (r) => r.setHeader('content-type', 'text/html').end('<p>'), 'server'],
      ['a page without a type', (r) => r.end('<!doctype html><title>x'), 'server'],
      [
        'a page that is cut',
        (r, _q, { socket }) => {
          r.writeHead(200, { 'content-length': 999 }).write('<html><body>')
          setImmediate(() => socket.destroy())
        },
        'server',
      ],
    ] as [string, Answer, MessagingError['cause']['kind']][]) {
      it(`after ${what}: it may have been sent`, async () => {
        const { error, times } = await fails(answer, { timeout: 200, deadline: 5000 })
        const { attempts, maybeSent, retryable } = error.cause
        assert.deepEqual(
          { kind: error.cause.kind, attempts, maybeSent, retryable, times },
          { kind, attempts: 1, maybeSent: true, retryable: false, times: 1 },
        )
        assert.match(error.message, /may have been sent/)
      })
    }

    for (const [status, body, kind] of [
      [302, '', 'rejected'],
      [400, '{"code":1002}', 'rejected'],
      [401, '', 'authentication'],
      [403, '', 'forbidden'],
      [404, '', 'rejected'],
      [422, '', 'rejected'],
    ] as const) {
      it(`after ${status}, which is a clear refusal: it was not sent`, async () => {
        const { error, times } = await fails(json(status, body))
        const { maybeSent, retryable } = error.cause
        assert.deepEqual(
          { kind: error.cause.kind, maybeSent, retryable, times },
          { kind, maybeSent: undefined, retryable: false, times: 1 },
        )
      })
    }

    it('when its client closes after it was written: closed, maybe sent', async () => {
      const arrival = moment()
      const server = await startServer(() => arrival.come())
      const client = createClient(server.url)
      const closed = rejection(client.sendReply(REPLY).result, 'closed')
      await arrival.came
      await client.close()
      const { maybeSent, retryable } = (await closed).cause
      assert.deepEqual([maybeSent, retryable], [true, false])
    })

    it('when a deadline cuts an attempt short after a 429: it may have been sent', async () => {
      const server = await startServer((response) => {
        if (server.received.length === 1) response.writeHead(429).end()
      })
      const client = createClient(server.url, { timeout: 5000, deadline: 600 })
      const error = await rejection(client.sendReply(REPLY).result, 'timeout')
      assert.deepEqual([error.cause.maybeSent, error.cause.attempts], [true, 2])
    })
  })

  describe('is tried again where 8x8 cannot have taken it', () => {
    for (const [status, headers] of [
      [429, { 'retry-after': '0.1' }],
      [421, {}],
      [425, {}],
    ] as const) {
      it(`after ${status}`, async () => {
        const server = await startServer((response) => {
          if (server.received.length === 1) response.writeHead(status, headers).end()
          else response.end(RECEIPT)
        })
        const result = await createClient(server.url).sendReply(REPLY).result
        assert.deepEqual([result.attempts, result.response?.umid], [2, UMID])
      })
    }

    it('after 429 to the end of the deadline: rate-limited, and not sent', async () => {
      const server = await startServer(json(429, '', { 'retry-after': '60' }))
      const error = await rejection(
        createClient(server.url).sendReply(REPLY).result,
        'rate-limited',
      )
      assert.deepEqual([error.cause.maybeSent, error.cause.retryable], [undefined, true])
    })

    it('after connections that were refused, as long as there is time', async () => {
      const client = createClient(`http://127.0.0.1:${await refusedPort()}`, { deadline: 600 })
      const error = await rejection(client.sendReply(REPLY).result, 'network')
      assert.ok(error.cause.attempts > 1)
      assert.deepEqual([error.cause.maybeSent, error.cause.retryable], [undefined, true])
    })

    it('once a server is there again', async () => {
      const port = await refusedPort()
      const client = createClient(`http://127.0.0.1:${port}`)
      const { result } = client.sendReply(REPLY)
      await startServer(json(200, RECEIPT), undefined, port)
      assert.equal((await result).response?.umid, UMID)
    })

    for (const proxied of [false, true]) {
      it(`after a TLS handshake without an answer${proxied ? ', through a proxy' : ''}`, async () => {
        const url = await startTcpServer((socket) => socket.resume())
        const proxy = proxied ? { url: (await startProxy()).url, noProxy: '' } : undefined
        const limits = { timeout: 150, deadline: 700, proxy }
        const client = createClient(url.replace('http', 'https'), limits)
        const error = await rejection(client.sendReply(REPLY).result, 'timeout')
        assert.ok(error.cause.attempts > 1, `${error.cause.attempts} attempts`)
        assert.equal(error.cause.maybeSent, undefined)
      })
    }

    it('not after a certificate that cannot be trusted', async () => {
      const server = await startServer(json(200, RECEIPT), await identify())
      const error = await rejection(createClient(server.url).sendReply(REPLY).result, 'network')
      assert.deepEqual([error.cause.attempts, error.cause.maybeSent], [1, undefined])
    })
  })

  describe('that 8x8 took is a success without a umid', () => {
    const cut: Answer = (response, _request, { socket }) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 200 })
      response.write(RECEIPT.slice(0, 20))
      setImmediate(() => socket.destroy())
    }
    for (const [what, answer] of [
      ['with an empty body', json(200, '')],
      ['with 204', (response) => response.writeHead(204).end()],
      ['with a body that is cut', cut],
      ['with a body that never ends', (r) => r.writeHead(200).write(RECEIPT.slice(0, 20))],
      ['with a body that never begins', (r) => r.writeHead(200).flushHeaders()],
      ['with JSON of another form', json(200, '[{"umid":7}]')],
      ['with values of another form', json(200, '{"umid":{},"status":"queued"}')],
      ['with a text', json(200, 'OK')],
      ['with a body that is far too long', json(200, RECEIPT + ' '.repeat(100_000))],
    ] as [string, Answer][]) {
      it(what, async () => {
        const server = await startServer(answer)
        const { result } = createClient(server.url, { timeout: 300 }).sendReply(REPLY)
        const { response, attempts } = await result
        assert.deepEqual([response, attempts, server.received.length], [undefined, 1, 1])
      })
    }

    it('when its client closes before the end of the body', async () => {
      const server = await startServer((response) => response.writeHead(200).flushHeaders())
      const client = createClient(server.url)
      const head = headArrived()
      const { result } = client.sendReply(REPLY)
      await head
      await client.close()
      assert.equal((await result).response, undefined)
    })
  })

  it('is not written to a connection that was idle for more than a second', async function () {
    this.timeout(10_000)
    const connections: Socket[] = []
    const server = await startServer(json(200, RECEIPT, { 'keep-alive': 'timeout=60' }))
    // In front of the server, to see each connection.
    const url = await startTcpServer((socket) => {
      connections.push(socket)
      const upstream = connect(Number(new URL(server.url).port), '127.0.0.1')
      upstream.on('error', () => socket.destroy())
      socket.pipe(upstream).pipe(socket)
    })
    const client = createClient(url)
    await client.sendReply(REPLY).result
    await new Promise(setImmediate) // undici notes that the connection is free
    await client.sendReply(REPLY).result
    assert.equal(connections.length, 1, 'a connection that was just used is kept')
    const [first] = connections
    await new Promise((resolve) => first?.once('close', resolve))
    await client.sendReply(REPLY).result
    assert.equal(connections.length, 2)
  })

  it('shares no idle connection with the indicators', async () => {
    const ports = new Set<number | undefined>()
    const server = await startServer((response, _request, { socket }) => {
      ports.add(socket.remotePort)
      response.end(RECEIPT)
    })
    const client = createClient(server.url)
    await client.send(EVENT).result
    await client.sendReply(REPLY).result
    assert.equal(ports.size, 2)
  })

  it('goes through the proxy of the account', async () => {
    const server = await startServer(json(200, RECEIPT))
    const { url, connects } = await startProxy()
    const client = createClient(server.url, { proxy: { url, noProxy: '' } })
    assert.equal((await client.sendReply(REPLY).result).response?.umid, UMID)
    assert.equal(connects.length, 1)
  })

  describe('in the queue of the account', () => {
    it('goes before indicators that came first, and counts for the requests at once', async () => {
      const arrivals: { path: string; answer: () => void }[] = []
      let arrived = moment()
      const server = await startServer((response, { path }) => {
        arrivals.push({ path: path.split('/').at(-1) ?? '', answer: () => response.end() })
        arrived.come()
      })
      const client = createClient(server.url, { maxInFlight: 1 })
      const results = [client.send(EVENT), client.send(EVENT), client.sendReply(REPLY)]
      for (let i = 0; i < 3; i++) {
        await arrived.came
        assert.equal(arrivals.length, i + 1)
        arrived = moment()
        arrivals[i]?.answer()
      }
      await Promise.all(results.map(({ result }) => result))
      assert.deepEqual(
        arrivals.map(({ path }) => path),
        ['events', 'messages', 'events'],
      )
    })

    it('is never overloaded because of indicators, but by other replies', async () => {
      const server = await startServer(() => {})
      const client = createClient(server.url, { maxInFlight: 1, maxWaiting: 1, timeout: 200 })
      const indicators = [client.send(EVENT), client.send(EVENT), client.send(EVENT)]
      // One would be in flight and one would wait if there were no indicators.
      const replies = [1, 2, 3].map(() => client.sendReply(REPLY))
      await rejection(indicators[2]?.result as Promise<unknown>, 'overloaded')
      await rejection(replies[2]?.result as Promise<unknown>, 'overloaded')
      assert.deepEqual(
        replies.map(({ settled }) => settled),
        [false, false, true],
      )
      for (const { result } of [...indicators, ...replies]) result.catch(() => {})
    })
  })
})
