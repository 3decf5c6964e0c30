import assert from 'node:assert/strict'
import FakeTimers from '@sinonjs/fake-timers'
import type { TypingEvent } from '../../../nodes/lib/client/client'
import type { ApiRequest } from '../../../nodes/lib/client/request'
import { type Kind, MessagingError } from '../../../nodes/lib/errors'
import type {
  Owner,
  StartRequest,
  StartResult,
  StopResult,
} from '../../../nodes/lib/typing/session'
import type { Target } from '../../../nodes/lib/typing/session-index'
import { Sessions } from '../../../nodes/lib/typing/sessions'
import { sendBy } from '../../support/attempts'

/** ms between the indicators of a session, unless a test says otherwise. */
export const INTERVAL = 25_500

/** Another node than the one that starts sessions by default. */
export const OTHER: Owner = { id: 'other', onActiveChanged() {} }

/** ms on the clock before a test begins, so that a time is not taken for a duration. */
const ORIGIN = 10_000

const LIMITS = { timeout: 60_000, deadline: 60_000 }

/** Sessions on a clock that stands still until a test moves it, and what came of them. */
export class SessionsBench {
  readonly clock = FakeTimers.install({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'],
  })
  /** Requests that left, each with its time in ms. */
  readonly sent: { umid: string; at: number }[] = []
  /** What the next requests meet: a failure, at once or after some ms, or ms until a success. */
  fate: (Kind | number | { after: number; kind: Kind })[] = []
  /** How many sessions of the node showed indicators, at each change. */
  readonly active: number[] = []
  /** Sessions that ended by themselves. */
  readonly ended: { umid: string; kind: Kind; at: number }[] = []
  onEnd = (_error: MessagingError): void => {}
  readonly owner: Owner = { id: 'node', onActiveChanged: (count) => this.active.push(count) }
  readonly send = (event: TypingEvent) =>
    sendBy((signal) => this.#attempt(event, signal), { ...LIMITS, random: () => 0 })
  /** What the log got. */
  readonly warnings: string[] = []
  sessions = new Sessions({ send: this.send }, 'mine', (text) => void this.warnings.push(text))

  constructor() {
    this.clock.tick(ORIGIN)
  }

  /** ms since the test began. */
  get now(): number {
    return this.clock.now - ORIGIN
  }

  /** Starts a session with the defaults of a node, and what a test changes of them. */
  start(umid: string, options: Partial<StartRequest> = {}, by = this.owner): Promise<StartResult> {
    const request: StartRequest = {
      umid,
      channel: 'whatsapp',
      subAccountId: 'my_sub',
      expiresIn: 7_200_000,
      initialDelay: 0,
      renewEvery: INTERVAL,
      maxDuration: 300_000,
      ...options,
    }
    return this.sessions.start(request, by, (error) => {
      const { cause } = error
      this.onEnd(error)
      this.ended.push({ umid: `${cause.umid}`, kind: cause.kind, at: this.now })
    })
  }

  /** Stops, and notes when that was through, and with what. */
  stopped(target: Target): { at?: number; result?: StopResult | undefined } {
    const stop: { at?: number; result?: StopResult | undefined } = {}
    void this.sessions.stop(target).then((result) => Object.assign(stop, { at: this.now, result }))
    return stop
  }

  /** When the requests for a umid left, in ms. */
  times(umid: string): number[] {
    return this.sent.filter((each) => each.umid === umid).map(({ at }) => at)
  }

  /** Makes requests fail (`true`) in the way that a retry can cure, after 4 attempts. */
  failing(results: boolean[]): void {
    this.sessions = new Sessions({
      send: ({ umid }) => {
        this.sent.push({ umid, at: this.now })
        const fails = results.shift() ?? false
        const result = fails
          ? Promise.reject(new MessagingError('server', 'x', { attempts: 4 }))
          : Promise.resolve({ statusCode: 200, attempts: 1, sentAt: this.clock.now })
        return { result, cancel() {}, drain() {} } as unknown as ApiRequest
      },
    })
  }

  /** Closes all, and sees that no timer is left. For `afterEach`. */
  async end(): Promise<void> {
    try {
      this.sessions.close()
      await this.clock.tickAsync(0)
      assert.equal(this.clock.countTimers(), 0, 'a timer is left')
    } finally {
      this.clock.uninstall()
    }
  }

  async #attempt({ umid }: TypingEvent, signal: AbortSignal): Promise<number> {
    this.sent.push({ umid, at: this.now })
    const next = this.fate.shift() ?? 0
    if (next === 0) return 200
    if (typeof next === 'string') throw new MessagingError(next, next)
    await answerAfter(typeof next === 'number' ? next : next.after, signal)
    if (typeof next !== 'number') throw new MessagingError(next.kind, next.kind)
    return 200
  }
}

/** The request for one indicator. */
export function requestFor(umid: string): TypingEvent {
  return { umid, channel: 'whatsapp', subAccountId: 'my_sub' }
}

/** Waits, and rejects with the reason of the signal when that comes first. */
export function answerAfter(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(signal.reason)
    })
  })
}
