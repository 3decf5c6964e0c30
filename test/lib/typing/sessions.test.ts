import assert from 'node:assert/strict'
import { Sessions } from '../../../nodes/lib/typing/sessions'
import { rejection } from '../../support/events'
import { INTERVAL, OTHER, requestFor, SessionsBench } from './sessions-bench'

describe('sessions', () => {
  let t: SessionsBench
  beforeEach(() => {
    t = new SessionsBench()
  })
  afterEach(() => t.end())

  describe('start', () => {
    it('is active when the first indicator is accepted, and renews it', async () => {
      const started = await t.start('a')
      assert.equal(started.state, 'active')
      assert.equal(started.sent?.attempts, 1)
      assert.deepEqual(t.active, [1])
      await t.clock.tickAsync(4 * INTERVAL - 1)
      assert.deepEqual(t.times('a'), [0, INTERVAL, 2 * INTERVAL, 3 * INTERVAL])
      assert.deepEqual(t.ended, [])
    })

    it('waits for the initial delay', async () => {
      const started = t.start('a', { initialDelay: 2000 })
      await t.clock.tickAsync(1999)
      assert.deepEqual(t.times('a'), [])
      assert.deepEqual(t.active, [])
      await t.clock.tickAsync(1)
      assert.equal((await started).state, 'active')
      assert.deepEqual(t.times('a'), [2000])
    })

    it('counts the interval from the acceptance, so that no indicator comes too early', async () => {
      t.fate = [800]
      const started = t.start('a')
      await t.clock.tickAsync(800)
      await started
      await t.clock.tickAsync(INTERVAL)
      assert.deepEqual(t.times('a'), [0, 800 + INTERVAL])
    })

    it('forgets the session when the first indicator fails', async () => {
      t.fate = ['rejected']
      await rejection(t.start('a'), 'rejected')
      assert.equal(t.clock.countTimers(), 0)
      assert.deepEqual(t.active, [])
      assert.equal((await t.start('a')).state, 'active') // and the message can be sent again
    })

    it('fails with its first indicator, even if a retry could help', async () => {
      t.failing([true])
      await rejection(t.start('a'), 'server')
      await t.clock.tickAsync(INTERVAL)
      assert.deepEqual(t.times('a'), [0])
      assert.deepEqual([t.ended, t.active], [[], []])
    })

    it('says that renewals are late, at most once a minute', async () => {
      const late = INTERVAL / 2
      t.fate = [0, 0, late, late, 0, 0, late, 0]
      await t.start('a', { maxDuration: 7_200_000 })
      await t.start('b', { maxDuration: 7_200_000 })
      await t.clock.tickAsync(INTERVAL)
      assert.deepEqual(t.warnings, [])
      await t.clock.tickAsync(late)
      assert.equal(t.warnings.length, 1)
      assert.match(`${t.warnings}`, /12\.8 s late, while 2 conversations .*Max\. in flight/)
      await t.clock.tickAsync(3 * INTERVAL)
      assert.equal(t.warnings.length, 2)
    })

    it('starts nothing for a umid that is being typed for, in either case', async () => {
      await t.start('a')
      assert.deepEqual(await t.start('A'), { state: 'active', duplicate: true })
      assert.deepEqual(await t.start('a', {}, OTHER), { state: 'active', duplicate: true })
      assert.deepEqual(t.times('A'), [])
      assert.deepEqual(t.active, [1])
    })

    it('starts nothing within 3 minutes after its node stopped the umid', async () => {
      await t.start('a')
      await t.sessions.stop({ umid: 'a' })
      await t.clock.tickAsync(179_000)
      assert.deepEqual(await t.start('a'), { state: 'stopped', duplicate: true })
      await t.clock.tickAsync(1000)
      assert.equal((await t.start('a')).duplicate, undefined)
    })

    it('lets another node start the umid again', async () => {
      await t.start('a')
      await t.sessions.stop({ umid: 'a' })
      const started = await t.start('a', {}, OTHER)
      assert.equal(started.duplicate, undefined)
      assert.equal(t.times('a').length, 2)
    })
  })

  describe('one session per conversation', () => {
    for (const [what, one, other] of [
      ['a newer message', 1, 2],
      ['one of the same time', 1, 1],
      ['the next one, where the times are unknown', undefined, undefined],
      ['the next one, where the time of the first is unknown', undefined, 1],
      ['the next one, where its own time is unknown', 1, undefined],
    ] as const) {
      it(`is taken over by ${what}`, async () => {
        await t.start('a', { conversation: '+65', receivedAt: one })
        await t.clock.tickAsync(1000)
        await t.start('b', { conversation: '+65', receivedAt: other })
        await t.clock.tickAsync(2 * INTERVAL)
        assert.deepEqual(t.times('a'), [0])
        assert.deepEqual(t.times('b'), [1000, 1000 + INTERVAL, 1000 + 2 * INTERVAL])
        assert.deepEqual(t.ended, [])
        assert.deepEqual(await t.start('a', { conversation: '+65' }), {
          state: 'stopped',
          duplicate: true,
        })
      })
    }

    it('ends a pending start when it is taken over', async () => {
      const waiting = t.start('a', { conversation: '+65', initialDelay: 5000 })
      await t.start('b', { conversation: '+65' })
      assert.deepEqual(await waiting, { state: 'stopped' })
      await t.clock.tickAsync(10_000)
      assert.deepEqual(t.times('a'), [])
    })

    it('is not taken over by an older message that arrives late', async () => {
      await t.start('b', { conversation: '+65', receivedAt: 2 })
      const late = await t.start('a', { conversation: '+65', receivedAt: 1 })
      // No duplicate: a flow that drops those still has to answer this one.
      assert.deepEqual(late, { state: 'active' })
      assert.deepEqual(t.times('a'), [])
    })

    it('keeps channels and sub-accounts apart', async () => {
      await t.start('a', { conversation: '+65' })
      await t.start('b', { conversation: '+65', channel: 'rcs' })
      await t.start('c', { conversation: '+65', subAccountId: 'other' })
      assert.deepEqual(t.active, [1, 2, 3])
    })
  })

  describe('stop', () => {
    it('says how many indicators were sent, and how long we typed', async () => {
      await t.start('a')
      await t.clock.tickAsync(INTERVAL + 1000)
      assert.deepEqual(await t.sessions.stop({ umid: 'A' }), {
        umid: 'a',
        channel: 'whatsapp',
        subAccountId: 'my_sub',
        indicators: 2,
        attempts: 2,
        typedFor: INTERVAL + 1000,
      })
      assert.deepEqual(t.active, [1, 0])
      await t.clock.tickAsync(10 * INTERVAL)
      assert.equal(t.sent.length, 2)
      assert.deepEqual(t.ended, [])
    })

    it('finds a conversation that is called undefined after one without a name', async () => {
      await t.start('a', { conversation: 'undefined' })
      await t.start('b')
      await t.sessions.stop({ umid: 'b' })
      const which = { conversation: 'undefined', subAccountId: 'my_sub' }
      assert.equal((await t.sessions.stop(which))?.umid, 'a')
    })

    it('finds the conversation, with or without the channel', async () => {
      for (const channel of [undefined, 'rcs'] as const) {
        await t.start(`${channel}`, { conversation: '+65', channel: 'rcs' })
        const which = { conversation: '+65', subAccountId: 'my_sub', channel }
        assert.equal((await t.sessions.stop(which))?.umid, `${channel}`)
      }
    })

    it('finds the umid in either case of its letters', async () => {
      await t.start('A')
      assert.equal((await t.sessions.stop({ umid: 'a' }))?.umid, 'A')
      assert.equal(await t.sessions.stop({ umid: 'a' }), undefined)
      assert.deepEqual(await t.start('a'), { state: 'stopped', duplicate: true })
    })

    it('is no error where nobody types', async () => {
      assert.equal(await t.sessions.stop({ umid: 'a' }), undefined)
      const which = { conversation: '+65', subAccountId: 'my_sub' }
      assert.equal(await t.sessions.stop(which), undefined)
    })

    it('counts during the initial delay: nothing is sent, and the start is stopped', async () => {
      const started = t.start('a', { initialDelay: 1000 })
      await t.clock.tickAsync(500)
      const stopped = await t.sessions.stop({ umid: 'a' })
      assert.deepEqual([stopped?.indicators, stopped?.typedFor], [0, 0])
      assert.deepEqual(await started, { state: 'stopped' })
      await t.clock.tickAsync(INTERVAL)
      assert.deepEqual(t.sent, [])
    })

    it('awaits a first indicator that is on the wire; the start is stopped at once', async () => {
      t.fate = [5000]
      const started = t.start('a')
      await t.clock.tickAsync(100)
      const stopped = t.stopped({ umid: 'a' })
      assert.deepEqual(await started, { state: 'stopped' })
      await t.clock.tickAsync(4899)
      assert.equal(stopped.at, undefined)
      await t.clock.tickAsync(1)
      assert.equal(stopped.at, 5000)
      assert.deepEqual(
        { indicators: stopped.result?.indicators, typedFor: stopped.result?.typedFor },
        { indicators: 1, typedFor: 0 },
      )
      assert.equal(t.clock.countTimers(), 0)
      assert.deepEqual(t.active, [])
    })

    it('awaits a renewal that is on the wire, and counts it', async () => {
      t.fate = [0, 5000]
      await t.start('a')
      await t.clock.tickAsync(INTERVAL + 100)
      const stopped = t.stopped({ umid: 'a' })
      await t.clock.tickAsync(4899)
      assert.equal(stopped.at, undefined)
      await t.clock.tickAsync(1)
      assert.equal(stopped.at, INTERVAL + 5000)
      assert.equal(stopped.result?.indicators, 2)
      assert.equal(stopped.result?.attempts, 2)
      assert.equal(stopped.result?.typedFor, INTERVAL + 100)
      assert.equal(t.clock.countTimers(), 0)
      assert.deepEqual(t.active, [1, 0])
    })

    it('ends the pause before a retry at once', async () => {
      t.fate = ['server']
      const started = t.start('a')
      await t.clock.tickAsync(10)
      const stopped = await t.sessions.stop({ umid: 'a' })
      assert.equal(stopped?.attempts, 1)
      assert.deepEqual(await started, { state: 'stopped' })
      await t.clock.tickAsync(INTERVAL)
      assert.equal(t.sent.length, 1)
    })

    it('does not retry a request that it awaits', async () => {
      t.fate = [0, { after: 3000, kind: 'server' }]
      await t.start('a')
      await t.clock.tickAsync(INTERVAL)
      const stopped = t.stopped({ umid: 'a' })
      await t.clock.tickAsync(3000)
      assert.equal(stopped.at, INTERVAL + 3000)
      await t.clock.tickAsync(INTERVAL)
      assert.equal(t.sent.length, 2)
    })

    it('waits as long as another stop that came first', async () => {
      t.fate = [0, 5000]
      await t.start('a')
      await t.clock.tickAsync(INTERVAL)
      const first = t.stopped({ umid: 'a' })
      const second = t.stopped({ umid: 'a' })
      await t.clock.tickAsync(4999)
      assert.deepEqual([first.at, second.at], [undefined, undefined])
      await t.clock.tickAsync(1)
      assert.deepEqual([first.at, second.at], [INTERVAL + 5000, INTERVAL + 5000])
      assert.equal(second.result, undefined)
      const restarted = await t.start('a', {}, OTHER) // the second was no stop before its start
      assert.deepEqual([restarted.state, restarted.duplicate], ['active', undefined])
    })

    it('starts nothing for the umid while it waits', async () => {
      t.fate = [5000]
      void t.start('a')
      await t.clock.tickAsync(0)
      const stopped = t.stopped({ umid: 'a' })
      assert.deepEqual(await t.start('a', {}, OTHER), { state: 'stopped', duplicate: true })
      assert.equal(t.sessions.send(requestFor('a')), undefined)
      await t.clock.tickAsync(5000)
      assert.equal(stopped.at, 5000)
      assert.equal(t.sent.length, 1)
    })

    for (const which of ['umid', 'conversation'] as const) {
      it(`awaits the requests of those who were taken over, by ${which}`, async () => {
        t.fate = [5000, 3000, 0]
        const conversation = '+65'
        void t.start('a', { conversation })
        await t.clock.tickAsync(100)
        void t.start('b', { conversation })
        await t.clock.tickAsync(100)
        const started = await t.start('c', { conversation })
        assert.equal(started.state, 'active')
        assert.deepEqual(t.times('c'), [200]) // it waits for nobody
        const target = which === 'umid' ? { umid: 'c' } : { conversation, subAccountId: 'my_sub' }
        const [first, second] = [t.stopped(target), t.stopped(target)]
        await t.clock.tickAsync(4799)
        assert.deepEqual([first.at, second.at], [undefined, undefined])
        await t.clock.tickAsync(1)
        assert.deepEqual([first.at, second.at], [5000, 5000])
        assert.equal(first.result?.umid, 'c')
        assert.equal((await t.start('a', {}, OTHER)).duplicate, undefined) // nothing is left of it
      })
    }

    it('ends all channels of a conversation, when it names none', async () => {
      const conversation = '+65'
      await t.start('a', { conversation })
      await t.clock.tickAsync(1000)
      await t.start('b', { conversation, channel: 'rcs' })
      await t.start('c', { conversation, subAccountId: 'other' })
      await t.clock.tickAsync(INTERVAL)
      assert.deepEqual(await t.sessions.stop({ conversation, subAccountId: 'my_sub' }), {
        umid: 'b',
        channel: 'rcs',
        subAccountId: 'my_sub',
        indicators: 4,
        attempts: 4,
        typedFor: INTERVAL + 1000,
      })
      await t.clock.tickAsync(INTERVAL)
      assert.deepEqual([t.times('a').length, t.times('b').length, t.times('c').length], [2, 2, 3])
    })

    it('is cut short, as closed, when a deploy breaks off what it awaits', async () => {
      t.fate = [5000]
      const request = t.sessions.send(requestFor('a'))
      const stopped = rejection(t.sessions.stop({ umid: 'a' }), 'closed')
      request?.cancel()
      await stopped
      await rejection(request?.result as Promise<unknown>, 'closed')
    })

    it('knows the account that keeps typing for what it does not find', async () => {
      const other = new Sessions({ send: t.send }, 'the other')
      await t.start('a', { conversation: '+65' })
      assert.equal(other.otherAccount({ umid: 'A' }), 'mine')
      assert.equal(other.otherAccount({ conversation: '+65', subAccountId: 'my_sub' }), 'mine')
      assert.equal(other.otherAccount({ umid: 'b' }), undefined)
      assert.equal(t.sessions.otherAccount({ umid: 'a' }), undefined)
      t.sessions.close()
      assert.equal(other.otherAccount({ umid: 'a' }), undefined)
      other.close()
    })
  })

  describe('a stop that comes first', () => {
    it('keeps its umid from being typed for in the next 10 s, and no longer', async () => {
      assert.equal(await t.sessions.stop({ umid: 'A' }), undefined)
      await t.clock.tickAsync(9999)
      assert.deepEqual(await t.start('a'), { state: 'stopped', duplicate: true })
      assert.deepEqual(await t.start('a', {}, OTHER), { state: 'stopped', duplicate: true })
      assert.equal(t.sessions.send(requestFor('a')), undefined)
      assert.deepEqual(t.sent, [])
      await t.clock.tickAsync(1)
      assert.equal((await t.start('a')).duplicate, undefined)
    })

    it('is none where it ended something, or came again after one that did', async () => {
      await t.start('a')
      await t.sessions.stop({ umid: 'a' })
      assert.equal(await t.sessions.stop({ umid: 'a' }), undefined)
      assert.equal((await t.start('a', {}, OTHER)).duplicate, undefined)
    })

    it('does not fill the memory: only the last 10,000 are sure to be remembered', async () => {
      for (let i = 0; i <= 20_000; i++) await t.sessions.stop({ umid: `${i}` })
      assert.equal((await t.start('0')).duplicate, undefined)
      assert.deepEqual(await t.start('10001'), { state: 'stopped', duplicate: true })
    })
  })

  describe('send', () => {
    it('is cancelled by a stop while it waits for a retry', async () => {
      t.fate = ['server']
      const request = t.sessions.send(requestFor('a'))
      await t.clock.tickAsync(10)
      const stopped = t.stopped({ umid: 'a' })
      const failure = await rejection(request?.result as Promise<unknown>, 'closed')
      assert.deepEqual([request?.draining, request?.cancelled], [true, false])
      assert.equal(failure.cause.attempts, 1)
      await t.clock.tickAsync(INTERVAL)
      assert.deepEqual([stopped.at, stopped.result?.attempts, t.sent.length], [10, 1, 1])
      assert.equal((await t.start('a')).duplicate, undefined) // it ended something
    })

    for (const target of [{ umid: 'A' }, { conversation: '+65', subAccountId: 'my_sub' }]) {
      it(`is awaited by a stop when it is on the wire, by ${Object.keys(target)[0]}`, async () => {
        t.fate = [5000]
        const request = t.sessions.send({ ...requestFor('a'), conversation: '+65' })
        await t.clock.tickAsync(10)
        const stopped = t.stopped(target)
        await t.clock.tickAsync(4989)
        assert.equal(stopped.at, undefined)
        await t.clock.tickAsync(1)
        assert.equal((await request?.result)?.statusCode, 200)
        assert.deepEqual(stopped.result, {
          ...requestFor('a'),
          indicators: 1,
          attempts: 1,
          typedFor: 0,
        })
      })
    }

    it('of another message is left alone', async () => {
      t.fate = ['server', 0]
      const request = t.sessions.send({ ...requestFor('a'), conversation: '+65' })
      await t.start('b', { conversation: '+65' })
      await t.sessions.stop({ umid: 'b' })
      await t.clock.tickAsync(1000)
      assert.equal((await request?.result)?.attempts, 2)
    })
  })
})
