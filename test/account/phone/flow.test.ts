import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { promisify } from 'node:util'
import helper from 'node-red-node-test-helper'
import type { PhoneState } from '../../../nodes/account/phone/state'
import { subAccountPath } from '../../../nodes/lib/api'
import { SAMPLE_UMID, type SandboxCustomer } from '../../../nodes/lib/sandbox/customers'
import { acquireSandbox, forgetAccount } from '../../../nodes/lib/sandbox/shared'
import reply from '../../../nodes/reply/reply'
import typingIndicator from '../../../nodes/typing-indicator/typing-indicator'

import {
  type InboundFlow,
  load,
  type Options,
  type Received,
  SECRET,
  unload,
} from '../../inbound/helpers'
import { call } from '../../lib/sandbox/helpers'
import { ANA, BEN, CHI, closePhones, post, watch } from './helpers'

const TYPES = [reply, typingIndicator]

/** Of one test: chats are kept over deploys, and so over tests. */
let account: string
let subAccountId: string

function freshAccount(): void {
  account = `account-${randomUUID()}`
  subAccountId = `sub-${randomUUID()}`
}

/** A flow whose inbound node has a sandbox account; without Authorization, like any first flow. */
function start(options: Options = {}): Promise<InboundFlow> {
  return load({ types: TYPES, ...flowOf(options) })
}

function flowOf({ account: changes, node, ...rest }: Options): Options {
  return {
    authorization: undefined,
    account: { id: account, region: 'sandbox', name: 'shop', subAccountId, ...changes },
    node: { account, ...node },
    ...rest,
  }
}

const pageOf = ({ url }: InboundFlow, id = account) => `${url}/8x8-sandbox/${id}/`

/** Writes on the page. */
async function say(flow: InboundFlow, text: string, { id } = ANA, page = account): Promise<void> {
  const answer = await post(`${pageOf(flow, page)}messages`, { customer: id, text })
  assert.equal(answer.status, 202, await answer.text())
}

/** The last state of a customer's phone that matches, as the page sees it. */
async function look(
  flow: InboundFlow,
  matches: (state: PhoneState) => boolean = () => true,
  customer: SandboxCustomer = ANA,
  page = account,
): Promise<PhoneState> {
  const client = await watch(pageOf(flow, page), customer)
  const state = await client.until(matches)
  await client.close()
  return state
}

const isDelivered = ({ messages }: PhoneState) => messages.at(-1)?.delivery !== undefined
const textsOf = ({ messages }: PhoneState) => messages.map(({ text }) => text)
const withoutRoute = ({ port, _msgid, ...rest }: Partial<Received>) => rest

/** Resolves when the page answers with a status; the sandbox starts while the flows run. */
async function answers(flow: InboundFlow, status: number, page = account): Promise<Response> {
  for (;;) {
    const response = await fetch(pageOf(flow, page))
    if (response.status === status) return response
    await new Promise(setImmediate)
  }
}

