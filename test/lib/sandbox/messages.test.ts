import assert from 'node:assert/strict'
import { UMID } from '../../../nodes/lib/api'
import {
  MAX_CONVERSATIONS,
  MAX_MESSAGES,
  MAX_UMIDS,
} from '../../../nodes/lib/sandbox/conversations'
import type { Sandbox } from '../../../nodes/lib/sandbox/server'
import { call, closeAll, type ErrorBody, reply, SUB, startSandbox, type } from './helpers'

const MSISDN = '+6591234567'
const NOW = Date.UTC(2026, 5, 9, 10)
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
    const message = { umid: answer.umid, from: 'brand', text: 'Hi!', at: now }
    assert.deepEqual(phone(), {
      messages: [{ umid, from: 'customer', text: 'Hello?', at: NOW, readAt: NOW }, message],
    })
    const key = { subAccountId: SUB, channel: 'whatsapp', msisdn: MSISDN }
    assert.deepEqual(seen, [
      { key, message },
      { key, umid, until: undefined },
    ])
  })

  it('tells of no dots taken down where none were shown', async () => {
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

  it('receive: fills in what is not given, and tells by event', () => {
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

  it('hands out copies', () => {
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
