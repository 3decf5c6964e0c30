import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { EventEmitter, on } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ACCOUNT_DEFAULTS } from '../../nodes/account/options'
import { INBOUND_DEFAULTS } from '../../nodes/inbound/options'
import { messagesBody } from '../../nodes/lib/sandbox/messages-body'
import { REPLY_DEFAULTS } from '../../nodes/reply/options'
import { TYPING_INDICATOR_DEFAULTS } from '../../nodes/typing-indicator/options'
import type { Deployable, FlowNode } from '../../scripts/example'
import { ROOT } from '../../scripts/node-red'
import { CANARY } from '../support/events'
import { endFlowFile, type RunningFlow, runFlowFile } from '../support/flow-file'
import { closeServers, startServer, type TestServer } from '../support/server'
import { inboundWebhook } from '../support/webhooks'

const RECIPES = readFileSync(join(ROOT, 'docs', 'recipes.md'), 'utf8')

const DEFAULTS: Record<string, object> = {
  '8x8-account': ACCOUNT_DEFAULTS,
  '8x8-inbound': INBOUND_DEFAULTS,
  '8x8-reply': REPLY_DEFAULTS,
  '8x8-typing-indicator': TYPING_INDICATOR_DEFAULTS,
}

const PATH = '/8x8/inbound'
const ACCOUNT = { id: 'account', type: '8x8-account', subAccountId: 'recipe_sub' }
const USER = { msisdn: '+6590000000', name: 'Ana' }

/** The code blocks of a recipe. */
function blocksOf(recipe: string, language: string): string[] {
  const [, section = ''] = RECIPES.split(`## ${recipe}\n`)
  const blocks = section.split('\n## ')[0]?.matchAll(/```(\w+)\n(.*?)```/gs) ?? []
  return [...blocks].filter(([, name]) => name === language).map(([, , code = '']) => code)
}

/** The flow of a recipe, on a tab, with an account. */
function flowOf(recipe: string): FlowNode[] {
  const [block = '[]'] = blocksOf(recipe, 'json')
  const nodes = (JSON.parse(block) as FlowNode[]).map((node) =>
    node.type === '8x8-account' ? node : { ...node, z: 'tab', account: ACCOUNT.id },
  )
  return [{ id: 'tab', type: 'tab', label: recipe }, ACCOUNT, ...nodes]
}

/** The code of a function node. @returns what it returns */
function runFunction(code: string, scope: { msg: object; flow?: object; node?: object }): unknown {
  const { msg, flow, node } = scope
  return new Function('msg', 'flow', 'node', code)(msg, flow, node)
}

/** The flow context. */
function createContext() {
  const values = new Map<string, unknown>()
  return {
    get: (key: string) => values.get(key),
    set: (key: string, value: unknown) => void values.set(key, value),
  }
}

/** A message of a customer. */
function inbound(text = 'Where is my order?') {
  const umid = randomUUID()
  const payload = { umid, subAccountId: ACCOUNT.subAccountId, user: USER, content: { text } }
  return { umid, webhook: inboundWebhook({ payload }) }
}