describe('the phone of an account: messages', () => {
  beforeEach(freshAccount)
  afterEach(async () => {
    await closePhones()
    await unload()
  })

  it('arrive at output 1 exactly as if 8x8 had posted them', async () => {
    const flow = await start()
    await look(flow)
    await say(flow, 'Hello')
    const [written] = await flow.until(1)
    const umid = `${written?.umid}`
    const webhook = await (await fetch(`${pageOf(flow)}webhook?umid=${umid}`)).json()
    assert.deepEqual(written?.webhook, webhook)
    const other = randomUUID()
    webhook.payload.umid = other
    assert.equal((await flow.post(webhook)).status, 200)
    const [, posted] = await flow.until(2)
    assert.equal(written?.port, 'message')
    assert.deepEqual(withoutRoute({ ...written, umid: other, webhook }), withoutRoute(posted ?? {}))
    assert.equal(written?.payload, 'Hello')
  })

  it('come from three customers, of whom one has no number', async () => {
    const flow = await start()
    await look(flow)
    for (const customer of [ANA, BEN, CHI]) await say(flow, `I am ${customer.label}`, customer)
    const received = await flow.until(3)
    assert.deepEqual(
      received.map(({ payload, conversation, channel, user }) => [
        ...[payload, conversation, channel, user],
      ]),
      [
        ['I am Ana', '+6500000000', 'whatsapp', { msisdn: '+6500000000', name: 'Ana' }],
        ['I am Ben', '+6500000001', 'rcs', { msisdn: '+6500000001' }],
        [
          ...['I am Chi', 'US.13491208655302741918', 'whatsapp'],
          { channelUserId: 'US.13491208655302741918', username: 'chi' },
        ],
      ],
    )
  })

  it('are answered: dots, reply, requests and receipts are there, also without a number', async () => {
    const indicator = { id: 'typing', type: '8x8-typing-indicator', account }
    const flow = await start({
      node: { wires: [['message', 'typing'], ['event']] },
      more: [indicator, { id: 'reply', type: '8x8-reply', account }],
    })
    for (const customer of [ANA, BEN, CHI]) {
      const before = flow.received.length
      await look(flow)
      await say(flow, 'Hello', customer)
      const message = (await flow.until(before + 1))[before]
      await look(flow, ({ typingUntil }) => typingUntil !== undefined, customer)
      helper.getNode('reply').receive({ ...withoutRoute(message ?? {}), payload: 'Good morning' })
      const isRead = ({ messages }: PhoneState) => messages[1]?.status === 'read'
      const { messages, requests, typingUntil } = await look(flow, isRead, customer)
      assert.equal(typingUntil, undefined)
      const [asked, answered] = messages
      assert.deepEqual([asked?.text, answered?.text], ['Hello', 'Good morning'])
      assert.deepEqual(
        requests.map(({ status, umid }) => [status, umid]),
        [
          [200, asked?.umid],
          [200, answered?.umid],
        ],
      )
      const { body, response } = requests[1] ?? {}
      assert.equal((body as { content?: { text?: string } }).content?.text, 'Good morning')
      assert.equal((response as { umid?: string }).umid, answered?.umid)
      const receipts = (await flow.until(before + 4)).slice(before + 1)
      assert.deepEqual(
        receipts.map(({ port, event, umid }) => [port, event, umid]),
        Array(3).fill(['event', 'outbound_message_status_changed', undefined]),
      )
      const states = receipts.map(({ payload }) => payload as unknown as Receipt)
      assert.deepEqual(
        states.map(({ payload: { umid, status } }) => [umid, status.state]),
        ['sent', 'delivered', 'read'].map((state) => [answered?.umid, state]),
      )
    }
  })

  it('arrive as `selected` where a button was pressed', async () => {
    const flow = await start({ more: [{ id: 'reply', type: '8x8-reply', account }] })
    await look(flow)
    const buttons = {
      type: 'interactive',
      content: {
        interactive: {
          type: 'button',
          body: { text: 'Sure?' },
          action: { buttons: [{ type: 'reply', reply: { id: 'y', title: 'Yes' } }] },
        },
      },
    }
    helper
      .getNode('reply')
      .receive({ payload: buttons, user: { msisdn: ANA.msisdn } } as object as Received)
    const { messages } = await look(flow, ({ messages }) => messages.length === 1)
    const choice = { umid: messages[0]?.umid, kind: 'button', id: 'y', title: 'Yes' }
    await post(`${pageOf(flow)}messages`, { customer: 'ana', choice })
    for (let count = 1; ; count++) {
      const { port, payload, selected, messageType } = (await flow.until(count))[
        count - 1
      ] as Received
      if (port !== 'message') continue // a receipt
      assert.deepEqual([payload, selected], ['Yes', { id: 'y', title: 'Yes' }])
      assert.equal(messageType, 'Interactive')
      return
    }
  })

  it('are not handed on again when they are delivered again, as a repeat of 8x8', async () => {
    const flow = await start()
    await look(flow)
    await say(flow, 'Hello')
    await flow.until(1)
    const { messages } = await look(flow, isDelivered)
    assert.equal(messages[0]?.delivery?.outcome, 'accepted')
    assert.equal(messages[0]?.delivery?.inbound, '/8x8/inbound')
    await post(`${pageOf(flow)}deliver`, { umid: messages[0]?.umid })
    const again = await look(flow, ({ messages }) => messages[0]?.delivery?.outcome === 'repeat')
    assert.equal(again.messages.length, 1)
    await say(flow, 'Are you there?')
    const received = await flow.until(2)
    assert.deepEqual(
      received.map(({ payload }) => payload),
      ['Hello', 'Are you there?'],
    )
  })

  it('are ignored by a node for other sub-accounts', async () => {
    const flow = await start({ node: { subAccounts: 'other_sub' } })
    await look(flow)
    await say(flow, 'Hello')
    const { messages } = await look(flow, isDelivered)
    assert.equal(messages[0]?.delivery?.outcome, 'ignored')
    assert.deepEqual(flow.received, [])
  })

  it('need no Authorization, although a post does', async () => {
    const flow = await start({ authorization: SECRET })
    await look(flow)
    await say(flow, 'Hello')
    assert.equal((await flow.until(1))[0]?.payload, 'Hello')
    assert.equal((await flow.post({}, { authorization: 'Bearer wrong' })).status, 401)
  })

  it('go to the inbound node that is chosen, of those that are enabled', async () => {
    const inbound = (id: string, more = {}) => ({
      ...{ id, type: '8x8-inbound', account, path: `/${id}`, wires: [['event']], ...more },
    })
    const more = [inbound('second', { name: 'Second' }), inbound('third', { d: true })]
    const flow = await start({ more })
    const { inbounds, inbound: chosen } = await look(flow, (it) => it.inbounds.length === 2)
    assert.deepEqual(inbounds, [
      { id: 'inbound', label: '/8x8/inbound', subAccountId },
      { id: 'second', label: 'Second', subAccountId },
    ])
    assert.equal(chosen, 'inbound')
    await post(`${pageOf(flow)}inbound`, { inbound: 'second' })
    await say(flow, 'Hello')
    assert.equal((await flow.until(1))[0]?.port, 'event')
    await flow.deploy(flowOf({ more }), 'full')
    await look(flow, (it) => it.inbound === 'second')
  })

  it('are refused where no inbound node uses the account', async () => {
    const indicator = { id: 'typing', type: '8x8-typing-indicator', account }
    const flow = await start({ node: { d: true }, more: [indicator] })
    await look(flow)
    await say(flow, 'Hello')
    const { messages, inbounds } = await look(flow, isDelivered)
    assert.deepEqual([messages[0]?.delivery?.outcome, inbounds], ['no-inbound', []])
  })
})

