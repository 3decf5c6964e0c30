import type { Client } from '../client/client'
import type { ApiRequest, RequestResult } from '../client/request'
import { addFacts, closedError, MessagingError } from '../errors'
import {
  endOf,
  isNewer,
  type Owner,
  type ReplyTarget,
  type SendRequest,
  type Session,
  type StartRequest,
  type StartResult,
  type StopResult,
  type TypingSummary,
} from './session'
import { type PendingRequest, PendingRequests, SessionIndex, type Target } from './session-index'
import { UmidHistory } from './umid-history'

/** Renewals in a row that may fail before a session ends. Our choice. */
const MAX_FAILURES = 3

/** Share of its interval by which a renewal may be late before the log says so; our choice. */
const LATE = 0.25

/** ms between two lines of the log about that; our choice. */
const WARN_EVERY = 60_000

/**
 * ms; a longer wait takes several timers. Node.js keeps a list for each duration, and the time to the
 * end of a session is another one for each.
 */
const MAX_TIMER = 60_000

/** The open ones of this process, one per account. */
const register = new Set<Sessions>()

/**
 * Who an account types to: indicators that are sent once, and sessions, one per umid and per
 * conversation. Each session is renewed until somebody stops it, or it ends by itself.
 */
export class Sessions {
  /** The name of the account, for users. */
  readonly account: string
  readonly #client: Pick<Client, 'send'>
  readonly #sessions = new SessionIndex<Session>()
  /** Pending indicators that are sent once. */
  readonly #once = new PendingRequests()
  /** Requests on the wire whose session or message has ended. */
  readonly #draining = new PendingRequests({ byConversation: true })
  readonly #history = new UmidHistory()
  /** How many sessions of each owner have shown an indicator. */
  readonly #active = new Map<string, number>()
  #starts = 0
  readonly #warn: (text: string) => void
  /** When the log was told of late renewals, performance.now(). */
  #warnedAt = Number.NEGATIVE_INFINITY

  /**
   * @param account its name, for users
   * @param warn writes to the log
   */
  constructor(client: Pick<Client, 'send'>, account = '', warn: (text: string) => void = () => {}) {
    this.#client = client
    this.account = account
    this.#warn = warn
    register.add(this)
  }