describe('docs/recipes.md', () => {
  let eight: TestServer
  let flow: RunningFlow
  /** What 8x8 was sent: the text of a message, or `dots`. */
  let calls: string[]
  let called: EventEmitter<{ call: [] }>

  beforeEach(async () => {
    calls = []
    called = new EventEmitter()
    eight = await startServer((response, { body }) => {
      const { type, content } = JSON.parse(body)
      calls.push(type === 'typing' ? 'dots' : content.text)
      called.emit('call')
      response.end('{}')
    })
  })

  afterEach(async () => {
    await endFlowFile()
    await closeServers()
  })

  /** Resolves when 8x8 has been sent something. */
  async function until(call: string): Promise<void> {
    if (calls.includes(call)) return
    for await (const _ of on(called, 'call')) if (calls.includes(call)) return
  }

  it('has flows with all properties of our nodes, and no others', () => {
    const flows = [...RECIPES.matchAll(/```json\n(\[.*?)```/gs)].map(([, json = '']) => json)
    assert.ok(flows.length >= 3)
    for (const node of flows.flatMap((json) => JSON.parse(json) as FlowNode[])) {
      const { id, type, x, y, wires, ...properties } = node
      const defaults = DEFAULTS[type]
      assert.ok(defaults || !type.startsWith('8x8-'), type)
      if (defaults) assert.deepEqual(Object.keys(properties), Object.keys(defaults), id)
    }
  })

  describe('an AI agent with interim answers', () => {
    const INTERIM = 'One moment, please: I am looking it up.'
    const ANSWER = 'Your order is on its way.'
    const recipe = flowOf('An AI agent with interim answers')
    const trigger = recipe.find(({ type }) => type === 'trigger')?.id ?? ''

    /** Runs the flow with other times, in ms. */
    async function run(agent: number, interim: number): Promise<void> {
      const nodes = recipe.map((node) => {
        if (node.type === 'trigger') return { ...node, duration: `${interim}`, units: 'ms' }
        if (node.type !== 'function') return node
        return { ...node, func: `${node.func}`.replace('30000', `${agent}`) }
      })
      flow = await runFlowFile(nodes, eight.url)
      assert.equal(await flow.post(PATH, inbound().webhook), 200)
      await until(ANSWER)
    }

    it('sends an interim answer, and shows the dots again until the answer', async () => {
      await run(300, 100)
      assert.deepEqual(calls, ['dots', INTERIM, 'dots', ANSWER])
    })

    it('takes the interim answer back if the agent is quick', async () => {
      await run(50, 60_000)
      const [question, answer] = await flow.received(trigger, 2)
      const { reset, umid } = answer as { reset?: unknown; umid?: unknown }
      assert.deepEqual(
        { reset, umid },
        { reset: true, umid: (question as { umid?: unknown }).umid },
      )
      assert.deepEqual(calls, ['dots', ANSWER])
    })
  })

  describe('hand over to a person', () => {
    const event = (payload: object) => ({
      namespace: 'ChatApps',
      eventType: 'external_app_message',
      payload: { subAccountId: ACCOUNT.subAccountId, channel: 'whatsapp', ...payload },
    })

    /** Runs the flow with a typing indicator, and lets a customer write. */
    async function run(): Promise<void> {
      const nodes = flowOf('Hand over to a person')
      const inboundNode = nodes.find(({ type }) => type === '8x8-inbound')
      const stop = nodes.find(({ action }) => action === 'stop')
      assert.ok(inboundNode && stop)
      const [, events] = inboundNode.wires as string[][]
      Object.assign(inboundNode, { wires: [['start'], events] })
      Object.assign(stop, { wires: [['stopped'], ['failed']] })
      const more = [
        { ...stop, id: 'start', action: 'start', wires: [['started'], []] },
        ...['started', 'stopped', 'failed'].map((id) => ({ id, type: 'helper', z: 'tab' })),
      ]
      flow = await runFlowFile([...nodes, ...more], eight.url)
      assert.equal(await flow.post(PATH, inbound().webhook), 200)
      await flow.received('started', 1)
    }

    it('ends the dots when a person answers in another app', async () => {
      await run()
      const receipt = { ...event({ user: USER }), eventType: 'outbound_message_status_changed' }
      assert.equal(await flow.post(PATH, receipt), 200)
      assert.equal(await flow.post(PATH, event({ user: USER })), 200)
      const [stopped, ...more] = await flow.received('stopped', 1)
      assert.deepEqual(more, [])
      const { state, indicators } = (stopped as { typing?: Record<string, unknown> }).typing ?? {}
      assert.deepEqual({ state, indicators }, { state: 'stopped', indicators: 1 })
    })

    it('fails as invalid-input if the event does not name the customer', async () => {
      await run()
      assert.equal(await flow.post(PATH, event({})), 200)
      const [failed] = await flow.received('failed', 1)
      assert.equal((failed as { error?: { kind?: string } }).error?.kind, 'invalid-input')
    })
  })

  describe('several channels', () => {
    const [code = ''] = blocksOf('Several channels', 'js')
    const replyOn = (channel: string) =>
      (runFunction(code, { msg: { channel } }) as { payload: object | string }).payload

    for (const [channel, type] of [
      ['whatsapp', 'interactive'],
      ['rcs', 'text'],
    ] as const) {
      it(`offers choices on ${channel} in the form that 8x8 documents`, () => {
        const body = messagesBody.parse({ user: USER, ...(replyOn(channel) as object) })
        assert.equal(body.type, type)
        const titles = [...JSON.stringify(body).matchAll(/"(?:title|text)":"([^"]*)"/g)]
        for (const title of ['Talk to a person', 'No, thank you']) {
          assert.ok(titles.some(([, found]) => found === title && title.length <= 20))
        }
      })
    }

    it('asks in words on SMS', () => assert.match(`${replyOn('sms')}`, /Write/))
  })

  it('keeps the question of a customer without a number for an answer from elsewhere', () => {
    const [keep = '', answer = ''] = blocksOf('Customers without a phone number', 'js')
    const context = createContext()
    const warnings: string[] = []
    const node = { warn: (text: string) => warnings.push(text) }
    const user = { channelUserId: 'US.13491208655302741918', username: 'chi' }
    const conversation = user.channelUserId
    const { umid } = inbound()
    const question = { umid, channel: 'whatsapp', subAccountId: 'my_sub', user, conversation }
    runFunction(keep, { msg: { ...question, payload: 'Hello' }, flow: context })
    const reply = { conversation, payload: 'Hello, too' }
    const sent = runFunction(answer, { msg: reply, flow: context, node })
    assert.deepEqual(sent, { ...question, receivedAt: undefined, payload: 'Hello, too' })
    const unknown = { msg: { conversation: '+6599999999' }, flow: context, node }
    assert.equal(runFunction(answer, unknown), null)
    assert.deepEqual(warnings, ['No question of +6599999999'])
  })

  it('has settings that Node-RED has', () => {
    const [code = ''] = blocksOf('Behind a proxy', 'js')
    const module = { exports: {} }
    new Function('module', code)(module)
    const known = readFileSync(require.resolve('node-red/settings.js'), 'utf8')
    assert.deepEqual(module.exports, { httpAdminRoot: '/admin', httpNodeRoot: '/api' })
    for (const name of Object.keys(module.exports)) assert.ok(known.includes(`//${name}:`), name)
  })

  it('takes the sub-account and the credentials from the environment', async () => {
    const recipe = 'Credentials from the environment'
    const [, file = ''] = blocksOf(recipe, 'json')
    const credentials = JSON.parse(file) as Deployable['credentials']
    const [account] = flowOf(recipe).filter(({ id }) => id !== ACCOUNT.id && credentials[id])
    assert.ok(account)
    const variables = {
      EIGHT_SUB_ACCOUNT: 'env_sub',
      EIGHT_API_KEY: CANARY,
      EIGHT_WEBHOOK_AUTHORIZATION: 'Bearer from-the-environment',
    }
    Object.assign(process.env, variables)
    try {
      const typing = { id: 'typing', type: '8x8-typing-indicator', z: 'tab', account: account.id }
      flow = await runFlowFile(
        [...flowOf(recipe), { ...typing, wires: [[], []] }],
        eight.url,
        credentials,
      )
      flow.send('typing', { umid: randomUUID(), channel: 'rcs' })
      await until('dots')
    } finally {
      for (const name of Object.keys(variables)) delete process.env[name]
    }
    const [request] = eight.received
    assert.equal(request?.path, '/api/v1/subaccounts/env_sub/events')
    assert.equal(request?.headers.authorization, `Bearer ${CANARY}`)
  })

  it('copies what npm pack makes into the Docker image', () => {
    const { name } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    const packed = `${name.slice(1).replace('/', '-')}-*.tgz`
    const [dockerfile = ''] = blocksOf('Docker', 'dockerfile')
    assert.match(dockerfile, new RegExp(`^COPY ${packed.replace(/[.*]/g, '\\$&')} /tmp/$`, 'm'))
  })
})
