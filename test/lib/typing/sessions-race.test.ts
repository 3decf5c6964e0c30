import assert from 'node:assert/strict'
import { Sessions } from '../../../nodes/lib/typing/sessions'
import { sendBy } from '../../support/attempts'

/** An acceptance that is on its way back while somebody stops. */
describe('sessions, when 8x8 accepts in the moment of a stop', () => {
  it('stay ended, and count the indicator', async () => {
    let accept = (_status: number) => {}
    const attempt = () =>
      new Promise<number>((resolve) => {
        accept = resolve
      })
    const sessions = new Sessions({
      send: () => sendBy(attempt, { timeout: 60_000, deadline: 60_000 }),
    })
    const active: number[] = []
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
      { id: 'node', onActiveChanged: (count) => active.push(count) },
      () => assert.fail('it ended a second time'),
    )
    accept(200)
    const stopped = await sessions.stop({ umid: 'a' })
    assert.equal(stopped?.indicators, 1)
    assert.deepEqual(await started, { state: 'stopped' })
    assert.deepEqual(active, [])
  })
})