  /**
   * Sends one indicator. A stop cancels it while it is waiting: then its result rejects as `closed`,
   * and it is `draining`.
   * @returns undefined, and sends nothing, if a stop or the reply came first
   */
  send(request: SendRequest): ApiRequest | undefined {
    if (this.#isStopped(request.umid)) return undefined
    const apiRequest = this.#client.send(request)
    if (!apiRequest.settled) {
      const pending = { request, apiRequest }
      this.#once.add(pending)
      apiRequest.onSettled = () => this.#once.remove(pending)
    }
    return apiRequest
  }

  /**
   * Starts typing, unless a session has the umid already, its owner just ended one, or a stop came
   * first.
   * @param onEnd called at most once, when the session ends by itself after its first indicator:
   *   `unanswered`, `expired`, or what its renewals failed with
   * @returns when the first indicator is accepted
   * @throws {MessagingError} what the first indicator failed with, or `closed`
   */
  async start(
    request: StartRequest,
    owner: Owner,
    onEnd: (error: MessagingError) => void,
  ): Promise<StartResult> {
    const now = performance.now()
    const same = this.#sessions.ofUmid(request.umid)
    if (same) return { state: same.ending ? 'stopped' : 'active', duplicate: true }
    if (this.#history.hasEnded(request.umid, owner.id) || this.#isStopped(request.umid)) {
      return { state: 'stopped', duplicate: true }
    }
    const previous = this.#sessions.ofConversation(request)
    if (previous && isNewer(previous.request, request)) return { state: 'active' }
    if (previous) this.#stop(previous)
    this.#inherit(request)
    return new Promise((resolve, reject) => {
      const session: Session = {
        request,
        owner,
        onEnd,
        settle: { resolve, reject },
        apiRequest: undefined,
        timer: undefined,
        number: this.#starts++,
        ending: false,
        ended: false,
        refresh: false,
        indicators: 0,
        attempts: 0,
        failures: 0,
        firstAt: 0,
        expiresAt: now + request.expiresIn,
      }
      this.#sessions.add(session)
      if (request.initialDelay > 0) this.#wake(session, now + request.initialDelay)
      else this.#due(session)
    })
  }

  /**
   * Ends the session and cancels the waiting indicators of a umid, or of a conversation. When it
   * returns, no request for it is on the wire, and none will follow: a written request is awaited. A
   * stop by umid that finds nothing blocks the umid for 10 s.
   * @returns undefined if it ended nothing
   * @throws {MessagingError} `closed` if a deploy broke off a request that it awaited
   */
  async stop(which: Target): Promise<StopResult | undefined> {
    const now = performance.now()
    const sessions = this.#sessions.find(which).sort((a, b) => a.number - b.number)
    const inFlight: ApiRequest[] = []
    let typedFor = 0
    for (const session of sessions) {
      if (session.indicators) typedFor = Math.max(typedFor, now - session.firstAt)
      if (session.apiRequest) inFlight.push(session.apiRequest)
      this.#stop(session)
    }
    const once = this.#once.find(which)
    for (const each of once) {
      this.#once.remove(each)
      this.#drain(each)
      this.#history.addEnded(each.request.umid)
    }
    for (const pending of this.#draining.find(which)) {
      pending.stopped = true
      inFlight.push(pending.apiRequest)
    }
    const newest = sessions.at(-1) ?? once.at(-1)
    const isEarly = !newest && inFlight.length === 0
    if (isEarly && 'umid' in which) this.#history.addStop(which.umid)
    if (inFlight.length > 0) await settled(inFlight)
    if (inFlight.some(({ cancelled }) => cancelled)) throw closedError()
    if (!newest) return undefined
    const { umid, channel, subAccountId } = newest.request
    const counts = once.length > 0 ? await Promise.all(once.map(toCounts)) : []
    const result = {
      umid,
      channel,
      subAccountId,
      indicators: 0,
      attempts: 0,
      typedFor: Math.round(typedFor),
    }
    for (const { indicators, attempts } of [...sessions, ...counts]) {
      result.indicators += indicators
      result.attempts += attempts
    }
    return result
  }

  /**
   * Ends the dots before a final reply: those of its umid or, if it is unknown, of the conversation. A
   * session of a newer message in the conversation continues. When it returns, no request for the
   * umid is on the wire, and none will follow. That takes one attempt (`timeout`) at most; 8x8 may
   * still carry out a request that ran into this limit.
   */
  async answer({ umid, ...conversation }: ReplyTarget): Promise<TypingSummary> {
    if (umid !== undefined) this.#history.addAnswered(umid)
    try {
      const stopped = await this.stop(umid === undefined ? conversation : { umid })
      if (stopped) return { indicators: stopped.indicators, durationMs: stopped.typedFor }
    } catch {
      // A deploy of the indicator's node aborted its request: nothing to wait for.
    }
    return { indicators: 0, durationMs: 0 }
  }

  /** The sessions of a message, or else of its conversation. */
  summary({ umid, ...conversation }: ReplyTarget): TypingSummary {
    const sessions = this.#sessions
      .find(umid === undefined ? conversation : { umid })
      .filter(({ indicators }) => indicators > 0)
    const now = performance.now()
    return {
      indicators: sum(sessions.map(({ indicators }) => indicators)),
      durationMs: Math.round(Math.max(0, ...sessions.map(({ firstAt }) => now - firstAt))),
    }
  }

  /**
   * Sends an indicator at once for what is kept up for a message or in its conversation: a reply has
   * taken the dots down. The usual renewals follow.
   * @param targets the message, and its customer by each name
   */
  refresh(...targets: ReplyTarget[]): void {
    const found = new Set<Session>()
    for (const { umid, subAccountId, conversation } of targets) {
      const byUmid = umid === undefined ? undefined : this.#sessions.ofUmid(umid)
      if (byUmid) found.add(byUmid)
      const others = this.#sessions.find({ subAccountId, conversation })
      for (const session of others) found.add(session)
    }
    for (const session of found) {
      const { ending, apiRequest, indicators } = session
      if (ending) continue
      // One that is on the wire may have come before the reply.
      if (apiRequest) session.refresh = apiRequest.written
      else if (indicators > 0) this.#due(session)
    }
  }

  /** @returns the name of another account of this process that keeps typing there */
  otherAccount(which: Target): string | undefined {
    for (const other of register) {
      if (other !== this && other.#sessions.find(which).length > 0) return other.account
    }
    return undefined
  }

  /** Ends the sessions of an owner, or all; a pending start rejects as `closed`. */
  close(owner?: Owner): void {
    if (!owner) register.delete(this)
    for (const session of this.#sessions.list(owner)) this.#close(session)
  }

  /**
   * Whether a stop came first or is still waiting for the last request, or the message is answered.
   */
  #isStopped(umid: string): boolean {
    return (
      this.#history.isStopped(umid) || this.#draining.find({ umid }).some(({ stopped }) => stopped)
    )
  }

  /** Drains a request, and keeps track of it while it is on the wire. */
  #drain(pending: PendingRequest): void {
    const { apiRequest } = pending
    apiRequest.drain()
    if (apiRequest.settled) return
    this.#draining.add(pending)
    apiRequest.onSettled = () => this.#draining.remove(pending)
  }

  /** Lets a stop of the umid that takes over a conversation find the requests that drain there. */
  #inherit({ umid, subAccountId, channel, conversation }: StartRequest): void {
    for (const pending of this.#draining.find({ subAccountId, channel, conversation })) {
      const { apiRequest } = pending
      const { onSettled } = apiRequest
      this.#draining.add(pending, umid)
      apiRequest.onSettled = () => {
        onSettled?.()
        this.#draining.remove(pending, umid)
      }
    }
  }

