import assert from 'node:assert/strict'
import { CANARY, UMID } from '../support/events'
import { type FlowOptions, logged, reported, unloadFlow } from '../support/flow'
import { closeServers } from '../support/server'
import { accept, loadWith, message } from '../support/typing'
import { inboundWebhook } from '../support/webhooks'

/** Everything is missing, and this was found. */
const nothing = (found: string, fix: string) =>
  `No channel and no umid: msg.channel and msg.umid are empty and ${found}. ${fix}`

const MOVE = 'Put this node where msg.payload is the webhook, or set Channel and Umid.'
const change = (place: string) =>
  `Put a Change node in front that sets msg.payload to msg.${place}, or set Channel and Umid.`
const expectedUmid = "expected 8-4-4-4-12 hexadecimal digits, as in the webhook's payload.umid"

const inner = inboundWebhook().payload
const json = JSON.stringify(inboundWebhook())

const mistakes: [what: string, msg: object, said: string, options?: FlowOptions][] = [
  [
    'nothing at all',
    {},
    `No channel and no umid: msg.channel, msg.umid and msg.payload are empty. ${MOVE}`,
  ],
  [
    'the webhook in req.body',
    { payload: 'what the agent said', req: { body: inboundWebhook() } },
    nothing('msg.req.body is an 8x8 webhook', change('req.body')),
  ],
  [
    'the webhook in payload.body',
    { payload: { statusCode: 200, body: inboundWebhook() } },
    nothing('msg.payload.body is an 8x8 webhook', change('payload.body')),
  ],
  [
    'the webhook as text in payload.body',
    { payload: { isBase64Encoded: false, body: json } },
    nothing('msg.payload.body is an 8x8 webhook', change('payload.body')),
  ],
  [
    'the webhook in payload.payload',
    { payload: { payload: inboundWebhook() } },
    nothing('msg.payload.payload is an 8x8 webhook', change('payload.payload')),
  ],
  [
    'something that throws where a webhook is looked for',
    {
      payload: 'what the agent said',
      req: {
        body: {
          get eventType() {
            throw new Error('hands off')
          },
        },
      },
    },
    nothing('msg.payload is a string, not an 8x8 webhook', MOVE),
  ],
  [
    'the inner payload alone',
    { payload: inner },
    nothing(
      'msg.payload is only the inner payload of an 8x8 webhook',
      'Put the whole webhook into msg.payload, or set Channel to msg.payload.recipient.channel and Umid to msg.payload.umid.',
    ),
  ],
  [
    'an array of webhooks',
    { payload: [inboundWebhook(), inboundWebhook()] },
    nothing('msg.payload is an array of 8x8 webhooks', 'Put a Split node in front.'),
  ],
  [
    'another array',
    { payload: [1, 2] },
    nothing(
      'msg.payload is an array, not an 8x8 webhook',
      'Put a Split node in front if it holds webhooks, or set Channel and Umid.',
    ),
  ],
  [
    'payload.umid without the rest',
    { payload: { umid: UMID } },
    nothing(
      'msg.payload has a umid, but is not an 8x8 webhook',
      'Set Channel and Umid to msg.payload.umid.',
    ),
  ],
  [
    'payload.umid and payload.channel',
    { payload: { umid: UMID, channel: 'rcs' } },
    nothing(
      'msg.payload has a umid, but is not an 8x8 webhook',
      'Set Channel to msg.payload.channel and Umid to msg.payload.umid.',
    ),
  ],
  ['an empty payload', { payload: {} }, nothing('msg.payload is an empty object', MOVE)],
  [
    'another object',
    { payload: { a: 1 } },
    nothing('msg.payload is an object, not an 8x8 webhook', MOVE),
  ],
  [
    'a webhook without its payload',
    { payload: { eventType: 'inbound_message_received' } },
    nothing('msg.payload has an eventType, but no payload', MOVE),
  ],
  ['a number', { payload: 7 }, nothing('msg.payload is a number, not an 8x8 webhook', MOVE)],
  [
    'plain text',
    { payload: 'Hello' },
    nothing('msg.payload is a string, not an 8x8 webhook', MOVE),
  ],
  [
    'other JSON as text',
    { payload: '{"a":1}' },
    nothing(
      'msg.payload is a string, not an 8x8 webhook',
      'Put a JSON node in front, or set Channel and Umid.',
    ),
  ],
  [
    'JSON sent as a form',
    { payload: { [json]: '' } },
    nothing(
      'msg.payload is a form whose field is JSON',
      'Have it sent with Content-Type: application/json, or set Channel and Umid.',
    ),
  ],
  [
    'a umid, and JSON as text',
    { umid: UMID, payload: '{"a":1}' },
    'No channel: msg.channel is empty and msg.payload is a string, not an 8x8 webhook. Put a JSON node in front, or set Channel.',
  ],
  [
    'a channel and no umid',
    { channel: 'rcs', payload: inner },
    'No umid: msg.umid is empty and msg.payload is only the inner payload of an 8x8 webhook. Put the whole webhook into msg.payload, or set Umid to msg.payload.umid.',
  ],
  [
    'a webhook without a channel',
    { payload: inboundWebhook({ without: ['recipient'] }) },
    'No channel: msg.channel is empty and the 8x8 webhook in msg.payload has no recipient.channel. Set Channel.',
  ],
  [
    'a umid in another place',
    { payload: 'Hello', channel: 'rcs' },
    'No umid: msg.a.b is empty and msg.payload is a string, not an 8x8 webhook. Put this node where msg.payload is the webhook, or set Umid.',
    { node: { umid: ' a.b ', umidType: 'msg' } },
  ],
  [
    'a umid in the flow context',
    { channel: 'rcs' },
    'No umid: flow.umid and msg.payload are empty. Put this node where msg.payload is the webhook, or set Umid.',
    { node: { umid: 'umid', umidType: 'flow' } },
  ],
  [
    'a umid that is a number',
    { ...message(), umid: 12345 },
    `The umid 12345 (a number) is not valid: ${expectedUmid}. It came from msg.umid.`,
  ],
  [
    'a umid that is too short',
    { ...message(), umid: ' 12345\n' },
    `The umid " 12345\\n" is not valid: ${expectedUmid}. It came from msg.umid.`,
  ],
  [
    'a umid that is an object',
    { ...message(), umid: inboundWebhook() },
    `The umid is an object: ${expectedUmid}. It came from msg.umid.`,
  ],
  [
    'a umid with what nobody sees',
    { ...message(), umid: `\u200b${UMID}\u0007` },
    `The umid "\\u{200b}${UMID}\\u0007" is not valid: ${expectedUmid}. It came from msg.umid.`,
  ],
  [
    'an endless umid',
    { ...message(), umid: 'x'.repeat(4 << 20) },
    `The umid "${'x'.repeat(50)}"… is not valid: ${expectedUmid}. It came from msg.umid.`,
  ],
  [
    'a wrong umid in the webhook',
    { payload: inboundWebhook({ payload: { umid: 'none' } }) },
    `The umid "none" is not valid: ${expectedUmid}. It came from the 8x8 webhook in msg.payload.`,
  ],
  [
    'a channel that 8x8 has not',
    { ...message(), channel: 'telegram' },
    'The channel "telegram" is not valid: expected the name of an 8x8 channel, e.g. whatsapp or rcs. It came from msg.channel.',
  ],
  [
    'a wrong sub-account in an expression',
    { ...message(), sub: 'a b' },
    'The subAccountId "a b" is not valid: expected 3 to 50 letters, digits or any of - . _ &. It came from the expression "sub".',
    { node: { subAccountId: 'sub', subAccountIdType: 'jsonata' } },
  ],
  [
    'a wrong sub-account in a variable',
    message(),
    'The subAccountId "a/b" is not valid: expected 3 to 50 letters, digits or any of - . _ &. It came from the environment variable SUB.',
    {
      node: { subAccountId: 'SUB', subAccountIdType: 'env' },
      tab: { env: [{ name: 'SUB', value: 'a/b', type: 'str' }] },
    },
  ],
  [
    'a time in seconds',
    { ...message(), receivedAt: 1781000000 },
    'The receivedAt 1781000000 (a number) is not valid: expected a Date, ms since 1970, or ISO 8601 with a time zone. It came from msg.receivedAt.',
  ],
  [
    'no action',
    message(),
    'No action: msg.action is empty. Set it to send, start or stop, e.g. with a Change node, or choose one in the node.',
    { node: { action: 'msg' } },
  ],
  [
    'an unknown action',
    { ...message(), action: 'begin' },
    'The action "begin" is not valid: expected one of send, start, stop. It came from msg.action.',
    { node: { action: 'msg' } },
  ],
  [
    'a stop of nobody',
    { payload: 'Hello' },
    'No umid: msg.umid and msg.typing.umid are empty and msg.payload is a string, not an 8x8 webhook. Put this node where msg.payload is the webhook, or set Umid or Conversation.',
    { node: { action: 'stop' } },
  ],
  [
    'a stop of a wrong umid of an earlier node',
    { typing: { umid: 7 } },
    `The umid 7 (a number) is not valid: ${expectedUmid}. It came from msg.typing.umid.`,
    { node: { action: 'stop' } },
  ],
  [
    'a fixed umid that is wrong',
    { channel: 'rcs' },
    `The umid "12345" is not valid: ${expectedUmid}. It came from the property Umid.`,
    { node: { umid: '12345', umidType: 'str' } },
  ],
]

