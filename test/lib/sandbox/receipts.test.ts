import assert from 'node:assert/strict'
import { once } from 'node:events'
import FakeTimers, { type Clock } from '@sinonjs/fake-timers'
import type { SandboxEvents } from '../../../nodes/lib/sandbox/events'
import { Sandbox } from '../../../nodes/lib/sandbox/server'
import { closeAll, reply, SUB, startSandbox } from './helpers'

const NOW = Date.UTC(2026, 5, 9, 10)
const ANA = { subAccountId: SUB, channel: 'whatsapp', msisdn: '+6500000000' }

describe('sandbox: receipts', () => {
  let clock: Clock
  let sandbox: Sandbox
  let seen: SandboxEvents['receipt'][0][]

  beforeEach(() => {
    clock = FakeTimers.install({ now: NOW, toFake: ['setTimeout', 'clearTimeout', 'Date'] })
    sandbox = new Sandbox()
    seen = []
    sandbox.on('receipt', (receipt) => seen.push(receipt))
  })
  afterEach(async () => {
    clock.uninstall()
    await sandbox.close()
    await closeAll()
  })

  const states = () => seen.map(({ state }) => state)
  const status = (key = ANA) => sandbox.conversation(key).messages.at(-1)?.status

  it('says that a reply is sent, delivered and read, after 0.2, 0.5 and 1.2 s', () => {
    const { umid } = sandbox.reply(ANA, 'Hello')
    assert.equal(status(), 'queued')
    clock.tick(199)
    assert.deepEqual([states(), status()], [[], 'queued'])
    clock.tick(1)
    assert.deepEqual([states(), status()], [['sent'], 'sent'])
    clock.tick(300)
    assert.deepEqual([states(), status()], [['sent', 'delivered'], 'delivered'])
    clock.tick(700)
    assert.deepEqual([states(), status()], [['sent', 'delivered', 'read'], 'read'])
    clock.tick(100_000)
    assert.equal(seen.length, 3)
    const timestamp = new Date(NOW + 1200).toISOString()
    const webhook = {
      version: 3,
      namespace: 'ChatApps',
      eventType: 'outbound_message_status_changed',
      description: 'ChatApps outbound message status changed',
      payload: {
        umid,
        subAccountId: SUB,
        timestamp,
        user: { msisdn: ANA.msisdn },
        channel: 'whatsapp',
        status: { state: 'read', timestamp },
      },
    }
    assert.deepEqual(seen[2], { key: ANA, umid, state: 'read', webhook })
    assert.deepEqual(sandbox.webhook(umid.toUpperCase()), webhook)
  })

  it('keeps the newest receipt of a message as its webhook, in either version', () => {
    const { umid } = sandbox.reply(ANA, 'Hello')
    assert.throws(() => sandbox.webhook(umid), RangeError)
    clock.tick(500)
    const webhook = sandbox.webhook(umid, 2)
    assert.ok(!('version' in webhook))
    assert.deepEqual(webhook, {
      ...webhook,
      payload: {
        ...webhook.payload,
        user: { msisdn: ANA.msisdn, channelUserId: ANA.msisdn },
        status: { state: 'delivered', timestamp: new Date(NOW + 500).toISOString() },
      },
    })
  })

  it('names the customer as an inbound webhook does: on RCS, and without a phone number', () => {
    sandbox.reply({ subAccountId: SUB, channel: 'RCS', msisdn: '+6500000001' }, 'Hello')
    const channelUserId = 'US.13491208655302741918'
    sandbox.reply({ subAccountId: SUB, channel: 'whatsapp', channelUserId }, 'Hello')
    clock.tick(200)
    const written = seen.map(({ webhook: { payload } }) => [payload.channel, payload.user])
    assert.deepEqual(written, [
      ['RCS', { msisdn: '+6500000001' }],
      ['whatsapp', { channelUserId }],
    ])
  })

  it('sends none on a channel without a phone', () => {
    const sms = { ...ANA, channel: 'sms' }
    sandbox.reply(sms, 'Hello')
    clock.tick(10_000)
    assert.deepEqual([states(), status(sms)], [[], 'queued'])
  })

  it('goes on after the chat is cleared, and ends when its sub-account is forgotten', () => {
    const { umid } = sandbox.reply(ANA, 'Hello')
    clock.tick(200)
    sandbox.clear(ANA)
    clock.tick(300)
    assert.deepEqual(states(), ['sent', 'delivered'])
    assert.deepEqual(sandbox.conversation(ANA).messages, [])
    sandbox.forget(SUB)
    clock.tick(10_000)
    assert.equal(seen.length, 2)
    assert.throws(() => sandbox.webhook(umid), RangeError)
  })

  it('ends those that are to come when the sandbox closes, also from a listener', async () => {
    sandbox.reply(ANA, 'Hello')
    sandbox.once('receipt', () => void sandbox.close())
    clock.tick(10_000)
    assert.deepEqual(states(), ['sent'])
    assert.equal(clock.countTimers(), 0)
    assert.equal(status(), 'sent')
  })

  it('bounds how many messages wait for receipts: the oldest gets no more', () => {
    const sent = Array.from({ length: 1001 }, () => sandbox.reply(ANA, 'Hello').umid)
    assert.equal(clock.countTimers(), 1000)
    clock.tick(10_000)
    assert.equal(seen.length, 3000)
    assert.deepEqual(new Set(seen.map(({ umid }) => umid)), new Set(sent.slice(1)))
  })

  it('takes the delays from the options, for replies by the API too', async () => {
    clock.uninstall()
    const quick = await startSandbox({ receiptDelays: [0, 1] })
    const delivered = new Promise<string>((resolve) => {
      quick.on('receipt', ({ umid, state }) => state === 'delivered' && resolve(umid))
    })
    const sent = once(quick, 'receipt')
    const { umid } = (await (await reply(quick, ANA.msisdn)).json()) as { umid: string }
    assert.equal((await sent)[0].state, 'sent')
    assert.equal(await delivered, umid)
    assert.equal(quick.conversation(ANA).messages[0]?.status, 'delivered')
  })
})
