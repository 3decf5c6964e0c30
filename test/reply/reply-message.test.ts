import assert from 'node:assert/strict'
import { MessagingError } from '../../nodes/lib/errors'
import type { Sources } from '../../nodes/lib/message/diagnose'
import {
  type FIELDS,
  type ReplySettings,
  readContext,
  toReply,
  toTarget,
  type Values,
} from '../../nodes/reply/reply-message'
import { revoked } from '../support/anything'
import { UMID } from '../support/events'
import { inboundWebhook } from '../support/webhooks'

const SOURCES: Sources<(typeof FIELDS)[number]> = {
  places: {
    content: 'msg.payload',
    to: 'msg.user',
    channel: 'msg.channel',
    subAccountId: 'the property Sub-account',
    umid: 'msg.umid',
  },
  redact: (text) => text,
}
const SETTINGS: ReplySettings = { typing: 'stop', quote: false, anyChannel: false }
const MSISDN = '+6591234567'
const BSUID = 'US.13491208655302741918'
const good: Values = { content: 'Hello', to: { msisdn: MSISDN }, channel: 'whatsapp', umid: UMID }

function reply(values: Values, msg: object = {}, settings: Partial<ReplySettings> = {}) {
  const context = readContext(values, msg, 'account_sub', SOURCES.places)
  const request = toReply(values, context, { ...SETTINGS, ...settings }, SOURCES)
  return { ...request, bodies: request.bodies.map((body) => JSON.parse(body)) }
}

const bodyOf = (...input: Parameters<typeof reply>) => reply(...input).bodies[0]

function fails(field: string, message: RegExp | string, ...input: Parameters<typeof reply>) {
  assert.throws(
    () => reply(...input),
    (error) => {
      assert.ok(error instanceof MessagingError, `${error}`)
      assert.deepEqual([error.cause.kind, error.field], ['invalid-input', field])
      if (typeof message === 'string') assert.equal(error.message, message)
      else assert.match(error.message, message)
      return true
    },
  )
}

describe('reply: to send', () => {
  it('makes the body of a text', () => {
    assert.deepEqual(reply(good), {
      subAccountId: 'account_sub',
      recipient: { msisdn: MSISDN },
      bodies: [
        {
          channels: [{ channel: 'WhatsApp' }],
          type: 'text',
          content: { text: 'Hello' },
          user: { msisdn: MSISDN },
        },
      ],
      typing: 'stop',
      umid: UMID,
      conversation: MSISDN,
    })
  })

  it('sends a number as text', () => {
    assert.deepEqual(bodyOf({ ...good, content: 42 }).content, { text: '42' })
  })

  it('sends the body of any 8x8 message with all that it brings', () => {
    const content = {
      type: 'image',
      content: { url: 'https://example.com/a.png' },
      clientMessageId: 'mine',
    }
    assert.deepEqual(bodyOf({ ...good, content }), {
      ...content,
      channels: [{ channel: 'WhatsApp' }],
      user: { msisdn: MSISDN },
    })
  })

  it("keeps the body's own channels and context", () => {
    const own = { channels: [{ channel: 'SMS' }], context: { umid: 'mine' } }
    const content = { type: 'text', content: { text: 'Hello' }, ...own }
    const { channels, context } = bodyOf({ ...good, content }, {}, { quote: true })
    assert.deepEqual({ channels, context }, own)
  })

  it("prefers the body's own user, by what names it", () => {
    const content = {
      type: 'text',
      content: { text: 'Hello' },
      user: { msisdn: '+65 8000 0000', name: 'Somebody' },
    }
    const { bodies, recipient, conversation } = reply({ ...good, content })
    assert.deepEqual(bodies[0].user, { msisdn: '+6580000000' })
    assert.deepEqual(recipient, { msisdn: '+6580000000' })
    assert.equal(conversation, '+6580000000')
    fails('to', /^The recipient .+ came from the user of the body in msg\.payload\.$/, {
      ...good,
      content: { ...content, user: { name: 'Somebody' } },
    })
  })

  for (const [what, content] of [
    ['a truth', true],
    ['an array', ['Hello']],
    ['a Buffer', Buffer.from('Hello')],
    ['no number', Number.NaN],
    ['an object', { text: 'Hello' }],
    ['an object with a type alone', { type: 'text' }],
    ['a text in place of the content', { type: 'text', content: 'Hello' }],
    ['a type that is none', { type: 7, content: {} }],
    ['a body with a blank text', { type: 'text', content: { text: ' ' } }],
    ['a webhook', inboundWebhook()],
    ['a proxy that throws', revoked()],
  ] as const) {
    it(`refuses ${what} as content`, () => {
      fails('content', /\b(content)\b/, { ...good, content })
    })
  }

  it('says what was found in place of a content', () => {
    fails(
      'content',
      "The content is an object: expected a text that is not blank, a number, or an object with 8x8's type and content. It came from msg.payload.",
      { ...good, content: { answer: 'Hello' } },
    )
    for (const content of [undefined, null, '', ' \n']) {
      fails(
        'content',
        'No content: msg.payload is empty. Set it to the text of the reply, or set Content.',
        { ...good, content },
      )
    }
  })

  it('names the reason why a body cannot be sent', () => {
    const content: Record<string, unknown> = { type: 'image', content: {} }
    content.itself = content
    fails('content', /^The content cannot be read: .*circular/, { ...good, content })
  })
})

