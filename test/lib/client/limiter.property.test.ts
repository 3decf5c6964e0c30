import assert from 'node:assert/strict'
import FakeTimers from '@sinonjs/fake-timers'
import fc from 'fast-check'
import type { AcquireOptions, QueuedRequest } from '../../../nodes/lib/client/limiter'
import { createLimiter } from '../../support/attempts'

const MAX_IN_FLIGHT = 3
const MAX_WAITING = 2
const LONGEST_BLOCK = 2000

type Step =
  | ({ do: 'acquire' } & AcquireOptions)
  | { do: 'release' | 'succeed'; which: number }
  | { do: 'rateLimit'; which: number; retryAfter: number | undefined }
  | { do: 'tick'; ms: number }

const which = fc.nat(20)
const priority = fc.constantFrom('high' as const, 'normal' as const)
const step: fc.Arbitrary<Step> = fc.oneof(
  // As many as all others, or the queue would never be full.
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('acquire' as const), isRetry: fc.boolean(), priority }),
  },
  fc.record({ do: fc.constantFrom('release' as const, 'succeed' as const), which }),
  fc.record({
    do: fc.constant('rateLimit' as const),
    which,
    retryAfter: fc.option(fc.nat(5000), { nil: undefined }),
  }),
  fc.record({ do: fc.constant('tick' as const), ms: fc.nat(1500) }),
)

describe('limiter, whatever happens in whatever order', () => {
  it('keeps its limits, starts none during a block, and forgets none', async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 60 }), play), { numRuns: 300 })
  })
})

async function play(steps: Step[]): Promise<void> {
  const clock = FakeTimers.install({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  try {
    const limiter = createLimiter({
      maxInFlight: MAX_IN_FLIGHT,
      maxWaiting: MAX_WAITING,
      maxBlock: LONGEST_BLOCK,
    })
    const inFlight: QueuedRequest[] = []
    const queued: QueuedRequest[] = []
    const remove = (one: QueuedRequest | undefined, from: QueuedRequest[]) => {
      if (one && from.includes(one)) from.splice(from.indexOf(one), 1)
    }
    const release = (one: QueuedRequest | undefined) => {
      remove(one, inFlight)
      remove(one, queued)
      if (one) limiter.release(one)
    }
    const acquire = ({ priority, isRetry }: AcquireOptions) => {
      const one: QueuedRequest = {
        onAcquired() {
          remove(one, queued)
          inFlight.push(one)
          assert.ok(inFlight.length <= MAX_IN_FLIGHT, `${inFlight.length} in flight`)
          assert.equal(limiter.blockedFor(), 0, 'it was started during a block')
        },
      }
      const before = limiter.waitingWith(priority)
      const replies = inFlight.filter((each) => each.priority === 'high').length
      const max = priority === 'high' ? MAX_WAITING + MAX_IN_FLIGHT - replies : MAX_WAITING
      const outcome = limiter.acquire(one, { priority, isRetry })
      if (outcome === 'queued') queued.push(one)
      assert.equal(outcome === 'overloaded', !isRetry && before >= max && !inFlight.includes(one))
    }
    const play = (what: Step) => {
      if (what.do === 'acquire') return acquire(what)
      if (what.do === 'tick') return clock.tick(what.ms)
      const all = what.do === 'release' ? [...inFlight, ...queued] : inFlight
      const one = all[what.which % all.length]
      if (one && what.do === 'succeed') limiter.onSuccess(one)
      if (one && what.do === 'rateLimit') limiter.onRateLimited(one, what.retryAfter)
      release(one)
    }
    for (const what of steps) {
      play(what)
      await Promise.resolve() // freed slots are given away
      assert.equal(limiter.waiting, queued.length)
      assert.ok(limiter.blockedFor() <= LONGEST_BLOCK)
      const stuck = queued.length > 0 && inFlight.length === 0 && clock.countTimers() === 0
      assert.ok(!stuck, 'some are queued, and for nothing')
    }
    for (let left = inFlight.length + queued.length; left > 0; left--) {
      clock.tick(LONGEST_BLOCK)
      await Promise.resolve()
      assert.ok(inFlight.length > 0, `${queued.length} are forgotten`)
      release(inFlight[0])
      await Promise.resolve()
    }
    assert.deepEqual([inFlight, queued], [[], []])
    assert.equal(clock.countTimers(), 0, 'a timer is left')
  } finally {
    clock.uninstall()
  }
}
