import assert from 'node:assert/strict'
import { copyForLater } from '../../nodes/typing-indicator/copy-message'

describe('a message for the end of a session', () => {
  it('blames the message where only all of it together cannot be copied', () => {
    const clone = (wrapped: { value?: unknown }) => {
      if (typeof wrapped.value === 'object') throw new Error('too large')
      return wrapped
    }
    assert.throws(() => copyForLater({ payload: 'a', topic: 'b' }, clone), {
      message: 'The message cannot be copied: too large',
    })
  })
})
