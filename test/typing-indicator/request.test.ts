import assert from 'node:assert/strict'
import { runInNewContext } from 'node:vm'
import { MessagingError } from '../../nodes/lib/errors'
import { toRequest as read, type Values } from '../../nodes/typing-indicator/request'
import { UMID } from '../support/events'
import { SOURCES } from '../support/sources'
import { inboundWebhook } from '../support/webhooks'

const NOW = Date.parse('2026-06-09T12:00:00Z')
const HOUR = 3_600_000
const good: Values = { umid: UMID, channel: 'whatsapp' }

const toRequest = (values: Values, payload: unknown) =>
  read(values, { payload }, 'account_sub', NOW, SOURCES)

function fails(kind: string, field: string | undefined, ...input: [Values, unknown?]) {
  assert.throws(
    () => toRequest(input[0], input[1]),
    (error) =>
      error instanceof MessagingError && error.cause.kind === kind && error.field === field,
  )
}

describe('request', () => {
  it('uses the values of the properties', () => {
    const values = { ...good, subAccountId: 'other', conversation: 7, receivedAt: NOW - HOUR }
    assert.deepEqual(toRequest(values, undefined), {
      umid: UMID,
      channel: 'whatsapp',
      subAccountId: 'other',
      conversation: '7',
      receivedAt: NOW - HOUR,
      expiresIn: HOUR,
    })
  })

  it("falls back to the account's sub-account", () => {
    assert.equal(toRequest(good, undefined).subAccountId, 'account_sub')
    const blank = { ...good, subAccountId: '' }
    assert.equal(toRequest(blank, undefined).subAccountId, 'account_sub')
  })

  for (const [written, sent] of [
    ['WhatsApp', 'whatsapp'],
    ['RCS', 'rcs'],
    ['rcs', 'rcs'],
  ] as const) {
    it(`sends the channel ${written} as ${sent}`, () => {
      const { channel } = toRequest({ ...good, channel: written }, undefined)
      assert.equal(channel, sent)
    })
  }

  it("takes 8x8's own example umid, in either case of the letters", () => {
    const umid = UMID.toUpperCase()
    assert.equal(toRequest({ ...good, umid }, undefined).umid, umid)
  })

  it('distinguishes missing from malformed values', () => {
    for (const [umid, message] of [
      [
        undefined,
        'No umid: msg.umid and msg.payload are empty. Put this node where msg.payload is the webhook, or set Umid.',
      ],
      [
        'abc',
        'The umid "abc" is not valid: expected 8-4-4-4-12 hexadecimal digits, as in the webhook\'s payload.umid. It came from msg.umid.',
      ],
    ]) {
      assert.throws(() => toRequest({ ...good, umid }, undefined), { message })
    }
  })

  for (const [what, values, known] of [
    ['a wrong channel', { ...good, channel: 'fax' }, { umid: UMID }],
    ['no umid', { channel: 'RCS' }, { channel: 'rcs' }],
    ['a wrong sub-account', { ...good, subAccountId: '/' }, good],
    ['a wrong time', { ...good, receivedAt: 'noon' }, good],
    ['an old message', { ...good, receivedAt: NOW - 3 * HOUR }, good],
    ['a channel without indicators', { ...good, channel: 'SMS' }, { umid: UMID, channel: 'sms' }],
  ] as const) {
    it(`says which umid and channel ${what} is of, as far as they are known`, () => {
      assert.throws(
        () => toRequest(values, undefined),
        (error) => {
          assert.ok(error instanceof MessagingError)
          const { kind: _, retryable, ...cause } = error.cause
          assert.deepEqual({ retryable, ...cause }, { retryable: false, attempts: 0, ...known })
          return true
        },
      )
    })
  }

  for (const conversation of [Number.NaN, Number.POSITIVE_INFINITY, {}, true]) {
    it(`refuses the conversation ${conversation}`, () => {
      fails('invalid-input', 'conversation', { ...good, conversation })
    })
  }

  it('accepts a conversation of up to 200 characters', () => {
    const conversation = 'x'.repeat(200)
    const request = toRequest({ ...good, conversation }, undefined)
    assert.equal(request.conversation, conversation)
    fails('invalid-input', 'conversation', { ...good, conversation: `${conversation}x` })
  })

  for (const umid of [
    undefined,
    null,
    '',
    'abc',
    ' \n',
    `${UMID}\n${UMID}`,
    `{${UMID}`,
    7,
    {},
    [UMID],
    NaN,
  ]) {
    it(`refuses the umid ${JSON.stringify(umid)}`, () => {
      fails('invalid-input', 'umid', { ...good, umid })
    })
  }

  for (const channel of [undefined, '', 'telegram', 'whats app', 7, { toString: () => 'rcs' }]) {
    it(`refuses the channel ${JSON.stringify(channel)}`, () => {
      fails('invalid-input', 'channel', { ...good, channel })
    })
  }

  for (const subAccountId of ['ab', '../x', 'a%2fb', 'a?b#c', 'a b c', 7]) {
    it(`refuses the sub-account ${subAccountId}`, () => {
      fails('invalid-input', 'subAccountId', { ...good, subAccountId })
    })
  }

  for (const channel of ['sms', 'viber', 'LINE', 'ZaloNotification', 'LineNotification']) {
    it(`says that ${channel} has no typing indicator`, () => {
      fails('unsupported-channel', undefined, { ...good, channel })
    })
  }

  it('never repeats the API key, which may be in the wrong field', () => {
    const key = 'the-api-key-of-the-account'
    const redact = (text: string) => text.replaceAll(key, '***')
    for (const umid of [key, `Bearer ${key}`, `${' '.repeat(40)}${key}`, `${key}${key}`]) {
      assert.throws(
        () => read({ ...good, umid }, {}, 'account_sub', NOW, { ...SOURCES, redact }),
        ({ message }: Error) => message.includes('***') && !message.includes('key-of'),
      )
    }
  })

  for (const [what, values, expected] of [
    ['blanks around a umid', { umid: ` ${UMID}\t` }, { umid: UMID }],
    ['a line end behind a umid', { umid: `${UMID}\r\n` }, { umid: UMID }],
    ['braces around a umid', { umid: `{${UMID}}` }, { umid: UMID }],
    ['blanks in and around braces', { umid: ` { ${UMID} } ` }, { umid: UMID }],
    ['blanks around a channel', { channel: ' WhatsApp\n' }, { channel: 'whatsapp' }],
    ['blanks around a sub-account', { subAccountId: '\nmy_sub ' }, { subAccountId: 'my_sub' }],
    ['a sub-account of blanks', { subAccountId: '  ' }, { subAccountId: 'account_sub' }],
    ['blanks around a conversation', { conversation: ' +65 1\n' }, { conversation: '+65 1' }],
    ['a conversation of blanks', { conversation: ' ' }, { conversation: undefined }],
    ['blanks around a time', { receivedAt: ' 2026-06-09T11:00:00Z\n' }, { receivedAt: NOW - HOUR }],
  ] as const) {
    it(`removes ${what}`, () => {
      const request = toRequest({ ...good, ...values }, undefined)
      assert.deepEqual({ ...request, ...expected }, request)
    })
  }

  describe('with the message of an inbound node', () => {
    const timestamp = '2026-06-09T11:59:00.00Z'
    const user = { msisdn: '+6500000000', channelUserId: 'US.13491208655302741918', name: 'A name' }
    const inbound = (changes: object = {}) => ({
      payload: 'Hello',
      umid: UMID,
      channel: 'whatsapp',
      receivedAt: timestamp,
      subAccountId: 'webhook_sub',
      conversation: '+6500000000',
      user,
      webhook: inboundWebhook({ payload: { timestamp } }),
      ...changes,
    })
    const request = (msg: object, values: Values = {}) =>
      read(values, msg, 'account_sub', NOW, SOURCES)
    const whole = {
      umid: UMID,
      channel: 'whatsapp',
      subAccountId: 'webhook_sub',
      conversation: '+6500000000',
      receivedAt: NOW - 60_000,
      expiresIn: 2 * HOUR - 60_000,
    }

    it('takes all from its webhook if the properties are empty', () => {
      assert.deepEqual(request(inbound({ subAccountId: undefined, user: null })), whole)
    })

    it('takes the sub-account and the user of the message without a webhook', () => {
      const { umid, channel, receivedAt } = inbound()
      const msg = inbound({ webhook: undefined, conversation: undefined })
      assert.deepEqual(request(msg, { umid, channel, receivedAt }), whole)
    })

    it('prefers the sub-account of the message to that of the webhook', () => {
      assert.equal(request(inbound({ subAccountId: 'mine' })).subAccountId, 'mine')
      const values = { subAccountId: 'property' }
      assert.equal(request(inbound({ subAccountId: 'mine' }), values).subAccountId, 'property')
    })

    for (const [what, changes, conversation] of [
      ['the number of the user', { conversation: 'x' }, '+6500000000'],
      ['the id of a user without a number', { user: { channelUserId: 'US.1' } }, 'US.1'],
      ['msg.conversation without a user', { user: undefined, conversation: 'Ana' }, 'Ana'],
      ['msg.conversation for a user of another node', { user: 'a', conversation: 'Ana' }, 'Ana'],
      ['the webhook for all of another node', { user: ['a'], conversation: {} }, '+6500000000'],
    ] as const) {
      it(`types to ${what}`, () => {
        assert.equal(request(inbound(changes)).conversation, conversation)
      })
    }

    it('names msg.subAccountId if that is invalid', () => {
      assert.throws(() => request(inbound({ subAccountId: 'a/../../x' })), {
        message: `The subAccountId "a/../../x" is not valid: expected 3 to 50 letters, digits or any of - . _ &. It came from msg.subAccountId.`,
      })
    })

    it('names msg.webhook if that is invalid', () => {
      const webhook = inboundWebhook({ payload: { umid: 'none' } })
      assert.throws(() => request(inbound({ webhook })), {
        message: /^The umid "none" .+ It came from the 8x8 webhook in msg\.webhook\.$/,
      })
      const receipt = inboundWebhook({ eventType: 'outbound_message_status_changed' })
      assert.throws(() => request(inbound({ webhook: receipt })), {
        message: /^msg\.webhook is a delivery receipt .+ on msg\.webhook\.eventType\.$/,
      })
    })

    it('reads the webhook in the payload if msg.webhook is something else', () => {
      const msg = {
        webhook: 'https://example.com',
        payload: inboundWebhook({ payload: { timestamp } }),
      }
      assert.deepEqual(request(msg), whole)
    })
  })

  describe('with an 8x8 webhook in the payload', () => {
    for (const version of [3, null]) {
      it(`takes all from version ${version ?? 2}`, () => {
        const timestamp = '2026-06-09T11:59:00.00Z'
        const webhook = inboundWebhook({ version, payload: { timestamp } })
        assert.deepEqual(toRequest({}, webhook), {
          umid: UMID,
          channel: 'whatsapp',
          subAccountId: 'webhook_sub',
          conversation: '+6500000000',
          receivedAt: NOW - 60_000,
          expiresIn: 2 * HOUR - 60_000,
        })
      })
    }

    it('sends RCS as rcs', () => {
      const webhook = inboundWebhook({ payload: { recipient: { channel: 'RCS' }, timestamp: 0 } })
      assert.equal(toRequest({ receivedAt: NOW }, webhook).channel, 'rcs')
    })

    it('prefers the values of the properties', () => {
      const values = {
        umid: UMID.replace('c', 'd'),
        channel: 'rcs',
        subAccountId: 'mine',
        receivedAt: NOW,
        conversation: 'me',
      }
      const expected = { ...values, expiresIn: 2 * HOUR }
      assert.deepEqual(toRequest(values, inboundWebhook()), expected)
    })

    it('refuses a delivery receipt', () => {
      const receipt = inboundWebhook({ eventType: 'outbound_message_status_changed' })
      fails('invalid-input', 'umid', {}, receipt)
      fails('invalid-input', 'umid', good, receipt) // its umid, read by a property
      const umid = UMID.replace('c', 'd')
      assert.equal(toRequest({ ...good, umid }, receipt).umid, umid)
    })

    it('finds a message that is too old', () => {
      const webhook = inboundWebhook({ payload: { timestamp: '2026-06-09T09:00:00.00Z' } })
      fails('expired', undefined, {}, webhook)
    })

    it('does not fail for an odd timestamp of 8x8', () => {
      const webhook = inboundWebhook({ payload: { timestamp: 'yesterday' } })
      assert.equal(toRequest({}, webhook).umid, UMID)
    })

    it('names what a broken webhook lacks', () => {
      fails('invalid-input', 'channel', {}, inboundWebhook({ payload: { recipient: 'x' } }))
      fails('invalid-input', 'umid', {}, inboundWebhook({ payload: { umid: undefined } }))
    })

    for (const [field, changes] of [
      ['umid', undefined],
      ['subAccountId', { subAccountId: 'account_sub' }],
      ['timestamp', { receivedAt: undefined, expiresIn: 2 * HOUR }],
      ['user', { conversation: undefined }],
    ] as const) {
      it(`uses the other fields if there is no ${field}`, () => {
        const timestamp = '2026-06-09T11:59:00.00Z'
        const webhook = inboundWebhook({ payload: { timestamp }, without: [field] })
        assert.equal(Object.hasOwn(webhook.payload, field), false)
        if (!changes) fails('invalid-input', 'umid', {}, webhook)
        assert.deepEqual(toRequest(changes ? {} : { umid: UMID }, webhook), {
          umid: UMID,
          channel: 'whatsapp',
          subAccountId: 'webhook_sub',
          conversation: '+6500000000',
          receivedAt: NOW - 60_000,
          expiresIn: 2 * HOUR - 60_000,
          ...changes,
        })
      })
    }

    it('names the channel if there is no recipient', () => {
      fails('invalid-input', 'channel', {}, inboundWebhook({ without: ['recipient'] }))
    })

    for (const without of [
      ['timestamp'],
      ['subAccountId'],
      ['timestamp', 'subAccountId', 'user'],
    ]) {
      it(`refuses a delivery receipt without ${without.join(' and ')}`, () => {
        const eventType = 'outbound_message_status_changed'
        const receipt = inboundWebhook({ eventType, without })
        fails('invalid-input', 'umid', {}, receipt)
        fails('invalid-input', 'umid', good, receipt)
        fails('invalid-input', 'umid', { ...good, umid: UMID.toUpperCase() }, receipt)
      })
    }

    for (const payload of [null, 'text', [], {}, { eventType: 'x' }, { payload: { umid: UMID } }]) {
      it(`finds none in ${JSON.stringify(payload)}`, () => {
        assert.equal(toRequest(good, payload).umid, UMID)
      })
    }
  })

  describe('knowing when the message was received', () => {
    const at = NOW - HOUR
    for (const [what, receivedAt] of [
      ['ISO 8601', new Date(at).toISOString()],
      ['ISO 8601 without seconds', '2026-06-09T13:00+02:00'],
      ['ISO 8601 with 7 digits and an offset', '2026-06-09T13:00:00.0009999+02:00'],
      ['ms since 1970', at],
      ['ms since 1970 as text', `${at}`],
      ['a Date', new Date(at)],
      ['a Date of a function node', runInNewContext(`new Date(${at})`)],
    ] as const) {
      it(`reads ${what}`, () => {
        const request = toRequest({ ...good, receivedAt }, undefined)
        assert.equal(request.receivedAt, at)
      })
    }

    const seconds = Math.floor(at / 1000)
    const bad = [
      'yesterday',
      '2026-06-09',
      new Date(Number.NaN),
      NaN,
      {},
      true,
      seconds,
      `${seconds}`,
      8.64e15 + 1,
    ]
    for (const receivedAt of bad) {
      it(`refuses ${receivedAt}`, () => {
        fails('invalid-input', 'receivedAt', { ...good, receivedAt })
      })
    }

    it('allows 2 hours, and not a moment more', () => {
      const receivedAt = NOW - 2 * HOUR
      assert.equal(toRequest({ ...good, receivedAt }, undefined).umid, UMID)
      fails('expired', undefined, { ...good, receivedAt: receivedAt - 1 })
    })

    it('takes a message from the future as new', () => {
      const receivedAt = NOW + HOUR
      assert.equal(toRequest({ ...good, receivedAt }, undefined).umid, UMID)
    })
  })
})
