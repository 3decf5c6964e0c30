import assert from 'node:assert/strict'
import FakeTimers from '@sinonjs/fake-timers'
import { RefusalLog } from '../../nodes/inbound/refusal-log'

describe('the log of refused requests', () => {
  it('has a line at once, and then one a minute that says how many', () => {
    const clock = FakeTimers.install({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const lines: string[] = []
      const log = new RefusalLog((text) => lines.push(text))
      const take = () => lines.splice(0).map((line) => /Refused (.*) \(/.exec(line)?.[1])
      for (let i = 0; i < 1000; i++) log.add()
      assert.deepEqual(take(), ['a request'])
      clock.tick(59_999)
      assert.deepEqual(take(), [])
      clock.tick(1)
      assert.deepEqual(take(), ['999 requests'])
      clock.tick(60_000)
      assert.deepEqual([take(), clock.countTimers()], [[], 0])
      log.add()
      log.add()
      assert.deepEqual(take(), ['a request'])
      log.close()
      assert.equal(clock.countTimers(), 0)
    } finally {
      clock.uninstall()
    }
  })
})
