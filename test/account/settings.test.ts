import assert from 'node:assert/strict'
import type { AccountOptions } from '../../nodes/account/options'
import { readSettings } from '../../nodes/account/settings'
import { BASE_URLS, SUB_ACCOUNT_ID, subAccountPath, UMID } from '../../nodes/lib/api'
import { MessagingError } from '../../nodes/lib/errors'
import { type ProxyNode, resolveProxy } from '../../nodes/lib/node-red/proxy'
import { CANARY } from '../support/events'

const good = { subAccountId: 'my_sub' }

describe('settings', () => {
  it('fills in the defaults', () => {
    assert.deepEqual(readSettings(good, CANARY), {
      subAccountId: 'my_sub',
      server: { origin: 'https://chatapps.8x8.com', apiKey: CANARY },
      timeout: 5000,
      deadline: 15_000,
      maxInFlight: 64,
      maxWaiting: 10_000,
    })
  })

  /** As 8x8's documentation has them. */
  const regions = {
    'asia-pacific': 'https://chatapps.8x8.com',
    'north-america': 'https://chatapps.us.8x8.com',
    europe: 'https://chatapps.8x8.uk',
    indonesia: 'https://chatapps.8x8.id',
  } satisfies Record<keyof typeof BASE_URLS, string>
  for (const [region, origin] of Object.entries(regions)) {
    it(`knows ${region}`, () => {
      const options = { ...good, region: region as AccountOptions['region'] }
      assert.equal(readSettings(options, CANARY).server?.origin, origin)
    })
  }

  it('needs and uses no key in the sandbox', () => {
    assert.equal(readSettings({ ...good, region: 'sandbox' }, CANARY).server, undefined)
  })

  it('accepts seconds as numbers and as text', () => {
    const { timeout, deadline } = readSettings({ ...good, timeout: '2.5', deadline: '' }, CANARY)
    assert.deepEqual({ timeout, deadline }, { timeout: 2500, deadline: 15_000 })
  })

  it('accepts limits as numbers and as text', () => {
    const stored = { ...good, maxInFlight: '1000', maxWaiting: '0' }
    const { maxInFlight, maxWaiting } = readSettings(stored, CANARY)
    assert.deepEqual({ maxInFlight, maxWaiting }, { maxInFlight: 1000, maxWaiting: 0 })
    assert.equal(readSettings({ ...good, maxInFlight: '' }, CANARY).maxInFlight, 64)
  })

  for (const [what, stored, expected, key = CANARY] of [
    ['blanks around a sub-account', { subAccountId: ' my_sub\t' }, {}],
    ['a line end behind a sub-account', { subAccountId: 'my_sub\r\n' }, {}],
    ['blanks around a region', { region: ' europe\n' }, { origin: BASE_URLS.europe }],
    [
      'blanks around a base URL',
      { region: 'custom', baseUrl: ' https://api.example.com\n' },
      { origin: 'https://api.example.com' },
    ],
    ['a line end behind the key', {}, {}, `${CANARY}\n`],
    ['Bearer before the key', {}, {}, `Bearer ${CANARY}`],
    ['bearer and blanks before the key', {}, {}, ` BEARER \t${CANARY} `],
  ] as [string, object, object, string?][]) {
    it(`removes ${what}`, () => {
      const { subAccountId, server } = readSettings({ ...good, ...stored }, key)
      assert.equal(subAccountId, 'my_sub')
      assert.deepEqual(server, { origin: BASE_URLS['asia-pacific'], apiKey: CANARY, ...expected })
    })
  }

  for (const baseUrl of [
    'https://api.example.com',
    'https://api.example.com/',
    'https://api.example.com:8443',
    'http://localhost:1234',
    'http://127.0.0.1:1234',
    'http://[::1]:1234',
  ]) {
    it(`accepts the base URL ${baseUrl}`, () => {
      const { server } = readSettings({ ...good, region: 'custom', baseUrl }, CANARY)
      assert.equal(server?.origin, baseUrl.replace(/\/$/, ''))
    })
  }

  const bad: [what: string, options: Partial<AccountOptions>, field: string, key?: string][] = [
    ['no sub-account', {}, 'subAccountId'],
    ['a sub-account that is too short', { subAccountId: 'ab' }, 'subAccountId'],
    ['a sub-account with a slash', { subAccountId: '../abc' }, 'subAccountId'],
    ['a variable that is not set', { subAccountId: '${MY_SUB}' }, 'subAccountId'],
    ['an unknown region', { ...good, region: 'mars' as AccountOptions['region'] }, 'region'],
    ['no region', { ...good, region: '' as AccountOptions['region'] }, 'region'],
    ...[null, true, 0, ['europe'], { europe: 1 }].map((region): (typeof bad)[number] => [
      `the region ${JSON.stringify(region)}`,
      { ...good, region: region as unknown as AccountOptions['region'] },
      'region',
    ]),
    ...[true, [5], {}, 'Infinity', Number.NaN].flatMap((value) =>
      (['timeout', 'deadline', 'maxInFlight', 'maxWaiting'] as const).map(
        (field): (typeof bad)[number] => [
          `the ${field} ${value}`,
          { ...good, [field]: value as unknown as string },
          field,
        ],
      ),
    ),
    ...[null, 12345, true, ['my_sub']].map((value): (typeof bad)[number] => [
      `the sub-account ${JSON.stringify(value)}`,
      { subAccountId: value as unknown as string },
      'subAccountId',
    ]),
    ...[null, 8, ['https://api.example.com'], '${MY_URL}'].map((value): (typeof bad)[number] => [
      `the base URL ${JSON.stringify(value)}`,
      { ...good, region: 'custom', baseUrl: value as unknown as string },
      'baseUrl',
    ]),
    ['a key that is no text', good, 'apiKey', ['abc'] as unknown as string],
    ['no key', good, 'apiKey', ''],
    ['a key of blanks', good, 'apiKey', ' \n'],
    ['nothing behind Bearer', good, 'apiKey', 'Bearer '],
    ['a sub-account of blanks', { subAccountId: ' ' }, 'subAccountId'],
    ['a sub-account with a blank in it', { subAccountId: 'my sub' }, 'subAccountId'],
    ['a key in a variable that is not set', good, 'apiKey', '${MY_KEY}'],
    ['a key with a line break', good, 'apiKey', 'a\r\nX-Evil: 1'],
    ['a key with an umlaut', good, 'apiKey', 'schlüssel'],
    ['no base URL', { ...good, region: 'custom' }, 'baseUrl'],
    ['a timeout of 0', { ...good, timeout: 0 }, 'timeout'],
    ['a timeout of text', { ...good, timeout: 'soon' }, 'timeout'],
    ['a deadline over a day', { ...good, deadline: 100_000 }, 'deadline'],
    ['no request at once', { ...good, maxInFlight: 0 }, 'maxInFlight'],
    ['half a request at once', { ...good, maxInFlight: 0.5 }, 'maxInFlight'],
    ['too many requests at once', { ...good, maxInFlight: '1001' }, 'maxInFlight'],
    ['a number in a variable that is not set', { ...good, maxInFlight: '${N}' }, 'maxInFlight'],
    ['fewer waiting messages than none', { ...good, maxWaiting: '-1' }, 'maxWaiting'],
    ['too many waiting messages', { ...good, maxWaiting: 1_000_001 }, 'maxWaiting'],
    ...[
      'http://api.example.com',
      'http://127.evil.com',
      'ftp://127.0.0.1',
      'https://user:secret@api.example.com',
      'https://api.example.com/path',
      'https://api.example.com/?a=1',
      'https://api.example.com?',
      'https://api.example.com#x',
      'api.example.com',
      'javascript:alert(1)',
    ].map((baseUrl): (typeof bad)[number] => [
      `the base URL ${baseUrl}`,
      { ...good, region: 'custom', baseUrl },
      'baseUrl',
    ]),
  ]
  for (const [what, options, field, key = CANARY] of bad) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => readSettings(options, key),
        (error) =>
          error instanceof MessagingError &&
          error.cause.kind === 'not-configured' &&
          error.field === field &&
          !error.message.includes(CANARY) &&
          !error.message.includes('undefined'),
      )
    })
  }
})

