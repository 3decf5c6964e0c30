import assert from 'node:assert/strict'
import FakeTimers from '@sinonjs/fake-timers'
import fc from 'fast-check'
import type { Channel } from '../../../nodes/lib/api'
import type { TypingEvent } from '../../../nodes/lib/client/client'
import { MessagingError } from '../../../nodes/lib/errors'
import type { Owner, SendRequest, StartResult } from '../../../nodes/lib/typing/session'
import { Sessions } from '../../../nodes/lib/typing/sessions'
import { sendBy } from '../../support/attempts'
import { answerAfter } from './sessions-bench'

const INTERVAL = 15_000
/** Ends while a slow renewal is on the wire. */
const MAX_DURATION = 2 * INTERVAL + 1000
const REPEAT_WINDOW = 180_000
const STOP_WINDOW = 10_000
const TIMEOUT = 10_000

/** Two conversations, the first letter of a umid tells which; one of them has two channels. */
const umid = fc.constantFrom('a1', 'a2', 'a3', 'b1', 'b2')
const owner = fc.constantFrom('node1', 'node2')
const fate = fc.oneof(
  { weight: 4, arbitrary: fc.constant('ok' as const) },
  { weight: 3, arbitrary: fc.constant('slow' as const) },
  { weight: 1, arbitrary: fc.constant('hangs' as const) },
  { weight: 1, arbitrary: fc.constant('busy' as const) },
  { weight: 1, arbitrary: fc.constant('slowly busy' as const) },
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
  { weight: 1, arbitrary: fc.record({ do: fc.constant('send' as const), umid }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('stop' as const), umid }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('answer' as const), umid }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('refresh' as const), umid }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('stop all' as const),
      conversation: fc.constantFrom('a', 'b'),
      channel: fc.constantFrom<Channel | undefined>(undefined, undefined, 'rcs', 'whatsapp'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(1, 500, 2500, 6000, INTERVAL, MAX_DURATION + 500, 100_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('redeploy' as const), owner }) },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never
type StepTo<D extends Step['do']> = Extract<Step, { do: D }>

const conversationOf = (id: string) => id.charAt(0)
const channelOf = (id: string): Channel => (id === 'a3' ? 'whatsapp' : 'rcs')
/** At most one session is there for each. */
const placeOf = (id: string) => `${conversationOf(id)} ${channelOf(id)}`

/** Something that types: a session, or a message that is sent once. */
interface Typist {
  readonly umid: string
  /** Undefined: sent once. */
  readonly owner: string | undefined
  readonly number: number
  /** Indicators, and when the last one was. */
  accepted: number
  acceptedAt: number
  /** Whether it has a request on the wire, and how long that may take. */
  onWire: boolean
  deadline: number
  /** Indicators that may come early, because a reply took the dots down. */
  early: number
  /** No further request may leave. */
  over: boolean
}

/** What may be typed, by rules so simple that they can be checked by reading. */
class Model {
  /** The only umid of each place for which a session may send a request. */
  readonly typing = new Map<string, Typist>()
  /** Messages that are sent once, and have no result yet. */
  readonly once = new Set<Typist>()
  /** Those that are over, but have a request on the wire: stops of these umids wait for it. */
  readonly draining = new Map<Typist, Set<string>>()
  /** Those of them that a stop waits for. */
  readonly awaited = new Set<Typist>()
  readonly endedBy = new Map<string, number>()
  readonly ended = new Map<string, number>()
  readonly stopped = new Map<string, number>()
  readonly answered = new Set<string>()

  end(typist: Typist, now: number, remember: boolean): void {
    if (this.typing.get(placeOf(typist.umid)) === typist) this.typing.delete(placeOf(typist.umid))
    this.once.delete(typist)
    typist.over = true
    if (typist.onWire) this.draining.set(typist, new Set([typist.umid]))
    if (!remember) return
    this.ended.set(typist.umid, now)
    if (typist.owner) this.endedBy.set(`${typist.owner} ${typist.umid}`, now)
  }

  /** Those over whose requests a stop of the umid waits. */
  drainingFor(id: string): Typist[] {
    return [...this.draining].filter(([, umids]) => umids.has(id)).map(([typist]) => typist)
  }

  isStopped(id: string, now: number): boolean {
    return (
      this.answered.has(id) ||
      within(STOP_WINDOW, this.stopped.get(id), now) ||
      this.drainingFor(id).some((typist) => this.awaited.has(typist))
    )
  }
}

function within(span: number, at: number | undefined, now: number): boolean {
  return at !== undefined && now - at < span
}

describe('sessions, whatever happens in whatever order', () => {
  it('keep to the model: one outcome each, one umid a conversation, nothing after a stop or reply', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.infiniteStream(fate), play),
      { numRuns: 1000 },
    )
  })
})

