import assert from 'node:assert/strict'
import { readSelected } from '../../../nodes/lib/message/selected'
import { type Choice, contentOf } from '../../../nodes/lib/sandbox/choice'
import type { AnyChannel } from '../../../nodes/lib/sandbox/conversations'
import { CUSTOMERS, type SandboxCustomer } from '../../../nodes/lib/sandbox/customers'
import { type NewMessage, SAMPLE_UMID, type Sandbox } from '../../../nodes/lib/sandbox/server'
import type { InboundWebhook } from '../../../nodes/lib/sandbox/webhook'
import { closeAll, reply, SUB, startSandbox } from './helpers'

const AT = Date.UTC(2026, 5, 9, 10, 13, 20)

describe('sandbox: inbound webhooks', () => {
  let sandbox: Sandbox

  beforeEach(async () => {
    sandbox = await startSandbox()
  })
  afterEach(closeAll)

  /** The webhook of a message that a customer writes. */
  function webhookOf(message: Omit<NewMessage, 'subAccountId'>, version?: 2 | 3): InboundWebhook {
    const { umid } = sandbox.receive({ subAccountId: SUB, ...message })
    const webhook = sandbox.webhook(umid, version)
    assert.equal(webhook.eventType, 'inbound_message_received')
    return webhook as InboundWebhook
  }

  it('writes version 3, and version 2 without version and with channelUserId', () => {
    const message = { subAccountId: SUB, name: 'Ann', text: 'Hi', at: AT }
    const { umid, msisdn } = sandbox.receive(message)
    const webhook = {
      version: 3,
      namespace: 'ChatApps',
      eventType: 'inbound_message_received',
      description: 'ChatApps inbound message',
      payload: {
        umid,
        subAccountId: SUB,
        timestamp: '2026-06-09T10:13:20.000Z',
        user: { msisdn, name: 'Ann' },
        recipient: { channel: 'whatsapp', channelId: '6500000001' },
        type: 'Text',
        content: { text: 'Hi' },
      },
    }
    assert.deepEqual(sandbox.webhook(umid), webhook)
    assert.deepEqual(sandbox.webhook(umid.toUpperCase(), 3), webhook)
    const { version: _, ...two } = webhook
    const user = { msisdn, channelUserId: msisdn, name: 'Ann' }
    const payload = { ...two.payload, user }
    assert.deepEqual(sandbox.webhook(umid, 2), { ...two, payload })
  })

  it('spells channels as 8x8 does, with the user that each one knows', () => {
    const user = { msisdn: '+6500000000' }
    const cases: [AnyChannel, string, object][] = [
      ['whatsapp', 'whatsapp', { ...user, name: 'Ann' }],
      ['rcs', 'RCS', user],
      ['sms', 'sms', { ...user, name: 'Ann' }],
      ['viber', 'viber', user],
      ['line', 'line', { channelUserId: '+6500000000' }],
      ['zalonotification', 'ZaloNotification', { ...user, name: 'Ann' }],
      ['linenotification', 'LineNotification', { ...user, name: 'Ann' }],
    ]
    for (const [channel, written, who] of cases) {
      const { payload } = webhookOf({ channel, name: 'Ann' })
      assert.deepEqual([payload.recipient.channel, payload.user], [written, who])
    }
    assert.deepEqual(webhookOf({}).payload.user, user)
  })

  it('writes what is known of a customer without a phone number', () => {
    const customer = { channelUserId: 'US.13491208655302741918', name: 'Ann', username: 'ann.b' }
    const userOf = (message: object, version: 2 | 3) => webhookOf(message, version).payload.user
    assert.deepEqual(userOf(customer, 3), customer)
    assert.deepEqual(userOf(customer, 2), customer)
    const both = { msisdn: '+6591234567', ...customer }
    assert.deepEqual(userOf(both, 3), both)
    assert.deepEqual(userOf(both, 2), { ...both, channelUserId: both.msisdn })
    const line = { channel: 'line', channelUserId: 'Ua12b345678' }
    assert.deepEqual(userOf(line, 3), { channelUserId: 'Ua12b345678' })
    assert.deepEqual(userOf({ ...both, channel: 'rcs' }, 3), { msisdn: both.msisdn })
  })

  it('writes what 8x8 knows of Ana, of Ben on RCS, and of Chi, who has no phone number', () => {
    const write = ({ id: _, label: __, ...customer }: SandboxCustomer) => {
      const { user, recipient } = webhookOf(customer).payload
      return [recipient.channel, user]
    }
    assert.deepEqual(CUSTOMERS.map(write), [
      ['whatsapp', { msisdn: '+6500000000', name: 'Ana' }],
      ['RCS', { msisdn: '+6500000001' }],
      ['whatsapp', { channelUserId: 'US.13491208655302741918', username: 'chi' }],
    ])
  })

  const choices: Choice[] = [
    { kind: 'button', id: 'yes', title: 'Yes, please' },
    { kind: 'row', id: 'r1', title: 'Row 1', description: 'The first' },
    { kind: 'row', id: 'r2', title: 'Row 2' },
    { kind: 'suggestion', id: 'cGF5', title: 'Pay' },
    { kind: 'quick-reply', id: 'stop', title: 'Stop' },
  ]
  for (const choice of choices) {
    it(`brings in a pressed ${choice.kind} (${choice.id}) so that its id and title are read`, async () => {
      const key = { subAccountId: SUB, channel: 'rcs', msisdn: '+6500000001' } as const
      const asked = sandbox.reply(key, 'Well?')
      const content = contentOf(choice)
      const { title } = choice
      const { payload } = webhookOf({
        ...key,
        text: title,
        type: 'Interactive',
        content,
        replyToUmid: asked.umid,
      })
      assert.deepEqual(
        [payload.type, payload.content, payload.replyToUmid],
        ['Interactive', content, asked.umid],
      )
      assert.deepEqual(readSelected(payload.content), { id: choice.id, title })
      const { at: _, ...shown } = sandbox.conversation(key).messages.at(-1) ?? {}
      const { umid } = payload
      const quotes = asked.umid
      const type = 'Interactive'
      assert.deepEqual(shown, { umid, from: 'customer', text: title, type, content, quotes })
    })
  }

  it('has no webhook for a umid that is unknown, or of a reply without a receipt', async () => {
    assert.throws(() => sandbox.webhook(SAMPLE_UMID), RangeError)
    const { umid } = (await (await reply(sandbox, '+6591234567')).json()) as { umid: string }
    assert.throws(() => sandbox.webhook(umid), RangeError)
  })
})
