import assert from 'node:assert/strict'
import { UMID } from '../../../nodes/lib/api'
import {
  MAX_CONVERSATIONS,
  MAX_MESSAGES,
  MAX_UMIDS,
} from '../../../nodes/lib/sandbox/conversations'
import { SAMPLE_UMID, type Sandbox } from '../../../nodes/lib/sandbox/server'
import { call, closeAll, type ErrorBody, reply, SUB, startSandbox, type } from './helpers'

const MSISDN = '+6591234567'
const NOW = Date.UTC(2026, 5, 9, 10)
const UNKNOWN = '82188ee0-109f-e811-8150-020897df5459'
const path = `/api/v1/subaccounts/${SUB}/messages`

describe('sandbox: replies and phones', () => {
  let now: number
  let sandbox: Sandbox

  beforeEach(async () => {
    now = NOW
    sandbox = await startSandbox({ now: () => now })
  })
  afterEach(closeAll)

  const phone = (channel = 'whatsapp', msisdn = MSISDN) =>
    sandbox.conversation({ subAccountId: SUB, channel, msisdn })

  it('queues a reply, shows it and takes the dots down', async () => {
    const { umid } = sandbox.receive({ subAccountId: SUB, msisdn: MSISDN, text: 'Hello?' })
    await type(sandbox, umid)
    const seen: unknown[] = []
    sandbox.on('typing', (event) => seen.push(event))
    sandbox.on('message', (event) => seen.push(event))
    now += 500
    const body = {
      user: { msisdn: MSISDN },
      type: 'text',
      content: { text: 'Hi!' },
      clientMessageId: 'mine',
    }
    const response = await call(sandbox, body, { path })
    const answer = (await response.json()) as { umid: string }
    assert.equal(response.status, 200)
    assert.match(answer.umid, UMID)
    assert.deepEqual(answer, {
      umid: answer.umid,
      user: { msisdn: MSISDN },
      clientMessageId: 'mine',
      status: { state: 'queued', timestamp: new Date(now).toISOString() },
    })
    const message = { umid: answer.umid, from: 'business', text: 'Hi!', at: now, status: 'queued' }
    assert.deepEqual(phone(), {
      messages: [{ umid, from: 'customer', text: 'Hello?', at: NOW, readAt: NOW }, message],
    })
    const key = { subAccountId: SUB, channel: 'whatsapp', msisdn: MSISDN }
    assert.deepEqual(seen, [
      { key, message },
      { key, umid, until: undefined },
    ])
  })

  it('emits no end of dots where none were shown', async () => {
    const { umid } = sandbox.receive({ subAccountId: SUB, msisdn: MSISDN })
    await type(sandbox, umid)
    now += 25_000
    sandbox.on('typing', () => assert.fail('no dots'))
    assert.equal((await reply(sandbox, MSISDN)).status, 200)
    assert.equal((await reply(sandbox, MSISDN)).status, 200)
  })

  it("answers on the channel of the customer's last message, else on WhatsApp", async () => {
    await reply(sandbox, MSISDN, 'out of the blue')
    assert.equal(phone().messages.length, 1)
    const first = sandbox.receive({ subAccountId: SUB, msisdn: MSISDN })
    sandbox.receive({ subAccountId: SUB, msisdn: MSISDN, channel: 'rcs' })
    sandbox.receive({ subAccountId: SUB, msisdn: '+6599999999' })
    await type(sandbox, first.umid)
    const answer = (await (await reply(sandbox, MSISDN)).json()) as object
    assert.ok(!('clientMessageId' in answer))
    await reply(sandbox, MSISDN)
    assert.equal(phone('rcs').messages.length, 3)
    assert.equal(phone().messages.length, 2)
    assert.ok(phone().typingUntil)
  })

  it('refuses bad replies', async () => {
    const good = { user: { msisdn: MSISDN }, type: 'text', content: { text: 'Hi' } }
    const cases: [number, RegExp, unknown][] = [
      [1000, /^user/, { ...good, user: undefined }],
      [1000, /^user.msisdn/, { ...good, user: {} }],
      [1002, /^Invalid MSISDN format/, { ...good, user: { msisdn: '0123' } }],
      [1000, /^type/, { ...good, type: 'Text' }],
      [1000, /^content/, { ...good, content: 'Hi' }],
      [1000, /^content.text/, { ...good, content: { text: '' } }],
      [1000, /^clientMessageId/, { ...good, clientMessageId: 1 }],
      [1000, /not JSON/, '<xml/>'],
    ]
    for (const [code, message, body] of cases) {
      const response = await call(sandbox, body, { path })
      const error = (await response.json()) as ErrorBody
      assert.equal(response.status, 400)
      assert.equal(error.code, code)
      assert.match(error.message, message)
    }
    assert.equal((await call(sandbox, good, { path, key: 'wrong' })).status, 401)
    assert.deepEqual(phone(), { messages: [] })
  })

  /** Posts a message; the answer has the error's fields, too. */
  async function send(body: object) {
    const response = await call(sandbox, body, { path })
    const answer = (await response.json()) as ErrorBody & { umid: string; user: object }
    return { ...answer, status: response.status }
  }

  const text = { type: 'text', content: { text: 'Hi' } }
  const BSUID = 'US.13491208655302741918'

  it('writes to Ben on RCS, where his phone is, also before he has written', async () => {
    await reply(sandbox, '+6500000001')
    assert.equal(phone('rcs', '+6500000001').messages.length, 1)
    assert.deepEqual(phone('whatsapp', '+6500000001').messages, [])
  })

  it('shows the dots and the reply to a customer without a phone number', async () => {
    const user = { channelUserId: BSUID }
    const key = { subAccountId: SUB, channel: 'whatsapp', ...user }
    const { umid, ...received } = sandbox.receive({ subAccountId: SUB, ...user, username: 'ann' })
    assert.ok(!('msisdn' in received))
    assert.equal((await type(sandbox, umid)).status, 200)
    assert.equal(sandbox.conversation(key).typingUntil, NOW + 25_000)
    const seen: unknown[] = []
    sandbox.on('message', ({ key }) => seen.push(key))
    sandbox.on('typing', (event) => seen.push(event))
    const answer = await send({ user, ...text })
    assert.deepEqual([answer.status, answer.user], [200, user])
    assert.deepEqual(seen, [key, { key, umid, until: undefined }])
    const { messages, typingUntil } = sandbox.conversation(key)
    assert.deepEqual([messages.at(-1)?.text, typingUntil], ['Hi', undefined])
    assert.deepEqual(sandbox.requests.at(-1)?.target, user)
  })

  it('goes by the phone number where both are given, and knows the pair from then on', async () => {
    await send({ user: { msisdn: MSISDN, channelUserId: BSUID }, ...text })
    assert.equal(phone().messages.length, 1)
    sandbox.receive({ subAccountId: SUB, msisdn: MSISDN, channelUserId: BSUID })
    const { umid } = sandbox.receive({ subAccountId: SUB, channelUserId: BSUID })
    await type(sandbox, umid)
    assert.ok(phone().typingUntil)
    await send({ user: { channelUserId: BSUID }, ...text })
    assert.deepEqual([phone().messages.length, phone().typingUntil], [4, undefined])
    // Not so for another sub-account, whose ids may mean somebody else.
    sandbox.receive({ subAccountId: 'other', channelUserId: BSUID })
    assert.equal(phone().messages.length, 4)
  })

  it('replies to a LINE user on LINE', async () => {
    const channelUserId = 'Ua12b345678c1de0fg1a1234567891011'
    const key = { subAccountId: SUB, channel: 'line', channelUserId }
    assert.equal((await send({ user: { lineUserId: channelUserId }, ...text })).status, 200)
    sandbox.receive(key as { subAccountId: string; channel: 'line'; channelUserId: string })
    assert.equal((await send({ user: { lineUserId: channelUserId }, ...text })).status, 200)
    assert.equal(sandbox.conversation(key).messages.length, 3)
  })

  it('shows every type of message, with its content', async () => {
    const url = 'https://example.com/a'
    const media = { url, text: 'A caption' }
    const card = { media: { contentInfo: { fileUrl: url } } }
    const contents: [string, object][] = [
      ['image', media],
      ['audio', { url }],
      ['video', media],
      ['file', media],
      ['location', { location: { latitude: 1.29, longitude: 103.85, name: 'Singapore' } }],
      ['interactive', { interactive: { type: 'button', action: { buttons: [] }, body: {} } }],
      ['template', { template: { name: 'hello', language: 'en' } }],
      ['carousel', { carousel: { cardWidth: 'small', cards: [card, card] } }],
      ['richCard', { richCard: { cardOrientation: 'vertical', ...card } }],
      ['text', { text: 'Choose', suggestions: [{ reply: { text: 'A', postbackData: 'YQ==' } }] }],
    ]
    const channels = [{ channel: 'RCS', fallbackAfter: 60, successStatus: 'Delivered' }]
    for (const [type, content] of contents) {
      const { status, message } = await send({ user: { msisdn: MSISDN }, type, content, channels })
      assert.equal(status, 200, message)
    }
    assert.equal(phone().messages.length, 0)
    assert.deepEqual(
      phone('rcs').messages.map(({ type, content }) => [type, content]),
      contents,
    )
    const texts = phone('rcs').messages.map(({ text }) => text)
    assert.equal(texts[0], JSON.stringify(media))
    assert.equal(texts.at(-1), 'Choose')
  })

  it('refuses content that does not fit its type, by field', async () => {
    const user = { msisdn: MSISDN }
    const deep = JSON.parse(`${'{"a":'.repeat(40)}1${'}'.repeat(40)}`)
    const cases: [RegExp, object][] = [
      [/^user.msisdn: one of/, { ...text, user: {} }],
      [/^user.channelUserId/, { ...text, user: { channelUserId: 'us.1' } }],
      [/^user.lineUserId/, { ...text, user: { lineUserId: '' } }],
      [/^type/, { user, content: { text: 'Hi' } }],
      [/^type/, { user, type: 'Image', content: { url: 'https://x.example' } }],
      [/^content/, { user, type: 'text' }],
      [/^content.url/, { user, type: 'image', content: { text: 'Hi' } }],
      [/^content.url/, { user, type: 'file', content: { url: 'nowhere' } }],
      [
        /^content.location.longitude/,
        { user, type: 'location', content: { location: { latitude: 1 } } },
      ],
      [
        /^content.interactive.action/,
        { user, type: 'interactive', content: { interactive: { type: 'list' } } },
      ],
      [/^content.template/, { user, type: 'template', content: {} }],
      [
        /^content.carousel.cards/,
        { user, type: 'carousel', content: { carousel: { cardWidth: 'small', cards: [] } } },
      ],
      [/^content: nested/, { user, type: 'template', content: { template: deep } }],
      [/^clientMessageId/, { user, ...text, clientMessageId: 'x'.repeat(51) }],
      [/^channels.0.channel/, { user, ...text, channels: [{ channel: 'whatsapp' }] }],
      [
        /^channels.0.fallbackAfter/,
        { user, ...text, channels: [{ channel: 'SMS', fallbackAfter: 9 }] },
      ],
      [/^context.umid/, { user, ...text, context: {} }],
    ]
    for (const [reason, body] of cases) {
      const { status, code, message } = await send(body)
      assert.deepEqual([status, code], [400, 1000])
      assert.match(message, reason)
    }
    const { code } = await send({ ...text, user: { msisdn: '65', channelUserId: BSUID } })
    assert.equal(code, 1002)
    assert.deepEqual(phone(), { messages: [] })
  })

  it('takes 4,096 characters on WhatsApp, 35,000 elsewhere, and cards on RCS only', async () => {
    const status = async (length: number, channel: string, sign = 'x') => {
      const content = { text: sign.repeat(length) }
      const channels = [{ channel }]
      return (await send({ user: { msisdn: MSISDN }, type: 'text', content, channels })).status
    }
    assert.equal(await status(4096, 'WhatsApp'), 200)
    assert.equal(await status(4097, 'WhatsApp'), 400)
    assert.equal(await status(35_000, 'RCS', '世'), 200)
    assert.equal(await status(35_001, 'RCS'), 400)
    const richCard = { cardOrientation: 'vertical', media: {} }
    const card = { user: { msisdn: MSISDN }, type: 'richCard', content: { richCard } }
    const channels = [{ channel: 'WhatsApp' }]
    assert.match((await send({ ...card, channels })).message, /^type: richCard is for RCS only/)
    assert.equal(phone().messages.length, 1)
    assert.equal((await send({ ...card, clientMessageId: 'x'.repeat(50) })).status, 200)
    assert.equal(phone('rcs').messages.length, 2)
  })

  it('quotes a message that it knows, on WhatsApp', async () => {
    const { umid } = sandbox.receive({ subAccountId: SUB, msisdn: MSISDN })
    const quote = (umid: string, more: object = {}) =>
      send({ user: { msisdn: MSISDN }, ...text, context: { umid }, ...more })
    const first = await quote(umid)
    assert.equal(first.status, 200)
    assert.equal((await quote(first.umid)).status, 200)
    assert.equal((await quote(SAMPLE_UMID)).status, 200)
    const quotes = phone().messages.map((message) => message.quotes)
    assert.deepEqual(quotes, [undefined, umid, first.umid, SAMPLE_UMID])
    const theirs = sandbox.receive({ subAccountId: 'theirs', msisdn: MSISDN })
    for (const unknown of [UNKNOWN, theirs.umid]) {
      const { status, code, message } = await quote(unknown)
      assert.deepEqual([status, code, message], [400, 1300, 'context.umid not found'])
    }
    assert.equal((await quote(UNKNOWN, { channels: [{ channel: 'RCS' }] })).status, 200)
    assert.equal(phone('rcs').messages[0]?.quotes, undefined)
  })

  it('fills in defaults of a customer’s message, and emits it', () => {
    const seen: unknown[] = []
    sandbox.on('message', (event) => seen.push(event))
    const message = sandbox.receive({ subAccountId: SUB, text: undefined })
    const { umid, ...rest } = message
    assert.match(umid, UMID)
    assert.deepEqual(rest, {
      subAccountId: SUB,
      channel: 'whatsapp',
      msisdn: '+6500000000',
      text: 'Hello',
      at: NOW,
    })
    const key = { subAccountId: SUB, channel: 'whatsapp', msisdn: '+6500000000' }
    const shown = { umid, from: 'customer', text: 'Hello', at: NOW }
    assert.deepEqual(seen, [{ key, message: shown }])
  })

  it('clears the messages and dots of one phone, and still knows the umids', async () => {
    const key = { subAccountId: SUB, channel: 'rcs', msisdn: MSISDN } as const
    const { umid } = sandbox.receive(key)
    sandbox.receive({ ...key, channel: 'whatsapp', msisdn: '+6590000000' })
    await type(sandbox, umid, 'rcs')
    const seen: unknown[] = []
    sandbox.on('clear', (event) => seen.push(event))
    sandbox.clear({ ...key, channel: 'RCS' })
    assert.deepEqual(phone('rcs'), { messages: [] })
    assert.deepEqual(seen, [{ key }])
    assert.equal(phone('whatsapp', '+6590000000').messages.length, 1)
    assert.equal(sandbox.inbound(umid)?.umid, umid)
    await reply(sandbox, MSISDN)
    assert.equal(phone('rcs').messages.length, 1, 'the last channel is forgotten')
    assert.equal((await type(sandbox, umid, 'rcs')).status, 200)
  })

  it('forgets all of a sub-account, and nothing of another one', async () => {
    const both = { msisdn: MSISDN, channelUserId: BSUID }
    const { umid } = sandbox.receive({ subAccountId: SUB, ...both })
    const answer = await send({ user: both, ...text })
    const other = sandbox.receive({ subAccountId: `${SUB}2`, ...both })
    sandbox.forget(SUB)
    assert.deepEqual(phone(), { messages: [] })
    assert.deepEqual([sandbox.inbound(umid), sandbox.inbound(answer.umid)], [undefined, undefined])
    assert.equal((await type(sandbox, umid)).status, 400)
    const unknown = { subAccountId: SUB, channel: 'whatsapp', channelUserId: BSUID }
    sandbox.receive({ subAccountId: SUB, channelUserId: BSUID })
    assert.equal(sandbox.conversation(unknown).messages.length, 1)
    assert.equal(phone().messages.length, 0, 'the number of the user is still known')
    assert.equal(sandbox.webhook(other.umid).payload.umid, other.umid)
    const theirs = { ...unknown, subAccountId: `${SUB}2` }
    assert.equal(sandbox.conversation(theirs).messages.length, 1)
  })

  it('returns copies', () => {
    sandbox.receive({ subAccountId: SUB, msisdn: MSISDN, text: 'Hello' })
    const { messages } = phone()
    for (const message of messages) message.text = 'changed'
    messages.pop()
    assert.equal(phone().messages[0]?.text, 'Hello')
  })

  it('forgets the oldest umids, messages and conversations', async () => {
    const first = sandbox.receive({ subAccountId: SUB, msisdn: MSISDN, text: '0' })
    for (let i = 1; i <= MAX_MESSAGES; i++) {
      sandbox.receive({ subAccountId: SUB, msisdn: MSISDN, text: `${i}` })
    }
    assert.deepEqual([phone().messages.length, phone().messages[0]?.text], [MAX_MESSAGES, '1'])
    assert.equal((await type(sandbox, first.umid)).status, 200)
    const other = sandbox.receive({ subAccountId: SUB, msisdn: '+6590000000' })
    sandbox.receive({ subAccountId: SUB, msisdn: MSISDN })
    for (let i = 0; i < MAX_CONVERSATIONS - 1; i++) {
      sandbox.receive({ subAccountId: SUB, msisdn: `+659${i}` })
    }
    assert.equal(phone('whatsapp', other.msisdn).messages.length, 0)
    assert.equal(phone().messages.length, MAX_MESSAGES)
    for (let i = 0; i < MAX_UMIDS; i++) sandbox.receive({ subAccountId: SUB, msisdn: MSISDN })
    assert.equal((await type(sandbox, first.umid)).status, 400)
    assert.throws(() => sandbox.webhook(first.umid), RangeError)
  })
})
