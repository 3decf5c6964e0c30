import assert from 'node:assert/strict'
import FakeTimers from '@sinonjs/fake-timers'
import fc from 'fast-check'
import type { QueuedRequest } from '../../../nodes/lib/client/limiter'
import { createLimiter } from '../../support/attempts'

const MAX_IN_FLIGHT = 3
const MAX_WAITING = 2
const LONGEST_HOLD = 2000

type Step =
  | { do: 'enter'; again: boolean }
  | { do: 'leave' | 'succeed'; which: number }
  | { do: 'refuse'; which: number; retryAfter: number | undefined }
  | { do: 'tick'; ms: number }

const which = fc.nat(20)
const step: fc.Arbitrary<Step> = fc.oneof(
  // As many as all others, or the queue would never be full.
  { weight: 3, arbitrary: fc.record({ do: fc.constant('enter' as const), again: fc.boolean() }) },
  fc.record({ do: fc.constantFrom('leave' as const, 'succeed' as const), which }),
  fc.record({
    do: fc.constant('refuse' as const),
    which,
    retryAfter: fc.option(fc.nat(5000), { nil: undefined }),
  }),
  fc.record({ do: fc.constant('tick' as const), ms: fc.nat(1500) }),
)

describe('limiter, whatever happens in whatever order', () => {
  it('keeps its limits, lets nobody in during a hold, and forgets nobody', async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 60 }), play), { numRuns: 300 })
  })
})

async function play(steps: Step[]): Promise<void> {
  const clock = FakeTimers.install({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  try {
    const limiter = createLimiter({
      maxInFlight: MAX_IN_FLIGHT,
      maxWaiting: MAX_WAITING,
      maxBlock: LONGEST_HOLD,
    })
    const inside: QueuedRequest[] = []
    const outside: QueuedRequest[] = []
    const remove = (one: QueuedRequest | undefined, from: QueuedRequest[]) => {
      if (one && from.includes(one)) from.splice(from.indexOf(one), 1)
    }
    const leave = (one: QueuedRequest | undefined) => {
      remove(one, inside)
      remove(one, outside)
      if (one) limiter.release(one)
    }
    const enter = (again: boolean) => {
      const one: QueuedRequest = {
        onAcquired() {
          remove(one, outside)
          inside.push(one)
          assert.ok(inside.length <= MAX_IN_FLIGHT, `${inside.length} inside`)
          assert.equal(limiter.blockedFor(), 0, 'it went in during a hold')
        },
      }
      const before = limiter.waiting
      const where = limiter.acquire(one, { priority: 'normal', isRetry: again })
      if (where === 'queued') outside.push(one)
      assert.equal(where === 'overloaded', !again && before >= MAX_WAITING && !inside.includes(one))
    }
    const play = (what: Step) => {
      if (what.do === 'enter') return enter(what.again)
      if (what.do === 'tick') return clock.tick(what.ms)
      const all = what.do === 'leave' ? [...inside, ...outside] : inside
      const one = all[what.which % all.length]
      if (one && what.do === 'succeed') limiter.onSuccess(one)
      if (one && what.do === 'refuse') limiter.onRateLimited(one, what.retryAfter)
      leave(one)
    }
    for (const what of steps) {
      play(what)
      await Promise.resolve() // freed places are given away
      assert.equal(limiter.waiting, outside.length)
      assert.ok(limiter.blockedFor() <= LONGEST_HOLD)
      const stuck = outside.length > 0 && inside.length === 0 && clock.countTimers() === 0
      assert.ok(!stuck, 'some wait, and for nothing')
    }
    for (let left = inside.length + outside.length; left > 0; left--) {
      clock.tick(LONGEST_HOLD)
      await Promise.resolve()
      assert.ok(inside.length > 0, `${outside.length} are forgotten`)
      leave(inside[0])
      await Promise.resolve()
    }
    assert.deepEqual([inside, outside], [[], []])
    assert.equal(clock.countTimers(), 0, 'a timer is left')
  } finally {
    clock.uninstall()
  }
}
