import assert from 'node:assert/strict'
import FakeTimers from '@sinonjs/fake-timers'
import { ApiRequest } from '../../../nodes/lib/client/request'
import { MessagingError } from '../../../nodes/lib/errors'
import { createLimiter, sendBy } from '../../support/attempts'
import { rejection } from '../../support/events'

describe('request', () => {
  let clock: ReturnType<typeof FakeTimers.install>
  beforeEach(() => {
    clock = FakeTimers.install({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] })
  })
  afterEach(() => {
    assert.equal(clock.countTimers(), 0, 'a timer is left')
    clock.uninstall()
  })

  const limits = { timeout: 5000, deadline: 15_000 }

  const serverError = (retryAfter?: number) => new MessagingError('server', 'x', { retryAfter })

  /** Attempts that fail as told, one after the other; the times at which they began, in ms. */
  function start(failures: (MessagingError | 'hang')[], random = 0) {
    const times: number[] = []
    const attempt = async (signal: AbortSignal) => {
      const failure = failures[times.length]
      times.push(clock.now)
      if (failure === 'hang') {
        await new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason))
        })
      }
      if (failure) throw failure
      return 200
    }
    return { times, request: sendBy(attempt, { ...limits, random: () => random }) }
  }

  for (const [random, expected] of [
    [0, [0, 125, 375, 875, 1875, 3875, 5875]],
    [1, [0, 250, 750, 1750, 3750, 7750, 11_750]],
  ] as const) {
    it(`doubles its pauses up to 4 s, with jitter ${random}`, async () => {
      const { times, request } = start(Array(6).fill(serverError()), random)
      await clock.tickAsync(12_000)
      assert.deepEqual(times, expected)
      assert.equal((await request.result).attempts, 7)
    })
  }

  it('does not hammer a server that says Retry-After: 0', async () => {
    const { times, request } = start([serverError(0), serverError(0)])
    await clock.runAllAsync()
    await request.result
    assert.deepEqual(times, [0, 125, 375])
  })

  it('waits at least as long as the server asks', async () => {
    const { times, request } = start([serverError(9000)])
    await clock.runAllAsync()
    await request.result
    assert.deepEqual(times, [0, 9000])
  })

  it('gives up when the pause would end after the deadline', async () => {
    const { times, request } = start([serverError(), serverError(15_000)])
    const failed = rejection(request.result, 'server')
    await clock.tickAsync(125)
    assert.equal((await failed).cause.attempts, 2)
    assert.deepEqual(times, [0, 125])
  })

  it('ends an attempt after the timeout, and tries again', async () => {
    const { times, request } = start(['hang'])
    await clock.runAllAsync()
    assert.equal((await request.result).attempts, 2)
    assert.deepEqual(times, [0, 5125])
  })

  it('reports the failure before an attempt that the deadline cut short', async () => {
    const { times, request } = start([serverError(14_000), 'hang'])
    const failed = rejection(request.result, 'server')
    await clock.tickAsync(15_000)
    assert.equal((await failed).cause.attempts, 2)
    assert.deepEqual(times, [0, 14_000])
  })

  it('does not retry a permanent failure', async () => {
    const { times, request } = start([new MessagingError('authentication', 'x')])
    assert.equal((await rejection(request.result, 'authentication')).cause.attempts, 1)
    assert.equal(request.pending, false)
    assert.deepEqual(times, [0])
  })

  it('ends an attempt as closed when it is cancelled', async () => {
    const { request } = start(['hang'])
    const failed = rejection(request.result, 'closed')
    await clock.tickAsync(100)
    request.cancel()
    assert.equal((await failed).cause.attempts, 1)
    assert.equal(request.pending, false)
  })

  it('ends a pause as closed when it is cancelled', async () => {
    const { times, request } = start([serverError(9000)])
    const failed = rejection(request.result, 'closed')
    await clock.tickAsync(100)
    request.cancel()
    assert.equal((await failed).cause.attempts, 1)
    assert.deepEqual(times, [0])
  })

  it('drains an attempt that was written: its success counts', async () => {
    const { request, succeed, aborted } = startOne()
    request.drain()
    await clock.tickAsync(4999)
    assert.equal(request.settled, false)
    succeed()
    assert.equal((await request.result).attempts, 1)
    assert.deepEqual([request.draining, request.cancelled, aborted], [true, false, []])
  })

  it('drains an attempt that was written to the end of its time, and does not try again', async () => {
    const { times, request } = start(['hang'])
    const closed = rejection(request.result, 'closed')
    await clock.tickAsync(100)
    request.drain()
    await clock.tickAsync(4899)
    assert.equal(request.settled, false)
    await clock.tickAsync(1)
    assert.equal((await closed).cause.attempts, 1)
    await clock.tickAsync(15_000)
    assert.deepEqual(times, [0])
  })

  it('keeps a permanent failure when it drains', async () => {
    const { times, request } = start([new MessagingError('authentication', 'x')])
    request.drain()
    await rejection(request.result, 'authentication')
    assert.deepEqual(times, [0])
  })

  it('ends a pause at once when it drains, as closed but not cancelled', async () => {
    const { times, request } = start([serverError(9000)])
    const closed = rejection(request.result, 'closed')
    await clock.tickAsync(100)
    request.drain()
    assert.equal((await closed).cause.attempts, 1)
    assert.equal(request.cancelled, false)
    assert.deepEqual(times, [0])
  })

  it('leaves the queue at once when it drains', async () => {
    const limiter = createLimiter({ maxInFlight: 1 })
    limiter.acquire({ onAcquired() {} }, { priority: 'normal', isRetry: false })
    const request = sendBy(async () => 200, limits, limiter)
    const closed = rejection(request.result, 'closed')
    request.drain()
    assert.equal((await closed).cause.attempts, 0)
    assert.equal(limiter.waiting, 0)
  })

  it('ends at once when it is cancelled while it drains', async () => {
    const { request, fail } = startOne()
    const closed = rejection(request.result, 'closed')
    request.drain()
    request.cancel()
    await closed
    assert.equal(request.cancelled, true)
    fail() // to end it
  })

  for (const outcome of ['success', 'failure'] as const) {
    it(`settles once, at its ${outcome}`, async () => {
      const { request } = start(outcome === 'success' ? [] : [new MessagingError('rejected', 'x')])
      let count = 0
      request.onSettled = () => count++
      await request.result.catch(() => {})
      request.cancel()
      assert.equal(count, 1)
    })
  }

  it('keeps a result that is there when it is cancelled', async () => {
    const { request } = start([])
    await request.result
    request.cancel()
    assert.equal((await request.result).statusCode, 200)
  })

  /** A send whose only attempt can be made to fail, with a failure that asks for a pause of 3 s. */
  function startOne() {
    let fail = () => {}
    let succeed = () => {}
    const answered = new Promise<number>((resolve, reject) => {
      fail = () => reject(serverError(3000))
      succeed = () => resolve(200)
    })
    const aborted: unknown[] = []
    const request = sendBy((signal) => {
      signal.addEventListener('abort', () => aborted.push(signal.reason))
      return answered
    }, limits)
    return { request, aborted, fail, succeed }
  }

  for (const first of ['cancel', 'fail'] as const) {
    it(`does not pause when it is cancelled as an attempt fails (${first} first)`, async () => {
      const { request, aborted, fail } = startOne()
      const closed = rejection(request.result, 'closed')
      const steps = { cancel: () => request.cancel(), fail }
      steps[first]()
      steps[first === 'cancel' ? 'fail' : 'cancel']()
      await clock.tickAsync(0)
      assert.equal(clock.countTimers(), 0, 'it pauses')
      assert.equal((await closed).cause.attempts, 1)
      assert.equal(aborted.length, 1)
    })
  }

  for (const [what, known, kind] of [
    ['keeps a failure that no retry cures', 'authentication', 'authentication'],
    ['does not keep one that a retry could cure', 'server', 'closed'],
  ] as const) {
    it(`${what} when it is cancelled while the rest of the answer comes`, async () => {
      const request = new ApiRequest(
        {
          ...limits,
          limiter: createLimiter(),
          createAttempt: () => ({
            written: true,
            start() {},
            abort: () => new MessagingError(known, 'x'),
          }),
        },
        { path: '', body: '' },
      )
      request.cancel()
      assert.equal((await rejection(request.result, kind)).cause.attempts, 1)
    })
  }

  it('does not wait for an attempt that ignores the cancellation', async () => {
    const { request, fail } = startOne()
    const closed = rejection(request.result, 'closed')
    request.cancel()
    assert.equal((await closed).cause.attempts, 1)
    fail() // to end it
    await clock.tickAsync(0)
  })

  it('does not wait for an attempt that ignores the timeout', async () => {
    const { request } = startOne()
    const failed = rejection(request.result, 'timeout')
    for (let passed = 0; passed < 15_000; passed += 100) {
      await clock.tickAsync(100)
      await new Promise(setImmediate)
    }
    assert.match((await failed).message, /within 5 s$/)
    assert.equal((await failed).cause.attempts, 3)
  })

  it('frees its place when the answer to a success does not end, and does not send again', async () => {
    const limiter = createLimiter({ maxInFlight: 1 })
    const ended: ApiRequest[] = []
    let attempts = 0
    const request = new ApiRequest(
      {
        ...limits,
        limiter,
        createAttempt: (_options, handler) => ({
          written: true,
          start: () => handler.onAccepted(200 + attempts++),
          abort: () => undefined,
        }),
        onFinished: (one) => ended.push(one),
      },
      { path: '', body: '' },
    )
    assert.equal((await request.result).statusCode, 200)
    await clock.tickAsync(4999)
    assert.equal(request.pending, true)
    await clock.tickAsync(10_001)
    assert.equal(request.pending, false)
    assert.equal(attempts, 1)
    assert.deepEqual(ended, [request])
    assert.equal(
      limiter.acquire({ onAcquired() {} }, { priority: 'normal', isRetry: false }),
      'acquired',
    )
  })

  it('ends when it is still queued at the deadline', async () => {
    const limiter = createLimiter({ maxInFlight: 1 })
    limiter.acquire({ onAcquired() {} }, { priority: 'normal', isRetry: false })
    await clock.tickAsync(1000)
    const failed = rejection(sendBy(async () => 200, limits, limiter).result, 'timeout')
    await clock.tickAsync(14_999)
    assert.equal(limiter.waiting, 1)
    await clock.tickAsync(1)
    assert.equal((await failed).cause.attempts, 0)
    assert.equal(limiter.waiting, 0)
  })

  it('is queued again after a failure, however many wait', async () => {
    const limiter = createLimiter({ maxInFlight: 1, maxWaiting: 0 })
    const other = { onAcquired() {} }
    const failures = [serverError()]
    const attempt = async () => {
      for (const failure of failures.splice(0)) throw failure
      return 200
    }
    const request = sendBy(attempt, { ...limits, random: () => 0 }, limiter)
    await clock.tickAsync(100)
    limiter.acquire(other, { priority: 'normal', isRetry: false })
    await clock.tickAsync(100)
    assert.equal(limiter.waiting, 1)
    limiter.release(other)
    assert.equal((await request.result).attempts, 2)
  })

  for (const [kind, rateLimited] of [
    ['rejected', false],
    ['server', true],
  ] as const) {
    it(`${rateLimited ? 'stays' : 'is no longer'} rate-limited after ${kind}`, async () => {
      const limiter = createLimiter({ maxInFlight: 1 })
      const failing = (error: MessagingError) =>
        sendBy(() => Promise.reject(error), { ...limits, retries: false }, limiter)
      await rejection(failing(new MessagingError('rate-limited', 'x')).result, 'rate-limited')
      await clock.tickAsync(1000)
      await rejection(failing(new MessagingError(kind, 'x')).result, kind)
      assert.equal(limiter.isRateLimited, rateLimited)
    })
  }
})
