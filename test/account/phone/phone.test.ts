import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import FakeTimers from '@sinonjs/fake-timers'
import { SAMPLE_UMID, type Sandbox } from '../../../nodes/lib/sandbox/server'
import type { FaultName } from '../../../nodes/account/phone/state'
import { call, closeAll, reply, SUB, startSandbox, startTarget, type } from '../../lib/sandbox/helpers'
import { closePhones, MSISDN, makePhone, stateOf } from './phone-helpers'

describe('phone: its state', () => {
  let sandbox: Sandbox

  beforeEach(async () => {
    sandbox = await startSandbox({ retryDelays: [1, 2] })
  })
  afterEach(async () => {
    await closePhones()
    await closeAll()
  })

  it('emits the webhook of a message, and shows dots, read mark and reply', async () => {
    const phone = makePhone(sandbox)
    const emitted = once(phone, 'inbound')
    phone.write('<b>Hi</b>')
    const [webhook] = await emitted
    const { umid, user, content } = webhook.payload
    assert.deepEqual([webhook.version, user], [3, { msisdn: MSISDN, name: 'Ana' }])
    assert.equal(content.text, '<b>Hi</b>')

    await type(sandbox, umid)
    const typing = await stateOf(phone, ({ requests }) => requests.length === 1)
    const { channel, subAccountId, customerName, msisdn } = typing
    assert.deepEqual(
      [channel, subAccountId, customerName, msisdn],
      ['whatsapp', SUB, 'Ana', MSISDN],
    )
    assert.ok((typing.typingUntil ?? 0) > typing.now)
    assert.ok(typing.messages[0]?.readAt)
    const [request] = typing.requests
    assert.deepEqual([request?.method, request?.status, request?.cut], ['POST', 200, undefined])
    assert.deepEqual(request?.body, { channel: 'whatsapp', type: 'typing', umid })

    phone.reply('Good morning')
    const { messages, typingUntil } = phone.state()
    assert.equal(typingUntil, undefined)
    assert.deepEqual(
      messages.map(({ from, text }) => [from, text]),
      [
        ['customer', '<b>Hi</b>'],
        ['brand', 'Good morning'],
      ],
    )
  })

  it('emits a change when the dots expire', async () => {
    const short = await startSandbox({ lifetimes: { whatsapp: 40 } })
    const phone = makePhone(short)
    const emitted = once(phone, 'inbound')
    phone.write('Hi')
    const [webhook] = await emitted
    const shown = stateOf(phone, ({ typingUntil }) => typingUntil !== undefined)
    await type(short, webhook.payload.umid)
    await shown
    await stateOf(phone, ({ typingUntil }) => typingUntil === undefined)
  })

  for (const [how, days] of [
    ['back by 30 days', -30],
    ['forward by a day', 1],
  ] as const) {
    it(`shows the dots for their time, and rests meanwhile, when the clock is set ${how}`, async () => {
      const short = await startSandbox({ lifetimes: { whatsapp: 300 } })
      const phone = makePhone(short)
      phone.write('Hi')
      await type(short, phone.state().messages[0]?.umid ?? '')
      const clock = FakeTimers.install({ now: Date.now(), toFake: ['Date'] })
      try {
        clock.setSystemTime(Date.now() + days * 86_400_000)
        phone.fault = 'slow' // sets the timer anew
        const { typingUntil = 0, now } = phone.state()
        assert.ok(typingUntil > now && typingUntil <= now + 300, `${typingUntil - now} ms left`)
        let changes = 0
        phone.on('change', () => changes++)
        await stateOf(phone, (state) => state.typingUntil === undefined)
        assert.ok(changes <= 3, `${changes} changes`)
      } finally {
        clock.uninstall()
      }
    })
  }

  it('shows an indicator that lives longer than a timer can wait', async () => {
    const long = await startSandbox({ lifetimes: { whatsapp: 2 ** 33 } })
    const phone = makePhone(long)
    phone.write('Hi')
    await type(long, phone.state().messages[0]?.umid ?? '')
    let changes = 0
    phone.on('change', () => changes++)
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.ok(changes <= 1, `${changes} changes`) // the request, if it is that late
  })

  it('accepts a reply as text or as an 8x8 body, and nothing else', () => {
    const phone = makePhone(sandbox, { channel: 'rcs' })
    const body = { type: 'text', content: { text: 'two' } }
    phone.reply('one')
    phone.reply(body)
    phone.reply({ user: { msisdn: MSISDN }, ...body })
    assert.deepEqual(
      phone.state().messages.map(({ text }) => text),
      ['one', 'two', 'two'],
    )
    const other = { user: { msisdn: '+6509999999' }, ...body }
    const wrong = [
      '',
      7,
      null,
      undefined,
      {},
      { ...body, type: 'image' },
      other,
      'x'.repeat(65_537),
    ]
    for (const payload of wrong) assert.throws(() => phone.reply(payload), TypeError)
    assert.equal(phone.state().messages.length, 3)
  })

  it('keeps phones apart: their messages, requests and simulated errors', async () => {
    const one = makePhone(sandbox)
    const two = makePhone(sandbox, { msisdn: '+6507654321' })
    const rcs = makePhone(sandbox, { channel: 'rcs' })
    one.fault = 'unauthorized'
    one.write('of one')
    two.write('of two')
    const umidOf = (phone: typeof one) => phone.state().messages[0]?.umid ?? ''
    assert.equal((await type(sandbox, umidOf(one))).status, 401)
    assert.equal((await type(sandbox, umidOf(two))).status, 200)
    assert.equal((await reply(sandbox, MSISDN)).status, 401)
    assert.equal((await reply(sandbox, '+6507654321')).status, 200)
    assert.equal((await type(sandbox, SAMPLE_UMID, 'rcs')).status, 200)
    assert.equal((await type(sandbox, SAMPLE_UMID, 'whatsapp')).status, 401)
    assert.equal(two.state().fault, 'none')
    const seen = (phone: typeof one) => phone.state().requests.map(({ status }) => status)
    assert.deepEqual(seen(one), [401, 401, 401])
    assert.deepEqual(seen(two), [200, 200, 401]) // the sample umid counts for both
    assert.deepEqual(
      rcs.state().requests.map(({ body }) => body),
      [
        { user: { msisdn: MSISDN }, type: 'text', content: { text: 'Hi' } },
        { channel: 'rcs', type: 'typing', umid: SAMPLE_UMID },
      ],
    )
    assert.equal(rcs.state().messages.length, 0)
  })

  const faults: [FaultName, number, number | undefined][] = [
    ['unauthorized', 401, 1200],
    ['rate-limited', 429, undefined],
    ['error', 500, 2000],
    ['expired', 400, 1300],
  ]
  for (const [fault, status, code] of faults) {
    it(`answers ${status} while ${fault} is simulated`, async () => {
      const phone = makePhone(sandbox)
      phone.write('Hi')
      const [{ umid } = { umid: '' }] = phone.state().messages
      phone.fault = fault
      for (let i = 0; i < 2; i++) {
        const response = await type(sandbox, umid)
        const body = (await response.json()) as { code?: number }
        assert.deepEqual([response.status, body.code], [status, code])
        const wait = fault === 'rate-limited' ? '2' : null
        assert.equal(response.headers.get('retry-after'), wait)
      }
      assert.equal(phone.state().typingUntil, undefined)
      const answered = (await reply(sandbox, MSISDN)).status
      assert.equal(answered, fault === 'expired' ? 200 : status)
      phone.fault = 'none'
      assert.equal((await type(sandbox, umid)).status, 200)
    })
  }

  it('cuts requests when the API is down, and is slow by 4 s', async () => {
    const phone = makePhone(sandbox)
    phone.fault = 'down'
    await assert.rejects(type(sandbox, SAMPLE_UMID))
    const { requests } = await stateOf(phone, (state) => state.requests.length === 1)
    assert.deepEqual([requests[0]?.cut, requests[0]?.status], [true, undefined])
    phone.fault = 'slow'
    assert.equal((await type(sandbox, SAMPLE_UMID)).status, 200)
    const { durationMs = 0 } = phone.state().requests[1] ?? {}
    assert.ok(durationMs > 3900 && durationMs < 8000, `${durationMs} ms`)
  })

  it('remembers 50 requests, with at most 2000 characters of each body', async () => {
    const phone = makePhone(sandbox)
    for (let i = 0; i < 52; i++) await reply(sandbox, MSISDN, `${i}`)
    const { requests } = phone.state()
    assert.equal(requests.length, 50)
    assert.deepEqual(requests[0]?.body, {
      user: { msisdn: MSISDN },
      type: 'text',
      content: { text: '2' },
    })
    await reply(sandbox, MSISDN, 'x'.repeat(5000))
    const text = phone.state().requests.at(-1)?.body
    assert.ok(typeof text === 'string' && text.length === 2001)
    // What is not JSON concerns no phone.
    await call(sandbox, 'x'.repeat(3000))
    assert.equal(phone.state().requests.at(-1)?.body, text)
  })

  it('shows the delivery of its webhook, with 8x8’s retries', async () => {
    const { url, posted } = await startTarget((attempt, response) => {
      response.writeHead(attempt === 1 ? 500 : 204).end()
    })
    const phone = makePhone(sandbox, { webhook: { url, authorization: 'Basic abc' } })
    const seen: unknown[] = []
    phone.on('change', () => seen.push(phone.state().delivery))
    phone.on('inbound', () => assert.fail('it is posted'))
    phone.write('Hi')
    const { delivery, messages } = await stateOf(
      phone,
      (state) => state.delivery?.pending === false,
    )
    const umid = messages[0]?.umid
    assert.deepEqual(delivery, {
      umid,
      attempts: 2,
      delivered: true,
      statusCode: 204,
      pending: false,
    })
    assert.ok(seen.some((one) => (one as { attempts?: number } | undefined)?.attempts === 1))
    assert.equal(posted.length, 2)
    assert.equal(posted[0]?.headers.authorization, 'Basic abc')
    assert.deepEqual(posted[0]?.body, sandbox.webhook(`${umid}`))
  })

  it('shows an undelivered webhook, also for a URL that Node.js cannot use', async () => {
    const { url } = await startTarget((_attempt, response) => response.writeHead(503).end())
    for (const [target, attempts] of [
      [url, 3],
      ['http://user:%zz@127.0.0.1:1/', 0],
    ] as const) {
      const phone = makePhone(sandbox, { webhook: { url: target } })
      phone.write('Hi')
      const { delivery } = await stateOf(phone, (state) => state.delivery?.pending === false)
      assert.deepEqual([delivery?.delivered, delivery?.attempts], [false, attempts])
      phone.close()
    }
  })

  it('ends its deliveries, timers and listeners when it closes', async () => {
    const signs = new EventEmitter()
    const { url } = await startTarget((_attempt, response) => {
      response.on('close', () => signs.emit('hung up')) // never answers
      signs.emit('met')
    })
    const counts = () => sandbox.eventNames().map((name) => sandbox.listenerCount(name))
    const before = counts()
    const phone = makePhone(sandbox, { webhook: { url } })
    phone.fault = 'error'
    const met = once(signs, 'met')
    phone.write('Hi')
    await met
    const hungUp = once(signs, 'hung up')
    phone.close()
    await hungUp
    assert.deepEqual(counts(), before)
    assert.equal((await type(sandbox, SAMPLE_UMID)).status, 200)
    assert.equal(
      sandbox.conversation({ subAccountId: SUB, channel: 'whatsapp', msisdn: MSISDN }).messages
        .length,
      1,
    )
  })
})
