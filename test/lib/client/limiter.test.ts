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

  /** A limiter, what was started so far, and requests by name. */
  function open(limits: Partial<LimiterOptions> = {}) {
    const limiter = createLimiter({ maxInFlight: 2, maxWaiting: 3, ...limits })
    const log: string[] = []
    const create = (name: string): QueuedRequest => ({ onAcquired: () => log.push(name) })
    const acquire = (name: string, isRetry = false) => {
      const one = create(name)
      return { one, outcome: limiter.acquire(one, { priority: 'normal', isRetry }) }
    }
    return { limiter, log, acquire }
  }

  /** Sends a request that is answered with 429. */
  function rateLimit(limiter: RequestLimiter, retryAfter?: number): void {
    const one: QueuedRequest = { onAcquired() {} }
    assert.equal(limiter.acquire(one, { priority: 'normal', isRetry: false }), 'acquired')
    limiter.onRateLimited(one, retryAfter)
    limiter.release(one)
  }

  const drained = () => clock.tickAsync(0)

  it('starts as many as may be in flight, then one for each that ends, in order', async () => {
    const { limiter, log, acquire } = open()
    const requests = ['a', 'b', 'c', 'd', 'e'].map((name) => acquire(name))
    assert.deepEqual(
      requests.map(({ outcome }) => outcome),
      ['acquired', 'acquired', 'queued', 'queued', 'queued'],
    )
    for (const { one } of requests) {
      limiter.release(one)
      await drained()
    }
    assert.deepEqual(log, ['a', 'b', 'c', 'd', 'e'])
  })

  it('is overloaded for a new request when the queue is full, never for a retry', () => {
    const { limiter, acquire } = open({ maxWaiting: 1 })
    acquire('a')
    acquire('b')
    assert.equal(acquire('c').outcome, 'queued')
    assert.equal(acquire('d').outcome, 'overloaded')
    assert.equal(acquire('e', true).outcome, 'queued')
    assert.equal(limiter.waiting, 2)
  })

  it('starts no request before those that are queued', async () => {
    const { limiter, log, acquire } = open({ maxInFlight: 1 })
    const { one } = acquire('a')
    acquire('b')
    limiter.release(one)
    assert.equal(acquire('c').outcome, 'queued')
    await drained()
    assert.deepEqual(log, ['a', 'b'])
  })

  it('needs no queue while slots are free', () => {
    const { acquire } = open({ maxWaiting: 0 })
    assert.equal(acquire('a').outcome, 'acquired')
    assert.equal(acquire('b').outcome, 'acquired')
    assert.equal(acquire('c').outcome, 'overloaded')
  })

  it('starts replies before indicators, and retries of each first', async () => {
    const { limiter, log, acquire } = open({ maxInFlight: 1, maxWaiting: 10 })
    const { one } = acquire('first')
    const request = (name: string): QueuedRequest => ({
      onAcquired() {
        log.push(name)
        limiter.release(this)
      },
    })
    for (const isRetry of [false, true]) {
      for (const priority of ['normal', 'high'] as const) {
        limiter.acquire(request(`${priority} ${isRetry}`), { priority, isRetry })
      }
    }
    limiter.release(one)
    for (let i = 0; i < 4; i++) await drained()
    assert.deepEqual(log, ['first', 'high true', 'high false', 'normal true', 'normal false'])
  })

  it('counts the queued requests of each priority separately', () => {
    const { limiter, acquire } = open({ maxInFlight: 1, maxWaiting: 1 })
    const reply = () => limiter.acquire({ onAcquired() {} }, { priority: 'high', isRetry: false })
    for (const outcome of ['acquired', 'queued', 'overloaded']) {
      assert.equal(acquire('indicator').outcome, outcome)
    }
    assert.deepEqual([reply(), reply(), reply()], ['queued', 'queued', 'overloaded'])
    assert.deepEqual([limiter.waitingWith('high'), limiter.waitingWith('normal')], [2, 1])
  })

  it('queues a reply for a slot that an indicator has, even where none may wait', async () => {
    const { limiter, log, acquire } = open({ maxInFlight: 1, maxWaiting: 0 })
    const indicator = acquire('indicator')
    const reply = (name: string) => {
      const one: QueuedRequest = { onAcquired: () => log.push(name) }
      return { one, outcome: limiter.acquire(one, { priority: 'high', isRetry: false }) }
    }
    const first = reply('reply')
    assert.deepEqual([first.outcome, reply('second').outcome], ['queued', 'overloaded'])
    limiter.release(indicator.one)
    await drained()
    assert.equal(reply('third').outcome, 'overloaded')
    limiter.release(first.one)
    assert.equal(reply('fourth').outcome, 'acquired')
    assert.deepEqual(log, ['indicator', 'reply', 'fourth'])
  })

  it('starts retries before new requests', async () => {
    const { limiter, log, acquire } = open({ maxInFlight: 1 })
    const { one } = acquire('a')
    acquire('new')
    acquire('retry', true)
    limiter.release(one)
    await drained()
    assert.deepEqual(log, ['a', 'retry'])
  })

  it('frees a slot only once, however often it is released', async () => {
    const { limiter, log, acquire } = open({ maxInFlight: 1 })
    const { one } = acquire('a')
    acquire('b')
    acquire('c')
    limiter.release(one)
    limiter.release(one)
    await drained()
    assert.deepEqual(log, ['a', 'b'])
  })

  it('releases from anywhere in the queue', async () => {
    for (const gone of [0, 1, 2]) {
      const { limiter, log, acquire } = open({ maxInFlight: 1 })
      const inFlight = acquire('a').one
      const names = ['b', 'c', 'd']
      const waiting = names.map((name) => acquire(name).one)
      limiter.release(waiting[gone] as QueuedRequest)
      limiter.release(waiting[gone] as QueuedRequest) // a second time changes nothing
      assert.equal(limiter.waiting, 2)
      limiter.release(inFlight)
      await drained()
      for (const one of waiting) {
        limiter.release(one)
        await drained()
      }
      assert.deepEqual(log, ['a', ...names.filter((_, i) => i !== gone)])
    }
  })

  it('starts none when all are cancelled one after the other', async () => {
    const { limiter, log, acquire } = open()
    for (const { one } of ['a', 'b', 'c', 'd'].map((name) => acquire(name))) limiter.release(one)
    await drained()
    assert.deepEqual(log, ['a', 'b'])
  })

  it('blocks all after a 429, for as long as the server asked', async () => {
    const { limiter, log, acquire } = open()
    rateLimit(limiter, 3000)
    acquire('a')
    acquire('b')
    await clock.tickAsync(2999)
    assert.deepEqual(log, [])
    assert.equal(limiter.isRateLimited, true)
    await clock.tickAsync(1)
    assert.deepEqual(log, ['a'])
  })

  it('allows one more with each success, up to all', async () => {
    const { limiter, acquire } = open({ maxInFlight: 4, maxWaiting: 100 })
    let inFlight: QueuedRequest[] = []
    rateLimit(limiter, 1000)
    for (let i = 0; i < 20; i++) {
      const one: QueuedRequest = { onAcquired: () => inFlight.push(one) }
      limiter.acquire(one, { priority: 'normal', isRetry: false })
    }
    await clock.tickAsync(1000)
    for (const expected of [1, 2, 4, 4, 4]) {
      assert.equal(inFlight.length, expected)
      const succeeding = inFlight
      inFlight = []
      for (const one of succeeding) {
        limiter.onSuccess(one)
        limiter.release(one)
      }
      await drained()
    }
    assert.equal(limiter.isRateLimited, false)
    assert.equal(acquire('late').outcome, 'queued')
  })

  it('allows one more at the success, and not only at the release', async () => {
    const { limiter, log, acquire } = open({ maxInFlight: 4 })
    rateLimit(limiter, 1000)
    const { one } = acquire('a')
    acquire('b')
    acquire('c')
    await clock.tickAsync(1000)
    limiter.onSuccess(one)
    await drained()
    assert.deepEqual(log, ['a', 'b'])
    assert.equal(limiter.isRateLimited, true)
  })

  it('learns nothing from a success of a request from before the block', async () => {
    const { limiter, log, acquire } = open({ maxInFlight: 3 })
    const { one } = acquire('early')
    rateLimit(limiter, 1000)
    limiter.onSuccess(one)
    limiter.release(one)
    acquire('a')
    acquire('b')
    await clock.tickAsync(1000)
    assert.deepEqual(log, ['early', 'a'])
  })

  it('counts 429s of requests that were in flight together as one, with the longest wait', () => {
    const { limiter, acquire } = open({ maxInFlight: 4 })
    const requests = ['a', 'b', 'c', 'd'].map((name) => acquire(name).one)
    for (const [i, retryAfter] of [2000, 5000, 1000, undefined].entries()) {
      limiter.onRateLimited(requests[i] as QueuedRequest, retryAfter)
    }
    for (const one of requests) limiter.release(one)
    assert.equal(limiter.blockedFor(), 5000)
    clock.tick(5000)
    rateLimit(limiter) // the second in a row, not the fourth
    assert.equal(limiter.blockedFor(), 250)
  })

  it('doubles its block from 429 to 429, until a success', () => {
    const { limiter, acquire } = open()
    const blocks: number[] = []
    const refuseAgain = () => {
      rateLimit(limiter, 0)
      blocks.push(limiter.blockedFor())
      clock.tick(limiter.blockedFor())
    }
    for (let i = 0; i < 7; i++) refuseAgain()
    const { one } = acquire('a')
    limiter.onSuccess(one)
    limiter.release(one)
    refuseAgain()
    assert.deepEqual(blocks, [125, 250, 500, 1000, 2000, 2000, 2000, 125])
  })

  it('is rate-limited from a 429 to a success, even with one request at once', () => {
    const { limiter, acquire } = open({ maxInFlight: 1 })
    rateLimit(limiter)
    clock.tick(1000)
    assert.equal(limiter.isRateLimited, true)
    const { one } = acquire('a')
    limiter.onSuccess(one)
    assert.equal(limiter.isRateLimited, false)
  })

  it('is not blocked for longer than the longest block', () => {
    const { limiter } = open({ maxBlock: 15_000 })
    rateLimit(limiter, Number.MAX_SAFE_INTEGER)
    assert.equal(limiter.blockedFor(), 15_000)
  })

  it('is not blocked again by a late 429 without Retry-After', () => {
    const { limiter, acquire } = open()
    const { one } = acquire('slow')
    rateLimit(limiter)
    clock.tick(1000)
    limiter.onRateLimited(one)
    assert.equal(limiter.blockedFor(), 0)
  })

  it('has a timer only while requests wait for the end of a block', () => {
    const { limiter, acquire } = open()
    rateLimit(limiter, 1000)
    assert.equal(clock.countTimers(), 0)
    const requests = [acquire('a').one, acquire('b').one]
    assert.equal(clock.countTimers(), 1)
    for (const one of requests) limiter.release(one)
    assert.equal(clock.countTimers(), 0)
    acquire('c')
    limiter.close()
  })

  it('gives no slot once it is closed', async () => {
    const { limiter, log, acquire } = open({ maxInFlight: 1 })
    const { one } = acquire('a')
    acquire('b')
    limiter.close()
    limiter.release(one)
    assert.equal(acquire('c').outcome, 'closed')
    await clock.tickAsync(1000)
    assert.deepEqual(log, ['a'])
  })

  it('forgets no request when the block ends while it is checked', async () => {
    const now = performance.now.bind(performance)
    try {
      for (let early = 0; early < 1; early += 0.05) {
        const { limiter, log, acquire } = open()
        rateLimit(limiter, 1000)
        clock.tick(999)
        let looks = 0
        performance.now = () => now() + early + 0.1 * looks++ // time goes on between two looks
        acquire('a')
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
