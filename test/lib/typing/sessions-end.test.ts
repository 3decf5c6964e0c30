import assert from 'node:assert/strict'
import type { MessagingError } from '../../../nodes/lib/errors'
import { rejection } from '../../support/events'
import { INTERVAL, OTHER, SessionsBench } from './sessions-bench'

describe('sessions: how they go on and end', () => {
  let t: SessionsBench
  beforeEach(() => {
    t = new SessionsBench()
  })
  afterEach(() => t.end())

  describe('the end by itself', () => {
    it('is unanswered after the longest duration, once', async () => {
      await t.start('a', { maxDuration: 60_000 })
      await t.clock.tickAsync(600_000)
      assert.deepEqual(t.ended, [{ umid: 'a', kind: 'unanswered', at: 60_000 }])
      assert.deepEqual(t.times('a'), [0, INTERVAL, 2 * INTERVAL])
      assert.deepEqual(t.active, [1, 0])
    })

    it('is expired when 8x8 takes no more indicators', async () => {
      await t.start('a', { expiresIn: 30_000 })
      await t.clock.tickAsync(600_000)
      assert.deepEqual(t.ended, [{ umid: 'a', kind: 'expired', at: 30_000 }])
    })

    it('waits for a renewal on the wire, but for no retry', async () => {
      t.fate = [0, { after: 8000, kind: 'server' }]
      await t.start('a', { maxDuration: 30_000 })
      await t.clock.tickAsync(600_000)
      assert.deepEqual(t.ended, [{ umid: 'a', kind: 'unanswered', at: INTERVAL + 8000 }])
      assert.equal(t.sent.length, 2)
      assert.deepEqual(t.active, [1, 0])
    })

    it('comes at once if a renewal is only waiting', async () => {
      t.fate = [0, 'server', 'server', 'server', 'server', 'server', 'server']
      await t.start('a', { maxDuration: 30_000 })
      await t.clock.tickAsync(600_000)
      assert.deepEqual(t.ended, [{ umid: 'a', kind: 'unanswered', at: 30_000 }])
    })

    it('says how many indicators there were, and how many attempts', async () => {
      t.fate = [0, 8000]
      const ended = new Promise<MessagingError>((resolve) => {
        t.onEnd = resolve
      })
      await t.start('a', { maxDuration: 30_000 })
      await t.clock.tickAsync(600_000)
      const { cause, message } = await ended
      assert.deepEqual([cause.indicators, cause.attempts], [2, 2])
      assert.equal(message, 'No stop came within 30 s')
    })

    it('becomes a stop if one arrives while a renewal settles', async () => {
      t.fate = [0, 20_000]
      await t.start('a', { maxDuration: 30_000 })
      await t.clock.tickAsync(35_000)
      assert.deepEqual(await t.start('a', {}, OTHER), { state: 'stopped', duplicate: true })
      const stopped = t.stopped({ umid: 'a' })
      await t.clock.tickAsync(600_000)
      assert.equal(stopped.at, INTERVAL + 20_000)
      assert.equal(stopped.result?.indicators, 2)
      assert.deepEqual(t.ended, [])
      assert.deepEqual(t.active, [1, 0])
    })

    it('leaves the conversation to a newer message that arrives while a renewal settles', async () => {
      t.fate = [0, 20_000]
      await t.start('a', { conversation: '+65', maxDuration: 30_000 })
      await t.clock.tickAsync(35_000)
      await t.start('b', { conversation: '+65' })
      await t.clock.tickAsync(100_000)
      assert.deepEqual(t.ended, [])
      assert.equal(t.times('b')[0], 35_000)
    })

    it('does not come if its node closes while a renewal settles', async () => {
      t.fate = [0, 20_000]
      await t.start('a', { maxDuration: 30_000 })
      await t.clock.tickAsync(35_000)
      t.sessions.close(t.owner)
      await t.clock.tickAsync(600_000)
      assert.deepEqual(t.ended, [])
      assert.deepEqual(t.active, [1, 0])
    })

    it('awaits the request of one that was taken over', async () => {
      t.fate = [5000, 'authentication']
      void t.start('a', { conversation: '+65' })
      await t.clock.tickAsync(100)
      const started = rejection(t.start('b', { conversation: '+65' }), 'authentication')
      const at = started.then(() => t.now)
      await t.clock.tickAsync(10_000)
      assert.equal(await at, 5000)
      assert.equal((await started).cause.indicators, undefined)
    })

    it('expires with its first indicator on the wire: one outcome', async () => {
      t.fate = [5000]
      const started = rejection(t.start('a', { expiresIn: 1000 }), 'expired')
      const at = started.then(() => t.now)
      await t.clock.tickAsync(10_000)
      assert.equal(await at, 5000)
      assert.deepEqual([t.ended, t.active], [[], []])
    })

    it('rejects a start whose message expires before its first indicator', async () => {
      const started = rejection(t.start('a', { initialDelay: 5000, expiresIn: 1000 }), 'expired')
      await t.clock.tickAsync(5000)
      await started
      assert.deepEqual(t.sent, [])
    })

    it('comes at once on a permanent error', async () => {
      t.fate = [0, 'authentication']
      await t.start('a')
      await t.clock.tickAsync(INTERVAL)
      assert.deepEqual(t.ended, [{ umid: 'a', kind: 'authentication', at: INTERVAL }])
      await t.clock.tickAsync(INTERVAL)
      assert.equal(t.sent.length, 2)
      assert.deepEqual(await t.start('a'), { state: 'stopped', duplicate: true })
    })
  })

  describe('renewals that fail', () => {
    it('are not reported when the next one recovers', async () => {
      t.failing([false, true, true, false, true, true, false])
      await t.start('a')
      await t.clock.tickAsync(7 * INTERVAL)
      assert.deepEqual(t.ended, [])
      assert.equal((await t.sessions.stop({ umid: 'a' }))?.attempts, 4 + 16)
    })

    it('do not end the session when the account is overloaded once', async () => {
      t.fate = [0, 'overloaded', 0]
      await t.start('a')
      await t.clock.tickAsync(2 * INTERVAL)
      assert.deepEqual(t.ended, [])
      assert.equal(t.sent.length, 3)
    })

    it('are not reported when the account closes meanwhile', async () => {
      t.fate = [0, 'closed']
      await t.start('a')
      await t.clock.tickAsync(2 * INTERVAL)
      assert.deepEqual([t.ended, t.active], [[], [1, 0]])
    })

    it('end the session when three in a row fail', async () => {
      t.failing([false, true, true, true])
      await t.start('a')
      await t.clock.tickAsync(7 * INTERVAL)
      assert.deepEqual(t.ended, [{ umid: 'a', kind: 'server', at: 3 * INTERVAL }])
      assert.equal(t.sent.length, 4)
    })
  })

  describe('time', () => {
    it('is monotonic: setting the clock changes nothing', async () => {
      await t.start('a')
      t.clock.setSystemTime(t.clock.now + 3 * 3_600_000)
      await t.clock.tickAsync(INTERVAL - 1)
      assert.equal(t.sent.length, 1)
      await t.clock.tickAsync(1)
      assert.equal(t.sent.length, 2)
      t.clock.setSystemTime(0)
      await t.clock.tickAsync(INTERVAL)
      assert.equal(t.sent.length, 3)
      assert.deepEqual(t.ended, [])
    })

    it('makes up for nothing after the process was held up', async () => {
      await t.start('a', { maxDuration: 7_000_000 })
      t.clock.jump(10 * INTERVAL) // timers fire once, as after a suspended laptop
      await t.clock.tickAsync(1000)
      assert.equal(t.sent.length, 2)
    })
  })

  describe('close', () => {
    it('ends the sessions of an owner silently, and only those', async () => {
      await t.start('a')
      await t.start('b', {}, OTHER)
      const waiting = rejection(t.start('c', { initialDelay: 1000 }), 'closed')
      t.sessions.close(t.owner)
      await waiting
      await t.clock.tickAsync(INTERVAL)
      assert.deepEqual(t.times('a'), [0])
      assert.equal(t.times('b').length, 2)
      assert.deepEqual(t.ended, [])
      assert.equal((await t.start('a')).duplicate, undefined) // the node is deployed again
    })

    it('ends those that are left when others of the owner were stopped', async () => {
      for (const umid of ['a', 'b', 'c']) await t.start(umid)
      await t.sessions.stop({ umid: 'b' })
      t.sessions.close(t.owner)
      assert.deepEqual(t.active, [1, 2, 3, 2, 1, 0])
    })

    it('ends a renewal in flight', async () => {
      t.fate = [0, 5000]
      await t.start('a')
      await t.clock.tickAsync(INTERVAL + 100)
      t.sessions.close(t.owner)
      await t.clock.tickAsync(0)
      assert.equal(t.clock.countTimers(), 0)
      assert.deepEqual(t.ended, [])
    })
  })
})
