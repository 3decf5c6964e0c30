import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { request } from 'node:http'
import { deployFlows } from '../../scripts/admin'
import { type NodeRed, runFlows } from '../../scripts/node-red'
import { inboundWebhook } from '../support/webhooks'
import { hashPassword } from './password'

const BASIC = `Basic ${Buffer.from('8x8:secret').toString('base64')}`
const node = (id: string, type: string, more: object) => ({
  ...{ id, type, z: 'tab', x: 0, y: 0, wires: [] },
  ...more,
})
const remember = `
  const received = global.get('received') || []
  received.push(msg)
  global.set('received', received)`

/** All that comes out is kept, and shown at /received. */
const FLOWS = [
  { id: 'tab', type: 'tab', label: 'test' },
  { id: 'account', type: '8x8-account', region: 'sandbox', subAccountId: 'my_sub' },
  node('inbound', '8x8-inbound', {
    account: 'account',
    path: '/8x8/inbound',
    wires: [['keep', 'copy'], ['keep']],
  }),
  node('keep', 'function', { func: remember, outputs: 0 }),
  node('copy', 'function', { func: 'msg.user = {}', outputs: 0 }),
  node('in', 'http in', { url: '/received', method: 'get', wires: [['read']] }),
  node('read', 'function', {
    func: `msg.payload = global.get('received') || []; return msg`,
    outputs: 1,
    wires: [['out']],
  }),
  node('out', 'http response', {}),
]
const TAKER = [
  node('taker', 'http in', { url: '/8x8/inbound', method: 'post', wires: [['taken']] }),
  node('taken', 'http response', { statusCode: '299' }),
]

const fresh = (text = 'Hello') =>
  inboundWebhook({ payload: { umid: randomUUID(), content: { text } } })

/** What a test needs of a real Node-RED. */
class Site {
  constructor(
    readonly nodeRed: NodeRed,
    readonly root: string,
  ) {}

  static async start(settings: object, root = ''): Promise<Site> {
    const credentials = { account: { webhookAuthorization: BASIC } }
    const nodeRed = await runFlows({ flows: FLOWS, credentials }, 24_880, { settings })
    return new Site(nodeRed, nodeRed.url + root)
  }

  /** @returns the status */
  async post(body: unknown, headers: Record<string, string | undefined> = {}): Promise<number> {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const all = { 'content-type': 'application/json', authorization: BASIC, ...headers }
    const known = Object.entries(all).filter(([, value]) => value !== undefined)
    return new Promise((resolve, reject) => {
      const headers = { ...Object.fromEntries(known), 'content-length': Buffer.byteLength(text) }
      const posting = request(`${this.root}/8x8/inbound`, { method: 'POST', headers })
      posting.on('response', (response) => resolve(response.resume().statusCode ?? 0))
      posting.on('error', reject).end(text)
    })
  }

  /** What the flow has got, when it is so many. */
  async received(count: number): Promise<{ payload: unknown; umid?: string; event?: string }[]> {
    for (;;) {
      const response = await fetch(`${this.root}/received`, { headers: { authorization: BASIC } })
      const all = (await response.json()) as { payload: unknown }[]
      if (all.length >= count) return all
    }
  }

  deploy(flows: object[], type: 'full' | 'nodes' | 'flows'): Promise<void> {
    return deployFlows(this.nodeRed, flows, type)
  }
}

describe('an inbound node in a real Node-RED', function () {
  this.timeout(60_000)
  let site: Site | undefined

  afterEach(async () => {
    await site?.nodeRed.stop()
    site = undefined
  })

  it('keeps its promises with the stock settings, where Node-RED parses JSON first', async () => {
    site = await Site.start({})
    const [first, second, third] = [fresh('first'), fresh('second'), fresh('third')]
    assert.equal(await site.post(first), 200)
    assert.equal(await site.post(first), 200)
    for (const type of [undefined, 'text/plain', 'application/octet-stream']) {
      assert.equal(await site.post(second, { 'content-type': type }), 200)
    }
    assert.equal(await site.post(`\ufeff${JSON.stringify(third)}`), 200)
    assert.equal(await site.post({ eventType: 'short_url_clicked', payload: {} }), 200)
    const received = await site.received(4)
    assert.deepEqual(
      received.map(({ payload, event }) => event ?? payload),
      ['first', 'second', 'third', 'short_url_clicked'],
    )

    for (const body of ['', '{', '[]', 'null', '{}', JSON.stringify([fresh()]), 'a=b']) {
      for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded']) {
        assert.equal(await site.post(body, { 'content-type': type }), 400, `${body} as ${type}`)
      }
    }
    for (const megabytes of [1, 6]) {
      const large = fresh('x'.repeat(megabytes * 1024 * 1024))
      for (const type of ['application/json', 'text/plain']) {
        assert.equal(
          await site.post(large, { 'content-type': type }),
          413,
          `${megabytes} as ${type}`,
        )
      }
    }
    const refused: [Record<string, string | undefined>, number][] = [
      [{ authorization: undefined }, 401],
      [{ authorization: 'wrong' }, 401],
      [{ origin: 'https://other.example.com' }, 403],
      [{ 'sec-fetch-site': 'cross-site' }, 403],
    ]
    for (const [headers, status] of refused) assert.equal(await site.post(fresh(), headers), status)
    const viewed = await fetch(`${site.root}/8x8/inbound`)
    assert.deepEqual([viewed.status, viewed.headers.get('allow')], [405, 'POST'])
    assert.equal((await site.received(4)).length, 4)
    assert.ok(!site.nodeRed.log.some((line) => line.includes(BASIC)))
  })

  it('knows a message over deploys, and stays when an http in of its path goes', async () => {
    site = await Site.start({})
    const message = fresh('once')
    assert.equal(await site.post(message), 200)
    await site.received(1)
    for (const type of ['full', 'flows', 'nodes'] as const) {
      await site.deploy([...FLOWS, ...TAKER], type)
      assert.equal(await site.post(fresh()), 299, 'the http in has the path')
      await site.deploy(FLOWS, type)
      assert.equal(await site.post(message), 200)
      assert.equal(await site.post({ eventType: type, payload: {} }), 200)
    }
    const received = await site.received(4)
    assert.deepEqual(
      received.map(({ payload, event }) => event ?? payload),
      ['once', 'full', 'flows', 'nodes'],
    )
    const without = FLOWS.filter(({ id }) => id !== 'inbound')
    await site.deploy(without, 'full')
    assert.equal(await site.post(fresh()), 404)
    await site.deploy(FLOWS, 'full')
    assert.equal(await site.post(fresh()), 200)
  })

  it('takes the Basic value of httpNodeAuth, below the HTTP node root', async () => {
    const httpNodeAuth = { user: '8x8', pass: hashPassword('secret') }
    site = await Site.start({ httpNodeAuth, httpNodeRoot: '/api', httpAdminRoot: '/red' }, '/api')
    assert.equal(await site.post(fresh()), 200)
    for (const authorization of [undefined, 'Basic d3Jvbmc6d3Jvbmc=', 'Bearer secret']) {
      assert.equal(await site.post(fresh(), { authorization }), 401)
    }
    assert.equal((await site.received(1)).length, 1)
  })

  it('serves nothing where Node-RED serves no HTTP nodes, and says so', async () => {
    site = await Site.start({ httpNodeRoot: false })
    assert.equal(await site.post(fresh()), 404)
    assert.ok(site.nodeRed.log.some((line) => /\[warn\].*httpNodeRoot is false/.test(line)))
  })
})
