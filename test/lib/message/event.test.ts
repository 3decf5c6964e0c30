import assert from 'node:assert/strict'
import {
  isInbound,
  readEvent,
  toInboundMessage,
  toOtherMessage,
} from '../../../nodes/lib/message/event'
import { UMID } from '../../support/events'
import { type Changes, inboundWebhook } from '../../support/webhooks'

function messageOf(webhook: unknown) {
  const event = readEvent(webhook)
  assert.ok(event && isInbound(event), 'no inbound message')
  return toInboundMessage(event, webhook)
}

const changed = (changes: Changes) => messageOf(inboundWebhook(changes))

/** Fields of the payload that do not matter to a choice. */
const content = (value: object, type = 'Interactive') =>
  changed({ payload: { type, content: value } })

describe('events of 8x8', () => {
  it('are read in versions 3 and 2', () => {
    const v3 = inboundWebhook()
    const user = { msisdn: '+6500000000', channelUserId: '+6500000000', name: 'A name' }
    const v2 = inboundWebhook({ version: null, payload: { user } })
    assert.equal('version' in v2, false)
    assert.deepEqual(messageOf(v3), {
      payload: 'Hello',
      conversation: '+6500000000',
      umid: UMID,
      channel: 'whatsapp',
      subAccountId: 'webhook_sub',
      receivedAt: v3.payload.timestamp,
      user: v3.payload.user,
      messageType: 'Text',
      content: { text: 'Hello' },
      webhook: v3,
    })
    assert.deepEqual(messageOf(v2).user, user)
  })

  it('name a customer without a number by channelUserId', () => {
    const user = { channelUserId: 'US.13491208655302741918', name: 'Ana', username: 'ana.1' }
    const message = changed({ payload: { user } })
    assert.equal(message.conversation, 'US.13491208655302741918')
    assert.deepEqual(message.user, user)
  })

  it('have a user without fields if 8x8 names none', () => {
    for (const user of [undefined, null, {}, 'Ana', { msisdn: null, name: 7 }, { msisdn: '' }]) {
      const message = changed({ payload: { user } })
      assert.equal('conversation' in message, false, JSON.stringify(user))
      assert.ok(!message.user.msisdn)
    }
    assert.deepEqual(changed({ without: ['user'] }).user, {})
  })

  it('have the channel in lower case, wherever 8x8 puts it', () => {
    assert.equal(changed({ payload: { recipient: { channel: 'RCS' } } }).channel, 'rcs')
    const line = { channel: 'line', user: { channelUserId: 'U1' } }
    const flat = changed({ payload: line, without: ['recipient'] })
    assert.deepEqual([flat.channel, flat.conversation], ['line', 'U1'])
    assert.equal('channel' in changed({ without: ['recipient'] }), false)
  })

  it('include SMS, which have other fields', () => {
    const sms = {
      namespace: 'SMS',
      eventType: 'inbound_message_received',
      payload: {
        umid: UMID,
        subAccountId: 'my_sub',
        timestamp: '2026-06-09T10:13:20.00Z',
        source: '+6500000000',
        destination: '+6500000001',
        body: 'Hello',
      },
    }
    assert.deepEqual(messageOf(sms), {
      payload: 'Hello',
      conversation: '+6500000000',
      umid: UMID,
      channel: 'sms',
      subAccountId: 'my_sub',
      receivedAt: '2026-06-09T10:13:20.00Z',
      user: { msisdn: '+6500000000' },
      webhook: sms,
    })
    const foreign = { source: '+6500000009', body: 'no', content: {}, user: {} }
    const message = changed({ payload: foreign })
    assert.deepEqual([message.payload, message.user], ['', {}])
  })

  it('are received now if the time is missing or malformed', () => {
    const before = new Date().toISOString()
    for (const timestamp of [undefined, '', 'yesterday', '2026-06-09', 7]) {
      const { receivedAt } = changed({ payload: { timestamp } })
      assert.ok(receivedAt >= before && receivedAt <= new Date().toISOString(), receivedAt)
    }
    const seen = '2017-04-19T02:31:19.4297387+00:00'
    assert.equal(changed({ payload: { timestamp: seen } }).receivedAt, seen)
  })

  it('have the caption of an image as payload, and none as a blank text', () => {
    const image = { url: 'https://example.com/a.png', text: 'Look' }
    assert.equal(content(image, 'Image').payload, 'Look')
    for (const text of [undefined, null, 7, {}]) {
      assert.equal(content({ url: 'https://example.com/a', text }, 'Image').payload, '')
    }
    assert.equal(changed({ payload: { content: 'text' } }).payload, '')
    assert.equal('content' in changed({ payload: { content: ['text'] } }), false)
  })

  const choice = { id: 'yes', title: 'Yes, please' }
  for (const name of ['button_reply', 'list_reply', 'buttonReply', 'listReply', 'reply']) {
    it(`name the pressed button by ${name}`, () => {
      for (const value of [{ interactive: { type: name, [name]: choice } }, { [name]: choice }]) {
        const { payload, selected } = content(value)
        assert.deepEqual([payload, selected], ['Yes, please', choice])
      }
    })
  }

  it('name the pressed quick reply of a template, and the RCS suggestion', () => {
    const quick = content({ text: 'Yes', payload: 'yes-1' }, 'Text')
    assert.deepEqual([quick.payload, quick.selected], ['Yes', { id: 'yes-1', title: 'Yes' }])
    for (const value of [
      { text: 'Yes', postbackData: 'eWVz' },
      { suggestionResponse: { text: 'Yes', postbackData: 'eWVz' } },
    ]) {
      const { payload, selected } = content(value, 'Text')
      assert.deepEqual([payload, selected], ['Yes', { id: 'eWVz', title: 'Yes' }])
    }
  })

  it('name no button for other messages', () => {
    for (const value of [
      { text: 'Hello' },
      { interactive: {} },
      { interactive: 'text' },
      { button_reply: 'text' },
      { list_reply: [choice] },
      { reply: { id: '', title: 7 } },
      {},
    ]) {
      assert.equal('selected' in content(value), false, JSON.stringify(value))
    }
  })

  it('can be of other kinds, which give no umid', () => {
    const user = { msisdn: '+6500000000' }
    const payload = { umid: UMID, subAccountId: 'my_sub', channel: 'whatsApp', user, status: {} }
    for (const eventType of [
      'outbound_message_status_changed',
      'external_app_message',
      'short_url_clicked',
      'of_next_year',
    ]) {
      const webhook = { namespace: 'ChatApps', eventType, payload }
      const event = readEvent(webhook)
      assert.ok(event && !isInbound(event))
      assert.deepEqual(toOtherMessage(event, webhook), {
        payload: webhook,
        event: eventType,
        subAccountId: 'my_sub',
        channel: 'whatsapp',
        user,
      })
    }
    for (const eventType of [undefined, 'whatsapp_user_id_update', 'inbound_message_received']) {
      const webhook = { eventType, eventDetails: { subAccountId: 'my_sub' } }
      const event = readEvent(webhook)
      assert.ok(event && !isInbound(event))
      assert.deepEqual(toOtherMessage(event, webhook), {
        payload: webhook,
        ...(eventType && { event: eventType }),
        subAccountId: 'my_sub',
      })
    }
  })

  it('are not anything else', () => {
    for (const json of [
      undefined,
      null,
      7,
      'text',
      [],
      [inboundWebhook()],
      {},
      { eventType: 'x' },
      { eventType: 'x', payload: [] },
      { eventType: '', payload: {} },
      { payload: {} },
      { eventDetails: 'text' },
      inboundWebhook({ without: ['umid'] }),
      inboundWebhook({ payload: { umid: `${UMID} ` } }),
      inboundWebhook({ payload: { umid: [UMID] } }),
      inboundWebhook({ payload: { subAccountId: '../x' } }),
      inboundWebhook({ payload: { subAccountId: 7 } }),
    ]) {
      assert.equal(readEvent(json), undefined, JSON.stringify(json))
    }
  })

  it('keep what 8x8 wrote in webhook, content and payload, and share it', () => {
    const webhook = inboundWebhook({ payload: { extra: 1, content: { text: 'a', extra: 2 } } })
    const message = messageOf(webhook)
    assert.equal(message.webhook, webhook)
    assert.equal(message.content, webhook.payload.content)
  })
})
