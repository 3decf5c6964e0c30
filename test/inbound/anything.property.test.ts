import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { connect } from 'node:net'
import fc from 'fast-check'
import helper from 'node-red-node-test-helper'
import { watchProcess } from '../support/anything'
import { loggedErrors } from '../support/flow'
import { inboundWebhook } from '../support/webhooks'
import { type InboundFlow, load, SECRET, unload } from './helpers'

/** The promised statuses of a POST with the right Authorization. */
const PROMISED = [200, 400, 413]

const fresh = (payload: object = {}) =>
  inboundWebhook({ payload: { umid: randomUUID(), ...payload } })

/** Names that mean something to us, or to JavaScript. */
const name = fc.constantFrom(
  ...['eventType', 'payload', 'eventDetails', 'umid', 'subAccountId', 'user', 'recipient'],
  ...[
    'channel',
    'content',
    'text',
    'interactive',
    'button_reply',
    'timestamp',
    'type',
    'namespace',
  ],
  ...['__proto__', 'constructor', 'toString', 'then', 'length'],
)
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, '', 0, true, 'inbound_message_received', 'SMS', 'whatsapp', {}, []),
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.double(),
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(name, tie('any'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).any

/** Events whose fields are something else than they should be. */
const event = fc
  .record({
    field: fc.constantFrom('umid', 'subAccountId', 'timestamp', 'user', 'recipient', 'content'),
    value,
    type: fc.constantFrom('inbound_message_received', 'outbound_message_status_changed', 'x'),
  })
  .map(({ field, value, type }) => ({ ...fresh({ [field]: value }), eventType: type }))

const body = fc.oneof(
  value.map((json) => JSON.stringify(json)),
  event.map((json) => JSON.stringify(json)),
  fc.string({ unit: 'binary' }),
  // Whole events, cut or with something in between.
  fc.tuple(fc.nat(300), fc.string({ maxLength: 3 })).map(([at, more]) => {
    const text = JSON.stringify(fresh())
    return text.slice(0, at) + more + (more ? text.slice(at) : '')
  }),
)
const contentType = fc.constantFrom(
  'application/json',
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
  'application/json; charset=utf-16',
  'nonsense',
)

describe('8x8-inbound: anything that is posted', function () {
  this.timeout(60_000)
  watchProcess()
  let flow: InboundFlow

  before(async () => {
    flow = await load({
      node: {
        wires: [
          ['message', 'copy'],
          ['event', 'copy'],
        ],
      },
      more: [{ id: 'copy', type: 'helper' }],
    })
  })
  after(unload)

  /** Whether the node still works. */
  async function assertWorks(): Promise<void> {
    const message = fresh({ content: { text: 'still there' } })
    const arrived = new Promise<void>((resolve) => {
      const node: NodeJS.EventEmitter = helper.getNode('message')
      node.on('input', ({ umid }) => umid === message.payload.umid && resolve())
    })
    assert.equal((await flow.post(message)).status, 200)
    await arrived
  }

  it('gets one of the promised statuses, and the node lives on', async () => {
    await fc.assert(
      fc.asyncProperty(body, contentType, async (text, type) => {
        const before = flow.received.length
        const response = await flow.post(text, { 'content-type': type })
        assert.equal(await response.text(), '')
        assert.ok(PROMISED.includes(response.status), `${response.status}`)
        for (let i = 0; i < 3; i++) await new Promise(setImmediate)
        assert.equal(flow.received.length - before, response.status === 200 ? 1 : 0)
      }),
      { numRuns: 500 },
    )
    await assertWorks()
    assert.deepEqual(loggedErrors(), [])
  })

  it('is handed on in the form that is promised', () => {
    for (const msg of flow.received) {
      if (msg.port === 'event') assert.ok(!('umid' in msg), 'a umid at output 2')
      else assert.equal(typeof msg.payload, 'string')
      for (const field of [
        'conversation',
        'channel',
        'subAccountId',
        'receivedAt',
        'messageType',
      ]) {
        assert.ok(!(field in msg) || typeof msg[field] === 'string', field)
      }
    }
  })

  const nested = (levels: number) =>
    JSON.stringify(fresh({ content: { text: '@' } })).replace(
      '"@"',
      `${'['.repeat(levels)}${']'.repeat(levels)}`,
    )
  for (const [what, text] of [
    ['nested 1,000 times', nested(1000)],
    ['nested 500,000 times', nested(500_000)],
    ['with 100,000 fields', JSON.stringify({ ...fresh(), ...fields(100_000) })],
    ['with a text of 1,000,000', JSON.stringify(fresh({ content: { text: 'x'.repeat(1e6) } }))],
    ['with 1,000,000 zeros', `[${'0,'.repeat(500_000)}0]`],
    ['with a lone surrogate', JSON.stringify(fresh({ content: { text: '\ud800' } }))],
    ['that is nothing but a bracket', '['.repeat(1_000_000)],
  ] as const) {
    it(`does not end Node-RED with a body ${what}`, async () => {
      const { status } = await flow.post(text)
      assert.ok(PROMISED.includes(status), `${status}`)
      await assertWorks()
    })
  }

  it('is not awaited from a client that goes in the middle', async () => {
    for (const part of [
      '',
      'POST /8x8/inbound HTTP/1.1\r\n',
      head(100),
      `${head(100)}{"eventType":`,
    ]) {
      const socket = connect(Number(new URL(flow.url).port), '127.0.0.1')
      await new Promise<void>((resolve) => socket.write(part || '\r\n', () => resolve()))
      socket.resetAndDestroy()
    }
    await assertWorks()
  })

  function head(length: number): string {
    return `POST /8x8/inbound HTTP/1.1\r\nhost: x\r\nauthorization: ${SECRET}\r\ncontent-length: ${length}\r\n\r\n`
  }
})

function fields(count: number): object {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${i}`, i % 10]))
}