describe('the phone of an account: when it is there', () => {
  beforeEach(freshAccount)
  afterEach(async () => {
    await closePhones()
    await unload()
  })

  const NODES = ['8x8-inbound', '8x8-typing-indicator', '8x8-reply']
  for (const type of NODES) {
    it(`is while an enabled ${type} uses the account, even if the node is misconfigured`, async () => {
      const user = { id: 'user', type, account, path: 'wrong', renewEvery: 'wrong', typing: '?' }
      const flow = await start({ node: { d: true } })
      const response = await answers(flow, 404)
      while ((await answers(flow, 404)).headers.get('content-type') !== 'text/plain');
      assert.equal(response.status, 404)
      assert.match(await (await fetch(pageOf(flow))).text(), /Deploy an 8x8 node that uses this/)
      await flow.deploy(flowOf({ node: { d: true }, more: [user] }), 'nodes')
      const client = await watch(pageOf(flow))
      await flow.deploy(flowOf({ node: { d: true }, more: [{ ...user, d: true }] }), 'nodes')
      await client.ended
      await answers(flow, 404)
      await flow.deploy(flowOf({ node: { d: true }, more: [user] }), 'full')
      await look(flow)
      await flow.deploy(flowOf({ node: { d: true } }), 'nodes')
      await answers(flow, 404)
    })
  }

  it('ends with the region, and its chats with it', async () => {
    const flow = await start()
    const client = await watch(pageOf(flow))
    await say(flow, 'Hello')
    const live = { region: 'custom', baseUrl: 'http://127.0.0.1:1' }
    await flow.deploy(flowOf({ account: live }), 'nodes')
    await client.ended
    await answers(flow, 404)
    await flow.deploy(flowOf({}), 'nodes')
    assert.deepEqual(textsOf(await look(flow)), [])
  })

  for (const type of ['full', 'flows', 'nodes'] as const) {
    it(`keeps its chats, requests and simulated errors over a deploy (${type})`, async () => {
      const flow = await start()
      const client = await watch(pageOf(flow))
      await say(flow, 'Hello')
      await post(`${pageOf(flow)}fault`, { customer: 'ben', fault: 'slow' })
      const changes = { account: { name: 'other' }, node: { name: 'changed' } }
      await flow.deploy(flowOf(changes), type)
      await client.ended
      const state = await look(flow, ({ account }) => account === 'other')
      assert.deepEqual(textsOf(state), ['Hello'])
      assert.equal(state.messages[0]?.delivery?.outcome, 'accepted')
      assert.equal((await look(flow, () => true, BEN)).fault, 'slow')
      await say(flow, 'Still there?')
      assert.deepEqual(textsOf(await look(flow)), ['Hello', 'Still there?'])
    })
  }

  it('keeps them while the flows are stopped, and after the same in a deploy that fails', async () => {
    const flow = await start()
    const client = await watch(pageOf(flow))
    await say(flow, 'Hello')
    await runtime().stopFlows()
    await client.ended
    assert.equal((await fetch(pageOf(flow))).status, 404)
    await runtime().startFlows()
    assert.deepEqual(textsOf(await look(flow)), ['Hello'])
    await flow.deploy(flowOf({ account: { subAccountId: '' } }), 'full') // misconfigured
    await answers(flow, 404)
    await flow.deploy(flowOf({}), 'full')
    assert.deepEqual(textsOf(await look(flow)), [])
  })

  for (const [what, options] of [
    ['removed', { account: { id: 'another', subAccountId: 'another_sub' } }],
    ['disabled', { account: { d: true } }],
    ['moved to another sub-account', { account: { subAccountId: 'other_sub' } }],
  ] as const) {
    it(`forgets its chats when the account is ${what}`, async () => {
      const flow = await start()
      await look(flow)
      await say(flow, 'Hello')
      await flow.deploy(flowOf(options), 'full')
      await flow.deploy(flowOf({}), 'full')
      assert.deepEqual(textsOf(await look(flow)), [])
    })
  }

  it('shares one server with the phone of another account, and nothing else', async () => {
    const other = `account-${randomUUID()}`
    const second = { id: 'second', type: '8x8-inbound', account: other, path: '/second' }
    const flow = await start({
      configs: [{ id: other, type: '8x8-account', region: 'sandbox', subAccountId: 'other_sub' }],
      more: [{ ...second, wires: [['event']] }],
    })
    const states = [await look(flow), await look(flow, () => true, ANA, other)]
    assert.deepEqual(
      states.map(({ subAccountId, inbounds }) => [subAccountId, inbounds.map(({ id }) => id)]),
      [
        [subAccountId, ['inbound']],
        ['other_sub', ['second']],
      ],
    )
    await say(flow, 'one')
    await say(flow, 'two', ANA, other)
    const received = await flow.until(2)
    assert.deepEqual(
      received.map(({ port, payload, subAccountId }) => [port, payload, subAccountId]),
      [
        ['message', 'one', subAccountId],
        ['event', 'two', 'other_sub'],
      ],
    )
    assert.deepEqual(textsOf(await look(flow)), ['one'])

    const lease = await acquireSandbox({ accountId: 'test', subAccountId: 'test_sub' })
    for (const id of [subAccountId, 'other_sub']) {
      const body = { channel: 'rcs', type: 'typing', umid: SAMPLE_UMID }
      const path = subAccountPath(id, 'events')
      assert.equal((await call(lease.sandbox, body, { key: lease.apiKey, path })).status, 200)
    }
    await lease.release()
    forgetAccount('test')
  })

  it('is not served where Node-RED serves no HTTP nodes', async () => {
    const flow = await start({ settings: { httpNodeRoot: false } })
    // The phone is there, or not, when another lease of the sandbox is.
    const lease = await acquireSandbox({ accountId: 'test', subAccountId: 'test_sub' })
    assert.equal((await fetch(pageOf(flow))).status, 404)
    await lease.release()
    forgetAccount('test')
  })

  it('refuses pages of other origins', async () => {
    const flow = await start()
    await look(flow)
    const headers = { origin: 'https://evil.example' }
    for (const resource of ['messages', 'deliver', 'inbound', 'clear', 'fault']) {
      assert.equal((await post(pageOf(flow) + resource, {}, headers)).status, 403, resource)
    }
    for (const resource of ['events', 'webhook']) {
      assert.equal((await fetch(pageOf(flow) + resource, { headers })).status, 403, resource)
    }
  })

  it('is not loaded for a live account and its nodes, nor is the sandbox', async () => {
    const script = `
      const create = {}
      const RED = {
        nodes: { createNode() {}, getNode() {}, registerType: (type, node) => { create.node = node } },
        httpAdmin: { post() {} },
        auth: { needsPermission() {} },
        settings: {},
      }
      require('./nodes/account/account.ts').default(RED)
      require('./nodes/inbound/inbound-node.ts')
      require('./nodes/typing-indicator/indicator-node.ts')
      require('./nodes/reply/reply-node.ts')
      const node = { on() {}, warn(text) { throw new Error(text) }, credentials: { apiKey: 'key' } }
      const { node: Account } = create
      Account.call(node, { region: process.argv[1], subAccountId: 'my_sub' })
      const loaded = Object.keys(require.cache).filter((file) => /nodes.*(sandbox|phone)/.test(file))
      console.log(JSON.stringify([Boolean(node.connection.client), loaded.length > 0]))
      process.exit()`
    const run = async (region: string) => {
      const args = ['--require', 'tsx/cjs', '--eval', script, region]
      return JSON.parse((await promisify(execFile)(process.execPath, args)).stdout)
    }
    assert.deepEqual(await run('europe'), [true, false])
    assert.deepEqual(await run('sandbox'), [true, true])
  })
})

