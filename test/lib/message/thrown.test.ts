import assert from 'node:assert/strict'
import { MessagingError } from '../../../nodes/lib/errors'
import { toMessagingError } from '../../../nodes/lib/message/thrown'
import { revoked } from '../../support/anything'

describe('what a message throws', () => {
  it('is an invalid input, whatever it is', () => {
    const own = new MessagingError('server', 'Ours')
    assert.equal(toMessagingError(own), own)
    for (const thrown of [new Error('no'), 'no', undefined, revoked(), new Proxy(own, {})]) {
      assert.equal(toMessagingError(thrown).cause.kind, 'invalid-input')
    }
  })
})
