import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { MAX_MESSAGE_AGE, subAccountPath, UMID } from '../../../nodes/lib/api'
import { CUSTOMERS } from '../../../nodes/lib/sandbox/customers'
import { SAMPLE_UMID, type Sandbox } from '../../../nodes/lib/sandbox/server'
import {
  type CallOptions,
  call,
  closeAll,
  type ErrorBody,
  KEY,
  reply,
  SUB,
  startSandbox,
  type,
} from './helpers'

const MSISDN = '+6591234567'
const NOW = Date.UTC(2026, 5, 9, 10)

describe('sandbox: typing events', () => {
  let now: number
  let sandbox: Sandbox

  beforeEach(async () => {
    now = NOW
    sandbox = await startSandbox({ now: () => now })
  })
  afterEach(closeAll)

  const phone = (channel = 'whatsapp', msisdn = MSISDN) =>
    sandbox.conversation({ subAccountId: SUB, channel, msisdn })

  async function assertRefused(
    status: number,
    code: number,
    message: RegExp,
    body: unknown,
    options?: CallOptions,
  ): Promise<void> {
    const response = await call(sandbox, body, options)
    const error = (await response.json()) as ErrorBody
    assert.deepEqual({ status: response.status, code: error.code }, { status, code })
    assert.match(error.message, message)
    assert.match(error.errorId, UMID)
    assert.equal(error.timestamp, new Date(now).toISOString())
    assert.deepEqual(Object.keys(error), ['code', 'message', 'errorId', 'timestamp'])
  }

  it('WhatsApp: empty 200, dots for 25 s, this and earlier messages read', async () => {
    const [first, second, third] = ['1', '2', '3'].map((text) =>
      sandbox.receive({ subAccountId: SUB, msisdn: MSISDN, text }),
    )
    assert.ok(first && second && third)
    assert.deepEqual(phone().typingUntil, undefined)
    now += 1000
    const response = await type(sandbox, second.umid)
    assert.equal(response.status, 200)
    assert.equal(await response.text(), '')
    assert.equal(phone().typingUntil, now + 25_000)
    assert.deepEqual(
      phone().messages.map(({ readAt }) => readAt),
      [now, now, undefined],
    )
    now += 24_999
    assert.equal(phone().typingUntil, NOW + 26_000)
    now += 1
    assert.ok(!('typingUntil' in phone()))
    await type(sandbox, third.umid)
    assert.deepEqual(
      phone().messages.map(({ readAt }) => readAt),
      [NOW + 1000, NOW + 1000, now],
    )
  })

  it('RCS: dots for 20 s, nothing read; a repeat restarts the time', async () => {
    const { umid } = sandbox.receive({ subAccountId: SUB, channel: 'rcs', msisdn: MSISDN })
    assert.equal((await type(sandbox, umid, 'rcs')).status, 200)
    assert.equal(phone('RCS').typingUntil, NOW + 20_000)
    now += 15_000
    await type(sandbox, umid, 'rcs')
    assert.equal(phone('rcs').typingUntil, NOW + 35_000)
    assert.ok(!('readAt' in (phone('rcs').messages[0] ?? {})))
    assert.deepEqual(phone('whatsapp'), { messages: [] })
  })

  it('takes lifetimes from the options', async () => {
    const quick = await startSandbox({ now: () => now, lifetimes: { rcs: 7 } })
    const { umid, msisdn } = quick.receive({ subAccountId: SUB, channel: 'rcs' })
    await type(quick, umid, 'rcs')
    const key = { subAccountId: SUB, channel: 'rcs', msisdn }
    assert.equal(quick.conversation(key).typingUntil, NOW + 7)
  })

  it('emits the dots', async () => {
    const seen: unknown[] = []
    sandbox.on('typing', (event) => seen.push(event))
    const { umid } = sandbox.receive({ subAccountId: SUB, msisdn: MSISDN })
    await type(sandbox, umid)
    const key = { subAccountId: SUB, channel: 'whatsapp', msisdn: MSISDN }
    assert.deepEqual(seen, [{ key, umid, until: NOW + 25_000 }])
  })

  it('finds a umid in any case', async () => {
    const { umid } = sandbox.receive({ subAccountId: SUB, umid: SAMPLE_UMID.replace('cf', 'AB') })
    assert.equal((await type(sandbox, umid.toLowerCase())).status, 200)
    assert.equal((await type(sandbox, umid.toUpperCase())).status, 200)
  })

  it('takes a sub-account id with all legal signs', async () => {
    const subAccountId = 'a.b_c-D&9'
    sandbox.addSubAccount(subAccountId, KEY)
    const { umid } = sandbox.receive({ subAccountId })
    const path = subAccountPath(subAccountId, 'events')
    const response = await call(sandbox, { channel: 'whatsapp', type: 'typing', umid }, { path })
    assert.equal(response.status, 200)
    assert.equal(sandbox.requests[0]?.subAccountId, subAccountId)
  })

  it('knows the sample umid, of Ana and on RCS of Ben, at any time and any sub-account', async () => {
    now += 10 * MAX_MESSAGE_AGE
    for (const { channel, msisdn } of CUSTOMERS.slice(0, 2)) {
      assert.equal((await type(sandbox, SAMPLE_UMID, channel)).status, 200)
      assert.ok(phone(channel, msisdn).typingUntil)
    }
    sandbox.receive({ subAccountId: SUB, umid: SAMPLE_UMID, msisdn: MSISDN, at: NOW })
    assert.equal((await type(sandbox, SAMPLE_UMID)).status, 200)
    assert.ok(phone().typingUntil)
    assert.equal((await type(sandbox, SAMPLE_UMID, 'rcs')).status, 200)
    sandbox.addSubAccount('other', KEY)
    const body = { channel: 'rcs', type: 'typing', umid: SAMPLE_UMID }
    const path = subAccountPath('other', 'events')
    assert.equal((await call(sandbox, body, { path })).status, 200)
  })

  it('refuses other paths and methods', async () => {
    for (const path of [
      '/',
      `/api/v2/subaccounts/${SUB}/events`,
      `/api/v1/subaccounts/${SUB}/events/`,
      `/api/v1/subaccounts/${SUB}/other`,
      '/api/v1/subaccounts//events',
      '/api/v1/subaccounts/%E0%A4%A/events',
    ]) {
      await assertRefused(404, 1300, /Not found/, {}, { path })
    }
    await assertRefused(405, 1300, /Method/, {}, { method: 'GET' })
  })

  it('refuses a missing or wrong key before all else', async () => {
    const authorizations = ['', 'Bearer', 'Bearer wrong', KEY, `Basic ${KEY}`]
    for (const authorization of authorizations) {
      const options = { headers: { authorization }, path: '/api/v1/subaccounts/x/events' }
      await assertRefused(401, 1200, /^Request was not authenticated properly$/, '{', options)
    }
    await assertRefused(401, 1200, /not authenticated/, {}, { headers: {} })
  })

  it('refuses a sub-account that is malformed or of another key, before the body', async () => {
    sandbox.addSubAccount('theirs', 'their-key')
    sandbox.addSubAccount('x', KEY)
    for (const id of ['theirs', 'nobody', 'x', 'a%20b%20c', 'a%2Fevents', 'a'.repeat(51)]) {
      const path = `/api/v1/subaccounts/${id}/events`
      await assertRefused(400, 1001, /doesn't belongs to your account$/, '{', { path })
    }
  })

  it('refuses a body that is not JSON or too large', async () => {
    await assertRefused(400, 1000, /not JSON/, '{"channel":')
    await assertRefused(400, 1000, /not JSON/, '')
    await assertRefused(413, 1000, /too large/, { umid: 'x'.repeat(130 * 1024) })
    assert.ok(!('body' in (sandbox.requests.at(-1) ?? {})))
  })

  it('refuses missing and wrong fields by name', async () => {
    const good = { channel: 'whatsapp', type: 'typing', umid: SAMPLE_UMID }
    const cases: [RegExp, unknown][] = [
      [/^body/, 'null'],
      [/^body/, []],
      [/^channel/, { ...good, channel: undefined }],
      [/^channel/, { ...good, channel: 'RCS' }],
      [/^channel/, { ...good, channel: 'WhatsApp' }],
      [/^channel/, { ...good, channel: 'sms' }],
      [/^type/, { ...good, type: undefined }],
      [/^type/, { ...good, type: 'Typing' }],
      [/^umid/, { ...good, umid: undefined }],
      [/^umid/, { ...good, umid: 7 }],
      [/^umid/, { ...good, umid: `${SAMPLE_UMID}0` }],
      [/^umid/, { ...good, umid: '' }],
    ]
    for (const [message, body] of cases) await assertRefused(400, 1000, message, body)
  })

  it('refuses a umid that is unknown, outbound, of another sub-account or channel', async () => {
    const event = (umid: string, channel = 'whatsapp') => ({ channel, type: 'typing', umid })
    await assertRefused(400, 1300, /umid not found/, event(randomUUID()))
    const { umid } = (await (await reply(sandbox, MSISDN)).json()) as { umid: string }
    await assertRefused(400, 1008, /outbound/, event(umid))
    const theirs = sandbox.receive({ subAccountId: 'theirs' })
    await assertRefused(400, 1300, /umid not found/, event(theirs.umid))
    const rcs = sandbox.receive({ subAccountId: SUB, channel: 'rcs' })
    await assertRefused(400, 1000, /^channel: the message is of rcs/, event(rcs.umid))
    const sms = sandbox.receive({ subAccountId: SUB, channel: 'sms' })
    await assertRefused(400, 1000, /^channel/, event(sms.umid))
    assert.deepEqual(phone('rcs', rcs.msisdn).typingUntil, undefined)
  })

  it('refuses a message older than 2 hours', async () => {
    const { umid } = sandbox.receive({ subAccountId: SUB, at: NOW - MAX_MESSAGE_AGE })
    assert.equal((await type(sandbox, umid)).status, 200)
    now += 1
    await assertRefused(400, 1300, /expired/, { channel: 'whatsapp', type: 'typing', umid })
  })

  it('withdraws a sub-account with its last user, and a key with its last sub-account', async () => {
    const first = sandbox.addSubAccount('extra', 'k2')
    const second = sandbox.addSubAccount('extra', 'k2')
    const third = sandbox.addSubAccount('extra', 'k3')
    const body = { channel: 'rcs', type: 'typing', umid: SAMPLE_UMID }
    const status = async (key: string) =>
      (await call(sandbox, body, { key, path: '/api/v1/subaccounts/extra/events' })).status
    first()
    first()
    assert.equal(await status('k2'), 200)
    second()
    assert.equal(await status('k2'), 401)
    assert.equal(await status('k3'), 200)
    assert.equal(await status(KEY), 400)
    third()
    assert.equal(await status('k3'), 401)
  })
})
