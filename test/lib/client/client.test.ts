import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import FakeTimers from '@sinonjs/fake-timers'
import { closeClients, createClient, headArrived } from '../../support/client'
import { CANARY, durationOf, EVENT, moment, rejection, UMID } from '../../support/events'
import { startServer } from '../../support/server'

describe('client', () => {
  afterEach(closeClients)

  it('sends what 8x8 documents', async () => {
    const server = await startServer((response) => response.end())
    const before = Date.now()
    const sent = await createClient(server.url).send(EVENT).result
    const [request] = server.received
    assert.ok(request)
    assert.equal(request.method, 'POST')
    assert.equal(request.path, '/api/v1/subaccounts/my_sub/events')
    assert.equal(request.headers.authorization, `Bearer ${CANARY}`)
    assert.equal(request.headers['content-type'], 'application/json')
    assert.deepEqual(JSON.parse(request.body), { channel: 'whatsapp', type: 'typing', umid: UMID })
    assert.equal(sent.statusCode, 200)
    assert.equal(sent.attempts, 1)
    assert.ok(sent.sentAt >= before && sent.sentAt <= Date.now())
  })

  it('keeps & and . of a sub-account in the path', async () => {
    const server = await startServer((response) => response.end())
    await createClient(server.url).send({ ...EVENT, subAccountId: 'a&b.c' }).result
    const segment = server.received[0]?.path.split('/')[4] ?? ''
    assert.equal(decodeURIComponent(segment), 'a&b.c')
    assert.equal(new URL(server.received[0]?.path ?? '', 'http://x').search, '')
  })

  it('reuses connections', async () => {
    const ports = new Set<number | undefined>()
    const server = await startServer((response, _request, { socket }) => {
      ports.add(socket.remotePort)
      response.end('{}')
    })
    const client = createClient(server.url)
    for (let i = 0; i < 20; i++) await client.send(EVENT).result
    assert.ok(ports.size <= 2, `${ports.size} connections`)
  })

  for (const statusCode of [200, 201, 202, 204]) {
    it(`treats ${statusCode} as success`, async () => {
      const server = await startServer((response) => response.writeHead(statusCode).end())
      const sent = await createClient(server.url).send(EVENT).result
      assert.equal(sent.statusCode, statusCode)
    })
  }

  it('treats a success as one even if its body is cut', async () => {
    const server = await startServer((response) => {
      response.writeHead(200, { 'content-length': 100 }).write('half')
      setImmediate(() => response.destroy())
    })
    assert.equal((await createClient(server.url).send(EVENT).result).attempts, 1)
  })

  it('judges a rejection by its status at once if its body is cut', async () => {
    const server = await startServer((response) => {
      response.writeHead(400, { 'content-length': 100 }).write('half')
      setImmediate(() => response.destroy())
    })
    const client = createClient(server.url, { timeout: 60_000, deadline: 60_000 })
    const rejected = rejection(client.send(EVENT).result, 'rejected')
    const duration = await durationOf(rejected)
    assert.ok(duration < 2000, `after ${duration} ms`)
    assert.equal((await rejected).cause.attempts, 1)
  })

  it('does not follow a redirect', async () => {
    const target = await startServer((response) => response.end())
    const server = await startServer((response) =>
      response.writeHead(307, { location: target.url }).end(),
    )
    const error = await rejection(createClient(server.url).send(EVENT).result, 'rejected')
    assert.equal(error.cause.statusCode, 307)
    assert.equal(error.cause.attempts, 1)
    assert.equal(target.received.length, 0)
  })

  const documented = [
    [400, 1001, 'forbidden'],
    [400, 1002, 'rejected'],
    [401, 1001, 'forbidden'],
    [401, 1200, 'authentication'],
    [500, 1001, 'forbidden'],
  ] as const
  for (const [statusCode, code, kind] of documented) {
    it(`reports ${statusCode} with code ${code} as ${kind}, at once`, async () => {
      const server = await startServer((response) => {
        const errorId = 'fe5ac2f4-b6c3-4f0b-9d1c-5fb7a9b1c9e5'
        const timestamp = '2017-04-19T02:31:19.4297387+00:00'
        const body = { code, message: 'Because.', errorId, timestamp }
        response.writeHead(statusCode).end(JSON.stringify(body))
      })
      const error = await rejection(createClient(server.url).send(EVENT).result, kind)
      assert.deepEqual(error.cause, {
        kind,
        retryable: false,
        attempts: 1,
        code,
        statusCode,
        errorId: 'fe5ac2f4-b6c3-4f0b-9d1c-5fb7a9b1c9e5',
        timestamp: '2017-04-19T02:31:19.4297387+00:00',
      })
      // What a server says with a 401 could be the key.
      assert.equal(error.message.includes('Because.'), statusCode !== 401)
      assert.equal(error.code, code)
    })
  }

  it('reads an error body that arrives in pieces, even in the middle of a character', async () => {
    const body = Buffer.from('{"code":1002,"message":"Falsche Länge"}')
    const middle = body.indexOf('ä') + 1
    const server = await startServer((response) => {
      response.writeHead(400).write(body.subarray(0, middle))
      setTimeout(() => response.end(body.subarray(middle)), 20) // a packet of its own
    })
    const error = await rejection(createClient(server.url).send(EVENT).result, 'rejected')
    assert.equal(error.cause.code, 1002)
    assert.match(error.message, /Falsche Länge$/)
  })

  it('retries a 500 until it succeeds', async () => {
    const server = await startServer((response) =>
      response.writeHead(server.received.length < 3 ? 500 : 200).end('{"code":2000}'),
    )
    const sent = await createClient(server.url).send(EVENT).result
    assert.equal(sent.attempts, 3)
  })

  it('reports an HTML 502 as server, after retries', async () => {
    const server = await startServer((response) =>
      response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad gateway</h1>'),
    )
    const client = createClient(server.url, { deadline: 500 })
    const error = await rejection(client.send(EVENT).result, 'server')
    assert.equal(error.cause.statusCode, 502)
    assert.equal(error.cause.attempts, 3) // pauses of 125 and 250 ms fit, one of 500 ms does not
    assert.equal(server.received.length, 3)
    assert.doesNotMatch(error.message, /<h1>/)
  })

  it('waits for Retry-After before it tries again', async () => {
    const times: number[] = []
    const server = await startServer((response) => {
      times.push(performance.now())
      if (times.length > 1) response.end()
      else response.writeHead(429, { 'retry-after': '1' }).end()
    })
    const sent = await createClient(server.url).send(EVENT).result
    assert.equal(sent.attempts, 2)
    assert.ok((times[1] ?? 0) - (times[0] ?? 0) >= 990)
  })

  it('reports rate-limited at once when Retry-After is beyond the deadline', async () => {
    const server = await startServer((response) =>
      response.writeHead(429, { 'retry-after': '60' }).end(),
    )
    const error = await rejection(createClient(server.url).send(EVENT).result, 'rate-limited')
    assert.equal(error.cause.attempts, 1)
    assert.equal(error.cause.retryable, true)
  })

  for (const [what, body] of [
    ['an oversized', 'x'.repeat(10 * 1024 * 1024)],
    ['a compressed', gzipSync('x'.repeat(10 * 1024 * 1024))],
  ] as const) {
    it(`judges ${what} body by its status`, async () => {
      const server = await startServer((response) => response.writeHead(400).end(body))
      const error = await rejection(createClient(server.url).send(EVENT).result, 'rejected')
      assert.equal(error.cause.statusCode, 400)
      assert.ok(error.message.length < 100)
    })
  }

  it('stops reading an endless body', async () => {
    const cut = moment()
    let written = 0
    const server = await startServer((response) => {
      response.writeHead(403).on('close', () => cut.come())
      const more = () => {
        // Goes silent after 64 MB, so that a client without a limit does not eat all memory.
        while (!response.destroyed && written < 64 << 20) {
          written += 16_384
          if (!response.write('x'.repeat(16_384))) return
        }
      }
      response.on('drain', more)
      more()
    })
    // Neither the timeout nor the deadline ends it: only the limit does.
    const client = createClient(server.url, { timeout: 60_000, deadline: 60_000 })
    const refused = rejection(client.send(EVENT).result, 'forbidden')
    const duration = await durationOf(Promise.all([refused, cut.came]))
    assert.ok(duration < 2000, `after ${duration} ms`)
    assert.equal((await refused).cause.statusCode, 403)
    assert.ok(written < 16 << 20, `${written} bytes`) // what buffers on the way take in, too
  })

  it('takes the key out of an answer that echoes it', async () => {
    const server = await startServer((response, { headers }) => {
      const message = `bad ${headers.authorization}`
      const body = { code: 1002, message, errorId: CANARY, timestamp: CANARY }
      response.writeHead(400).end(JSON.stringify(body))
    })
    const error = await rejection(createClient(server.url).send(EVENT).result, 'rejected')
    assert.match(error.message, /Bearer \*\*\*/)
    assert.doesNotMatch(JSON.stringify({ ...error, stack: error.stack }), new RegExp(CANARY))
  })

  it('does not read a body that is larger than any of 8x8', async () => {
    const body = JSON.stringify({ code: 1200, filler: 'x'.repeat(64 * 1024) })
    const server = await startServer((response) => response.writeHead(400).end(body))
    const error = await rejection(createClient(server.url).send(EVENT).result, 'rejected')
    assert.equal(error.cause.code, undefined)
  })

  it('does not wait for the end of a success', async () => {
    const server = await startServer((response) => response.writeHead(200).flushHeaders())
    const client = createClient(server.url, { timeout: 60_000, deadline: 60_000 })
    const sent = client.send(EVENT).result
    const duration = await durationOf(sent)
    assert.ok(duration < 2000, `after ${duration} ms`)
    assert.equal((await sent).attempts, 1)
  })

  it('does not wait for a body if the head says that it is not a page', async () => {
    const server = await startServer((response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders()
    })
    const client = createClient(server.url, { timeout: 60_000, deadline: 60_000 })
    const clock = FakeTimers.install({ toFake: ['setTimeout'] })
    try {
      assert.equal((await client.send(EVENT).result).attempts, 1)
    } finally {
      clock.uninstall()
    }
  })

  it('counts a success whose body does not come as sent when it is cancelled', async () => {
    const server = await startServer((response) => response.writeHead(200).flushHeaders())
    const client = createClient(server.url, { timeout: 60_000, deadline: 60_000 })
    const arrived = headArrived()
    const request = client.send(EVENT)
    await arrived
    request.cancel()
    assert.equal((await request.result).statusCode, 200)
  })

  it('frees connections of successes that do not end for waiting requests', async () => {
    const server = await startServer((response) => response.writeHead(200).flushHeaders())
    const client = createClient(server.url, { timeout: 500, deadline: 5000 })
    const sends = Array.from({ length: 100 }, () => client.send(EVENT).result)
    for (const { statusCode } of await Promise.all(sends)) assert.equal(statusCode, 200)
  })

  it('sends an accepted indicator only once, even if its answer does not end', async () => {
    const server = await startServer((response) => response.writeHead(200).flushHeaders())
    const client = createClient(server.url, { timeout: 200, maxInFlight: 1 })
    // One after the other, each when the time of the last is up: a repeat would be among them.
    await Promise.all(Array.from({ length: 4 }, () => client.send(EVENT).result))
    assert.equal(server.received.length, 4)
  })

  it('opens at most 64 connections', async () => {
    const sockets = new Set<Socket>()
    const server = await startServer((response, _request, { socket }) => {
      sockets.add(socket)
      response.end()
    })
    const client = createClient(server.url)
    await Promise.all(Array.from({ length: 200 }, () => client.send(EVENT).result))
    assert.equal(server.received.length, 200)
    assert.ok(sockets.size <= 64, `${sockets.size} connections`)
  })
})