describe('reply: the recipient', () => {
  for (const [written, msisdn] of [
    ['+6591234567', '+6591234567'],
    [' +65 9123-4567\n', '+6591234567'],
    ['+44 (0)20 7946 0000', '+442079460000'],
    ['+1 (415) 555-0100', '+14155550100'],
    ['0065 9123 4567', '+6591234567'],
    ['\u202a+65\u00a09123\u20114567\u202c', '+6591234567'],
  ] as const) {
    it(`reads the phone number ${JSON.stringify(written)}`, () => {
      assert.deepEqual(bodyOf({ ...good, to: written }).user, { msisdn })
      assert.deepEqual(bodyOf({ ...good, to: { msisdn: written } }).user, { msisdn })
    })
  }

  for (const to of ['91234567', '6591234567', '+0123456789', '+65', 'Ana', `+${'1'.repeat(16)}`]) {
    it(`refuses ${to}, and says what is expected`, () => {
      fails(
        'to',
        `The recipient "${to}" is not valid: expected a phone number with its country code, e.g. +6591234567, or an object with a msisdn, channelUserId or lineUserId. It came from msg.user.`,
        { ...good, to },
      )
    })
  }

  for (const [what, to] of [
    ['a number', 6591234567],
    ['an array', [MSISDN]],
    ['an object without an id', { name: 'Ana', username: 'ana' }],
    ['ids that are no texts', { msisdn: 6591234567, channelUserId: {} }],
    ['an endless id', { channelUserId: 'x'.repeat(201) }],
    ['an object that throws', revoked()],
  ] as const) {
    it(`refuses ${what}`, () => fails('to', /^The recipient /, { ...good, to }))
  }

  it('says where it looked for one', () => {
    fails(
      'to',
      'No recipient: msg.user is empty and msg.webhook is not an inbound message of 8x8. Set msg.user, as an inbound node does, or set To.',
      { ...good, to: undefined },
    )
  })

  it('sends only one id, and knows the customer by all of them', () => {
    const to = { msisdn: MSISDN, channelUserId: BSUID, name: 'A name', username: 'a.name' }
    const { bodies, recipient, conversation } = reply({ ...good, to })
    assert.deepEqual(bodies[0].user, { msisdn: MSISDN })
    assert.deepEqual(recipient, { msisdn: MSISDN, channelUserId: BSUID })
    assert.equal(conversation, MSISDN)
  })

  it('takes an msisdn without its plus, as some webhooks write it', () => {
    assert.deepEqual(bodyOf({ ...good, to: { msisdn: '6591234567' } }).user, { msisdn: MSISDN })
  })

  it('answers the sender of an SMS', () => {
    const payload = { umid: UMID, source: MSISDN, destination: '+6580000000', body: 'Hello' }
    const webhook = { namespace: 'SMS', eventType: 'inbound_message_received', payload }
    const { user, channels } = bodyOf({ content: 'Hello' }, { webhook })
    assert.deepEqual([user, channels], [{ msisdn: MSISDN }, [{ channel: 'SMS' }]])
  })

  it('answers a customer without a phone number', () => {
    const { bodies, conversation } = reply({ ...good, to: { channelUserId: BSUID, name: 'Ana' } })
    assert.deepEqual(bodies[0].user, { channelUserId: BSUID })
    assert.equal(conversation, BSUID)
  })

  it('sends the channelUserId of a LINE user as lineUserId', () => {
    const to = { channelUserId: 'U4af4980629' }
    const line = bodyOf({ ...good, to, channel: 'line' })
    assert.deepEqual(line.user, { lineUserId: 'U4af4980629' })
    assert.deepEqual(line.channels, [{ channel: 'Line' }])
    const recipient = { channel: 'LINE' }
    const webhook = inboundWebhook({ payload: { recipient, user: to } })
    const { user } = bodyOf({ content: 'Hello' }, { webhook }, { anyChannel: true })
    assert.deepEqual(user, { lineUserId: 'U4af4980629' })
    assert.deepEqual(bodyOf({ ...good, to: { lineUserId: 'U1' } }).user, { lineUserId: 'U1' })
  })
})

