import assert from 'node:assert/strict'
import FakeTimers from '@sinonjs/fake-timers'
import type { TypingEvent } from '../../nodes/account/client'
import { type Kind, TypingError } from '../../nodes/account/errors'
import { Sending } from '../../nodes/account/sending'
import { type Owner, Sessions, type StartRequest } from '../../nodes/account/sessions'
import { rejection } from '../support/events'

const BEAT = 25_500

describe('sessions', () => {
  let clock: ReturnType<typeof FakeTimers.install>
  let sessions: Sessions
  /** Requests that left, each with its time in ms. */
  let sent: { umid: string; at: number }[]
  /** What the next requests meet: a failure, or ms until they are answered. */
  let fate: (Kind | number)[]
  let keeping: number[]
  let ended: { umid: string; kind: Kind; at: number }[]

  beforeEach(() => {
    clock = FakeTimers.install({
      toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'],
    })
    sent = []
    fate = []
    keeping = []
    ended = []
    sessions = new Sessions({
      send: (event) => new Sending((signal) => attempt(event, signal), limits),
    })
  })

  afterEach(async () => {
    sessions.close()
    await clock.tickAsync(0)
    assert.equal(clock.countTimers(), 0, 'a timer is left')
    clock.uninstall()
  })

  const limits = { timeout: 60_000, deadline: 60_000 }

  async function attempt({ umid }: TypingEvent, signal: AbortSignal): Promise<number> {
    sent.push({ umid, at: clock.now })
    const next = fate.shift() ?? 0
    if (typeof next === 'string') {
      throw new TypingError(next, next, { retryable: false, attempts: 1 })
    }
    if (next > 0) {
      await new Promise((resolve, reject) => {
        const timer = setTimeout(resolve, next)
        signal.addEventListener('abort', () => {
          clearTimeout(timer)
          reject(signal.reason)
        })
      })
    }
    return 200
  }

  const owner: Owner = {
    id: 'node',
    keeping(count) {
      keeping.push(count)
    },
  }

  function start(umid: string, options: Partial<StartRequest> = {}, by = owner) {
    const request: StartRequest = {
      umid,
      channel: 'whatsapp',
      subAccountId: 'my_sub',
      expiresIn: 7_200_000,
      initialDelay: 0,
      renewEvery: BEAT,
      maxDuration: 300_000,
      ...options,
    }
    return sessions.start(request, by, ({ cause }) => {
      ended.push({ umid, kind: cause.kind, at: clock.now })
    })
  }

  const times = (umid: string) => sent.filter((each) => each.umid === umid).map(({ at }) => at)

  describe('start', () => {
    it('is active when the first indicator is accepted, and renews on the beat', async () => {
      const started = await start('a')
      assert.equal(started.state, 'active')
      assert.equal(started.sent?.attempts, 1)
      assert.deepEqual(keeping, [1])
      await clock.tickAsync(4 * BEAT - 1)
      assert.deepEqual(times('a'), [0, BEAT, 2 * BEAT, 3 * BEAT])
      assert.deepEqual(ended, [])
    })

    it('waits for the initial delay', async () => {
      const started = start('a', { initialDelay: 2000 })
      await clock.tickAsync(1999)
      assert.deepEqual(times('a'), [])
      assert.deepEqual(keeping, [])
      await clock.tickAsync(1)
      assert.equal((await started).state, 'active')
      assert.deepEqual(times('a'), [2000])
    })

    it('counts the beat from the acceptance, so that no indicator comes too early', async () => {
      fate = [800]
      const started = start('a')
      await clock.tickAsync(800)
      await started
      await clock.tickAsync(BEAT)
      assert.deepEqual(times('a'), [0, 800 + BEAT])
    })

    it('leaves nothing behind when the first indicator fails', async () => {
      fate = ['rejected']
      await rejection(start('a'), 'rejected')
      assert.equal(clock.countTimers(), 0)
      assert.deepEqual(keeping, [])
      assert.equal((await start('a')).state, 'active') // and the message can be sent again
    })

    it('starts nothing for a umid that is being typed for, in either case', async () => {
      await start('a')
      assert.deepEqual(await start('A'), { state: 'active', duplicate: true })
      const other = { id: 'other', keeping() {} }
      assert.deepEqual(await start('a', {}, other), { state: 'active', duplicate: true })
      assert.deepEqual(times('A'), [])
      assert.deepEqual(keeping, [1])
    })

    it('starts nothing within 3 minutes after its node stopped the umid', async () => {
      await start('a')
      await sessions.stop({ umid: 'a' })
      await clock.tickAsync(179_000)
      assert.deepEqual(await start('a'), { state: 'stopped', duplicate: true })
      await clock.tickAsync(1000)
      assert.equal((await start('a')).duplicate, undefined)
    })

    it('lets another node take the umid up again', async () => {
      await start('a')
      await sessions.stop({ umid: 'a' })
      const started = await start('a', {}, { id: 'other', keeping() {} })
      assert.equal(started.duplicate, undefined)
      assert.equal(times('a').length, 2)
    })
  })

  describe('one session per conversation', () => {
    it('is taken over by a newer message', async () => {
      await start('a', { conversation: '+65' })
      await clock.tickAsync(1000)
      await start('b', { conversation: '+65' })
      await clock.tickAsync(2 * BEAT)
      assert.deepEqual(times('a'), [0])
      assert.deepEqual(times('b'), [1000, 1000 + BEAT, 1000 + 2 * BEAT])
      assert.deepEqual(ended, [])
      assert.deepEqual(await start('a', { conversation: '+65' }), {
        state: 'stopped',
        duplicate: true,
      })
    })

    it('ends a start that waits when it is taken over', async () => {
      const waiting = start('a', { conversation: '+65', initialDelay: 5000 })
      await start('b', { conversation: '+65' })
      assert.deepEqual(await waiting, { state: 'stopped' })
      await clock.tickAsync(10_000)
      assert.deepEqual(times('a'), [])
    })

    it('is not taken over by an older message that comes late', async () => {
      await start('b', { conversation: '+65', receivedAt: 2 })
      const late = await start('a', { conversation: '+65', receivedAt: 1 })
      assert.deepEqual(late, { state: 'active', duplicate: true })
      assert.deepEqual(times('a'), [])
    })

    it('keeps channels and sub-accounts apart', async () => {
      await start('a', { conversation: '+65' })
      await start('b', { conversation: '+65', channel: 'rcs' })
      await start('c', { conversation: '+65', subAccountId: 'other' })
      assert.deepEqual(keeping, [1, 2, 3])
    })
  })

  describe('stop', () => {
    it('says how many indicators were sent, and how long we typed', async () => {
      await start('a')
      await clock.tickAsync(BEAT + 1000)
      assert.deepEqual(await sessions.stop({ umid: 'A' }), {
        umid: 'a',
        channel: 'whatsapp',
        subAccountId: 'my_sub',
        indicators: 2,
        attempts: 2,
        typedFor: BEAT + 1000,
      })
      assert.deepEqual(keeping, [1, 0])
      await clock.tickAsync(10 * BEAT)
      assert.equal(sent.length, 2)
      assert.deepEqual(ended, [])
    })

    it('finds the conversation, with or without the channel', async () => {
      for (const channel of [undefined, 'rcs'] as const) {
        await start(`${channel}`, { conversation: '+65', channel: 'rcs' })
        const which = { conversation: '+65', subAccountId: 'my_sub', channel }
        assert.equal((await sessions.stop(which))?.umid, `${channel}`)
      }
    })

    it('is no error where nobody types', async () => {
      assert.equal(await sessions.stop({ umid: 'a' }), undefined)
      const which = { conversation: '+65', subAccountId: 'my_sub' }
      assert.equal(await sessions.stop(which), undefined)
    })

    it('counts during the initial delay: nothing is sent, and the start is told', async () => {
      const started = start('a', { initialDelay: 1000 })
      const stopped = await sessions.stop({ umid: 'a' })
      assert.equal(stopped?.indicators, 0)
      assert.deepEqual(await started, { state: 'stopped' })
      await clock.tickAsync(BEAT)
      assert.deepEqual(sent, [])
    })

    it('ends a first indicator that is under way, and the start is told', async () => {
      fate = [5000]
      const started = start('a')
      await clock.tickAsync(100)
      assert.equal((await sessions.stop({ umid: 'a' }))?.indicators, 0)
      assert.deepEqual(await started, { state: 'stopped' })
      assert.equal(clock.countTimers(), 0)
    })

    it('ends a renewal that is under way before it returns', async () => {
      fate = [0, 5000]
      await start('a')
      await clock.tickAsync(BEAT + 100)
      const stopped = await sessions.stop({ umid: 'a' })
      assert.equal(stopped?.indicators, 1)
      assert.equal(stopped?.attempts, 2)
      assert.equal(clock.countTimers(), 0)
    })
  })

  describe('the end by itself', () => {
    it('is unanswered after the longest duration, once', async () => {
      await start('a', { maxDuration: 60_000 })
      await clock.tickAsync(600_000)
      assert.deepEqual(ended, [{ umid: 'a', kind: 'unanswered', at: 60_000 }])
      assert.deepEqual(times('a'), [0, BEAT, 2 * BEAT])
      assert.deepEqual(keeping, [1, 0])
    })

    it('is expired when 8x8 takes no more indicators', async () => {
      await start('a', { expiresIn: 30_000 })
      await clock.tickAsync(600_000)
      assert.deepEqual(ended, [{ umid: 'a', kind: 'expired', at: 30_000 }])
    })

    it('comes in time even when a renewal hangs', async () => {
      fate = [0, 50_000]
      await start('a', { maxDuration: 30_000 })
      await clock.tickAsync(600_000)
      assert.deepEqual(ended, [{ umid: 'a', kind: 'unanswered', at: 30_000 }])
    })

    it('rejects a start whose message expires before its first indicator', async () => {
      const started = rejection(start('a', { initialDelay: 5000, expiresIn: 1000 }), 'expired')
      await clock.tickAsync(5000)
      await started
      assert.deepEqual(sent, [])
    })

    it('comes at once when a renewal meets what no retry cures', async () => {
      fate = [0, 'authentication']
      await start('a')
      await clock.tickAsync(BEAT)
      assert.deepEqual(ended, [{ umid: 'a', kind: 'authentication', at: BEAT }])
      await clock.tickAsync(BEAT)
      assert.equal(sent.length, 2)
    })
  })

  describe('renewals that fail', () => {
    /** Makes a renewal fail in the way that a retry can cure, at its deadline. */
    function failing(results: boolean[]) {
      const events: TypingEvent[] = []
      sessions = new Sessions({
        send(event) {
          events.push(event)
          sent.push({ umid: event.umid, at: clock.now })
          const fails = results.shift() ?? false
          const result = fails
            ? Promise.reject(new TypingError('server', 'x', { attempts: 4 }))
            : Promise.resolve({ statusCode: 200, attempts: 1, sentAt: clock.now })
          return { result, cancel() {} } as unknown as Sending
        },
      })
    }

    it('are not reported when the next one recovers', async () => {
      failing([false, true, true, false, true, true, false])
      await start('a')
      await clock.tickAsync(7 * BEAT)
      assert.deepEqual(ended, [])
      assert.equal((await sessions.stop({ umid: 'a' }))?.attempts, 4 + 16)
    })

    it('end the session when three in a row fail', async () => {
      failing([false, true, true, true])
      await start('a')
      await clock.tickAsync(7 * BEAT)
      assert.deepEqual(ended, [{ umid: 'a', kind: 'server', at: 3 * BEAT }])
      assert.equal(sent.length, 4)
    })
  })

  describe('time', () => {
    it('is monotonic: setting the clock changes nothing', async () => {
      await start('a')
      clock.setSystemTime(clock.now + 3 * 3_600_000)
      await clock.tickAsync(BEAT - 1)
      assert.equal(sent.length, 1)
      await clock.tickAsync(1)
      assert.equal(sent.length, 2)
      clock.setSystemTime(0)
      await clock.tickAsync(BEAT)
      assert.equal(sent.length, 3)
      assert.deepEqual(ended, [])
    })

    it('makes up for nothing after the process was held up', async () => {
      await start('a', { maxDuration: 7_000_000 })
      clock.jump(10 * BEAT) // timers fire once, as after a suspended laptop
      await clock.tickAsync(1000)
      assert.equal(sent.length, 2)
    })

    it('needs one timer for any number of sessions', async () => {
      for (let i = 0; i < 1000; i++) {
        await start(`${i}`)
        await clock.tickAsync(7)
      }
      assert.equal(clock.countTimers(), 1)
      await clock.tickAsync(BEAT)
      assert.equal(sent.length, 1000 + 1000)
    })
  })

  describe('close', () => {
    it('ends the sessions of an owner without a word, and only those', async () => {
      const other = { id: 'other', keeping() {} }
      await start('a')
      await start('b', {}, other)
      const waiting = rejection(start('c', { initialDelay: 1000 }), 'closed')
      sessions.close(owner)
      await waiting
      await clock.tickAsync(BEAT)
      assert.deepEqual(times('a'), [0])
      assert.equal(times('b').length, 2)
      assert.deepEqual(ended, [])
    })

    it('ends a renewal under way', async () => {
      fate = [0, 5000]
      await start('a')
      await clock.tickAsync(BEAT + 100)
      sessions.close(owner)
      await clock.tickAsync(0)
      assert.equal(clock.countTimers(), 0)
      assert.deepEqual(ended, [])
    })
  })
})
