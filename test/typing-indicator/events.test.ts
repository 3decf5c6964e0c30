import assert from 'node:assert/strict'
import { UMID } from '../support/events'
import { type FlowOptions, unloadFlow } from '../support/flow'
import { closeServers } from '../support/server'
import { accept, loadWith } from '../support/typing'
import { inboundWebhook } from '../support/webhooks'

/** An inbound SMS as 8x8 documents it. */
const SMS = {
  namespace: 'SMS',
  eventType: 'inbound_message_received',
  description: 'Inbound SMS',
  payload: {
    umid: UMID,
    subAccountId: 'sms_sub',
    timestamp: new Date().toISOString(),
    source: '+6500000000',
    destination: '6500000001',
    body: 'Hello',
  },
}

/** LINE, in an older sample. */
const flatLine = () => inboundWebhook({ payload: { channel: 'line' }, without: ['recipient'] })

const receipt = (payload: object = {}) =>
  inboundWebhook({
    eventType: 'outbound_message_status_changed',
    payload: { channel: 'whatsApp', status: { state: 'read' }, ...payload },
    without: ['recipient', 'user'],
  })

const business = {
  version: 1,
  namespace: 'ChatApps',
  eventType: 'template_status_update',
  eventDetails: { templateName: 'hello', status: 'APPROVED' },
}