describe('reply: what the properties do not give', () => {
  const webhook = inboundWebhook({ payload: { user: { channelUserId: BSUID } } })
  const whole = {
    subAccountId: 'webhook_sub',
    recipient: { channelUserId: BSUID },
    umid: UMID,
    conversation: BSUID,
  }
  const known = ({ subAccountId, recipient, umid, conversation }: ReturnType<typeof reply>) => ({
    subAccountId,
    recipient,
    umid,
    conversation,
  })

  it('is taken from msg.webhook', () => {
    const request = reply({ content: 'Hello' }, { webhook })
    assert.deepEqual(known(request), whole)
    assert.deepEqual(request.bodies[0].channels, [{ channel: 'WhatsApp' }])
  })

  it('is taken from it where they give it in another form, as of other nodes', () => {
    const values = { content: 'Hello', to: 'U024BE7LH', channel: { id: 'C1' }, umid: 7 }
    const request = reply(values, { webhook, subAccountId: {} })
    assert.deepEqual(known(request), whole)
    assert.deepEqual(request.bodies[0].channels, [{ channel: 'WhatsApp' }])
  })

  it('is taken from msg.subAccountId, and not from the payload', () => {
    const msg = { subAccountId: 'mine', payload: webhook }
    assert.equal(reply(good, msg).subAccountId, 'mine')
    assert.equal(reply({ ...good, subAccountId: 'property' }, msg).subAccountId, 'property')
    assert.equal(reply(good, {}).subAccountId, 'account_sub')
    fails('to', /^No recipient: /, { content: 'Hello' }, msg)
  })

  it('is not taken from a delivery receipt', () => {
    const eventType = 'outbound_message_status_changed'
    fails('to', /^No recipient: /, { content: 'Hello' }, { webhook: inboundWebhook({ eventType }) })
  })

  it('never is another sub-account than that of the question', () => {
    const forged = 'a/../../x'
    const message =
      'The subAccountId "a/../../x" is not valid: expected 3 to 50 letters, digits or any of - . _ &. It came from '
    fails('subAccountId', `${message}msg.subAccountId.`, good, { subAccountId: forged })
    const payload = { subAccountId: forged }
    fails('subAccountId', `${message}the 8x8 webhook in msg.webhook.`, good, {
      webhook: inboundWebhook({ payload }),
    })
  })

  it('names a umid that is wrong', () => {
    fails('umid', /^The umid "12345" is not valid: .+ It came from msg\.umid\.$/, {
      ...good,
      umid: '12345',
    })
    assert.equal(reply({ ...good, umid: undefined }).umid, undefined)
  })

  it('counts as not given where it throws', () => {
    const msg = Object.defineProperty({}, 'webhook', { get: () => assert.fail('hands off') })
    assert.equal(reply(good, msg).umid, UMID)
  })
})