describe('the phone of an account in a subflow', () => {
  beforeEach(freshAccount)
  afterEach(async () => {
    await closePhones()
    await unload()
  })

  /** A subflow with an account and an inbound node inside. */
  const subflow = () => [
    {
      id: 'subflow',
      type: 'subflow',
      in: [],
      out: [0, 1].map((port) => ({ wires: [{ id: 'inner', port }] })),
      env: [],
    },
    {
      ...{ id: account, type: '8x8-account', z: 'subflow', region: 'sandbox' },
      subAccountId: '${SUB_8X8}',
    },
    {
      ...{ id: 'inner', type: '8x8-inbound', z: 'subflow', x: 0, y: 0, wires: [[], []] },
      ...{ account, path: '${PATH_8X8}' },
    },
  ]
  const instance = (id: string) => ({
    id,
    type: 'subflow:subflow',
    env: [
      { name: 'SUB_8X8', type: 'str', value: `${id}_sub` },
      { name: 'PATH_8X8', type: 'str', value: `/${id}` },
    ],
    wires: [['message'], ['event']],
  })
  const flowWith = (...ids: string[]): Options => ({
    account: { id: 'outer', region: 'sandbox' },
    node: { d: true },
    types: TYPES,
    authorization: undefined,
    configs: subflow(),
    more: ids.map(instance),
  })

  it('is one for all instances; each inbound node keeps its sub-account, also over a deploy', async () => {
    const flow = await load(flowWith('one', 'two'))
    const both = ({ inbounds }: PhoneState) => inbounds.length === 2
    const { inbounds, subAccountId } = await look(flow, both)
    assert.deepEqual(
      inbounds.map(({ label, subAccountId }) => [label, subAccountId]),
      [
        ['/one', 'one_sub'],
        ['/two', 'two_sub'],
      ],
    )
    assert.equal(subAccountId, 'one_sub')
    await say(flow, 'to one')
    await post(`${pageOf(flow)}inbound`, { inbound: inbounds[1]?.id })
    await say(flow, 'to two')
    const received = await flow.until(2)
    assert.deepEqual(
      received.map(({ payload, subAccountId }) => [payload, subAccountId]),
      [
        ['to one', 'one_sub'],
        ['to two', 'two_sub'],
      ],
    )
    await flow.deploy(flowWith('one', 'two'), 'full')
    const after = await look(flow, both)
    assert.deepEqual([after.subAccountId, textsOf(after)], ['two_sub', ['to two']])

    await flow.deploy(flowWith('one'), 'full')
    assert.deepEqual(textsOf(await look(flow, (it) => it.inbounds.length === 1)), ['to one'])
    await flow.deploy(flowWith('one', 'two'), 'full')
    const again = await look(flow, both)
    assert.deepEqual([again.subAccountId, textsOf(again)], ['two_sub', []])
  })

  it('keeps what was chosen on its page when its only instance is replaced by another', async () => {
    const flow = await load(flowWith('one'))
    const isOf = (sub: string) => (state: PhoneState) => state.subAccountId === sub
    await look(flow, isOf('one_sub'))
    await post(`${pageOf(flow)}fault`, { customer: 'ana', fault: 'slow' })
    await flow.deploy(flowWith('two'), 'full')
    assert.equal((await look(flow, isOf('two_sub'))).fault, 'slow')
  })

  it('notices an account that is deployed alone, with which Node-RED does not restart the node', async () => {
    const inner = {
      ...{ id: 'inner', type: '8x8-inbound', z: 'subflow', x: 0, y: 0, wires: [[], []] },
      ...{ account: '${ACCOUNT}', path: '/in/subflow' },
    }
    const options = (name: string) =>
      flowOf({
        account: { name },
        node: { d: true },
        types: TYPES,
        configs: [...subflow().slice(0, 1), inner],
        more: [
          {
            ...{ id: 'one', type: 'subflow:subflow', wires: [['message'], ['event']] },
            env: [{ name: 'ACCOUNT', type: '8x8-account', value: account }],
          },
        ],
      })
    const flow = await load(options('before'))
    await look(flow)
    await flow.deploy(options('after'), 'nodes')
    await look(flow, (state) => state.account === 'after')
    await say(flow, 'Hello')
    assert.equal((await flow.until(1))[0]?.payload, 'Hello')
  })
})

interface Receipt {
  payload: { umid: string; status: { state: string } }
}

/** Stops and starts all flows, as the editor can. */
function runtime() {
  return (
    helper as unknown as { _redNodes: Record<'stopFlows' | 'startFlows', () => Promise<void>> }
  )._redNodes
}
