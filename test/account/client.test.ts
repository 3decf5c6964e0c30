import assert from 'node:assert/strict'
import { gzipSync } from 'node:zlib'
import { generate } from 'selfsigned'
import { Client, type ClientOptions } from '../../nodes/account/client'
import { CANARY, EVENT, rejection, UMID } from '../support/events'
import {
  closeServers,
  refusedPort,
  startProxy,
  startServer,
  startTcpServer,
} from '../support/server'

describe('client', () => {
  const clients: Client[] = []

  function createClient(origin: string, options: Partial<ClientOptions> = {}): Client {
    const client = new Client({
      server: { origin, apiKey: CANARY },
      timeout: 2000,
      deadline: 5000,
      random: () => 0,
      ...options,
    })
    clients.push(client)
    return client
  }

  /** A client for which a single failure is final: no pause fits before the deadline. */
  function createHastyClient(origin: string, options: Partial<ClientOptions> = {}): Client {
    return createClient(origin, { timeout: 100, deadline: 120, ...options })
  }

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()))
    await closeServers()
  })

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
    it(`takes ${statusCode} as success`, async () => {
      const server = await startServer((response) => response.writeHead(statusCode).end())
      const sent = await createClient(server.url).send(EVENT).result
      assert.equal(sent.statusCode, statusCode)
    })
  }

  it('takes a success as one even when its body breaks off', async () => {
    const server = await startServer((response) => {
      response.writeHead(200, { 'content-length': 100 }).write('half')
      setImmediate(() => response.destroy())
    })
    assert.equal((await createClient(server.url).send(EVENT).result).attempts, 1)
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
    it(`takes ${statusCode} with code ${code} as ${kind}, at once`, async () => {
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
      assert.match(error.message, /Because\./)
      assert.equal(error.code, code)
    })
  }

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
    const server = await startServer((response) => {
      response.writeHead(403)
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(16_384)));
      }
      response.on('drain', more)
      more()
    })
    const error = await rejection(createClient(server.url).send(EVENT).result, 'forbidden')
    assert.equal(error.cause.statusCode, 403)
  })

  it('takes the key out of an answer that echoes it', async () => {
    const server = await startServer((response, { headers }) => {
      const message = `bad ${headers.authorization}`
      const body = { code: 1200, message, errorId: CANARY, timestamp: CANARY }
      response.writeHead(401).end(JSON.stringify(body))
    })
    const error = await rejection(createClient(server.url).send(EVENT).result, 'authentication')
    assert.match(error.message, /Bearer \*\*\*/)
    assert.doesNotMatch(JSON.stringify({ ...error, stack: error.stack }), new RegExp(CANARY))
  })

  it('reports a refused connection as network', async () => {
    const client = createHastyClient(`http://127.0.0.1:${await refusedPort()}`)
    const error = await rejection(client.send(EVENT).result, 'network')
    assert.match(error.message, /ECONNREFUSED/)
    assert.equal(error.cause.retryable, true)
  })

  it('reports a host that does not exist as network', async () => {
    const client = createHastyClient('http://does-not-exist.invalid', {
      timeout: 4000,
      deadline: 4100,
      random: () => 1000,
    })
    await rejection(client.send(EVENT).result, 'network')
  })

  it('retries a reset connection', async () => {
    const server = await startServer((response, _request, { socket }) => {
      if (server.received.length === 1) socket.resetAndDestroy()
      else response.end()
    })
    assert.equal((await createClient(server.url).send(EVENT).result).attempts, 2)
  })

  it('reports a reset connection as network', async () => {
    const server = await startServer((_response, _request, { socket }) => socket.resetAndDestroy())
    await rejection(createHastyClient(server.url).send(EVENT).result, 'network')
  })

  it('reports a server that never answers as timeout', async () => {
    const server = await startServer(() => {})
    const error = await rejection(createHastyClient(server.url).send(EVENT).result, 'timeout')
    assert.equal(error.cause.attempts, 1)
    assert.equal(error.cause.retryable, true)
  })

  it('judges an answer that hangs after its headers by its status', async () => {
    const server = await startServer((response) => response.writeHead(401).flushHeaders())
    await rejection(createHastyClient(server.url).send(EVENT).result, 'authentication')
  })

  it('reports an answer that is not HTTP as server', async () => {
    const url = await startTcpServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'))
    await rejection(createHastyClient(url).send(EVENT).result, 'server')
  })

  describe('with TLS', () => {
    async function startTlsServer(commonName = '127.0.0.1') {
      const { private: key, cert } = await generate([{ name: 'commonName', value: commonName }], {
        extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: commonName }] }],
      })
      const server = await startServer((response) => response.end(), { key, cert })
      return { url: server.url, cert }
    }

    it('refuses a self-signed certificate, and does not try again', async () => {
      const { url } = await startTlsServer()
      const error = await rejection(createClient(url).send(EVENT).result, 'network')
      assert.equal(error.cause.attempts, 1)
      assert.equal(error.cause.retryable, false)
      assert.match(error.message, /certificate/)
    })

    it('refuses a certificate of another host', async () => {
      const { url, cert } = await startTlsServer('127.0.0.2')
      const client = createClient(url, { tls: { ca: cert } })
      const error = await rejection(client.send(EVENT).result, 'network')
      assert.equal(error.cause.attempts, 1)
    })

    it('trusts a certificate authority that it is given', async () => {
      const { url, cert } = await startTlsServer()
      await createClient(url, { tls: { ca: cert } }).send(EVENT).result
    })

    it('checks the certificate behind a proxy too', async () => {
      const { url, cert } = await startTlsServer()
      const proxy = await startProxy()
      const route = { url: proxy.url, noProxy: '' }
      await rejection(createClient(url, { proxy: route }).send(EVENT).result, 'network')
      await createClient(url, { proxy: route, tls: { ca: cert } }).send(EVENT).result
      assert.equal(proxy.connects[0]?.target, new URL(url).host)
    })
  })

  describe('with a proxy', () => {
    it('tunnels through it, with its password and without our key', async () => {
      const server = await startServer((response) => response.end())
      const { url, connects } = await startProxy()
      const client = createClient(server.url, { proxy: { url, noProxy: '', token: 'Basic cDpx' } })
      await client.send(EVENT).result
      assert.deepEqual(connects, [
        { target: new URL(server.url).host, authorization: 'Basic cDpx' },
      ])
      assert.equal(server.received.length, 1)
    })

    it('leaves it out for the hosts that need none', async () => {
      const server = await startServer((response) => response.end())
      const { url, connects } = await startProxy()
      await createClient(server.url, { proxy: { url, noProxy: '127.0.0.1' } }).send(EVENT).result
      assert.equal(connects.length, 0)
    })

    it('reports a proxy that refuses as network', async () => {
      const server = await startServer((response) => response.end())
      const { url } = await startProxy(407)
      const client = createHastyClient(server.url, { proxy: { url, noProxy: '' } })
      const error = await rejection(client.send(EVENT).result, 'network')
      assert.match(error.message, /407/)
    })
  })

  describe('closing', () => {
    it('ends a request under way as closed', async () => {
      let arrived = () => {}
      const arrival = new Promise<void>((resolve) => {
        arrived = resolve
      })
      const server = await startServer(() => arrived())
      const client = createClient(server.url)
      const ended = rejection(client.send(EVENT).result, 'closed')
      await arrival
      await client.close()
      assert.equal((await ended).cause.attempts, 1)
    })

    it('ends a pause before a retry as closed', async () => {
      let answered = () => {}
      const answer = new Promise<void>((resolve) => {
        answered = resolve
      })
      const server = await startServer((response) =>
        response.writeHead(429, { 'retry-after': '3' }).end(answered),
      )
      const client = createClient(server.url)
      const ended = rejection(client.send(EVENT).result, 'closed')
      await answer
      await client.close()
      assert.equal((await ended).cause.attempts, 1)
    })

    it('sends nothing afterwards', async () => {
      const server = await startServer((response) => response.end())
      const client = createClient(server.url)
      await client.close()
      await rejection(client.send(EVENT).result, 'closed')
      assert.equal(server.received.length, 0)
    })
  })
})
