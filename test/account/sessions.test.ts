import assert from 'node:assert/strict'
import { rejection } from '../support/events'
import { BEAT, OTHER, SessionsBench } from '../support/sessions'

describe('sessions', () => {
  let t: SessionsBench
  beforeEach(() => {
    t = new SessionsBench()
  })
  afterEach(() => t.end())

  describe('start', () => {
    it('is active when the first indicator is accepted, and renews on the beat', async () => {
      const started = await t.start('a')
      assert.equal(started.state, 'active')
      assert.equal(started.sent?.attempts, 1)
      assert.deepEqual(t.keeping, [1])
      await t.clock.tickAsync(4 * BEAT - 1)
      assert.deepEqual(t.times('a'), [0, BEAT, 2 * BEAT, 3 * BEAT])
      assert.deepEqual(t.ended, [])
    })

    it('waits for the initial delay', async () => {
      const started = t.start('a', { initialDelay: 2000 })
      await t.clock.tickAsync(1999)
      assert.deepEqual(t.times('a'), [])
      assert.deepEqual(t.keeping, [])
      await t.clock.tickAsync(1)
      assert.equal((await started).state, 'active')
      assert.deepEqual(t.times('a'), [2000])
    })

    it('counts the beat from the acceptance, so that no indicator comes too early', async () => {
      t.fate = [800]
      const started = t.start('a')
      await t.clock.tickAsync(800)
      await started
      await t.clock.tickAsync(BEAT)
      assert.deepEqual(t.times('a'), [0, 800 + BEAT])
    })

    it('leaves nothing behind when the first indicator fails', async () => {
      t.fate = ['rejected']
      await rejection(t.start('a'), 'rejected')
      assert.equal(t.clock.countTimers(), 0)
      assert.deepEqual(t.keeping, [])
      assert.equal((await t.start('a')).state, 'active') // and the message can be sent again
    })

    it('fails with its first indicator, even where a retry could help', async () => {
      t.failing([true])
      await rejection(t.start('a'), 'server')
      await t.clock.tickAsync(BEAT)
      assert.deepEqual(t.times('a'), [0])
      assert.deepEqual([t.ended, t.keeping], [[], []])
    })

    it('starts nothing for a umid that is being typed for, in either case', async () => {
      await t.start('a')
      assert.deepEqual(await t.start('A'), { state: 'active', duplicate: true })
      assert.deepEqual(await t.start('a', {}, OTHER), { state: 'active', duplicate: true })
      assert.deepEqual(t.times('A'), [])
      assert.deepEqual(t.keeping, [1])
    })

    it('starts nothing within 3 minutes after its node stopped the umid', async () => {
      await t.start('a')
      await t.sessions.stop({ umid: 'a' })
      await t.clock.tickAsync(179_000)
      assert.deepEqual(await t.start('a'), { state: 'stopped', duplicate: true })
      await t.clock.tickAsync(1000)
      assert.equal((await t.start('a')).duplicate, undefined)
    })

    it('lets another node take the umid up again', async () => {
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
        await t.clock.tickAsync(2 * BEAT)
        assert.deepEqual(t.times('a'), [0])
        assert.deepEqual(t.times('b'), [1000, 1000 + BEAT, 1000 + 2 * BEAT])
        assert.deepEqual(t.ended, [])
        assert.deepEqual(await t.start('a', { conversation: '+65' }), {
          state: 'stopped',
          duplicate: true,
        })
      })
    }

    it('ends a start that waits when it is taken over', async () => {
      const waiting = t.start('a', { conversation: '+65', initialDelay: 5000 })
      await t.start('b', { conversation: '+65' })
      assert.deepEqual(await waiting, { state: 'stopped' })
      await t.clock.tickAsync(10_000)
      assert.deepEqual(t.times('a'), [])
    })

    it('is not taken over by an older message that comes late', async () => {
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
      assert.deepEqual(t.keeping, [1, 2, 3])
    })
  })

  describe('stop', () => {
    it('says how many indicators were sent, and how long we typed', async () => {
      await t.start('a')
      await t.clock.tickAsync(BEAT + 1000)
      assert.deepEqual(await t.sessions.stop({ umid: 'A' }), {
        umid: 'a',
        channel: 'whatsapp',
        subAccountId: 'my_sub',
        indicators: 2,
        attempts: 2,
        typedFor: BEAT + 1000,
      })
      assert.deepEqual(t.keeping, [1, 0])
      await t.clock.tickAsync(10 * BEAT)
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

    it('counts during the initial delay: nothing is sent, and the start is told', async () => {
      const started = t.start('a', { initialDelay: 1000 })
      await t.clock.tickAsync(500)
      const stopped = await t.sessions.stop({ umid: 'a' })
      assert.deepEqual([stopped?.indicators, stopped?.typedFor], [0, 0])
      assert.deepEqual(await started, { state: 'stopped' })
      await t.clock.tickAsync(BEAT)
      assert.deepEqual(t.sent, [])
    })

    it('ends a first indicator that is under way, and the start is told', async () => {
      t.fate = [5000]
      const started = t.start('a')
      await t.clock.tickAsync(100)
      assert.equal((await t.sessions.stop({ umid: 'a' }))?.indicators, 0)
      assert.deepEqual(await started, { state: 'stopped' })
      assert.equal(t.clock.countTimers(), 0)
    })

    it('ends a renewal that is under way before it returns', async () => {
      t.fate = [0, 5000]
      await t.start('a')
      await t.clock.tickAsync(BEAT + 100)
      const stopped = await t.sessions.stop({ umid: 'a' })
      assert.equal(stopped?.indicators, 1)
      assert.equal(stopped?.attempts, 2)
      assert.equal(t.clock.countTimers(), 0)
      assert.deepEqual(t.keeping, [1, 0])
    })
  })
})
