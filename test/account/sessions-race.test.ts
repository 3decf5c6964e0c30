import assert from 'node:assert/strict'
import type { Sending } from '../../nodes/account/sending'
import { Sessions } from '../../nodes/account/sessions'

/** An acceptance that is on its way back while somebody stops. */
describe('sessions, when 8x8 accepts at the very moment of a stop', () => {
  it('stay ended, and count the indicator', async () => {
    let accept = () => {}
    const result = new Promise((resolve) => {
      accept = () => resolve({ statusCode: 200, attempts: 1, sentAt: 0 })
    })
    const sessions = new Sessions({
      send: () => ({ result, cancel: accept }) as unknown as Sending,
    })
    const keeping: number[] = []
    const started = sessions.start(
      {
        umid: 'a',
        channel: 'rcs',
        subAccountId: 'sub',
        expiresIn: 7_200_000,
        initialDelay: 0,
        renewEvery: 15_000,
        maxDuration: 60_000,
      },
      { id: 'node', keeping: (count) => keeping.push(count) },
      () => assert.fail('it ended a second time'),
    )
    const stopped = await sessions.stop({ umid: 'a' })
    assert.equal(stopped?.indicators, 1)
    assert.deepEqual(await started, { state: 'stopped' })
    assert.deepEqual(keeping, [])
  })
})
