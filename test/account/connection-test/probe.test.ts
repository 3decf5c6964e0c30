import assert from 'node:assert/strict'
import FakeTimers from '@sinonjs/fake-timers'
import { generate } from 'selfsigned'
import { type ConnectionTest, probeConnection } from '../../../nodes/account/connection-test/probe'
import { Sandbox } from '../../../nodes/lib/sandbox/server'
import { CANARY, moment } from '../../support/events'
import {
  closeServers,
  refusedPort,
  startProxy,
  startServer,
  startTcpServer,
} from '../../support/server'

const connectionTest = (origin: string, more: Partial<ConnectionTest> = {}): ConnectionTest => ({
  server: { origin, apiKey: CANARY },
  subAccountId: 'my_sub',
  timeout: 2000,
  tls: undefined,
  proxy: undefined,
  ...more,
})

/** A self-signed certificate of 127.0.0.1. */
async function certificate() {
  const { private: key, cert } = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
  })
  return { key, cert }
}

describe('connection test', () => {
  afterEach(closeServers)

  describe('of a connection to the sandbox', () => {
    let sandbox: Sandbox
    before(async () => {
      sandbox = await Sandbox.start()
      sandbox.addSubAccount('my_sub', CANARY)
    })
    after(() => sandbox.close())

    it('is fine with the right key and sub-account, and shows nobody anything', async () => {
      let dots = 0
      sandbox.on('typing', () => dots++)
      const answer = await probeConnection(connectionTest(sandbox.url))
      assert.equal(answer.result, 'fine')
      assert.equal(answer.host, new URL(sandbox.url).host)
      assert.equal(dots, 0)
    })

    it('reports a wrong key', async () => {
      const server = { origin: sandbox.url, apiKey: 'wrong' }
      assert.equal((await probeConnection(connectionTest(sandbox.url, { server }))).result, 'key')
    })

    it('reports a sub-account that is not yours', async () => {
      const answer = await probeConnection(
        connectionTest(sandbox.url, { subAccountId: 'not_mine' }),
      )
      assert.equal(answer.result, 'subAccount')
    })
  })

  for (const [name, statusCode, body, result, detail] of [
    ['a success', 200, '', 'fine', undefined],
    ['a complaint about the umid', 400, '{"code":3029}', 'fine', '400, 3029'],
    ['an unknown umid', 404, '{"code":1300}', 'fine', '404, 1300'],
    ['401 alone', 401, '', 'key', '401'],
    ['401 about the sub-account', 401, '{"code":1001}', 'subAccount', '401, 1001'],
    ['code 1201', 400, '{"code":1201}', 'forbidden', '400, 1201'],
    ['403 alone', 403, '<html>', 'forbidden', '403'],
    ['a wrong address', 400, '{"code":1012}', 'address', '400, 1012'],
    ['an old TLS', 426, '', 'tls', '426'],
    ['an insecure protocol', 400, '{"code":1014}', 'tls', '400, 1014'],
    ['429', 429, '', 'limited', '429'],
    ['500', 500, '<html>', 'server', '500'],
    ['a 404 of another server', 404, '<html>', 'foreign', '404'],
    ['a 404 of another API', 404, '{"code":404}', 'foreign', '404, 404'],
    ['a login of the network', 511, '<html>', 'server', '511'],
    ['a redirect', 302, '', 'foreign', '302'],
  ] as const) {
    it(`reports ${name} as ${result}, in one request`, async () => {
      const server = await startServer((response) => {
        response.writeHead(statusCode, { 'retry-after': '0' }).end(body)
      })
      const answer = await probeConnection(connectionTest(server.url))
      assert.equal(answer.result, result)
      assert.equal(answer.detail, detail)
      assert.equal(server.received.length, 1)
      assert.deepEqual(JSON.parse(`${server.received[0]?.body}`), {
        channel: 'whatsapp',
        type: 'typing',
        umid: '00000000-0000-0000-0000-000000000000',
      })
    })
  }

  for (const [type, body] of [
    ['text/html; charset=utf-8', '<html>Log in</html>'],
    ['application/xhtml+xml', '<html>Log in</html>'],
  ] as const) {
    it(`reports a 200 with ${type} as an unexpected response, with its type`, async () => {
      const server = await startServer((response) => {
        response.writeHead(200, { 'content-type': type }).end(body)
      })
      const answer = await probeConnection(connectionTest(server.url))
      assert.equal(answer.result, 'foreign')
      assert.equal(answer.detail, `200, ${type.replace(/;.*/, '')}`)
      assert.equal(server.received.length, 1)
    })
  }

  it('reports a page without a content type as an unexpected response', async () => {
    const url = await startTcpServer((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\n<!doctype html><p>Log in'))
    })
    const answer = await probeConnection(connectionTest(url))
    assert.deepEqual([answer.result, answer.detail], ['foreign', '200, text/html'])
  })

  it('reports an unknown host', async () => {
    const answer = await probeConnection(connectionTest('https://nowhere.invalid'))
    assert.equal(answer.result, 'host')
    assert.equal(answer.host, 'nowhere.invalid')
  })

  it('reports a refused connection, in one attempt', async () => {
    const answer = await probeConnection(connectionTest(`http://127.0.0.1:${await refusedPort()}`))
    assert.deepEqual([answer.result, answer.detail], ['unreachable', 'ECONNREFUSED'])
  })

  it('reports a server that does not answer, within the timeout', async () => {
    const url = await startTcpServer(() => {})
    const answer = await probeConnection(connectionTest(url, { timeout: 50 }))
    assert.deepEqual([answer.result, answer.seconds], ['timeout', 0.05])
  })

  it('ends after 10 s at most, whatever the timeout of the account', async () => {
    const arrival = moment()
    const server = await startServer(() => arrival.come())
    const clock = FakeTimers.install({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    try {
      const answer = probeConnection(connectionTest(server.url, { timeout: 86_400_000 }))
      await arrival.came
      await clock.tickAsync(10_000)
      const { result, seconds } = await answer
      assert.deepEqual([result, seconds], ['timeout', 10])
    } finally {
      clock.uninstall()
    }
  })

  it('reports a server that does not speak HTTP', async () => {
    const url = await startTcpServer((socket) => socket.end('SSH-2.0-OpenSSH\r\n'))
    const answer = await probeConnection(connectionTest(url))
    assert.deepEqual([answer.result, answer.detail], ['foreign', 'HTTPParserError'])
  })

  it('reports a self-signed certificate', async () => {
    const server = await startServer((response) => response.end(), await certificate())
    const answer = await probeConnection(connectionTest(server.url))
    assert.deepEqual([answer.result, answer.detail], ['certificate', 'DEPTH_ZERO_SELF_SIGNED_CERT'])
    assert.equal(server.received.length, 0)
  })

  it('reports a TLS version that is too old', async () => {
    const old = { ...(await certificate()), maxVersion: 'TLSv1.2' as const }
    const server = await startServer((response) => response.end(), old)
    const tls = { minVersion: 'TLSv1.3' as const, rejectUnauthorized: false }
    assert.equal((await probeConnection(connectionTest(server.url, { tls }))).result, 'tls')
  })

  it('reports HTTP in place of HTTPS', async () => {
    const server = await startServer((response) => response.end())
    const answer = await probeConnection(connectionTest(server.url.replace('http:', 'https:')))
    assert.equal(answer.result, 'tls')
  })

  it('reports a proxy that refuses, and one that cannot be reached', async () => {
    const server = await startServer((response) => response.end())
    const refusing = await startProxy(407)
    const proxy = { url: refusing.url, noProxy: '' }
    const answer = await probeConnection(connectionTest(server.url, { proxy }))
    assert.deepEqual([answer.result, answer.detail], ['proxy', '407'])
    const absent = { url: `http://127.0.0.1:${await refusedPort()}`, noProxy: '' }
    assert.equal(
      (await probeConnection(connectionTest(server.url, { proxy: absent }))).result,
      'proxy',
    )
    assert.equal(server.received.length, 0)
  })

  it('gives the detail that the text has a placeholder for', async () => {
    const broken = await startTcpServer((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 2x0 OK\r\n\r\n'))
    })
    const { url } = await startProxy(502)
    for (const [answer, result] of [
      [await probeConnection(connectionTest(broken)), 'foreign'],
      [await probeConnection(connectionTest(broken, { proxy: { url, noProxy: '' } })), 'proxy'],
    ] as const) {
      assert.equal(answer.result, result)
      assert.ok(answer.detail, result)
    }
  })

  it('reports a proxy that hangs up, in one attempt', async () => {
    let connections = 0
    const url = await startTcpServer((socket) => {
      connections++
      socket.once('data', () => socket.destroy())
    })
    const answer = await probeConnection(
      connectionTest('https://own.example.com', { proxy: { url, noProxy: '' } }),
    )
    assert.equal(connections, 1)
    assert.deepEqual([answer.result, answer.detail], ['proxy', 'ECONNRESET'])
  })

  it('shows no text of the server', async () => {
    const server = await startServer((response, request) => {
      response.writeHead(400, `${request.headers.authorization}`)
      response.end(JSON.stringify({ code: 1000, message: request.headers.authorization }))
    })
    assert.ok(!JSON.stringify(await probeConnection(connectionTest(server.url))).includes(CANARY))
  })
})
