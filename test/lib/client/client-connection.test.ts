import assert from 'node:assert/strict'
import { generate } from 'selfsigned'
import type { Client, ClientOptions } from '../../../nodes/lib/client/client'
import { closeClients, createClient, createHastyClient } from '../../support/client'
import { durationOf, EVENT, moment, rejection } from '../../support/events'
import { refusedPort, startProxy, startServer, startTcpServer } from '../../support/server'

describe('client: the connection', () => {
  afterEach(closeClients)

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

  it('reports a server that does not start as network, and does not try again', async () => {
    const server = Promise.reject(new Error('no port is free'))
    const error = await rejection(createClient('', { server }).send(EVENT).result, 'network')
    assert.match(error.message, /no port is free/)
    assert.equal(error.cause.retryable, false)
    assert.equal(error.cause.attempts, 1)
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

    it('trusts a configured certificate authority', async () => {
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

    describe('where the environment says not to check certificates', () => {
      beforeEach(() => {
        process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
      })
      afterEach(() => {
        delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
      })

      it('checks them, of a server and of a proxy', async () => {
        const { url } = await startTlsServer()
        const proxy = await startProxy()
        const through = (proxyUrl: string) => ({ proxy: { url: proxyUrl, noProxy: '' } })
        for (const client of [
          createClient(url),
          createClient(url, through(proxy.url)),
          createClient('https://127.0.0.1:9', through(url)),
        ]) {
          const error = await rejection(client.send(EVENT).result, 'network')
          assert.match(error.message, /self-signed/)
        }
      })

      it('checks them if the tls-config does not say', async () => {
        const { url } = await startTlsServer()
        const client = createClient(url, { tls: { rejectUnauthorized: undefined } })
        await rejection(client.send(EVENT).result, 'network')
      })

      it('does not check them if the tls-config says so', async () => {
        const { url } = await startTlsServer()
        const client = createClient(url, { tls: { rejectUnauthorized: false } })
        assert.equal((await client.send(EVENT).result).statusCode, 200)
      })
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

    it('connects directly to the hosts in NO_PROXY', async () => {
      const server = await startServer((response) => response.end())
      const { url, connects } = await startProxy()
      await createClient(server.url, { proxy: { url, noProxy: '127.0.0.1' } }).send(EVENT).result
      assert.equal(connects.length, 0)
    })

    for (const status of [403, 407]) {
      it(`reports a proxy that refuses with ${status} as network, and does not try again`, async () => {
        const server = await startServer((response) => response.end())
        const { url, connects } = await startProxy(status)
        const client = createClient(server.url, { proxy: { url, noProxy: '' } })
        const error = await rejection(client.send(EVENT).result, 'network')
        assert.match(error.message, new RegExp(`${status}`))
        assert.equal(error.cause.retryable, false)
        assert.equal(error.cause.attempts, 1)
        assert.equal(connects.length, 1)
      })
    }
  })

  describe('with a server that accepts the connection and never answers', () => {
    type Limits = Pick<ClientOptions, 'timeout' | 'deadline'>
    const through = (url: string) => ({ proxy: { url, noProxy: '' } })
    const ways: [what: string, connect: (url: string, limits: Limits) => Client][] = [
      ['HTTP', (url, limits) => createClient(url, limits)],
      ['TLS', (url, limits) => createClient(url.replace('http:', 'https:'), limits)],
      [
        'a proxy',
        (url, limits) => createClient('http://127.0.0.1:9', { ...limits, ...through(url) }),
      ],
      [
        'a proxy on the way to TLS',
        (url, limits) => createClient('https://127.0.0.1:9', { ...limits, ...through(url) }),
      ],
    ]
    it('gets no more requests after the timeout (a proxy)', async () => {
      const disconnected = moment()
      const url = await startTcpServer((socket) => {
        socket.resume().on('close', () => disconnected.come())
      })
      const client = createClient('http://127.0.0.1:9', {
        timeout: 200,
        deadline: 300,
        ...through(url),
      })
      await rejection(client.send(EVENT).result, 'timeout')
      await disconnected.came
    })

    for (const [what, connect] of ways) {
      for (const [limit, limits, text] of [
        ['deadline', { timeout: 5000, deadline: 300 }, /within 0\.3 s$/],
        ['timeout', { timeout: 200, deadline: 300 }, /within 0\.2 s$/],
      ] as const) {
        it(`ends by the ${limit}, and names it (${what})`, async () => {
          const client = connect(await startTcpServer(() => {}), limits)
          const failed = rejection(client.send(EVENT).result, 'timeout')
          const duration = await durationOf(failed)
          assert.ok(duration < 2000, `after ${duration} ms`)
          assert.match((await failed).message, text)
        })
      }

      for (const by of ['cancel', 'close'] as const) {
        it(`ends as closed at once by ${by} (${what})`, async () => {
          const connected = moment()
          const url = await startTcpServer(() => connected.come())
          const client = connect(url, { timeout: 60_000, deadline: 60_000 })
          const request = client.send(EVENT)
          const closed = rejection(request.result, 'closed')
          await connected.came
          if (by === 'cancel') request.cancel()
          else await client.close()
          const duration = await durationOf(closed)
          assert.ok(duration < 2000, `after ${duration} ms`)
          assert.equal((await closed).cause.attempts, 1)
        })
      }
    }
  })
})