describe('reply: the channel', () => {
  for (const [written, sent] of [
    ['whatsapp', 'WhatsApp'],
    ['RCS', 'RCS'],
    ['sms', 'SMS'],
    ['viber', 'Viber'],
    ['line', 'Line'],
    ['ZaloNotification', 'Zalo'],
  ] as const) {
    it(`is ${sent} for ${written}`, () => {
      assert.deepEqual(bodyOf({ ...good, channel: written }).channels, [{ channel: sent }])
    })
  }

  it("is the sub-account's own where none is known, or none is wished", () => {
    for (const channel of [undefined, '', 'LineNotification', 'telegram', {}]) {
      assert.equal(bodyOf({ ...good, channel }).channels, undefined)
    }
    const webhook = inboundWebhook()
    assert.equal(bodyOf({ content: 'x' }, { webhook }, { anyChannel: true }).channels, undefined)
  })

  it('gives only the first part of a long text the clientMessageId of its body', () => {
    const text = 'word '.repeat(1000)
    const content = { type: 'text', content: { text }, clientMessageId: 'mine' }
    const ids = reply({ ...good, content }).bodies.map((body) => body.clientMessageId)
    assert.deepEqual(ids, ['mine', undefined])
  })

  it('quotes the question on WhatsApp alone', () => {
    const quote = { quote: true }
    assert.deepEqual(bodyOf(good, {}, quote).context, { umid: UMID })
    assert.equal(bodyOf({ ...good, channel: 'rcs' }, {}, quote).context, undefined)
    assert.equal(bodyOf({ ...good, umid: undefined }, {}, quote).context, undefined)
    assert.equal(bodyOf(good).context, undefined)
  })
})

describe('reply: a long text', () => {
  const text = 'All of it. '.repeat(1000).trim() // 10,999 characters

  it('goes to WhatsApp in several messages, the first of which quotes', () => {
    for (const content of [text, { type: 'text', content: { text } }]) {
      const { bodies } = reply({ ...good, content }, {}, { quote: true })
      assert.equal(bodies.length, 3)
      assert.deepEqual(
        bodies.map(({ context }) => context),
        [{ umid: UMID }, undefined, undefined],
      )
      for (const { content, user, type, channels } of bodies) {
        assert.ok(content.text.length <= 4096)
        assert.deepEqual([type, user], ['text', { msisdn: MSISDN }])
        assert.deepEqual(channels, [{ channel: 'WhatsApp' }])
      }
      assert.equal(bodies.map(({ content }) => content.text).join(' '), text)
    }
  })

  it('goes in several messages where it may go to WhatsApp', () => {
    assert.equal(reply({ ...good, content: text, channel: undefined }).bodies.length, 3)
  })

  it('goes by other channels as one, up to what 8x8 takes', () => {
    assert.equal(reply({ ...good, content: text, channel: 'rcs' }).bodies.length, 1)
    const content = 'x'.repeat(35_001)
    assert.equal(reply({ ...good, content, channel: 'rcs' }).bodies.length, 2)
  })

  it('is refused where nobody can mean to send it', () => {
    const content = 'x'.repeat(100_001)
    fails('content', /^The content has 100001 characters: expected at most 100000\.$/, {
      ...good,
      content,
    })
  })
})

describe('reply: whose dots a message ends that fails', () => {
  const target = (values: Values, msg: object = {}) =>
    toTarget(readContext(values, msg, 'account_sub', SOURCES.places), 'account_sub')

  it('is that of the umid and the customer, as far as they are known', () => {
    const { content: _, ...rest } = good
    const whole = { umid: UMID, subAccountId: 'account_sub', conversation: MSISDN }
    assert.deepEqual(target(rest), whole)
    assert.deepEqual(target({ umid: UMID, to: 'Ana' }), { ...whole, conversation: undefined })
    assert.deepEqual(target({ to: MSISDN, umid: 'x' }), { ...whole, umid: undefined })
    assert.equal(target({ umid: 'x', to: {} }), undefined)
  })
})
