import assert from 'node:assert/strict'
import FakeTimers from '@sinonjs/fake-timers'
import type {
  LimiterOptions,
  QueuedRequest,
  RequestLimiter,
} from '../../../nodes/lib/client/limiter'
import { createLimiter } from '../../support/attempts'

describe('limiter', () => {
  let clock: ReturnType<typeof FakeTimers.install>
  beforeEach(() => {
    clock = FakeTimers.install({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  })
  afterEach(() => {
    const left = clock.countTimers()
    clock.uninstall()
    assert.equal(left, 0, 'a timer is left')
  })

  /** A limiter, who went in so far, and guests by name. */
  function open(limits: Partial<LimiterOptions> = {}) {
    const limiter = createLimiter({ maxInFlight: 2, maxWaiting: 3, ...limits })
    const log: string[] = []
    const guest = (name: string): QueuedRequest => ({ onAcquired: () => log.push(name) })
    const enter = (name: string, again = false) => {
      const one = guest(name)
      return { one, where: limiter.acquire(one, { priority: 'normal', isRetry: again }) }
    }
    return { limiter, log, enter }
  }

  /** Lets one in, and has it refused. */
  function refuse(limiter: RequestLimiter, retryAfter?: number): void {
    const one: QueuedRequest = { onAcquired() {} }
    assert.equal(limiter.acquire(one, { priority: 'normal', isRetry: false }), 'acquired')
    limiter.onRateLimited(one, retryAfter)
    limiter.release(one)
  }

  const turn = () => clock.tickAsync(0)

  it('lets in as many as fit, then one for each that leaves, in their order', async () => {
    const { limiter, log, enter } = open()
    const guests = ['a', 'b', 'c', 'd', 'e'].map((name) => enter(name))
    assert.deepEqual(
      guests.map(({ where }) => where),
      ['acquired', 'acquired', 'queued', 'queued', 'queued'],
    )
    for (const { one } of guests) {
      limiter.release(one)
      await turn()
    }
    assert.deepEqual(log, ['a', 'b', 'c', 'd', 'e'])
  })

  it('refuses who is new when too many wait, but never who comes again', () => {
    const { limiter, enter } = open({ maxWaiting: 1 })
    enter('a')
    enter('b')
    assert.equal(enter('c').where, 'queued')
    assert.equal(enter('d').where, 'overloaded')
    assert.equal(enter('e', true).where, 'queued')
    assert.equal(limiter.waiting, 2)
  })

  it('lets nobody in before who waits already', async () => {
    const { limiter, log, enter } = open({ maxInFlight: 1 })
    const { one } = enter('a')
    enter('b')
    limiter.release(one)
    assert.equal(enter('c').where, 'queued')
    await turn()
    assert.deepEqual(log, ['a', 'b'])
  })

  it('needs no queue for who fits', () => {
    const { enter } = open({ maxWaiting: 0 })
    assert.equal(enter('a').where, 'acquired')
    assert.equal(enter('b').where, 'acquired')
    assert.equal(enter('c').where, 'overloaded')
  })

  it('lets in who comes again before who is new', async () => {
    const { limiter, log, enter } = open({ maxInFlight: 1 })
    const { one } = enter('a')
    enter('new')
    enter('again', true)
    limiter.release(one)
    await turn()
    assert.deepEqual(log, ['a', 'again'])
  })

  it('gives a place back once, however often its guest leaves', async () => {
    const { limiter, log, enter } = open({ maxInFlight: 1 })
    const { one } = enter('a')
    enter('b')
    enter('c')
    limiter.release(one)
    limiter.release(one)
    await turn()
    assert.deepEqual(log, ['a', 'b'])
  })

  it('lets go from anywhere in the queue', async () => {
    for (const gone of [0, 1, 2]) {
      const { limiter, log, enter } = open({ maxInFlight: 1 })
      const inside = enter('a').one
      const names = ['b', 'c', 'd']
      const waiting = names.map((name) => enter(name).one)
      limiter.release(waiting[gone] as QueuedRequest)
      limiter.release(waiting[gone] as QueuedRequest) // a second time changes nothing
      assert.equal(limiter.waiting, 2)
      limiter.release(inside)
      await turn()
      for (const one of waiting) {
        limiter.release(one)
        await turn()
      }
      assert.deepEqual(log, ['a', ...names.filter((_, i) => i !== gone)])
    }
  })

  it('lets none in when all are cancelled one after the other', async () => {
    const { limiter, log, enter } = open()
    for (const { one } of ['a', 'b', 'c', 'd'].map((name) => enter(name))) limiter.release(one)
    await turn()
    assert.deepEqual(log, ['a', 'b'])
  })

  it('holds all back after a refusal, for as long as the server asked', async () => {
    const { limiter, log, enter } = open()
    refuse(limiter, 3000)
    enter('a')
    enter('b')
    await clock.tickAsync(2999)
    assert.deepEqual(log, [])
    assert.equal(limiter.isRateLimited, true)
    await clock.tickAsync(1)
    assert.deepEqual(log, ['a'])
  })

  it('opens by one guest more with each success, up to all', async () => {
    const { limiter, enter } = open({ maxInFlight: 4, maxWaiting: 100 })
    let inside: QueuedRequest[] = []
    refuse(limiter, 1000)
    for (let i = 0; i < 20; i++) {
      const one: QueuedRequest = { onAcquired: () => inside.push(one) }
      limiter.acquire(one, { priority: 'normal', isRetry: false })
    }
    await clock.tickAsync(1000)
    for (const expected of [1, 2, 4, 4, 4]) {
      assert.equal(inside.length, expected)
      const succeeding = inside
      inside = []
      for (const one of succeeding) {
        limiter.onSuccess(one)
        limiter.release(one)
      }
      await turn()
    }
    assert.equal(limiter.isRateLimited, false)
    assert.equal(enter('late').where, 'queued')
  })

  it('opens with a success, and not only when its guest leaves', async () => {
    const { limiter, log, enter } = open({ maxInFlight: 4 })
    refuse(limiter, 1000)
    const { one } = enter('a')
    enter('b')
    enter('c')
    await clock.tickAsync(1000)
    limiter.onSuccess(one)
    await turn()
    assert.deepEqual(log, ['a', 'b'])
    assert.equal(limiter.isRateLimited, true)
  })

  it('learns nothing from a success of who went in before the hold', async () => {
    const { limiter, log, enter } = open({ maxInFlight: 3 })
    const { one } = enter('early')
    refuse(limiter, 1000)
    limiter.onSuccess(one)
    limiter.release(one)
    enter('a')
    enter('b')
    await clock.tickAsync(1000)
    assert.deepEqual(log, ['early', 'a'])
  })

  it('takes refusals of guests that were inside together as one, and the longest wait', () => {
    const { limiter, enter } = open({ maxInFlight: 4 })
    const guests = ['a', 'b', 'c', 'd'].map((name) => enter(name).one)
    for (const [i, retryAfter] of [2000, 5000, 1000, undefined].entries()) {
      limiter.onRateLimited(guests[i] as QueuedRequest, retryAfter)
    }
    for (const one of guests) limiter.release(one)
    assert.equal(limiter.blockedFor(), 5000)
    clock.tick(5000)
    refuse(limiter) // the second in a row, not the fourth
    assert.equal(limiter.blockedFor(), 250)
  })

  it('waits longer from refusal to refusal, until a success', () => {
    const { limiter, enter } = open()
    const holds: number[] = []
    const refuseAgain = () => {
      refuse(limiter, 0)
      holds.push(limiter.blockedFor())
      clock.tick(limiter.blockedFor())
    }
    for (let i = 0; i < 7; i++) refuseAgain()
    const { one } = enter('a')
    limiter.onSuccess(one)
    limiter.release(one)
    refuseAgain()
    assert.deepEqual(holds, [125, 250, 500, 1000, 2000, 2000, 2000, 125])
  })

  it('is restrained from a refusal to a success, even if one fits at most', () => {
    const { limiter, enter } = open({ maxInFlight: 1 })
    refuse(limiter)
    clock.tick(1000)
    assert.equal(limiter.isRateLimited, true)
    const { one } = enter('a')
    limiter.onSuccess(one)
    assert.equal(limiter.isRateLimited, false)
  })

  it('is not shut for longer than the longest hold', () => {
    const { limiter } = open({ maxBlock: 15_000 })
    refuse(limiter, Number.MAX_SAFE_INTEGER)
    assert.equal(limiter.blockedFor(), 15_000)
  })

  it('is not shut again by a late refusal that names no time', () => {
    const { limiter, enter } = open()
    const { one } = enter('slow')
    refuse(limiter)
    clock.tick(1000)
    limiter.onRateLimited(one)
    assert.equal(limiter.blockedFor(), 0)
  })

  it('has a timer only while somebody waits for the end of a hold', () => {
    const { limiter, enter } = open()
    refuse(limiter, 1000)
    assert.equal(clock.countTimers(), 0)
    const guests = [enter('a').one, enter('b').one]
    assert.equal(clock.countTimers(), 1)
    for (const one of guests) limiter.release(one)
    assert.equal(clock.countTimers(), 0)
    enter('c')
    limiter.close()
  })

  it('lets nobody in once it is closed', async () => {
    const { limiter, log, enter } = open({ maxInFlight: 1 })
    const { one } = enter('a')
    enter('b')
    limiter.close()
    limiter.release(one)
    assert.equal(enter('c').where, 'closed')
    await clock.tickAsync(1000)
    assert.deepEqual(log, ['a'])
  })

  it('forgets nobody when the hold ends while it is looked at', async () => {
    const now = performance.now.bind(performance)
    try {
      for (let early = 0; early < 1; early += 0.05) {
        const { limiter, log, enter } = open()
        refuse(limiter, 1000)
        clock.tick(999)
        let looks = 0
        performance.now = () => now() + early + 0.1 * looks++ // time goes on between two looks
        enter('a')
        performance.now = () => now() + 2
        await clock.tickAsync(2)
        assert.deepEqual(log, ['a'], `at ${early}`)
        performance.now = now
      }
    } finally {
      performance.now = now
    }
  })
})
