import assert from 'node:assert/strict'
import fc from 'fast-check'
import { SUB_ACCOUNT_ID, UMID as UMID_FORM } from '../../nodes/lib/api'
import {
  type AnyProperty,
  anyFields,
  anyMore,
  anyProperty,
  anyShape,
  makeMessage,
  nextUmid,
  setProperty,
  watchProcess,
} from '../support/anything'
import { type Flow, type FlowOptions, unloadFlow } from '../support/flow'
import { OutcomeWatch } from '../support/outcome'
import { closeServers, type TestServer } from '../support/server'
import { accept, loadWith } from '../support/typing'
import { inboundWebhook } from '../support/webhooks'

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

const FIELDS = ['umid', 'channel', 'subAccountId', 'receivedAt', 'conversation', 'action'] as const
const message = fc.record({
  fields: anyFields(FIELDS, 6),
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
  more: anyMore('typing', 'res', 'topic'),
  shape: anyShape,
})
type Message = typeof message extends fc.Arbitrary<infer T> ? T : never

const GOOD: Record<string, () => unknown> = {
  umid: nextUmid,
  channel: () => 'whatsapp',
  subAccountId: () => 'good_sub',
  receivedAt: () => Date.now(),
  conversation: () => '+6500000000',
  action: () => 'send',
}

function messageOf(each: Message): object {
  const { payload } = each
  return makeMessage(each, GOOD, (msg) => {
    if (payload === 'missing') return
    if ('make' in payload) setProperty(msg, 'payload', payload)
    else msg.payload = damaged(payload)
  })
}

/** A good webhook with one field left out, doubled or replaced. */
function damaged({ at, how, by }: { at: string; how: string; by: AnyProperty }): object {
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
  let outcomes: OutcomeWatch

  async function load(options: FlowOptions): Promise<void> {
    ;({ flow, server } = await loadWith(accept, {
      ...options,
      account: { timeout: 5, deadline: 5 },
    }))
    outcomes = new OutcomeWatch(flow, 'typing')
  }

  afterEach(async () => {
    outcomes.close()
    await unloadFlow()
    await closeServers()
  })

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
          check(await outcomes.play(messageOf(each), options.errors !== false))
        }),
        { numRuns: 250 },
      )
    })
  }

  it('an expression that waits in vain: ends as closed', async () => {
    await load({ node: jsonata })
    const umid = Object.fromEntries([['then', () => {}]])
    const done = outcomes.complete({ umid, channel: 'rcs' })
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
        const msg = messageOf({ ...each, fields: { ...fields, [wrong]: value } })
        const error = await outcomes.play(msg, true)
        check(error)
        if (error?.kind === 'invalid-input') {
          assert.match(`${error.message}`, new RegExp(`\\b${wrong}\\b`))
        }
      }),
      { numRuns: 400 },
    )
  })
})
