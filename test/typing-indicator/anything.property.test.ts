import assert from 'node:assert/strict'
import fc from 'fast-check'
import RED, { type NodeMessage } from 'node-red'
import helper from 'node-red-node-test-helper'
import { SUB_ACCOUNT_ID, UMID as UMID_FORM } from '../../nodes/lib/api'
import { anyProperty, setProperty, watchProcess } from '../support/anything'
import { UMID } from '../support/events'
import { type Flow, type FlowOptions, unloadFlow } from '../support/flow'
import { closeServers, type TestServer } from '../support/server'
import { accept, loadWith } from '../support/typing'
import { inboundWebhook } from '../support/webhooks'

type Property = typeof anyProperty extends fc.Arbitrary<infer T> ? T : never

const PATH = /^\/api\/v1\/subaccounts\/([^/?#]+)\/events$/
const KINDS = ['invalid-input', 'unsupported-channel', 'expired']

/** What an error may name: a field, or where in the message it was looked for. */
const NAMED = /\b(action|umid|channel|subAccountId|receivedAt|conversation|payload|msg\.\w+)\b/

const msgTypes = {
  subAccountId: 'subAccountId',
  subAccountIdType: 'msg',
  conversation: 'conversation',
  conversationType: 'msg',
}
const jsonata = {
  umid: 'umid',
  umidType: 'jsonata',
  channel: 'channel',
  channelType: 'jsonata',
  subAccountId: 'subAccountId',
  subAccountIdType: 'jsonata',
  receivedAt: 'receivedAt',
  receivedAtType: 'jsonata',
  conversation: 'conversation',
  conversationType: 'jsonata',
}
const nested = { umid: 'payload[msg.umid]', channel: 'flow', channelType: 'flow' }

const configs: [what: string, options: FlowOptions][] = [
  ['send', { node: msgTypes }],
  ['send, without output 2', { node: msgTypes, errors: false }],
  ['start', { node: { ...msgTypes, action: 'start' } }],
  ['stop', { node: { ...msgTypes, action: 'stop' } }],
  ['msg.action', { node: { ...msgTypes, action: 'msg' } }],
  ['expressions', { node: jsonata }],
  ['expressions, without output 2', { node: jsonata, errors: false }],
  ['a path through another property', { node: nested }],
]

/** Messages: each of these properties may be good, missing or anything. */
const field = fc.oneof(
  { weight: 6, arbitrary: fc.constant('good' as const) },
  { weight: 1, arbitrary: fc.constant('missing' as const) },
  { weight: 2, arbitrary: anyProperty },
)
const FIELDS = ['umid', 'channel', 'subAccountId', 'receivedAt', 'conversation', 'action'] as const
const message = fc.record({
  fields: fc.record(Object.fromEntries(FIELDS.map((name) => [name, field]))),
  payload: fc.oneof(
    { weight: 2, arbitrary: fc.constant('missing' as const) },
    { weight: 1, arbitrary: anyProperty },
    {
      weight: 3,
      arbitrary: fc.record({
        at: fc.constantFrom(
          'payload.umid',
          'payload.subAccountId',
          'payload.timestamp',
          'payload.user',
          'payload.user.msisdn',
          'payload.user.channelUserId',
          'payload.recipient',
          'payload.recipient.channel',
          'payload',
          'eventType',
          'version',
        ),
        how: fc.constantFrom('left out', 'doubled', 'replaced'),
        by: anyProperty,
      }),
    },
  ),
  more: fc.dictionary(
    fc.constantFrom('__proto__', 'constructor', 'typing', 'error', '_error', 'req', 'res', 'topic'),
    anyProperty,
    { maxKeys: 2 },
  ),
  shape: fc.constantFrom('plain', 'plain', 'plain', 'frozen', 'sealed', 'no prototype', 'proxy'),
})
type Message = typeof message extends fc.Arbitrary<infer T> ? T : never

const GOOD: Record<string, () => unknown> = {
  // Another each time: a repeated one would start nothing.
  umid: () => UMID.slice(0, -6) + (count % 16 ** 6).toString(16).padStart(6, '0'),
  channel: () => 'whatsapp',
  subAccountId: () => 'good_sub',
  receivedAt: () => Date.now(),
  conversation: () => '+6500000000',
  action: () => 'send',
}

let count = 0

function makeMessage({ fields, payload, more, shape }: Message): object {
  const msg = Object.assign(shape === 'no prototype' ? Object.create(null) : {}, {
    _msgid: `any-${count++}`,
  })
  for (const [name, value] of Object.entries(fields)) {
    if (value === 'good') msg[name] = GOOD[name]?.()
    else if (value !== 'missing') setProperty(msg, name, value)
  }
  if (payload !== 'missing') {
    if ('make' in payload) setProperty(msg, 'payload', payload)
    else msg.payload = damaged(payload)
  }
  for (const [name, value] of Object.entries(more)) setProperty(msg, name, value)
  if (shape === 'frozen') return Object.freeze(msg)
  if (shape === 'sealed') return Object.seal(msg)
  return shape === 'proxy' ? new Proxy(msg, {}) : msg
}

/** A good webhook with one field left out, doubled or replaced. */
function damaged({ at, how, by }: { at: string; how: string; by: Property }): object {
  const webhook = inboundWebhook()
  const path = at.split('.')
  const last = path.pop() ?? ''
  const parent = path.reduce<Record<string, unknown>>(
    (object, name) => object[name] as Record<string, unknown>,
    webhook,
  )
  if (how === 'left out') delete parent[last]
  else if (how === 'doubled') parent[last] = [parent[last], parent[last]]
  else setProperty(parent, last, by)
  return webhook
}

describe('8x8-typing-indicator, given anything', function () {
  this.timeout(30_000)
  watchProcess()
  let flow: Flow
  let server: TestServer
  let completed = () => {}

  async function load(options: FlowOptions): Promise<void> {
    ;({ flow, server } = await loadWith(accept, {
      ...options,
      account: { timeout: 5, deadline: 5 },
    }))
    RED.hooks.add('onComplete.anything', ({ node }: { node: { id: string } }) => {
      if (node.id === 'typing') completed()
    })
  }

  afterEach(async () => {
    RED.hooks.remove('*.anything')
    await unloadFlow()
    await closeServers()
  })

  /** Sends a message, and sees that it has one outcome. @returns the error, if it was one */
  async function play(msg: object, errors: boolean): Promise<Record<string, unknown> | undefined> {
    flow.outputs.length = 0
    flow.completions.length = 0
    const done = new Promise<void>((resolve) => {
      completed = resolve
    })
    helper.getNode('typing').receive(msg as NodeMessage)
    await done
    // An output is handed on in the next turn; a second one would come then too.
    for (let i = 0; i < 3; i++) await new Promise(setImmediate)
    assert.equal(flow.completions.length, 1, 'done was not called exactly once')
    const failed = flow.completions[0]?.error
    const [output] = flow.outputs
    assert.equal(flow.outputs.length, failed ? 0 : 1, 'one output or one error')
    if (failed) return { ...(failed.cause as object), message: failed.message }
    assert.equal(output?.msg, msg, 'another message')
    if (output?.port === 'success') return undefined
    assert.ok(errors, 'an output that is not wired')
    return output?.msg.error
  }

  function check(error: Record<string, unknown> | undefined): void {
    for (const { method, path, body, headers } of server.received.splice(0)) {
      const [, segment = ''] = PATH.exec(path) ?? []
      assert.equal(method, 'POST')
      assert.match(decodeURIComponent(segment), SUB_ACCOUNT_ID, path)
      const { umid, ...rest } = JSON.parse(body)
      assert.match(umid, UMID_FORM)
      assert.ok(['whatsapp', 'rcs'].includes(rest.channel))
      assert.deepEqual(rest, { channel: rest.channel, type: 'typing' })
      assert.equal(headers.host, new URL(server.url).host)
    }
    if (!error) return
    assert.ok(KINDS.includes(`${error.kind}`), `${error.kind}: ${error.message}`)
    if (error.kind === 'invalid-input') assert.match(`${error.message}`, NAMED)
    assert.ok(`${error.message}`.length < 1000, 'an endless error')
  }

  for (const [what, options] of configs) {
    it(`${what}: has one outcome, which names the field`, async () => {
      await load(options)
      await fc.assert(
        fc.asyncProperty(message, async (each) => {
          // JSONata waits for it, in vain; see the test below.
          fc.pre(options.node !== jsonata || !fc.stringify(each).includes('in vain'))
          check(await play(makeMessage(each), options.errors !== false))
        }),
        { numRuns: 250 },
      )
    })
  }

  it('an expression that waits in vain: ends as closed', async () => {
    await load({ node: jsonata })
    const done = new Promise<void>((resolve) => {
      completed = resolve
    })
    const umid = Object.fromEntries([['then', () => {}]])
    helper.getNode('typing').receive({ umid, channel: 'rcs' } as NodeMessage)
    await new Promise(setImmediate)
    await flow.deploy({ node: { ...jsonata, name: 'changed' } }, 'nodes')
    await done
    const { error } = flow.completions[0] ?? {}
    const kind = (error?.cause as { kind?: string })?.kind ?? flow.outputs[0]?.msg.error?.kind
    assert.equal(kind, 'closed')
  })

  it('names just the field that is wrong', async () => {
    await load({ node: { ...msgTypes, action: 'msg' } })
    const name = fc.constantFrom(...FIELDS)
    await fc.assert(
      fc.asyncProperty(name, anyProperty, async (wrong, value) => {
        const fields = Object.fromEntries(FIELDS.map((each) => [each, 'good' as const]))
        const each = { payload: 'missing', more: {}, shape: 'plain' } as const
        const msg = makeMessage({ ...each, fields: { ...fields, [wrong]: value } })
        const error = await play(msg, true)
        check(error)
        if (error?.kind === 'invalid-input') {
          assert.match(`${error.message}`, new RegExp(`\\b${wrong}\\b`))
        }
      }),
      { numRuns: 400 },
    )
  })
})
