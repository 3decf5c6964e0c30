import assert from 'node:assert/strict'
import fc from 'fast-check'
import { readSettings, type Settings } from '../../nodes/account/settings'
import { API_KEY, isBaseUrl, SUB_ACCOUNT_ID } from '../../nodes/lib/api'
import { cleanApiKey, cleanText } from '../../nodes/lib/clean'
import { MessagingError } from '../../nodes/lib/errors'
import { closeClients, createClient } from '../support/client'
import { CANARY, UMID } from '../support/events'
import { loadFlow, unloadFlow } from '../support/flow'
import { closeServers, startServer, type TestServer } from '../support/server'
import { accept, message } from '../support/typing'
import { inboundWebhook } from '../support/webhooks'
import { CANONICAL, ELSEWHERE, KEYS, LOOPBACK, SUB_ACCOUNTS } from './injection-values'

/** Settings, or the field that is at fault. */
function settings(options: object, key = CANARY): Settings | string | undefined {
  try {
    return readSettings({ subAccountId: 'my_sub', region: 'custom', ...options }, key)
  } catch (error) {
    assert.ok(error instanceof MessagingError && error.cause.kind === 'not-configured')
    assert.ok(!error.message.includes(CANARY))
    return error.field
  }
}

describe('nothing can be smuggled into a request', () => {
  let server: TestServer
  beforeEach(async () => {
    server = await startServer(accept)
  })
  afterEach(async () => {
    await unloadFlow()
    await closeClients()
    await closeServers()
  })

  /** Sends with settings, and sees that what arrives is what was meant, byte for byte. */
  async function arrives({ server: to, subAccountId }: Settings): Promise<void> {
    assert.ok(to)
    const { origin, apiKey } = to
    const client = createClient(origin, { server: { origin, apiKey } })
    await client.send({ subAccountId, channel: 'rcs', umid: UMID }).result
    hasArrived(apiKey, subAccountId)
  }

  function hasArrived(apiKey: string, subAccountId: string): void {
    const [request, ...more] = server.received.splice(0)
    assert.equal(more.length, 0)
    assert.ok(request)
    const { authorization, host, 'x-evil': evil } = request.headers
    const path = `/api/v1/subaccounts/${subAccountId.replaceAll('&', '%26')}/events`
    assert.deepEqual(
      { authorization, host, evil, path: request.path },
      { authorization: `Bearer ${apiKey}`, host: new URL(server.url).host, evil: undefined, path },
    )
  }

  for (const apiKey of KEYS) {
    it(`by the key ${JSON.stringify(apiKey)}`, async () => {
      const made = settings({ baseUrl: server.url }, apiKey)
      const cleaned = cleanApiKey(apiKey)
      const isGood = API_KEY.test(cleaned) && !cleaned.startsWith('${')
      assert.equal(
        typeof made === 'object' ? made.server?.apiKey : made,
        isGood ? cleaned : 'apiKey',
      )
      if (typeof made === 'object') await arrives(made)
    })
  }

  it('by any key', async () => {
    // Of binary strings alone, hardly one in a hundred would be sent.
    const arbitrary = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'binary-ascii' }),
      fc.stringMatching(/^[!-~]{1,100}$/),
    )
    await fc.assert(
      fc.asyncProperty(arbitrary, async (apiKey) => {
        const made = settings({ baseUrl: server.url }, apiKey)
        if (typeof made === 'object') await arrives(made)
        else assert.equal(made, 'apiKey')
      }),
    )
  })

  it('by any sub-account of the account', async () => {
    const arbitrary = fc.oneof(
      fc.constantFrom(...SUB_ACCOUNTS),
      fc.string({ unit: 'binary' }),
      fc.stringMatching(/^[A-Za-z0-9\-._&]{3,50}$/),
    )
    await fc.assert(
      fc.asyncProperty(arbitrary, async (subAccountId) => {
        const made = settings({ baseUrl: server.url, subAccountId })
        if (typeof made === 'object') await arrives(made)
        else assert.equal(made, 'subAccountId')
      }),
    )
  })

  for (const host of LOOPBACK) {
    it(`by the loopback address ${JSON.stringify(host)}`, async () => {
      const { port } = new URL(server.url)
      const made = settings({ baseUrl: `http://${host}:${port}` })
      assert.ok(typeof made === 'object', 'refused')
      assert.equal(made.server?.origin, server.url)
      await arrives(made)
    })
  }

  for (const baseUrl of ELSEWHERE) {
    it(`by the base URL ${JSON.stringify(baseUrl)}`, () => {
      assert.equal(settings({ baseUrl }), 'baseUrl')
    })
  }

  for (const [baseUrl, origin] of CANONICAL) {
    it(`by the spelling ${JSON.stringify(baseUrl)}`, () => {
      const made = settings({ baseUrl })
      assert.equal(typeof made === 'object' && made.server?.origin, origin)
    })
  }

  it('by any base URL: an origin, and http only to loopback', () => {
    const arbitrary = fc.oneof(
      fc.webUrl({ validSchemes: ['http', 'https', 'ftp'] }),
      fc
        .tuple(
          fc.constantFrom('http://', 'https://', 'http:\\\\', '//', ''),
          fc.constantFrom('', '127.0.0.1', 'localhost', '127.1', 'user:pass@', '[::1]'),
          fc.string({ unit: 'binary', maxLength: 6 }),
          fc.constantFrom('', '/', ':1', '@evil.example', '.evil.example', '?', '#'),
        )
        .map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(arbitrary, (baseUrl) => {
        const made = settings({ baseUrl })
        if (typeof made !== 'object') return assert.equal(made, 'baseUrl')
        const { origin } = made.server ?? {}
        assert.match(`${origin}`, /^https?:\/\/[^/?#@\\\s]+$/)
        assert.ok(isBaseUrl(`${origin}`))
        if (!origin?.startsWith('https:')) {
          assert.match(`${origin}`, /^http:\/\/(127(\.\d{1,3}){3}|localhost|\[::1\])(:\d+)?$/)
        }
      }),
      { numRuns: 2000 },
    )
  })

  describe('through variables of the environment', () => {
    afterEach(() => {
      for (const name of ['BASE', 'SUB', 'KEY']) delete process.env[`INJECT_8X8_${name}`]
    })

    async function load(values: Record<string, string>) {
      const all = { BASE: server.url, SUB: 'env_sub', KEY: 'env-key', ...values }
      for (const [name, value] of Object.entries(all)) process.env[`INJECT_8X8_${name}`] = value
      const account = {
        region: 'custom',
        baseUrl: '${INJECT_8X8_BASE}',
        subAccountId: '${INJECT_8X8_SUB}',
      }
      return loadFlow({ account, apiKey: '${INJECT_8X8_KEY}' })
    }

    it('valid ones: the request arrives', async () => {
      const flow = await load({ KEY: 'a:b@c/d?e#f', SUB: '...' })
      assert.equal((await flow.send(message())).port, 'success')
      hasArrived('a:b@c/d?e#f', '...')
    })

    for (const [name, value, text] of [
      ['KEY', 'a\r\nx-evil: 1', /API key/],
      ['KEY', '${INJECT_8X8_SUB}', /variable/],
      ['SUB', 'abc\r\nhost: evil', /sub-account/],
      ['SUB', '../x', /sub-account/],
      ['BASE', 'http://127.0.0.1@evil.example', /base URL/],
      ['BASE', 'http://localhost.evil.example', /base URL/],
    ] as const) {
      it(`invalid ones: ${name} ${JSON.stringify(value)}`, async () => {
        const flow = await load({ [name]: value })
        const { port, msg } = await flow.send(message())
        assert.equal(port, 'error')
        assert.equal(msg.error?.kind, 'not-configured')
        assert.match(`${msg.error?.message}`, text)
        assert.equal(server.received.length, 0)
      })
    }
  })

  for (const [way, make] of [
    ['msg', (subAccountId: string) => ({ ...message(), subAccountId })],
    ['a webhook', (id: string) => ({ payload: inboundWebhook({ payload: { subAccountId: id } }) })],
  ] as const) {
    it(`by the sub-account of ${way}`, async () => {
      const flow = await loadFlow({
        account: { region: 'custom', baseUrl: server.url },
        node: { subAccountId: 'subAccountId', subAccountIdType: 'msg' },
      })
      for (const subAccountId of SUB_ACCOUNTS) {
        const { port, msg } = await flow.send(make(subAccountId))
        const cleaned = cleanText(subAccountId)
        if (SUB_ACCOUNT_ID.test(cleaned)) {
          assert.equal(port, 'success')
          hasArrived(CANARY, cleaned)
        } else {
          assert.equal(msg.error?.kind, 'invalid-input')
          assert.match(`${msg.error?.message}`, /subAccountId/)
        }
      }
      assert.equal(server.received.length, 0)
    })
  }
})