async function play(steps: Step[], fates: IterableIterator<string>): Promise<void> {
  const clock = FakeTimers.install({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'],
  })
  clock.tick(REPEAT_WINDOW)
  const model = new Model()
  const typists = new Map<object, Typist>()
  /** A failure in a callback, which would get lost there. */
  const failures: unknown[] = []
  const checked = <A extends unknown[]>(check: (...args: A) => void) => {
    return (...args: A) => {
      try {
        check(...args)
      } catch (error) {
        failures.push(error)
      }
    }
  }
  let number = 0
  let expected = 0
  let outcomes = 0

  async function attempt(event: TypingEvent, signal: AbortSignal): Promise<number> {
    const typist = typists.get(event) as Typist
    checked(() => assert.ok(!typist.over, `a request for ${typist.umid}, which is over`))()
    if (typist.owner) {
      const current = model.typing.get(placeOf(typist.umid))
      checked(() => assert.equal(current, typist, `typing for ${current?.umid}`))()
      const since = clock.now - typist.acceptedAt
      const early = typist.early > 0
      checked(() => assert.ok(early || since >= INTERVAL, `${since} ms after an indicator`))()
    }
    typist.onWire = true
    try {
      const next = fates.next().value
      if (next === 'slow' || next === 'slowly busy') await answerAfter(3000, signal)
      if (next === 'hangs') await answerAfter(10 * TIMEOUT, signal)
      if (next === 'refused') throw new MessagingError('authentication', 'x')
      if (next === 'down') throw new MessagingError('server', 'x', { retryable: false })
      if (next === 'busy' || next === 'slowly busy') throw new MessagingError('server', 'x')
      typist.accepted++
      typist.acceptedAt = clock.now
      typist.early = Math.max(0, typist.early - 1)
      return 200
    } catch (error) {
      const early = signal.aborted && clock.now < typist.deadline && typist.onWire
      checked(() => assert.ok(!early, `a request for ${typist.umid} was broken off`))()
      throw error
    } finally {
      typist.onWire = false
      model.draining.delete(typist)
    }
  }

  const limits = { timeout: TIMEOUT, deadline: TIMEOUT }
  const sessions = new Sessions({
    send(event) {
      Object.assign(typists.get(event) as Typist, { deadline: clock.now + TIMEOUT })
      return sendBy((signal) => attempt(event, signal), limits)
    },
  })
  const owners: Record<string, Owner> = {}
  for (const id of ['node1', 'node2']) {
    owners[id] = { id, onActiveChanged: checked((n) => assert.ok(n >= 0, `${n} sessions`)) }
  }

  function add(request: SendRequest, by: string | undefined): Typist {
    const typist: Typist = {
      umid: request.umid,
      owner: by,
      number: number++,
      accepted: 0,
      acceptedAt: Number.NEGATIVE_INFINITY,
      onWire: false,
      early: 0,
      deadline: 0,
      over: false,
    }
    typists.set(request, typist)
    return typist
  }

  const requestFor = (id: string) => ({
    umid: id,
    channel: channelOf(id),
    subAccountId: 'sub',
    conversation: conversationOf(id),
  })

  const targetOf = (id: string) => ({
    subAccountId: 'sub',
    umid: id,
    conversation: conversationOf(id),
  })

  function start({ umid: id, owner: by, delay }: StepTo<'start'>): void {
    const request = {
      ...requestFor(id),
      expiresIn: 7_200_000,
      initialDelay: delay,
      renewEvery: INTERVAL,
      maxDuration: MAX_DURATION,
    }
    const previous = model.typing.get(placeOf(id))
    const recently = within(REPEAT_WINDOW, model.endedBy.get(`${by} ${id}`), clock.now)
    const duplicate = previous?.umid === id || recently || model.isStopped(id, clock.now)
    const typist = add(request, by)
    let active = false
    if (!duplicate) {
      if (previous) model.end(previous, clock.now, true)
      for (const [drained, umids] of model.draining) {
        if (placeOf(drained.umid) === placeOf(id)) umids.add(id)
      }
      model.typing.set(placeOf(id), typist)
    }
    const onEnd = checked(({ cause: { kind, indicators } }: MessagingError) => {
      assert.ok(active, 'ended before it was active')
      assert.ok(!typist.over, `${id} ended (${kind}) after it was stopped, or twice`)
      assert.ok(['unanswered', 'authentication', 'server', 'timeout'].includes(kind), kind)
      assert.ok(!typist.onWire, `${id} ended (${kind}) with a request on the wire`)
      assert.deepEqual(model.drainingFor(id), [])
      assert.equal(indicators, typist.accepted)
      model.end(typist, clock.now, true)
    })
    expected++
    sessions.start(request, owners[by] as Owner, onEnd).then(
      checked((started: StartResult) => {
        outcomes++
        assert.equal(started.duplicate ?? false, duplicate)
        active = started.state === 'active'
      }),
      checked((error: MessagingError) => {
        outcomes++
        if (error.cause.kind === 'closed') return
        assert.ok(!typist.onWire, `${id} failed with a request on the wire`)
        model.end(typist, clock.now, false)
      }),
    )
  }

  function send({ umid: id }: StepTo<'send'>): void {
    const request = requestFor(id)
    const stopped = model.isStopped(id, clock.now)
    const typist = add(request, undefined)
    if (!stopped) model.once.add(typist)
    const apiRequest = sessions.send(request)
    assert.equal(apiRequest === undefined, stopped)
    if (!apiRequest) return
    expected++
    const settled = checked((kind?: string) => {
      outcomes++
      if (kind === 'closed') assert.ok(typist.over, 'it was not stopped')
      model.once.delete(typist)
      typist.over = true
    })
    apiRequest.result.then(
      () => settled(),
      ({ cause }: MessagingError) => settled(cause.kind),
    )
  }

  function stop(which: StepTo<'stop'> | StepTo<'stop all'>): void {
    const means = (id: string) =>
      which.do === 'stop'
        ? id === which.umid
        : conversationOf(id) === which.conversation &&
          (which.channel ?? channelOf(id)) === channelOf(id)
    const kept = [...model.typing.values()].filter((typist) => means(typist.umid))
    const once = [...model.once].filter((typist) => means(typist.umid))
    const wire = [...kept, ...once].filter(({ onWire }) => onWire)
    for (const [typist, umids] of model.draining) if ([...umids].some(means)) wire.push(typist)
    const ended = [...kept, ...once]
    if (which.do === 'stop' && ended.length + wire.length === 0) {
      const justNow = within(STOP_WINDOW, model.ended.get(which.umid), clock.now)
      if (!justNow) model.stopped.set(which.umid, clock.now)
    }
    for (const typist of ended) model.end(typist, clock.now, true)
    for (const typist of wire) model.awaited.add(typist)
    expected++
    const target =
      which.do === 'stop'
        ? { umid: which.umid }
        : { subAccountId: 'sub', conversation: which.conversation, channel: which.channel }
    sessions.stop(target).then(
      checked((stopped) => {
        outcomes++
        for (const { umid: id, onWire } of wire) assert.ok(!onWire, `${id} is on the wire`)
        const named = kept.length > 0 ? [last(kept)] : once
        if (named.length === 0) assert.equal(stopped, undefined)
        else assert.ok(named.some((typist) => typist?.umid === stopped?.umid))
        const accepted = ended.reduce((sum, typist) => sum + typist.accepted, 0)
        assert.equal(stopped?.indicators ?? 0, accepted)
      }),
      (error) => failures.push(error),
    )
  }

  function answer({ umid: id }: StepTo<'answer'>): void {
    const ended = [model.typing.get(placeOf(id)), ...model.once].filter(
      (typist) => typist?.umid === id,
    )
    const wire = [...ended, ...model.drainingFor(id)].filter((typist) => typist?.onWire)
    for (const typist of ended) if (typist) model.end(typist, clock.now, true)
    for (const typist of wire) if (typist) model.awaited.add(typist)
    model.answered.add(id)
    expected++
    sessions.answer(targetOf(id)).then(
      checked(({ indicators }) => {
        outcomes++
        for (const typist of wire) assert.ok(!typist?.onWire, `${typist?.umid} is on the wire`)
        const accepted = ended.reduce((sum, typist) => sum + (typist?.accepted ?? 0), 0)
        assert.equal(indicators, accepted)
      }),
      (error) => failures.push(error),
    )
  }

  function refresh({ umid: id }: StepTo<'refresh'>): void {
    for (const typist of model.typing.values()) {
      if (conversationOf(typist.umid) === conversationOf(id)) typist.early = typist.onWire ? 2 : 1
    }
    sessions.refresh(targetOf(id))
  }

  async function settle(ms: number): Promise<void> {
    await clock.tickAsync(ms)
    for (const failure of failures) throw failure
  }

  try {
    for (const each of steps) {
      if (each.do === 'start') start(each)
      if (each.do === 'send') send(each)
      if (each.do === 'stop' || each.do === 'stop all') stop(each)
      if (each.do === 'answer') answer(each)
      if (each.do === 'refresh') refresh(each)
      if (each.do === 'wait') await settle(each.ms)
      if (each.do === 'redeploy') {
        for (const typist of model.typing.values()) {
          if (typist.owner !== each.owner) continue
          typist.onWire = false // it is broken off
          model.end(typist, clock.now, false)
        }
        sessions.close(owners[each.owner])
      }
      await settle(0)
    }
    for (const typist of model.typing.values()) typist.onWire = false // it is broken off
    sessions.close()
    await settle(2 * TIMEOUT)
    assert.equal(outcomes, expected, 'a message without its outcome, or with two')
    assert.equal(clock.countTimers(), 0, 'a timer is left')
  } finally {
    sessions.close()
    clock.uninstall()
  }
}

function last(typists: Typist[]): Typist | undefined {
  return typists.sort((a, b) => a.number - b.number).at(-1)
}