describe('8x8-typing-indicator, given', () => {
  afterEach(async () => {
    await unloadFlow()
    await closeServers()
  })

  for (const [what, msg, said, options] of mistakes) {
    it(`${what}: says what it found, and how to fix it`, async () => {
      const { flow } = await loadWith(accept, options)
      const out = await flow.send(msg)
      assert.equal(out.msg.error?.message, said)
      assert.equal(out.port, 'error')
      assert.equal(out.msg.error?.kind, 'invalid-input')
    })
  }

  const throwing = { get: () => assert.fail('hands off'), enumerable: true }
  for (const [what, payload] of [
    ['a body', Object.defineProperty({}, 'body', throwing)],
    ['a umid', Object.defineProperty({}, 'umid', throwing)],
    ['every property', new Proxy([], { get: throwing.get, ownKeys: throwing.get })],
  ] as const) {
    it(`a payload that throws for ${what}: fails as any other`, async () => {
      const { flow } = await loadWith(accept)
      const { port, msg } = await flow.send({ payload })
      assert.equal(port, 'error')
      assert.equal(msg.error?.kind, 'invalid-input')
    })
  }

  it('a request that throws: fails as any other', async () => {
    const { flow } = await loadWith(accept)
    const req = Object.defineProperty({}, 'body', throwing)
    const { msg } = await flow.send({ payload: 'Hello', req })
    assert.match(`${msg.error?.message}`, /msg\.payload is a string/)
  })

  it('blanks and the like around all values: removes them', async () => {
    const { flow, server } = await loadWith(accept, {
      apiKey: ` bearer ${CANARY}\n`,
      account: { subAccountId: ' my_sub\n' },
      node: { action: 'msg', umid: ' umid ', conversation: '\tcustomer ', conversationType: 'msg' },
    })
    const { port, msg } = await flow.send({
      action: ' start\n',
      umid: ` {${UMID}}\r\n`,
      channel: 'WhatsApp ',
      customer: ' Ana ',
    })
    assert.equal(msg.error?.message, undefined)
    assert.equal(port, 'success')
    assert.equal(msg.typing?.umid, UMID)
    assert.equal(server.received[0]?.path, '/api/v1/subaccounts/my_sub/events')
    assert.equal(server.received[0]?.headers.authorization, `Bearer ${CANARY}`)
    const stopped = await flow.send({ action: 'stop ', customer: 'Ana' })
    assert.equal(stopped.msg.typing?.indicators, 1)
  })

  it('line ends in variables of a subflow or the system: removes them', async () => {
    const tab = {
      env: [
        { name: 'ACTION', value: 'start\n', type: 'str' },
        { name: 'CHANNEL', value: ' RCS\r\n', type: 'str' },
        { name: 'WAYS', value: 'pass ', type: 'str' },
      ],
    }
    const node = {
      action: '${ACTION}',
      unsupported: '${WAYS}',
      channel: '${CHANNEL}',
      channelType: 'str',
    }
    const { flow } = await loadWith(accept, { tab, node })
    const { msg } = await flow.send({ umid: UMID })
    assert.equal(msg.error?.message, undefined)
    assert.equal(msg.typing?.state, 'active')
    assert.equal(msg.typing?.channel, 'rcs')
  })

  it('an expression that throws several lines: reports them on one', async () => {
    const node = { umid: '$error("one\\ntwo")', umidType: 'jsonata' }
    const { flow } = await loadWith(accept, { node })
    const { msg } = await flow.send({})
    assert.equal(msg.error?.message, 'The umid cannot be read: one two')
  })

  describe('the API key in the wrong field', () => {
    for (const [what, options, msg] of [
      ['the message', {}, { ...message(), umid: CANARY }],
      ['the message, twice', {}, { ...message(), channel: `${CANARY}${CANARY}` }],
      ['the action', { node: { action: 'msg' } }, { ...message(), action: `Bearer ${CANARY}` }],
      ['the node', { node: { umid: CANARY, umidType: 'str' } }, message()],
      ['the type of an event', {}, { payload: inboundWebhook({ eventType: CANARY }) }],
    ] as [string, FlowOptions, object][]) {
      it(`${what}: does not repeat it`, async () => {
        const { flow } = await loadWith(accept, { ...options, errors: false })
        const error = reported()
        void flow.send(msg)
        await error
        assert.match(logged(), /\*\*\*/)
        assert.ok(!logged().includes(CANARY))
      })
    }
  })
})
