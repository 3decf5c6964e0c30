import assert from 'node:assert/strict'
import FakeTimers from '@sinonjs/fake-timers'
import fc from 'fast-check'
import type { TypingEvent } from '../../nodes/account/client'
import { TypingError } from '../../nodes/account/errors'
import { type Owner, Sessions, type Started } from '../../nodes/account/sessions'
import { sendBy } from '../support/attempts'
import { answerAfter } from '../support/sessions'

const BEAT = 15_000
const MAX_DURATION = 60_000
const REPEAT_WINDOW = 180_000

/** Two conversations; the first letter of a umid tells which. */
const umid = fc.constantFrom('a1', 'a2', 'a3', 'b1', 'b2')
const owner = fc.constantFrom('node1', 'node2')
const fate = fc.oneof(
  { weight: 4, arbitrary: fc.constant('ok' as const) },
  { weight: 2, arbitrary: fc.constant('slow' as const) },
  { weight: 1, arbitrary: fc.constant('refused' as const) },
  { weight: 1, arbitrary: fc.constant('down' as const) },
)
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('start' as const),
      umid,
      owner,
      delay: fc.constantFrom(0, 0, 2000),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('stop' as const), umid }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('stop all' as const),
      conversation: fc.constantFrom('a', 'b'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(1, 500, 2500, BEAT, 40_000, 100_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('redeploy' as const), owner }) },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** What may be typed, by rules so simple that they can be checked by reading. */
class Model {
  /** The only umid of each conversation for which a request may leave. */
  readonly typing = new Map<string, { umid: string; owner: string }>()
  readonly endedAt = new Map<string, number>()

  end(conversation: string, now: number, remember: boolean): void {
    const session = this.typing.get(conversation)
    this.typing.delete(conversation)
    if (session && remember) this.endedAt.set(`${session.owner} ${session.umid}`, now)
  }
}

const conversationOf = (id: string) => id.charAt(0)

describe('sessions, whatever happens in whatever order', () => {
  it('keep to the model: one outcome each, one umid a conversation, nothing after a stop', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.infiniteStream(fate), play),
      { numRuns: 300 },
    )
  })
})

async function play(steps: Step[], fates: IterableIterator<string>): Promise<void> {
  const clock = FakeTimers.install({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'],
  })
  const model = new Model()
  const accepted = new Map<string, number>()
  /** What requests broke; kept, because to throw in an attempt is only one more failed attempt. */
  const broken: string[] = []
  let starts = 0
  const outcomes: (Started | TypingError)[] = []

  async function attempt(event: TypingEvent, signal: AbortSignal): Promise<number> {
    const { umid: id } = event
    const current = model.typing.get(conversationOf(id))
    if (current?.umid !== id) broken.push(`a request for ${id}, but typing for ${current?.umid}`)
    const since = clock.now - (accepted.get(id) ?? -BEAT)
    if (since < BEAT) broken.push(`only ${since} ms after the last indicator for ${id}`)
    const next = fates.next().value
    if (next === 'refused') throw new TypingError('authentication', 'x')
    if (next === 'down') throw new TypingError('server', 'x', { retryable: false })
    if (next === 'slow') await answerAfter(3000, signal)
    accepted.set(id, clock.now)
    return 200
  }

  const limits = { timeout: 10_000, deadline: 10_000 }
  const sessions = new Sessions({
    send: (event) => sendBy((signal) => attempt(event, signal), limits),
  })
  const owners: Record<string, Owner> = {}
  for (const id of ['node1', 'node2']) owners[id] = { id, keeping: (n) => assert.ok(n >= 0) }

  function start({ umid: id, owner: by, delay }: Extract<Step, { do: 'start' }>): void {
    starts++
    const conversation = conversationOf(id)
    const current = model.typing.get(conversation)
    const recently =
      clock.now - (model.endedAt.get(`${by} ${id}`) ?? -REPEAT_WINDOW) < REPEAT_WINDOW
    const duplicate = current?.umid === id || recently
    let active = false
    if (!duplicate) {
      model.end(conversation, clock.now, true)
      model.typing.set(conversation, { umid: id, owner: by })
      accepted.delete(id) // another node may begin at once
    }
    const isCurrent = () => {
      const session = model.typing.get(conversation)
      return session?.umid === id && session.owner === by
    }
    const request = {
      umid: id,
      channel: 'rcs' as const,
      subAccountId: 'sub',
      conversation,
      expiresIn: 7_200_000,
      initialDelay: delay,
      renewEvery: BEAT,
      maxDuration: MAX_DURATION,
    }
    const onEnd = ({ cause: { kind } }: TypingError) => {
      assert.ok(active, 'ended before it was active')
      assert.ok(isCurrent(), `${id} ended (${kind}) after it was stopped`)
      assert.ok(['unanswered', 'authentication', 'server'].includes(kind), kind)
      model.end(conversation, clock.now, true)
    }
    sessions.start(request, owners[by] as Owner, onEnd).then(
      (started) => {
        outcomes.push(started)
        assert.equal(started.duplicate ?? false, duplicate)
        active = started.state === 'active'
      },
      (error: TypingError) => {
        outcomes.push(error)
        if (error.cause.kind !== 'closed' && isCurrent()) model.end(conversation, clock.now, false)
      },
    )
  }

  try {
    for (const each of steps) {
      if (each.do === 'start') start(each)
      if (each.do === 'wait') await clock.tickAsync(each.ms)
      if (each.do === 'redeploy') {
        for (const [conversation, session] of model.typing) {
          if (session.owner === each.owner) model.end(conversation, clock.now, false)
        }
        sessions.close(owners[each.owner])
      }
      if (each.do === 'stop' || each.do === 'stop all') {
        const conversation = each.do === 'stop' ? conversationOf(each.umid) : each.conversation
        const current = model.typing.get(conversation)
        const meant = each.do === 'stop all' || current?.umid === each.umid
        if (meant) model.end(conversation, clock.now, true)
        const stopped = await sessions.stop(
          each.do === 'stop' ? { umid: each.umid } : { subAccountId: 'sub', conversation },
        )
        assert.equal(stopped?.umid, meant ? current?.umid : undefined)
      }
      await clock.tickAsync(0)
      assert.deepEqual(broken, [])
    }
    sessions.close()
    await clock.tickAsync(0)
    assert.deepEqual(broken, [])
    assert.equal(outcomes.length, starts, 'a start without its outcome, or with two')
    assert.equal(clock.countTimers(), 0, 'a timer is left')
  } finally {
    sessions.close()
    clock.uninstall()
  }
}
