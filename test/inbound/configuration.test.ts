import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { NodeInitializer } from 'node-red'
import { readInboundSettings } from '../../nodes/inbound/settings'
import type { Handler } from '../../nodes/lib/http/app'
import { inboundWebhook } from '../support/webhooks'
import { load, type Options, ringOf, SECRET, unload } from './helpers'

const httpIn: NodeInitializer = require('@node-red/nodes/core/network/21-httpin.js')

const fresh = () => inboundWebhook({ payload: { umid: randomUUID() } })

describe('8x8-inbound: what can be wrong', () => {
  afterEach(unload)

  const shown: [what: string, ring: string, options: Options, status: number][] = [
    ['no account', 'status.check.account', { node: { account: '' } }, 401],
    ['an account that is not there', 'status.check.account', { node: { account: 'gone' } }, 401],
    ['a disabled account', 'status.check.account', { account: { d: true } }, 401],
    ['another node as account', 'status.check.account', { node: { account: 'message' } }, 401],
    [
      'no account, for anyone to post',
      'status.check.account',
      { node: { account: '', authentication: 'none' } },
      401,
    ],
    [
      'an account without a value',
      'status.check.webhookAuthorization',
      { authorization: undefined },
      401,
    ],
    ['a blank value', 'status.check.webhookAuthorization', { authorization: ' \n' }, 401],
    [
      'a value that HTTP cannot carry',
      'status.check.webhookAuthorization',
      { authorization: 'Bearer gehëim' },
      401,
    ],
    [
      'a variable that is not set',
      'status.check.webhookAuthorization',
      { authorization: '${NOT_SET_8X8}' },
      401,
    ],
    [
      'a variable that is not set, for the sandbox',
      'status.check.webhookAuthorization',
      { authorization: '${NOT_SET_8X8}', account: { region: 'sandbox' } },
      401,
    ],
    ['a path with a query', 'status.check.path', { node: { path: '/a?b' } }, 404],
    ['no path', 'status.check.path', { node: { path: '  ' } }, 404],
    [
      'a path in a variable that is not set',
      'status.check.path',
      { node: { path: '${NONE}' } },
      404,
    ],
    [
      'an unknown authentication',
      'status.check.authentication',
      { node: { authentication: 'basic' } },
      404,
    ],
    [
      'a malformed sub-account',
      'status.check.subAccounts',
      { node: { subAccounts: 'a/b/c' } },
      404,
    ],
    ['a negative time to collect', 'status.check.collect', { node: { collect: -1 } }, 404],
    ['no HTTP node root', 'status.noHttpNode', { settings: { httpNodeRoot: false } }, 404],
  ]
  for (const [what, ring, options, status] of shown) {
    it(`shows ${what}, and hands on nothing`, async () => {
      const flow = await load(options)
      assert.equal(ringOf(flow.statuses), ring)
      const authorization = options.authorization ?? SECRET
      const headers: Record<string, string> = /^[\x20-\x7e]*$/.test(authorization)
        ? { authorization }
        : {}
      assert.equal((await flow.post(fresh(), headers)).status, status)
      await flow.deploy({ authorization: SECRET, account: {}, node: {} }, 'full')
      if (ring === 'status.noHttpNode') return
      assert.equal((await flow.post(fresh())).status, 200)
      assert.equal((await flow.until(1)).length, 1)
      assert.equal(ringOf(flow.statuses), undefined)
    })
  }

  it('says in the log which paths it does not take, those of the phone included', () => {
    assert.throws(() => readInboundSettings({ path: '/8x8-sandbox/shop' }), {
      message: /not be below \/8x8-sandbox/,
    })
  })

  it('lets everyone in where that is chosen, with any Authorization', async () => {
    const flow = await load({ authorization: undefined, node: { authentication: 'none' } })
    assert.equal(ringOf(flow.statuses), undefined)
    assert.equal((await flow.post(fresh(), { authorization: 'any' })).status, 200)
    assert.equal((await flow.post(fresh(), { origin: 'https://other.example.com' })).status, 403)
  })

  it('needs no Authorization with the sandbox, but demands one that is set', async () => {
    const sandbox = { account: { region: 'sandbox' } }
    const flow = await load({ ...sandbox, authorization: undefined })
    assert.equal(ringOf(flow.statuses), undefined)
    assert.equal((await flow.post(fresh(), { authorization: '' })).status, 200)
    await flow.deploy({ ...sandbox, authorization: SECRET }, 'full')
    assert.equal((await flow.post(fresh(), { authorization: '' })).status, 401)
    assert.equal((await flow.post(fresh())).status, 200)
  })

  it('does not mind what else is wrong with the account', async () => {
    const flow = await load({ account: { subAccountId: '', proxy: 'gone', region: 'nowhere' } })
    assert.equal(ringOf(flow.statuses), undefined)
    assert.equal((await flow.post(fresh())).status, 200)
    await flow.until(1)
  })

  it('takes the value and the path from variables, without blanks around them', async () => {
    Object.assign(process.env, { TEST_8X8_VALUE: ` ${SECRET}\n`, TEST_8X8_PATH: ' /from/env/' })
    try {
      const flow = await load({
        authorization: '${TEST_8X8_VALUE}',
        node: { path: '${TEST_8X8_PATH}' },
      })
      assert.equal(ringOf(flow.statuses), undefined)
      assert.equal((await flow.post(fresh(), {}, '/from/env')).status, 200)
    } finally {
      delete process.env.TEST_8X8_VALUE
      delete process.env.TEST_8X8_PATH
    }
  })

  it('notices a value that is deployed later', async () => {
    const flow = await load({ authorization: undefined })
    assert.equal((await flow.post(fresh())).status, 401)
    await flow.deploy({ authorization: SECRET }, 'nodes')
    await flow.deploy({ authorization: SECRET }, 'full')
    assert.equal((await flow.post(fresh())).status, 200)
    assert.equal(ringOf(flow.statuses), undefined)
  })

  it('leaves a path to the inbound node that has it, and takes it over', async () => {
    const second = { id: 'second', type: '8x8-inbound', account: 'account', wires: [['event']] }
    const more = [{ ...second, path: '/8X8/inbound/' }]
    const flow = await load({ more })
    assert.equal(ringOf(flow.statuses), undefined)
    assert.equal(ringOf(flow.statuses, 'second'), 'status.pathTaken')
    await flow.post(fresh())
    assert.equal((await flow.until(1))[0]?.port, 'message')
    await flow.deploy({ more, node: { d: true } }, 'nodes')
    await flow.post(fresh())
    assert.equal((await flow.until(2))[1]?.port, 'event')
    assert.equal(ringOf(flow.statuses, 'second'), undefined)
  })

  it('gives each of two nodes what is posted to its path, also the same message', async () => {
    const second = { id: 'second', type: '8x8-inbound', account: 'account', wires: [['event']] }
    const flow = await load({ more: [{ ...second, path: '/other' }] })
    const message = fresh()
    for (const path of ['/other', '/8x8/inbound', '/other', '/8x8/inbound']) {
      assert.equal((await flow.post(message, {}, path)).status, 200)
    }
    const ports = (await flow.until(2)).map(({ port }) => port)
    assert.deepEqual(ports, ['event', 'message'])
  })

  it('leaves a path to an http in node, takes it over, and stays when one like it goes', async () => {
    const http = (url: string, method = 'post') => [
      { id: 'in', type: 'http in', url, method, wires: [['out']] },
      { id: 'out', type: 'http response', statusCode: '299' },
    ]
    const types = [httpIn]
    const flow = await load({ types, more: http('/8x8/Inbound/') })
    await flow.shows('status.pathTaken')
    assert.equal((await flow.post(fresh())).status, 299)
    await flow.deploy({ more: [] }, 'nodes')
    await flow.shows(undefined)
    assert.equal((await flow.post(fresh())).status, 200)
    await flow.deploy({ more: http('/8x8/inbound') }, 'nodes')
    await flow.shows('status.pathTaken')
    assert.equal((await flow.post(fresh())).status, 299)
    await flow.deploy({ more: http('/8x8/inbound') }, 'full')
    await flow.shows('status.pathTaken')
    await flow.deploy({ more: http('/8x8/inbound', 'get') }, 'nodes')
    await flow.shows(undefined)
    assert.equal((await flow.post(fresh())).status, 200)
    await flow.deploy({ more: [] }, 'nodes')
    assert.equal((await flow.post(fresh())).status, 200)
    await flow.deploy({ node: { d: true }, more: [] }, 'nodes')
    assert.equal((await flow.post(fresh())).status, 404)
    assert.equal((await flow.until(3)).length, 3)
  })

  it('runs httpNodeMiddleware before each webhook, once, and before nothing else', async () => {
    const seen: string[] = []
    const httpNodeMiddleware: Handler[] = [
      ({ method, url }, _response, next) => {
        seen.push(`${method} ${url}`)
        next()
      },
      ({ headers }, response, next) => {
        if (headers['x-ticket'] !== undefined) next()
        else response.writeHead(418).end()
      },
    ]
    const more = [
      { id: 'in', type: 'http in', url: '/own', method: 'post', wires: [['out']] },
      { id: 'out', type: 'http response', statusCode: '299' },
    ]
    const flow = await load({ settings: { httpNodeMiddleware }, types: [httpIn], more })
    assert.equal((await flow.post(fresh())).status, 418)
    assert.equal((await flow.post(fresh(), { 'x-ticket': '1' })).status, 200)
    assert.equal((await flow.post({}, { 'x-ticket': '1' }, '/own')).status, 299)
    assert.equal((await flow.post({}, {}, '/nothing')).status, 404)
    assert.deepEqual(seen, ['POST /8x8/inbound', 'POST /8x8/inbound', 'POST /own'])
  })

  it('answers 500 where a middleware fails, and shows nothing of the failure', async () => {
    const httpNodeMiddleware: Handler = (_request, _response, next) => next(new Error('secret'))
    const flow = await load({ settings: { httpNodeMiddleware } })
    const response = await flow.post(fresh())
    assert.deepEqual([response.status, await response.text()], [500, ''])
  })
})
