import assert from 'node:assert/strict'
import type { NodeInitializer } from 'node-red'
import { generate } from 'selfsigned'
import { BASE_URLS } from '../../../nodes/lib/api'
import { tlsOptions } from '../../../nodes/lib/node-red/tls'
import { closeClients, createClient } from '../../support/client'
import { EVENT, rejection } from '../../support/events'
import { loadFlow, unloadFlow } from '../../support/flow'
import { startProxy, startServer } from '../../support/server'
import { message } from '../../support/typing'

const core = (file: string): NodeInitializer => require(`@node-red/nodes/core/network/${file}`)

describe('tls', () => {
  afterEach(async () => {
    await unloadFlow()
    await closeClients()
  })

  for (const [region, origin] of Object.entries(BASE_URLS)) {
    it(`requires TLS 1.3 in ${region}, and keeps the configured options`, () => {
      assert.deepEqual(tlsOptions(origin, undefined), { minVersion: 'TLSv1.3' })
      const configured = { ca: 'x', rejectUnauthorized: false, minVersion: 'TLSv1.2' } as const
      assert.deepEqual(tlsOptions(origin, configured), { ...configured, minVersion: 'TLSv1.3' })
    })
  }

  for (const origin of ['https://example.com', `${BASE_URLS.europe}:8443`]) {
    it(`leaves ${origin} to Node.js`, () => {
      assert.equal(tlsOptions(origin, undefined), undefined)
      assert.deepEqual(tlsOptions(origin, { ca: 'x' }), { ca: 'x' })
    })
  }

  it('requires TLS 1.3 at an official region, whatever its tls-config says', async () => {
    const { private: key, cert } = await generate([{ name: 'commonName', value: '8x8' }])
    for (const [maxVersion, port] of [
      ['TLSv1.2', 'error'],
      ['TLSv1.3', 'success'],
    ] as const) {
      const server = await startServer((response) => response.end(), { key, cert, maxVersion })
      const { url, connects } = await startProxy(undefined, new URL(server.url).host)
      const tls = { id: 'tls', type: 'tls-config', cert: '', key: '', ca: '' }
      const flow = await loadFlow({
        account: { region: 'europe', tls: 'tls', proxy: 'proxy' },
        types: [core('05-tls.js'), core('06-httpproxy.js')],
        configs: [
          { ...tls, verifyservercert: false },
          { id: 'proxy', type: 'http proxy', url, noproxy: [] },
        ],
      })
      const { port: came, msg } = await flow.send(message())
      assert.equal(came, port, `${msg.error?.message}`)
      assert.equal(connects[0]?.target, 'chatapps.8x8.uk:443')
      assert.equal(server.received.length, port === 'success' ? 1 : 0)
      await unloadFlow()
    }
  })

  it('refuses a server that knows only TLS 1.2, and does not try again', async () => {
    const { private: key, cert } = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
    })
    const old = { key, cert, maxVersion: 'TLSv1.2' } as const
    const { url, received } = await startServer((response) => response.end(), old)
    const tls = tlsOptions(BASE_URLS['asia-pacific'], { ca: cert })
    const error = await rejection(createClient(url, { tls }).send(EVENT).result, 'network')
    assert.equal(error.cause.attempts, 1)
    assert.equal(error.cause.retryable, false)
    assert.match(error.message, /version/)
    assert.equal(received.length, 0)
    const lax = createClient(url, { tls: tlsOptions(url, { ca: cert }) })
    assert.equal((await lax.send(EVENT).result).statusCode, 200)
  })
})
