import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { basename } from 'node:path'
import { promisify } from 'node:util'
import type { NodeAPI } from 'node-red'
import helper from 'node-red-node-test-helper'
import { sampleMsisdn } from '../../nodes/sandbox/phone/settings'
import register from '../../nodes/sandbox/sandbox'
import { closeAll, startTarget } from '../lib/sandbox/helpers'
import { type FlowOptions, loadFlow, unloadFlow } from '../support/flow'
import { closePhones, post, serve, watch } from './phone-helpers'

describe('8x8-sandbox', () => {
  let RED: NodeAPI
  const types = [
    (api: NodeAPI) => {
      RED = api
      register(api)
    },
  ]
  afterEach(async () => {
    await closePhones()
    await unloadFlow()
    await closeAll()
  })

  const phone = (more: object = {}, id = 'phone') => ({
    id,
    type: '8x8-sandbox',
    subAccountId: 'my_sub',
    wires: [['typing']],
    ...more,
  })
  const load = (more: FlowOptions['more'], rest: FlowOptions = {}) =>
    loadFlow({ types, account: { region: 'sandbox' }, more, ...rest })
  const urlOf = async (id = 'phone') => `${await serve(RED.httpNode)}/8x8-sandbox/${id}/`

  it('shows a message, the dots and the reply', async () => {
    const flow = await load([phone()])
    const url = await urlOf()
    const client = await watch(url)
    const arrived = flow.next('success')
    assert.equal((await post(`${url}messages`, { text: 'Hello' })).status, 202)
    const msg = (await arrived) as { payload?: { payload: object }; req?: unknown; typing?: object }
    assert.equal(msg.req, undefined)
    const { messages, msisdn } = await client.until(({ typingUntil }) => typingUntil !== undefined)
    assert.equal(msisdn, sampleMsisdn('phone'))
    assert.deepEqual(msg.payload?.payload, {
      ...msg.payload?.payload,
      umid: messages[0]?.umid,
      user: { msisdn, name: 'Ana' },
      content: { text: 'Hello' },
    })
    await client.until(({ requests }) => requests[0]?.status === 200)
    helper.getNode('phone').receive({ payload: 'Good morning' })
    const { typingUntil } = await client.until((state) => state.messages.length === 2)
    assert.equal(typingUntil, undefined)
  })

  it('reports one error for a payload that is not a reply', async () => {
    await load([phone()])
    await watch(await urlOf())
    const node = helper.getNode('phone') as unknown as NodeJS.EventEmitter
    const failures: string[] = []
    node.on('call:error', ({ args }) => failures.push(`${args[0]}`))
    for (const payload of [7, 8]) {
      const failed = once(node, 'call:error')
      helper.getNode('phone').receive({ payload: payload as unknown as string })
      await failed
    }
    assert.equal(failures.length, 2)
    for (const failure of failures) assert.match(failure, /A reply is text/)
  })

  const wrong: [string, object][] = [
    ['channel', { channel: 'sms' }],
    ['subAccountId', { subAccountId: 'a' }],
    ['customerName', { customerName: 'x'.repeat(101) }],
    ['msisdn', { msisdn: '12345' }],
    ['deliverTo', { deliverTo: 'nobody' }],
    ['webhookUrl', { deliverTo: 'webhook', webhookUrl: 'ftp://x' }],
    ['webhookAuthorization', { deliverTo: 'webhook', webhookUrl: 'http://127.0.0.1:1/' }],
  ]
  for (const [field, config] of wrong) {
    it(`shows a red ring where ${field} is wrong, and has no page`, async () => {
      const statuses: unknown[] = []
      const shown = new Promise<void>((resolve) => {
        types[1] = (api: NodeAPI) => {
          const set = (status: unknown) => {
            statuses.push(status)
            resolve()
          }
          const events = api.events as NodeJS.EventEmitter
          events.on('node-status', ({ id, status }) => id === 'phone' && set(status))
        }
      })
      await load([phone(config)], { credentials: { phone: { webhookAuthorization: 'ä\n' } } })
      types.length = 1
      await shown
      assert.deepEqual(statuses, [{ fill: 'red', shape: 'ring', text: `status.check.${field}` }])
      assert.equal(
        (await fetch(await serve(RED.httpNode).then((o) => `${o}/8x8-sandbox/phone/`))).status,
        404,
      )
    })
  }

  it('loads nothing but itself until there is a node', async () => {
    const script = `
      require('./nodes/sandbox/sandbox.ts').default({ nodes: { registerType() {} } })
      console.log(JSON.stringify(Object.keys(require.cache)))`
    const args = ['--require', 'tsx/cjs', '--eval', script]
    const { stdout } = await promisify(execFile)(process.execPath, args)
    const loaded = (JSON.parse(stdout) as string[]).filter((file) => /nodes|zod|undici/.test(file))
    const own = loaded.filter(
      (file) => !/node_modules.(tsx|esbuild|get-tsconfig|resolve)/.test(file),
    )
    assert.deepEqual(
      own.map((file) => basename(file)),
      ['sandbox.ts'],
    )
  })

  it('posts to a webhook with the Authorization of its credential', async () => {
    const { url: webhookUrl, posted } = await startTarget((_n, response) => response.end())
    const credentials = { phone: { webhookAuthorization: 'Basic abc' } }
    await load([phone({ deliverTo: 'webhook', webhookUrl })], { credentials })
    const url = await urlOf()
    const client = await watch(url)
    await post(`${url}messages`, { text: 'Hello' })
    await client.until(({ delivery }) => delivery?.delivered === true)
    assert.equal(posted[0]?.headers.authorization, 'Basic abc')
  })

  it('keeps two phones apart, and its page alive over a deploy', async () => {
    const two = phone({ channel: 'rcs', wires: [[]] }, 'two')
    const flow = await load([phone({ wires: [[]] }), two])
    const url = await urlOf()
    const client = await watch(url)
    const other = await watch(url.replace('phone', 'two'))
    await post(`${url}messages`, { text: 'Hello' })
    await client.until(({ messages }) => messages.length === 1)
    assert.equal(other.states.at(-1)?.messages.length, 0)
    assert.notEqual(other.states[0]?.msisdn, client.states[0]?.msisdn)

    await flow.deploy({ more: [phone({ customerName: 'Bo', wires: [[]] }), two] }, 'nodes')
    await client.ended
    const again = await watch(url)
    assert.equal((await again.until(() => true)).customerName, 'Bo')
    await flow.deploy({ more: [] }, 'full')
    await Promise.all([again.ended, other.ended])
    assert.equal((await fetch(url)).status, 404)
  })
})
