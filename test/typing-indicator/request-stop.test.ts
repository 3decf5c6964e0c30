import assert from 'node:assert/strict'
import { MessagingError } from '../../nodes/lib/errors'
import { toStop, type Values } from '../../nodes/typing-indicator/request'
import { UMID } from '../support/events'
import { SOURCES } from '../support/sources'
import { inboundWebhook } from '../support/webhooks'

describe('request: to stop', () => {
  const stop = (values: Values, msg = {}) => toStop(values, msg, 'account_sub', SOURCES)

  it('prefers the umid of the properties, then of the webhook, then of msg.typing', () => {
    const [one, two] = [UMID.replace('c', '1'), UMID.replace('c', '2')]
    const msg = { payload: inboundWebhook(), typing: { umid: two } }
    const umidOf = (...input: Parameters<typeof stop>) =>
      ({ umid: undefined, ...stop(...input) }).umid
    assert.equal(umidOf({ umid: one }, msg), one)
    assert.equal(umidOf({}, msg), UMID)
    assert.equal(umidOf({ conversation: 'x' }, { typing: { umid: two } }), two)
  })

  it('keeps the other known facts', () => {
    const webhook = { payload: inboundWebhook() }
    const known = { subAccountId: 'webhook_sub', channel: 'whatsapp' }
    assert.deepEqual(stop({}, webhook), { umid: UMID, ...known })
    const odd = { umid: UMID, channel: 'sms', subAccountId: 'a/b' }
    const unknown = { subAccountId: undefined, channel: undefined }
    assert.deepEqual(stop(odd), { umid: UMID, ...unknown })
  })

  it('falls back to the conversation', () => {
    const expected = { conversation: '+65', subAccountId: 'account_sub', channel: undefined }
    assert.deepEqual(stop({ conversation: '+65' }), expected)
    assert.deepEqual(stop({ conversation: '+65', channel: 'RCS', subAccountId: 'other' }), {
      conversation: '+65',
      subAccountId: 'other',
      channel: 'rcs',
    })
    assert.deepEqual(stop({ conversation: '+65', channel: 'sms' }), expected)
    const user = { channelUserId: 'US.1' } // without a phone number
    const payload = inboundWebhook({ payload: { user }, without: ['umid'] })
    assert.deepEqual(stop({ umid: null, conversation: null }, { payload }), {
      conversation: 'US.1',
      subAccountId: 'webhook_sub',
      channel: 'whatsapp',
    })
  })

  it('uses the user of the message if there is no umid', () => {
    const expected = { subAccountId: 'other', channel: undefined }
    const user = { msisdn: '+65', channelUserId: 'US.1' }
    assert.deepEqual(stop({}, { user, subAccountId: 'other' }), {
      conversation: '+65',
      ...expected,
    })
    assert.deepEqual(stop({}, { user: { channelUserId: 'US.1' }, subAccountId: 'other' }), {
      conversation: 'US.1',
      ...expected,
    })
  })

  it('takes the umid of the webhook in msg.webhook', () => {
    const msg = { payload: 'answer', webhook: inboundWebhook() }
    const known = { subAccountId: 'webhook_sub', channel: 'whatsapp' }
    assert.deepEqual(stop({}, msg), { umid: UMID, ...known })
  })

  it('fails when neither is known', () => {
    for (const values of [{}, { umid: 'x' }, { conversation: {} }, { conversation: '' }]) {
      assert.throws(
        () => stop(values),
        (error) => error instanceof MessagingError && error.cause.kind === 'invalid-input',
      )
    }
  })
})
