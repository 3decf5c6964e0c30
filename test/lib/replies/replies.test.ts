import assert from 'node:assert/strict'
import { MessagingError } from '../../../nodes/lib/errors'
import type { ReplyResult } from '../../../nodes/lib/replies/reply'
import { closeClients } from '../../support/client'
import { rejection } from '../../support/events'
import { bodyOf, RepliesBench, settled } from '../../support/replies'

/** What a reply that failed came to. */
function factsOf(outcome: ReplyResult | MessagingError) {
  assert.ok(outcome instanceof MessagingError, 'it was sent')
  const { kind, maybeSent = false, retryable } = outcome.cause
  return { kind, maybeSent, retryable }
}

describe('replies', () => {
  let t: RepliesBench
  afterEach(async () => {
    t.close()
    await closeClients()
  })

  describe('to one customer', () => {
    it('leave one after the other', async () => {
      t = await RepliesBench.open(false)
      const all = [t.reply('one'), t.reply('two'), t.reply('three')]
      for (let i = 1; i <= 3; i++) {
        const call = await t.arrived(i)
        await t.caughtUp()
        assert.equal(t.calls.length, i, 'two at once')
        call.answer()
      }
      await Promise.all(all)
      assert.deepEqual(t.log, ['reply one', 'reply two', 'reply three'])
    })

    it('leave in the order of arrival, however long each was read', async () => {
      t = await RepliesBench.open()
      const places = ['one', 'two', 'three'].map((text) => ({ text, place: t.replies.reserve() }))
      const all = places.reverse().map(({ text, place }) => place.send(t.request(text)))
      await Promise.all(all)
      assert.deepEqual(t.log, ['reply one', 'reply two', 'reply three'])
    })

    it('do not wait for a message that failed before it could be sent', async () => {
      t = await RepliesBench.open()
      const failed = t.replies.reserve()
      const next = t.reply('next')
      failed.release()
      failed.release() // a second time changes nothing
      await next
      assert.deepEqual(t.log, ['reply next'])
    })

    it('wait for a message that is being read, but not longer than the timeout', async () => {
      t = await RepliesBench.open(true, { timeout: 300 })
      const place = t.replies.reserve()
      const began = performance.now()
      const later = [t.reply('two'), t.reply('three')]
      await Promise.all(later)
      assert.ok(performance.now() - began >= 299)
      await place.send(t.request('one')) // it has lost its place, and goes all the same
      assert.deepEqual(t.log, ['reply two', 'reply three', 'reply one'])
    })

    it('keep their order when the process was held up while they were read', async () => {
      t = await RepliesBench.open(true, { timeout: 100 })
      const read = async (text: string, ms: number) => {
        const place = t.replies.reserve()
        await new Promise((resolve) => setTimeout(resolve, ms))
        return place.send(t.request(text))
      }
      const all = [read('one', 20), read('two', 10)]
      const until = performance.now() + 200
      while (performance.now() < until); // nothing else runs
      await Promise.all(all)
      assert.deepEqual(t.log, ['reply one', 'reply two'])
    })

    for (const [how, status, kind] of [
      ['was refused', 400, 'rejected'],
      ['may have been sent', 500, 'server'],
    ] as const) {
      it(`go on after one that ${how}`, async () => {
        t = await RepliesBench.open(false)
        const [first, second] = [t.reply('one'), t.reply('two')]
        const one = await t.arrived(1)
        one.answer(status)
        const two = await t.arrived(2)
        two.answer()
        assert.equal(factsOf(await first).kind, kind)
        assert.ok(!((await second) instanceof MessagingError))
        assert.deepEqual(t.log, ['reply one', 'reply two'])
      })
    }

    it('have their deadline from when the one before has its outcome', async () => {
      t = await RepliesBench.open(false, { timeout: 400, deadline: 400 })
      const [first, second, third] = [t.reply('one'), t.reply('two'), t.reply('three')]
      for (let i = 1; i <= 3; i++) {
        const call = await t.arrived(i)
        setTimeout(() => call.answer(), 250)
      }
      for (const outcome of await Promise.all([first, second, third])) {
        assert.ok(!(outcome instanceof MessagingError), `${outcome}`)
      }
    })

    it('fail as overloaded when more wait than the account allows, with their dots ended', async () => {
      t = await RepliesBench.open(false, { maxWaiting: 1 })
      const started = t.start('a')
      const dots = await t.arrived(1)
      dots.answer()
      await started
      const all = [t.reply('one'), t.reply('two')]
      const third = await t.reply('three', '+65', { umid: 'a' })
      assert.equal(factsOf(third).kind, 'overloaded')
      assert.deepEqual(await t.start('a'), { state: 'stopped', duplicate: true })
      const other = t.reply('other', '+66') // who has no queue
      await t.arrived(3)
      for (const { answer } of t.calls.slice(1)) answer()
      const last = await t.arrived(4)
      last.answer()
      await Promise.all([...all, other])
    })
  })

  it('to different customers go side by side', async () => {
    t = await RepliesBench.open(false)
    const all = [t.reply('one', '+65'), t.reply('two', '+66'), t.reply('three', '+67')]
    await t.arrived(3)
    for (const { answer } of t.calls) answer()
    await Promise.all(all)
  })

  describe('know a customer', () => {
    const both = { msisdn: '+65', channelUserId: 'US.1' }
    const id = { recipient: { channelUserId: 'US.1' } }

    it('by number and by id, once a reply had both', async () => {
      t = await RepliesBench.open(false)
      const first = t.reply('one', '', { recipient: both })
      ;(await t.arrived(1)).answer()
      await first
      const all = [t.reply('two', '65'), t.reply('three', '', id)]
      ;(await t.arrived(2)).answer()
      await all[0]
      ;(await t.arrived(3)).answer()
      await all[1]
      assert.deepEqual(t.log, ['reply one', 'reply two', 'reply three'])
    })

    it('by number and by id, once a webhook had both', async () => {
      t = await RepliesBench.open(false)
      t.replies.link(both)
      const all = [t.reply('one', '+65'), t.reply('two', '', id)]
      await t.caughtUp()
      assert.deepEqual(t.log, ['reply one'])
      t.calls[0]?.answer()
      ;(await t.arrived(2)).answer()
      await Promise.all(all)
    })

    it('as one from then on, when two were written to at once', async () => {
      t = await RepliesBench.open(false)
      const all = [t.reply('one', '+65'), t.reply('two', '', id), t.reply('three', '+65')]
      await t.arrived(2)
      all.push(t.reply('four', '', { recipient: both }))
      t.calls[0]?.answer()
      await all[0]
      await t.caughtUp()
      assert.equal(t.calls.length, 2, 'it waits for both')
      t.calls[1]?.answer()
      ;(await t.arrived(3)).answer()
      ;(await t.arrived(4)).answer()
      await Promise.all(all)
      assert.deepEqual(t.log.slice(2), ['reply three', 'reply four'])
    })
  })

  describe('of several messages', () => {
    const bodies = ['one', 'two', 'three'].map(bodyOf)

    it('leave one after the other, with one outcome', async () => {
      t = await RepliesBench.open()
      const result = await t.replies.reserve().send(t.request('', '+65', { bodies }))
      assert.deepEqual(t.log, ['reply one', 'reply two', 'reply three'])
      assert.deepEqual(result.umids, ['umid of one', 'umid of two', 'umid of three'])
      assert.deepEqual([result.attempts, result.state, result.statusCode], [3, 'queued', 200])
    })

    it('are not begun again when one fails: a part may have been sent, and has', async () => {
      t = await RepliesBench.open(true, {}, (response) => {
        if (t.calls.length === 2) response.writeHead(400).end('{"code":1002}')
        else response.end('{"umid":"first"}')
      })
      const outcome = await t.reply('', '+65', { bodies })
      assert.deepEqual(factsOf(outcome), { kind: 'rejected', maybeSent: true, retryable: false })
      const { cause } = outcome as MessagingError
      assert.deepEqual([cause.umids, cause.attempts], [['first'], 2])
      assert.deepEqual(t.log, ['reply one', 'reply two'])
    })
  })

  describe('when the account closes', () => {
    it('end: what was written as closed and maybe sent, the others as closed', async () => {
      t = await RepliesBench.open(false)
      const place = t.replies.reserve()
      const late = t.replies.reserve()
      const heldUp = t.reply('held up', '+66')
      const written = settled(place.send(t.request('written')))
      const queued = t.reply('queued')
      late.release()
      await t.arrived(2)
      const reading = t.replies.reserve()
      const behind = t.reply('behind', '+67')
      t.replies.close()
      const maybe = { kind: 'closed', maybeSent: true, retryable: false }
      const closed = { kind: 'closed', maybeSent: false, retryable: false }
      assert.deepEqual(factsOf(await written), maybe)
      assert.deepEqual(factsOf(await heldUp), maybe)
      assert.deepEqual(factsOf(await queued), closed)
      assert.deepEqual(factsOf(await behind), closed)
      await rejection(reading.send(t.request('reading')), 'closed')
      assert.deepEqual(factsOf(await t.reply('after')), closed)
      assert.equal(t.calls.length, 2)
    })
  })

  describe('of a node that closes', () => {
    it('end, and those of other nodes go on', async () => {
      t = await RepliesBench.open(false)
      const [reading, written, queued] = [1, 2, 3].map(() => t.replies.reserve())
      assert.ok(reading && written && queued)
      const one = settled(written.send(t.request('written')))
      const two = settled(queued.send(t.request('queued')))
      const three = t.reply('of another node')
      reading.cancel()
      await t.arrived(1)
      queued.cancel()
      written.cancel()
      written.cancel()
      assert.deepEqual(factsOf(await two), { kind: 'closed', maybeSent: false, retryable: false })
      assert.deepEqual(factsOf(await one), { kind: 'closed', maybeSent: true, retryable: false })
      await rejection(reading.send(t.request('reading')), 'closed')
      ;(await t.arrived(2)).answer()
      assert.ok(!((await three) instanceof MessagingError))
      assert.deepEqual(t.log, ['reply written', 'reply of another node'])
    })

    it('stay sent, if they were', async () => {
      t = await RepliesBench.open(false)
      const place = t.replies.reserve()
      const reply = settled(place.send(t.request('sent')))
      ;(await t.arrived(1)).answer()
      assert.ok(!((await reply) instanceof MessagingError))
      place.cancel()
      const next = t.reply('the next')
      ;(await t.arrived(2)).answer()
      assert.ok(!((await next) instanceof MessagingError))
    })

    it('end at once where they wait for dots', async () => {
      t = await RepliesBench.open(false)
      void t.start('a').catch(() => {})
      await t.arrived(1)
      const place = t.replies.reserve()
      const reply = settled(place.send(t.request('late', '+65', { umid: 'a' })))
      place.cancel()
      assert.deepEqual(factsOf(await reply), { kind: 'closed', maybeSent: false, retryable: false })
      assert.deepEqual(t.log, ['dots a'])
      t.calls[0]?.answer()
    })
  })

  describe('and dots', () => {
    it('that are on the wire: the reply follows when 8x8 has answered', async () => {
      t = await RepliesBench.open(false)
      const started = t.start('a')
      const dots = await t.arrived(1)
      const reply = t.reply('one', '+65', { umid: 'a' })
      assert.deepEqual(await started, { state: 'stopped' })
      await t.caughtUp()
      assert.deepEqual(t.log, ['dots a'])
      dots.answer()
      ;(await t.arrived(2)).answer()
      const outcome = (await reply) as ReplyResult
      assert.deepEqual(outcome.typing, { indicators: 1, durationMs: 0 })
      assert.deepEqual(await t.start('a'), { state: 'stopped', duplicate: true })
      assert.deepEqual(t.log, ['dots a', 'reply one'])
    })

    it('that 8x8 does not answer hold the reply up for the timeout of one attempt', async () => {
      t = await RepliesBench.open(false, { timeout: 300, deadline: 5000 })
      void t.start('a')
      await t.arrived(1)
      const began = performance.now()
      const reply = t.reply('one', '+65', { umid: 'a' })
      ;(await t.arrived(2)).answer()
      assert.ok(performance.now() - began < 1000)
      assert.deepEqual(((await reply) as ReplyResult).typing, { indicators: 0, durationMs: 0 })
    })

    for (const typing of ['stop', 'keep'] as const) {
      it(`may start while the reply is on its way: ${typing === 'stop' ? 'none appear' : 'they do'}`, async () => {
        t = await RepliesBench.open(false)
        const reply = t.reply('one', '+65', { umid: 'a', typing })
        const call = await t.arrived(1)
        void t.start('a')
        if (typing === 'keep') (await t.arrived(2)).answer()
        call.answer()
        await reply
        if (typing === 'keep') await t.arrived(3)
        const dots = typing === 'keep' ? ['dots a', 'dots a'] : []
        assert.deepEqual(t.log, ['reply one', ...dots])
      })
    }

    it('come back at once after an interim answer, and go on', async () => {
      t = await RepliesBench.open()
      await t.start('a', { renewEvery: 300 })
      const outcome = (await t.reply('wait', '+65', { umid: 'a', typing: 'keep' })) as ReplyResult
      assert.equal(outcome.typing.indicators, 1)
      await t.arrived(4)
      assert.deepEqual(t.log, ['dots a', 'reply wait', 'dots a', 'dots a'])
    })

    it('do not begin with an interim answer', async () => {
      t = await RepliesBench.open()
      const outcome = await t.reply('wait', '+65', {
        umid: 'a',
        conversation: '+65',
        typing: 'keep',
      })
      assert.deepEqual((outcome as ReplyResult).typing, { indicators: 0, durationMs: 0 })
      await t.start('a') // nothing is remembered of it
      assert.deepEqual(t.log, ['reply wait', 'dots a'])
    })

    it('of a newer message stay when an older one is answered, and come back at once', async () => {
      t = await RepliesBench.open()
      await t.start('a')
      await t.start('b')
      await t.reply('to a', '+65', { umid: 'a', conversation: '+65' })
      await t.arrived(4)
      assert.deepEqual(t.log, ['dots a', 'dots b', 'reply to a', 'dots b'])
      assert.deepEqual(await t.start('a'), { state: 'stopped', duplicate: true })
    })

    it('end by the conversation where the umid is not known', async () => {
      t = await RepliesBench.open()
      await t.start('a')
      const outcome = (await t.reply('one', '+65', { conversation: '+65' })) as ReplyResult
      assert.equal(outcome.typing.indicators, 1)
      assert.deepEqual(t.log, ['dots a', 'reply one'])
    })

    describe('of a customer who is known by number and by id', () => {
      const both = { msisdn: '+65', channelUserId: 'US.1' }
      const byId = { recipient: { channelUserId: 'US.1' }, conversation: 'US.1' }

      it('come back at once for the newer message, whichever the reply names', async () => {
        t = await RepliesBench.open()
        t.replies.link(both)
        await t.start('a', { conversation: 'US.1' })
        await t.start('b') // to +65
        await t.reply('to a', '', { ...byId, umid: 'a' })
        await t.arrived(4)
        assert.deepEqual(t.log, ['dots a', 'dots b', 'reply to a', 'dots b'])
      })

      it('end before a reply without a umid, whichever it names', async () => {
        t = await RepliesBench.open()
        t.replies.link(both)
        await t.start('a') // to +65
        const outcome = (await t.reply('one', '', byId)) as ReplyResult
        assert.equal(outcome.typing.indicators, 1)
        assert.equal(await t.sessions.stop({ umid: 'a' }), undefined)
      })
    })

    it('end by the number, with or without its plus', async () => {
      t = await RepliesBench.open()
      await t.start('a') // to +65
      const outcome = (await t.reply('one', '65', { conversation: '65' })) as ReplyResult
      assert.equal(outcome.typing.indicators, 1)
    })

    it('are ended by a reply that 8x8 refuses, too', async () => {
      t = await RepliesBench.open(true, {}, (response) => response.writeHead(400).end())
      await t.start('a')
      assert.equal(factsOf(await t.reply('one', '+65', { umid: 'a' })).kind, 'rejected')
      assert.equal(await t.sessions.stop({ umid: 'a' }), undefined)
    })

    it('are ended by a final reply that could not be sent', async () => {
      t = await RepliesBench.open()
      await t.start('a')
      t.replies.reserve().release({ subAccountId: 'my_sub', umid: 'a' })
      assert.deepEqual(await t.start('a'), { state: 'stopped', duplicate: true })
    })

    it('stay where an interim answer could not be sent', async () => {
      t = await RepliesBench.open()
      await t.start('a')
      t.replies.reserve().release()
      assert.deepEqual(await t.start('a'), { state: 'active', duplicate: true })
    })
  })
})