  /** Sets the session's timer to call {@link #due}. @param at performance.now() */
  #wake(session: Session, at: number): void {
    clearTimeout(session.timer)
    session.timer = setTimeout(
      () => {
        // Node's timers may be up to 1 ms early, which would turn an end into one more indicator.
        if (performance.now() < at) this.#wake(session, at)
        else this.#due(session)
      },
      Math.min(Math.max(0, Math.ceil(at - performance.now())), MAX_TIMER),
    )
  }

  /** The timer fired: sends the next indicator, or ends the session. */
  #due(session: Session): void {
    const { request, expiresAt } = session
    const now = performance.now()
    if (now < endOf(session)) return void this.#sendNext(session)
    const [kind, text] =
      now < expiresAt
        ? (['unanswered', `No stop came within ${request.maxDuration / 1000} s`] as const)
        : (['expired', '8x8 takes no more indicators 2 hours after the message'] as const)
    void this.#fail(session, new MessagingError(kind, text))
  }

  async #sendNext(session: Session): Promise<void> {
    const startedAt = performance.now()
    const apiRequest = this.#client.send(session.request)
    session.apiRequest = apiRequest
    this.#wake(session, endOf(session))
    const result = await apiRequest.result.catch((error: MessagingError) => error)
    session.apiRequest = undefined
    if (result instanceof MessagingError) this.#onFailed(session, result, startedAt)
    else {
      if (session.indicators > 0) this.#checkLate(session, performance.now() - startedAt)
      this.#onAccepted(session, result)
    }
  }

  /**
   * Says when renewals fall behind: the account keeps more up than its limits can renew in time, or
   * 8x8 has become slow. All intervals grow in the same measure then (docs/adr/0007).
   * @param ms that a renewal took, with its time in the queue
   */
  #checkLate({ request }: Session, ms: number): void {
    const now = performance.now()
    if (ms < request.renewEvery * LATE || now - this.#warnedAt < WARN_EVERY) return
    this.#warnedAt = now
    const seconds = (ms / 1000).toFixed(1)
    this.#warn(
      `Typing indicators are renewed ${seconds} s late, while ${this.#sessions.size} conversations are kept up: 8x8 answers slowly, or Max. in flight of the account is too small`,
    )
  }

  #onAccepted(session: Session, sent: RequestResult): void {
    const now = performance.now()
    session.attempts += sent.attempts
    session.indicators++
    session.failures = 0
    session.firstAt ||= now
    if (session.ended || session.ending) return
    if (session.settle) {
      this.#count(session.owner, 1)
      session.settle.resolve({ state: 'active', sent })
      session.settle = undefined
    }
    if (session.refresh) {
      session.refresh = false
      this.#due(session)
    } else {
      this.#wake(session, Math.min(now + session.request.renewEvery, endOf(session)))
    }
  }

  /** @param startedAt when the failed renewal started; the next one is due an interval after that */
  #onFailed(session: Session, failure: MessagingError, startedAt: number): void {
    const { kind, retryable, attempts } = failure.cause
    const mayPass = retryable || kind === 'overloaded'
    session.attempts += attempts
    session.failures++
    if (session.ended || session.ending) return
    if (kind === 'closed') this.#close(session)
    else if (session.settle || !mayPass || session.failures === MAX_FAILURES) {
      void this.#fail(session, failure)
    } else {
      const next = session.refresh ? 0 : startedAt + session.request.renewEvery
      session.refresh = false
      this.#wake(session, Math.min(next, endOf(session)))
    }
  }

  #stop(session: Session): void {
    this.#drainLast(session)
    this.#end(session, true)
    session.settle?.resolve({ state: 'stopped' })
  }

  #drainLast({ request, apiRequest }: Session): void {
    if (apiRequest && !apiRequest.draining) this.#drain({ request, apiRequest })
  }

  #close(session: Session): void {
    session.apiRequest?.cancel()
    this.#end(session, false)
    session.settle?.reject(closedError())
  }

  /**
   * Ends a session by itself when its requests have settled, unless something else ends it first. A
   * failure before the first indicator leaves no trace, so that the message can be sent again.
   */
  async #fail(session: Session, error: MessagingError): Promise<void> {
    const { request } = session
    session.ending = true
    this.#drainLast(session)
    clearTimeout(session.timer)
    await settled(this.#draining.find(request).map(({ apiRequest }) => apiRequest))
    if (session.ended) return
    const { settle, indicators, attempts } = session
    const { umid, channel } = request
    addFacts(error, { attempts, umid, channel, ...(!settle && { indicators }) })
    this.#end(session, !settle)
    if (settle) settle.reject(error)
    else session.onEnd(error)
  }

  /** @param remember whether to refuse another start of the umid by its owner for a while */
  #end(session: Session, remember: boolean): void {
    const { request, owner, settle } = session
    session.ended = true
    clearTimeout(session.timer)
    this.#sessions.remove(session)
    if (remember) this.#history.addEnded(request.umid, owner.id)
    if (!settle) this.#count(owner, -1)
  }

  #count(owner: Owner, change: 1 | -1): void {
    const active = (this.#active.get(owner.id) ?? 0) + change
    if (active > 0) this.#active.set(owner.id, active)
    else this.#active.delete(owner.id)
    owner.onActiveChanged(active)
  }
}

/** Resolves when all requests have finished. */
async function settled(requests: ApiRequest[]): Promise<void> {
  await Promise.all(requests.map(({ result }) => result.catch(() => {})))
}

/** How an indicator that was sent once ended. */
function toCounts({
  apiRequest,
}: PendingRequest): Promise<Pick<StopResult, 'indicators' | 'attempts'>> {
  return apiRequest.result.then(
    ({ attempts }) => ({ indicators: 1, attempts }),
    ({ cause: { attempts } }: MessagingError) => ({ indicators: 0, attempts }),
  )
}

function sum(counts: number[]): number {
  return counts.reduce((total, count) => total + count, 0)
}
