import assert from 'node:assert/strict'
import { INTERVAL, OTHER, requestFor, SessionsBench } from './sessions-bench'

const ANSWER = { subAccountId: 'my_sub', umid: 'a', conversation: '+65' }

describe('sessions: a reply', () => {
  let t: SessionsBench
  beforeEach(() => {
    t = new SessionsBench()
  })
  afterEach(() => t.end())

  it('ends the dots of its umid, and says how many there were', async () => {
    await t.start('a')
    await t.clock.tickAsync(INTERVAL + 1000)
    const summary = await t.sessions.answer({ ...ANSWER, umid: 'A' })
    assert.deepEqual(summary, { indicators: 2, durationMs: INTERVAL + 1000 })
    await t.clock.tickAsync(10 * INTERVAL)
    assert.equal(t.sent.length, 2)
    assert.deepEqual([t.active, t.ended], [[1, 0], []])
  })

  it('waits for an indicator on the wire, but for no retry of it', async () => {
    t.fate = [0, { after: 3000, kind: 'server' }]
    await t.start('a')
    await t.clock.tickAsync(INTERVAL + 100)
    let at: number | undefined
    void t.sessions.answer(ANSWER).then(() => {
      at = t.now
    })
    await t.clock.tickAsync(2899)
    assert.equal(at, undefined)
    await t.clock.tickAsync(1)
    assert.equal(at, INTERVAL + 3000)
    await t.clock.tickAsync(INTERVAL)
    assert.equal(t.sent.length, 2)
  })

  it('ends the dots of its conversation if it has no umid', async () => {
    await t.start('a', { conversation: '+65' })
    await t.start('b', { conversation: '+65', channel: 'rcs' })
    const summary = await t.sessions.answer({ ...ANSWER, umid: undefined })
    assert.equal(summary.indicators, 2)
    assert.deepEqual(t.active, [1, 2, 1, 0])
    assert.equal((await t.start('a', {}, OTHER)).duplicate, undefined) // only umids are remembered
  })

  it('reports zeros if nobody was typing', async () => {
    const none = { indicators: 0, durationMs: 0 }
    assert.deepEqual(await t.sessions.answer(ANSWER), none)
    assert.deepEqual(await t.sessions.answer({ subAccountId: 'my_sub' }), none)
    assert.deepEqual(t.sessions.summary(ANSWER), none)
    t.sessions.refresh(ANSWER)
    assert.deepEqual(t.sent, [])
  })

  for (const before of [true, false]) {
    it(`lets no dots follow for its umid for 2 hours, ${before ? 'though' : 'and'} a start ${before ? 'came before' : 'is late'}`, async () => {
      if (before) await t.start('a')
      await t.sessions.answer(ANSWER)
      const sent = before ? 1 : 0
      for (const wait of [0, 11_000, 7_100_000]) {
        await t.clock.tickAsync(wait)
        assert.deepEqual(await t.start('A', {}, OTHER), { state: 'stopped', duplicate: true })
        assert.equal(t.sessions.send(requestFor('a')), undefined)
      }
      assert.equal(t.sent.length, sent)
    })
  }

  it('to an older message leaves the dots of a newer one, which come back at once', async () => {
    await t.start('a', { conversation: '+65' })
    await t.start('b', { conversation: '+65' })
    await t.clock.tickAsync(5000)
    await t.sessions.answer(ANSWER)
    t.sessions.refresh(ANSWER)
    await t.clock.tickAsync(2 * INTERVAL)
    assert.deepEqual(t.times('b'), [0, 5000, 5000 + INTERVAL, 5000 + 2 * INTERVAL])
    assert.deepEqual(await t.start('a', {}, OTHER), { state: 'stopped', duplicate: true })
  })

  it('that is interim brings the dots back at once, and the renewals go on', async () => {
    await t.start('a')
    await t.clock.tickAsync(1000)
    assert.deepEqual(t.sessions.summary(ANSWER), { indicators: 1, durationMs: 1000 })
    t.sessions.refresh(ANSWER)
    await t.clock.tickAsync(2 * INTERVAL)
    assert.deepEqual(t.times('a'), [0, 1000, 1000 + INTERVAL, 1000 + 2 * INTERVAL])
    assert.deepEqual(t.active, [1])
  })

  it('brings the dots back with one more indicator if one is on the wire', async () => {
    t.fate = [0, 3000, 0]
    await t.start('a')
    await t.clock.tickAsync(INTERVAL + 1000)
    t.sessions.refresh(ANSWER) // the one on the wire may come before the reply
    await t.clock.tickAsync(2000 + INTERVAL)
    assert.deepEqual(t.times('a'), [0, INTERVAL, INTERVAL + 3000, 2 * INTERVAL + 3000])
  })

  it('does not bring forward a start that has not begun', async () => {
    void t.start('a', { initialDelay: 5000 })
    t.sessions.refresh(ANSWER)
    await t.clock.tickAsync(5000)
    assert.deepEqual(t.times('a'), [5000])
  })

  it('does not bring back a session that has ended', async () => {
    t.fate = [0, 20_000]
    await t.start('a', { maxDuration: 30_000 })
    await t.clock.tickAsync(35_000)
    t.sessions.refresh(ANSWER)
    await t.clock.tickAsync(100_000)
    assert.equal(t.sent.length, 2)
    assert.equal(t.ended.length, 1)
  })
})
