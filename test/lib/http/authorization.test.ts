import assert from 'node:assert/strict'
import { demandAuthorization } from '../../../nodes/lib/http/authorization'

describe('Authorization', () => {
  it('is the whole value, to the letter', () => {
    const authorize = demandAuthorization('Bearer a1')
    assert.equal(authorize('Bearer a1'), true)
    for (const header of [
      undefined,
      '',
      'Bearer a',
      'Bearer a11',
      'bearer a1',
      'a1',
      'Bearer  a1',
    ]) {
      assert.equal(authorize(header), false, header)
    }
  })
})