describe('8x8-typing-indicator, given an event of 8x8', () => {
  afterEach(async () => {
    await unloadFlow()
    await closeServers()
  })

  async function send(msg: object, options: FlowOptions = {}) {
    const { flow, server } = await loadWith(accept, options)
    const out = await flow.send(msg)
    return { ...out, requests: server.received.length }
  }

  for (const [what, payload, channel, subAccountId] of [
    ['an inbound SMS', SMS, 'sms', 'sms_sub'],
    ['an inbound SMS of version 2', { ...SMS, namespace: 'sms' }, 'sms', 'sms_sub'],
    ['an older LINE message', flatLine(), 'line', 'webhook_sub'],
  ] as const) {
    it(`says of ${what} that its channel has no indicator`, async () => {
      const { port, msg } = await send({ payload })
      assert.equal(port, 'error')
      assert.equal(msg.error?.kind, 'unsupported-channel')
      assert.equal(msg.error?.message, `The channel ${channel} has no typing indicator`)
      assert.equal(msg.error?.umid, UMID)
      assert.equal(msg.error?.channel, channel)
    })

    it(`lets ${what} pass, when so configured`, async () => {
      const { port, msg, requests } = await send({ payload }, { node: { unsupported: 'pass' } })
      assert.equal(port, 'success')
      const { durationMs, ...typing } = msg.typing ?? {}
      const expected = { state: 'skipped', umid: UMID, channel, subAccountId, attempts: 0 }
      assert.deepEqual(typing, expected)
      assert.equal(typeof durationMs, 'number')
      assert.equal(requests, 0)
    })
  }

  const others: [what: string, payload: object, said: string][] = [
    ['a delivery receipt', receipt(), 'a delivery receipt (outbound_message_status_changed)'],
    [
      'a message from another app',
      inboundWebhook({ eventType: 'external_app_message' }),
      'a message that a person sent in another app (external_app_message)',
    ],
    [
      'a link that was clicked',
      { eventType: 'short_url_clicked', payload: { shortUrl: 'https://8x8.id/x' } },
      'a click on a link (short_url_clicked)',
    ],
    [
      'a business management event',
      business,
      'a business management event ("template_status_update")',
    ],
    [
      'a business management event without a type',
      { eventDetails: {} },
      'a business management event',
    ],
    [
      'an event of an unknown type',
      inboundWebhook({ eventType: 'typing_started' }),
      'an event of the unknown type "typing_started"',
    ],
    [
      'an event whose type is endless',
      inboundWebhook({ eventType: `a\n"${'x'.repeat(500)}` }),
      `an event of the unknown type "a\\n\\"${'x'.repeat(47)}"…`,
    ],
  ]
  for (const [what, payload, said] of others) {
    it(`calls ${what} by its name`, async () => {
      const { port, msg, requests } = await send({ payload }, { node: { unsupported: 'pass' } })
      assert.equal(port, 'error')
      assert.equal(msg.error?.kind, 'invalid-input')
      assert.equal(
        msg.error?.message,
        `msg.payload is ${said}, not an inbound message: it has no typing indicator. Let only inbound_message_received through, e.g. with a Switch node on msg.payload.eventType.`,
      )
      assert.equal(requests, 0)
    })

    it(`calls ${what} by its name when it is to stop`, async () => {
      const { port, msg } = await send({ payload }, { node: { action: 'stop' } })
      assert.equal(port, 'error')
      assert.equal(msg.error?.kind, 'invalid-input')
      assert.ok(
        `${msg.error?.message}`.includes(`msg.payload is ${said}.`),
        `${msg.error?.message}`,
      )
    })

    it(`sends for a umid from elsewhere beside ${what}`, async () => {
      const umid = UMID.replace('c', 'd')
      const { port, msg } = await send({ payload, umid, channel: 'rcs' })
      assert.equal(port, 'success')
      assert.equal(msg.typing?.umid, umid)
    })
  }

  it('names a delivery receipt, however its umid is written in a property', async () => {
    const { msg } = await send({
      payload: receipt(),
      umid: ` {${UMID.toUpperCase()}}\n`,
      channel: 'rcs',
    })
    assert.match(`${msg.error?.message}`, /is a delivery receipt/)
  })

  describe('of a customer without a phone number', () => {
    const user = { channelUserId: 'US.13491208655302741918', name: 'A name', username: 'a.name' }

    it('sends an indicator', async () => {
      const { port, msg } = await send({ payload: inboundWebhook({ payload: { user } }) })
      assert.equal(port, 'success')
      assert.equal(msg.typing?.umid, UMID)
    })

    for (const [what, odd] of [
      ['no number', user],
      ['a number of null', { ...user, msisdn: null }],
      ['a number of blanks', { ...user, msisdn: ' ' }],
      ['a number that is none', { ...user, msisdn: {} }],
    ] as const) {
      it(`stops by the id if there is ${what}`, async () => {
        const { flow } = await loadWith(accept, { node: { action: 'msg' } })
        await flow.send({ action: 'start', payload: inboundWebhook({ payload: { user: odd } }) })
        const payload = inboundWebhook({ payload: { user }, without: ['umid'] })
        const { msg } = await flow.send({ action: 'stop', payload })
        assert.equal(msg.typing?.state, 'stopped')
        assert.equal(msg.typing?.umid, UMID)
        assert.equal(msg.typing?.indicators, 1)
      })
    }
  })

  describe('as text', () => {
    const json = JSON.stringify(inboundWebhook())
    const padded = (bytes: number) =>
      json.replace('}', `}${' '.repeat(bytes - Buffer.byteLength(json))}`)

    for (const [what, payload] of [
      ['a string', json],
      ['a string with a byte order mark', `\ufeff${json}`],
      ['a string with blanks and line ends around it', `\r\n ${json}\n`],
      ['a Buffer', Buffer.from(json)],
      ['a Buffer with a byte order mark', Buffer.from(`\ufeff${json}`)],
      ['a Uint8Array', new TextEncoder().encode(json)],
      ['a string of 1 MB', padded(1024 * 1024)],
    ] as const) {
      it(`reads it as ${what}, and leaves the payload as it is`, async () => {
        const { port, msg, requests } = await send({ payload })
        assert.equal(msg.error?.message, undefined)
        assert.equal(port, 'success')
        assert.equal(msg.payload, payload)
        assert.equal(msg.typing?.subAccountId, 'webhook_sub')
        assert.equal(requests, 1)
      })
    }

    it('stops by it', async () => {
      const { flow } = await loadWith(accept, { node: { action: 'msg' } })
      await flow.send({ action: 'start', payload: json })
      const { msg } = await flow.send({ action: 'stop', payload: Buffer.from(json) })
      assert.equal(msg.typing?.indicators, 1)
    })

    it('names a receipt', async () => {
      const { msg } = await send({ payload: JSON.stringify(receipt()) })
      assert.match(`${msg.error?.message}`, /is a delivery receipt/)
    })

    it('reads none if the properties give a umid', async () => {
      const { port, msg } = await send({ umid: UMID, payload: json })
      assert.equal(port, 'error')
      assert.match(`${msg.error?.message}`, /a string with an 8x8 webhook, .*JSON node/)
    })

    for (const [what, payload] of [
      ['more than 1 MB', padded(1024 * 1024 + 1)],
      ['more than 1 MB in fewer characters', padded(1024 * 1024).replace('Hello', 'Hellö')],
      ['a Buffer of more than 1 MB', Buffer.from(padded(1024 * 1024 + 1))],
      ['cut short', json.slice(0, -1)],
      ['deep', `{"eventType":${'['.repeat(100_000)}${']'.repeat(100_000)},"payload":{}}`],
    ] as const) {
      it(`reads none that is ${what}`, async () => {
        const { port, msg } = await send({ payload })
        assert.equal(port, 'error')
        assert.equal(msg.error?.kind, 'invalid-input')
        assert.match(`${msg.error?.message}`, /^No channel and no umid: .*msg\.payload is a /)
      })
    }
  })
})
