import assert from 'node:assert/strict'
import { once } from 'node:events'
import FakeTimers from '@sinonjs/fake-timers'
import type { FaultName, PhoneChoice } from '../../../nodes/account/phone/state'
import { SAMPLE_UMID } from '../../../nodes/lib/sandbox/customers'
import type { Sandbox } from '../../../nodes/lib/sandbox/server'
import { call, closeAll, KEY, reply, SUB, startSandbox, type } from '../../lib/sandbox/helpers'
import { ANA, BEN, bare, CHI, closePhones, fakeInbound, makePhone, stateOf, write } from './helpers'

/** The business sends a message by the API. */
const send = (sandbox: Sandbox, body: object) =>
  call(sandbox, body, { path: `/api/v1/subaccounts/${SUB}/messages` })

describe('phone: its chats', () => {
  let sandbox: Sandbox

  beforeEach(async () => {
    sandbox = await startSandbox({ receiptDelays: [1, 2, 3] })
  })
  afterEach(async () => {
    await closePhones()
    await closeAll()
  })

  it('gives the inbound node what 8x8 would post, and shows dots, read mark and reply', async () => {
    const { phone, inbound } = makePhone(sandbox)
    const umid = write(phone, ANA, '<b>Hi</b>')
    assert.deepEqual(inbound.received, [JSON.parse(JSON.stringify(sandbox.webhook(umid)))])

    await type(sandbox, umid)
    const typing = await stateOf(phone, ({ requests }) => requests.length === 1)
    assert.deepEqual(
      [typing.account, typing.subAccountId, typing.customer, typing.inbound],
      ['shop', SUB, 'ana', '/8x8/inbound'],
    )
    assert.deepEqual(typing.inbounds, [
      { id: '/8x8/inbound', label: '/8x8/inbound', subAccountId: SUB },
    ])
    assert.ok((typing.typingUntil ?? 0) > typing.now)
    assert.ok(typing.messages[0]?.readAt)
    assert.deepEqual(typing.messages[0]?.delivery, {
      at: typing.messages[0]?.delivery?.at,
      inbound: '/8x8/inbound',
      outcome: 'accepted',
    })

    await reply(sandbox, `${ANA.msisdn}`, 'Good morning')
    const { messages, typingUntil, customers } = phone.state(ANA)
    assert.equal(typingUntil, undefined)
    assert.deepEqual(
      messages.map(({ from, text }) => [from, text]),
      [
        ['customer', '<b>Hi</b>'],
        ['business', 'Good morning'],
      ],
    )
    assert.equal(customers[0]?.repliedAt, messages[1]?.at)
  })

  it('writes as three customers, of whom one has no number', () => {
    const { phone, inbound } = makePhone(sandbox)
    const users = [ANA, BEN, CHI].map((customer) => {
      const umid = write(phone, customer)
      const payload = inbound.received.at(-1)?.payload
      assert.equal(payload?.umid, umid)
      return payload && 'recipient' in payload && [payload.recipient.channel, payload.user]
    })
    assert.deepEqual(users, [
      ['whatsapp', { msisdn: '+6500000000', name: 'Ana' }],
      ['RCS', { msisdn: '+6500000001' }],
      ['whatsapp', { channelUserId: 'US.13491208655302741918', username: 'chi' }],
    ])
    assert.deepEqual(phone.state(CHI).customers, [
      { id: 'ana', label: 'Ana', channel: 'whatsapp', msisdn: '+6500000000', typing: false },
      { id: 'ben', label: 'Ben', channel: 'rcs', msisdn: '+6500000001', typing: false },
      { id: 'chi', label: 'Chi', channel: 'whatsapp', username: 'chi', typing: false },
    ])
  })

  it('shows with each customer who else sees dots, and who got a reply', async () => {
    const { phone } = makePhone(sandbox)
    await type(sandbox, write(phone, BEN), 'rcs')
    await send(sandbox, { user: { channelUserId: CHI.channelUserId }, ...textOf('Hi Chi') })
    const { customers } = phone.state(ANA)
    assert.deepEqual(
      customers.map(({ id, typing, repliedAt }) => [id, typing, repliedAt !== undefined]),
      [
        ['ana', false, false],
        ['ben', true, false],
        ['chi', false, true],
      ],
    )
  })

  it('gives the inbound node each receipt of a reply, and shows the newest', async () => {
    const { phone, inbound } = makePhone(sandbox)
    write(phone)
    await reply(sandbox, `${ANA.msisdn}`)
    const isRead = ({ messages }: { messages: { status?: string }[] }) =>
      messages[1]?.status === 'read'
    const { messages } = await stateOf(phone, isRead)
    const receipts = inbound.received.slice(1)
    assert.deepEqual(
      receipts.map(({ payload }) => 'status' in payload && [payload.umid, payload.status.state]),
      ['sent', 'delivered', 'read'].map((state) => [messages[1]?.umid, state]),
    )
    assert.equal(messages[1]?.delivery?.outcome, 'accepted')
  })

  it('sends a choice as the answer to the message that offered it', async () => {
    const { phone, inbound } = makePhone(sandbox)
    const contents: [PhoneChoice['kind'], object][] = [
      ['button', { interactive: { type: 'button_reply', button_reply: pressed() } }],
      ['row', { interactive: { type: 'list_reply', list_reply: pressed() } }],
      ['suggestion', { text: 'Yes', postbackData: 'y' }],
      ['quick-reply', { text: 'Yes', payload: 'y' }],
    ]
    await reply(sandbox, `${ANA.msisdn}`, 'Are you sure?')
    const umid = `${phone.state(ANA).messages[0]?.umid}`
    for (const [kind, content] of contents) {
      phone.choose(ANA, { umid, kind, ...pressed() })
      const messages = inbound.received.map(({ payload }) => payload)
      const payload = messages.findLast((one) => 'content' in one)
      assert.deepEqual(
        payload && 'content' in payload && [payload.type, payload.content, payload.replyToUmid],
        ['Interactive', content, umid],
      )
      const shown = phone.state(ANA).messages.at(-1)
      assert.deepEqual([shown?.from, shown?.text, shown?.quotes], ['customer', 'Yes', umid])
    }
    const own = `${phone.state(ANA).messages.at(-1)?.umid}`
    for (const wrong of [own, SAMPLE_UMID]) {
      const choice = { umid: wrong, kind: 'button', ...pressed() } as const
      assert.throws(() => phone.choose(ANA, choice), RangeError)
    }
    assert.throws(() => phone.choose(BEN, { umid, kind: 'button', ...pressed() }), RangeError)
  })

  it('delivers a message again as it was, and the newest receipt of a reply', async () => {
    const { phone, inbound } = makePhone(sandbox)
    const umid = write(phone)
    phone.deliver(umid)
    assert.deepEqual(inbound.received[1], inbound.received[0])
    await reply(sandbox, `${ANA.msisdn}`)
    const answer = `${phone.state(ANA).messages[1]?.umid}`
    await stateOf(phone, ({ messages }) => messages[1]?.status === 'read')
    phone.deliver(answer)
    assert.deepEqual(inbound.received.at(-1), inbound.received.at(-2))
    assert.deepEqual(inbound.received.at(-1), JSON.parse(JSON.stringify(phone.webhook(answer))))
  })

  it('has no event for a reply without a receipt, nor for messages of other phones', async () => {
    const quiet = await startSandbox({ receiptDelays: [] })
    const { phone } = makePhone(quiet)
    const other = quiet.receive({ subAccountId: 'other_sub' })
    await reply(quiet, `${ANA.msisdn}`)
    for (const umid of [phone.state(ANA).messages[0]?.umid, other.umid, SAMPLE_UMID, '']) {
      assert.throws(() => phone.webhook(`${umid}`), RangeError)
      assert.throws(() => phone.deliver(`${umid}`), RangeError)
    }
  })

  it('shows what became of a message, and that no inbound node is there', () => {
    const phone = bare(sandbox)
    phone.join({ id: 'typing', account: '', subAccountId: SUB })
    const outcomeOf = (umid: string) => {
      const found = phone.state(ANA).messages.find((message) => message.umid === umid)
      const { at, ...rest } = found?.delivery ?? { at: undefined }
      assert.ok(at)
      return rest
    }
    const umid = write(phone)
    assert.deepEqual(outcomeOf(umid), { outcome: 'no-inbound' })
    assert.equal(phone.state(ANA).inbound, undefined)
    const leave = phone.join(fakeInbound({}, { outcome: 'refused', statusCode: 503 }))
    phone.deliver(umid)
    const inbound = '/8x8/inbound'
    assert.deepEqual(outcomeOf(umid), { inbound, outcome: 'refused', statusCode: 503 })
    leave()
    phone.join(fakeInbound({}, { outcome: 'repeat' }))
    phone.deliver(umid)
    assert.deepEqual(outcomeOf(umid), { inbound, outcome: 'repeat' })
  })

  it('writes to the inbound node that is chosen, also when it is there again', () => {
    const { phone, inbound: first } = makePhone(sandbox)
    const second = fakeInbound({ label: 'second', id: 'one id' })
    const leave = phone.join(second)
    write(phone)
    phone.writeTo('one id')
    write(phone)
    assert.deepEqual([first.received.length, second.received.length], [1, 1])
    leave()
    write(phone)
    assert.deepEqual([first.received.length, second.received.length], [2, 1])
    phone.join(second)
    write(phone)
    assert.deepEqual([first.received.length, second.received.length], [2, 2])
    assert.throws(() => phone.writeTo('gone'), RangeError)
  })

  it('keeps to the sub-account of the inbound node, where there are several', async () => {
    const { phone, inbound: first } = makePhone(sandbox)
    const second = fakeInbound({ label: 'second', subAccountId: 'other_sub', account: 'other' })
    phone.join(second)
    write(phone)
    await reply(sandbox, `${ANA.msisdn}`)
    phone.writeTo('second')
    const { account, subAccountId, messages } = phone.state(ANA)
    assert.deepEqual([account, subAccountId, messages], ['other', 'other_sub', []])
    const umid = write(phone)
    assert.deepEqual(
      second.received.map(({ payload }) => [payload.umid, payload.subAccountId]),
      [[umid, 'other_sub']],
    )
    // The receipts of the reply go to the first node all the same.
    while (first.received.length < 4) await once(sandbox, 'receipt')
    assert.equal(second.received.length, 1)
  })

  it('clears one chat', async () => {
    const { phone } = makePhone(sandbox)
    const umid = write(phone)
    write(phone, BEN)
    await type(sandbox, umid)
    phone.clear(ANA)
    const { messages, typingUntil, requests } = phone.state(ANA)
    assert.deepEqual([messages, typingUntil, requests.length], [[], undefined, 1])
    assert.equal(phone.state(BEN).messages.length, 1)
    assert.equal((await type(sandbox, umid)).status, 200)
  })

  it('emits a change when the dots expire', async () => {
    const short = await startSandbox({ lifetimes: { whatsapp: 40 } })
    const { phone } = makePhone(short)
    const shown = stateOf(phone, ({ typingUntil }) => typingUntil !== undefined)
    await type(short, write(phone))
    await shown
    await stateOf(phone, ({ typingUntil }) => typingUntil === undefined)
  })

  for (const [how, days] of [
    ['back by 30 days', -30],
    ['forward by a day', 1],
  ] as const) {
    it(`shows the dots for their time, and rests meanwhile, when the clock is set ${how}`, async () => {
      const short = await startSandbox({ lifetimes: { whatsapp: 300 } })
      const { phone } = makePhone(short)
      await type(short, write(phone))
      await stateOf(phone, ({ requests }) => requests.length === 1)
      const clock = FakeTimers.install({ now: Date.now(), toFake: ['Date'] })
      try {
        clock.setSystemTime(Date.now() + days * 86_400_000)
        const { typingUntil = 0, now } = phone.state(ANA)
        assert.ok(typingUntil > now && typingUntil <= now + 300, `${typingUntil - now} ms left`)
        let changes = 0
        phone.on('change', () => changes++)
        await stateOf(phone, (state) => state.typingUntil === undefined)
        assert.equal(changes, 1)
      } finally {
        clock.uninstall()
      }
    })
  }

  it('shows an indicator that lives longer than a timer can wait', async () => {
    const long = await startSandbox({ lifetimes: { whatsapp: 2 ** 33 } })
    const { phone } = makePhone(long)
    const clock = FakeTimers.install({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      await type(long, write(phone))
      await stateOf(phone, ({ requests }) => requests.length === 1)
      let changes = 0
      phone.on('change', () => changes++)
      clock.tick(2 ** 31 - 2)
      assert.equal(changes, 0)
    } finally {
      clock.uninstall()
    }
  })

  it('ends its timers, faults and listeners when it closes', async () => {
    const counts = () => sandbox.eventNames().map((name) => sandbox.listenerCount(name))
    const before = counts()
    const { phone } = makePhone(sandbox)
    phone.simulate(ANA, 'error')
    const umid = write(phone)
    phone.close()
    assert.deepEqual(counts(), before)
    assert.equal((await type(sandbox, umid)).status, 200)
    assert.equal(sandbox.conversation({ subAccountId: SUB, ...ANA }).messages.length, 1)
  })
})

describe('phone: the requests that it shows, and simulated errors', () => {
  let sandbox: Sandbox

  beforeEach(async () => {
    sandbox = await startSandbox({ receiptDelays: [] })
  })
  afterEach(async () => {
    await closePhones()
    await closeAll()
  })

  it('shows body and answer of each request, and the message that it belongs to', async () => {
    const { phone } = makePhone(sandbox)
    const umid = write(phone)
    await type(sandbox, umid.toUpperCase())
    const answer = await (await reply(sandbox, `${ANA.msisdn}`)).json()
    const [typing, replied] = phone.state(ANA).requests
    assert.deepEqual(
      [typing?.id, typing?.method, typing?.status, typing?.cut, typing?.umid, typing?.response],
      [1, 'POST', 200, undefined, umid, undefined],
    )
    assert.deepEqual(typing?.body, {
      channel: 'whatsapp',
      type: 'typing',
      umid: umid.toUpperCase(),
    })
    assert.deepEqual([replied?.id, replied?.response], [2, answer])
    assert.equal(replied?.umid, phone.state(ANA).messages[1]?.umid)
  })

  it('keeps customers apart: their requests and simulated errors', async () => {
    const { phone } = makePhone(sandbox)
    phone.simulate(ANA, 'unauthorized')
    const umids = [ANA, BEN, CHI].map((customer) => write(phone, customer)) as [
      string,
      string,
      string,
    ]
    assert.equal((await type(sandbox, umids[0])).status, 401)
    assert.equal((await type(sandbox, umids[1], 'rcs')).status, 200)
    assert.equal((await type(sandbox, umids[2])).status, 200)
    assert.equal((await reply(sandbox, `${ANA.msisdn}`)).status, 401)
    assert.equal((await reply(sandbox, `${BEN.msisdn}`)).status, 200)
    const toChi = { user: { channelUserId: CHI.channelUserId }, ...textOf('Hi') }
    assert.equal((await send(sandbox, toChi)).status, 200)
    assert.equal((await type(sandbox, SAMPLE_UMID, 'rcs')).status, 200)
    assert.equal((await type(sandbox, SAMPLE_UMID)).status, 401)
    const seen = [ANA, BEN, CHI].map((customer) => {
      const { requests, fault } = phone.state(customer)
      return [fault, ...requests.map(({ status }) => status)]
    })
    assert.deepEqual(seen, [
      ['unauthorized', 401, 401, 401],
      ['none', 200, 200, 200],
      ['none', 200, 200],
    ])
  })

  it('shows a request about nobody with each customer, and none of other accounts', async () => {
    const { phone } = makePhone(sandbox)
    sandbox.addSubAccount('other_sub', 'other key')
    phone.simulate(ANA, 'error')
    const unknown = '00000000-0000-0000-0000-000000000000'
    assert.equal((await type(sandbox, unknown)).status, 400)
    const path = '/api/v1/subaccounts/other_sub/events'
    const body = { channel: 'whatsapp', type: 'typing', umid: SAMPLE_UMID }
    assert.equal((await call(sandbox, body, { path, key: 'other key' })).status, 200)
    for (const customer of [ANA, BEN, CHI]) {
      const shown = phone.state(customer).requests
      assert.deepEqual(
        shown.map(({ id, status, umid }) => [id, status, umid]),
        [[1, 400, undefined]],
      )
    }
  })

  it('shows a request with a wrong sub-account, or that of another account', async () => {
    const { phone } = makePhone(sandbox)
    sandbox.addSubAccount('other_sub', KEY)
    const umid = write(phone)
    const body = { channel: 'whatsapp', type: 'typing', umid }
    for (const subAccountId of ['mistyped', 'other_sub']) {
      const path = `/api/v1/subaccounts/${subAccountId}/events`
      assert.equal((await call(sandbox, body, { path })).status, 400)
    }
    const seen = [ANA, BEN].map((customer) =>
      phone.state(customer).requests.map(({ path, umid }) => [path.split('/')[4], umid]),
    )
    assert.deepEqual(seen, [
      [
        ['mistyped', undefined], // its body was not read
        ['other_sub', umid],
      ],
      [['mistyped', undefined]],
    ])
  })

  const faults: [FaultName, number, number | undefined][] = [
    ['unauthorized', 401, 1200],
    ['rate-limited', 429, undefined],
    ['error', 500, 2000],
    ['expired', 400, 1300],
  ]
  for (const [fault, status, code] of faults) {
    it(`answers ${status} while ${fault} is simulated`, async () => {
      const { phone } = makePhone(sandbox)
      const umid = write(phone)
      phone.simulate(ANA, fault)
      for (let i = 0; i < 2; i++) {
        const response = await type(sandbox, umid)
        const body = (await response.json()) as { code?: number }
        assert.deepEqual([response.status, body.code], [status, code])
        const wait = fault === 'rate-limited' ? '2' : null
        assert.equal(response.headers.get('retry-after'), wait)
      }
      assert.equal(phone.state(ANA).typingUntil, undefined)
      const answered = (await reply(sandbox, `${ANA.msisdn}`)).status
      assert.equal(answered, fault === 'expired' ? 200 : status)
      phone.simulate(ANA, 'none')
      assert.equal((await type(sandbox, umid)).status, 200)
    })
  }

  it('cuts requests when the API is down, and is slow by 4 s', async () => {
    const { phone } = makePhone(sandbox)
    phone.simulate(ANA, 'down')
    await assert.rejects(type(sandbox, SAMPLE_UMID))
    const { requests } = await stateOf(phone, (state) => state.requests.length === 1)
    assert.deepEqual([requests[0]?.cut, requests[0]?.status], [true, undefined])
    phone.simulate(ANA, 'slow')
    assert.equal((await type(sandbox, SAMPLE_UMID)).status, 200)
    const { durationMs = 0 } = phone.state(ANA).requests[1] ?? {}
    assert.ok(durationMs > 3900 && durationMs < 8000, `${durationMs} ms`)
  })

  it('remembers 50 requests, with at most 2000 characters of each body', async () => {
    const { phone } = makePhone(sandbox)
    for (let i = 0; i < 52; i++) await reply(sandbox, `${ANA.msisdn}`, `${i}`)
    const { requests } = phone.state(ANA)
    assert.equal(requests.length, 50)
    assert.deepEqual(requests[0]?.body, { user: { msisdn: ANA.msisdn }, ...textOf('2') })
    assert.equal(requests[0]?.id, 3)
    await reply(sandbox, `${ANA.msisdn}`, 'x'.repeat(5000))
    const text = phone.state(ANA).requests.at(-1)?.body
    assert.ok(typeof text === 'string' && text.length === 2001)
  })
})

function textOf(text: string) {
  return { type: 'text', content: { text } }
}

function pressed() {
  return { id: 'y', title: 'Yes' }
}