describe('api', () => {
  it("takes 8x8's own example umid, in either case, and nothing around it", () => {
    const umid = 'cf3cbbf5-3e2d-ea11-815d-020897df5459'
    assert.match(umid, UMID)
    assert.match(umid.toUpperCase(), UMID)
    assert.doesNotMatch(`${umid}\n`, UMID)
    assert.doesNotMatch(` ${umid}`, UMID)
  })

  it('bounds the length of a sub-account', () => {
    assert.match('a'.repeat(50), SUB_ACCOUNT_ID)
    assert.doesNotMatch('a'.repeat(51), SUB_ACCOUNT_ID)
  })

  it('encodes the sub-account as one segment', () => {
    assert.equal(subAccountPath('a&b.c', 'events'), '/api/v1/subaccounts/a%26b.c/events')
  })
})

describe('proxy', () => {
  const https = 'https://chatapps.8x8.com'

  it('uses the environment variable for the scheme, in upper or lower case', () => {
    const environment = { HTTPS_PROXY: 'http://a:1', http_proxy: 'http://b:2', NO_PROXY: 'x,y' }
    assert.deepEqual(resolveProxy(https, undefined, environment), {
      url: 'http://a:1',
      noProxy: 'x,y',
    })
    assert.equal(resolveProxy('http://127.0.0.1', undefined, environment)?.url, 'http://b:2')
    assert.equal(resolveProxy(https, undefined, { HTTP_PROXY: 'http://b:2' }), undefined)
    assert.equal(resolveProxy(https, undefined, {}), undefined)
    const both = { https_proxy: 'http://c:3', HTTPS_PROXY: 'http://a:1' }
    assert.equal(resolveProxy(https, undefined, both)?.url, 'http://c:3') // as curl has it
  })

  it('prefers the node, with its exceptions and password', () => {
    const node = {
      url: 'p:3128',
      noproxy: ['a', 'b'],
      credentials: { username: 'u', password: 'p' },
    }
    assert.deepEqual(resolveProxy(https, node, { HTTPS_PROXY: 'http://a:1', NO_PROXY: 'x' }), {
      url: 'http://p:3128',
      noProxy: 'a,b',
      token: `Basic ${Buffer.from('u:p').toString('base64')}`,
    })
    const { token } = resolveProxy(https, { ...node, credentials: { username: 'u' } }, {}) ?? {}
    assert.equal(token, `Basic ${Buffer.from('u:').toString('base64')}`)
  })

  for (const [url, login] of [
    ['http://u:p@a:1', 'u:p'],
    ['http://u%40v:p%25@a:1', 'u@v:p%'],
    ['http://token@a:1', 'token:'], // undici by itself sends nothing without a password
    ['http://:p@a:1', ':p'],
  ] as const) {
    it(`uses the password in ${url}`, () => {
      const token = `Basic ${Buffer.from(login).toString('base64')}`
      assert.equal(resolveProxy(https, undefined, { HTTPS_PROXY: url })?.token, token)
      assert.equal(resolveProxy(https, { url }, {})?.token, token)
    })
  }

  it('prefers the password of the node to the one in its URL', () => {
    const node = { url: 'http://u:p@a:1', credentials: { username: 'v', password: 'q' } }
    const token = `Basic ${Buffer.from('v:q').toString('base64')}`
    assert.equal(resolveProxy(https, node, {})?.token, token)
  })

  it('accepts a node with only a password, and exceptions as text', () => {
    const node = { url: ' http://p:3128 ', noproxy: 'a, b', credentials: { password: 'p' } }
    const token = `Basic ${Buffer.from(':p').toString('base64')}`
    assert.deepEqual(resolveProxy(https, node, {}), {
      ...{ url: 'http://p:3128', noProxy: 'a, b', token },
    })
  })

  const proxyNode = { url: 'http://127.0.0.1:1' }
  for (const [what, node] of [
    ['no URL', {}],
    ['a blank URL', { url: ' ' }],
    ['a port for a URL', { url: 3128 }],
    ['a list of URLs', { url: ['http://127.0.0.1:1'] }],
    ['a URL in a variable that is not set', { url: '${NOT_SET}' }],
    [
      'a user in a variable that is not set',
      { ...proxyNode, credentials: { username: '${NOT_SET}' } },
    ],
    [
      'a password in a variable that is not set',
      { ...proxyNode, credentials: { username: 'u', password: '${NOT_SET}' } },
    ],
    ['an exception in a variable that is not set', { ...proxyNode, noproxy: ['${NOT_SET}'] }],
    ['exceptions that are no texts', { ...proxyNode, noproxy: [true] }],
    ['exceptions that are no list', { ...proxyNode, noproxy: { host: 'a' } }],
  ] as [string, ProxyNode][]) {
    it(`refuses a node with ${what}, and does not connect directly`, () => {
      assert.throws(
        () => resolveProxy(https, node, { HTTPS_PROXY: 'http://a:1' }),
        (error: MessagingError) => error.field === 'proxy' && error.cause.kind === 'not-configured',
      )
    })
  }

  for (const url of [
    'http://',
    'ftp://127.0.0.1:21',
    'socks5://127.0.0.1:1080',
    'http://a:b:c',
    'http://u:100%@a:1',
  ]) {
    it(`refuses the URL ${url}`, () => {
      const expected = {
        field: 'proxy',
        cause: { kind: 'not-configured', retryable: false, attempts: 0 },
      }
      assert.throws(() => resolveProxy(https, { url }, {}), expected)
      assert.throws(() => resolveProxy(https, undefined, { https_proxy: url }), expected)
    })
  }
})
