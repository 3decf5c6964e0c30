import type { Client, TypingEvent } from '../client/client'
import type { ApiRequest, RequestResult } from '../client/request'
import { closedError, MessagingError } from '../errors'
import {
  type Conversation,
  type Indexed,
  type PendingRequest,
  PendingRequests,
  RecentUmids,
  RecentUmidsByOwner,
  SessionIndex,
  type Target,
} from './session-index'
import { type Waiting, Wheel } from './wheel'

/** Renewals in a row that may fail before a session ends. Our choice. */
const MAX_FAILURES = 3

/** ms for which a node does not start a umid again; 8x8 redelivers for up to 131 s (8x8 doc). */
const REPEAT_WINDOW = 180_000

/**
 * ms for which a stop that ended nothing keeps its umid from being typed for, and how many such
 * umids are remembered at once. Our choice: a start is hardly later than that because its
 * properties are still being read, or because it comes over another wire.
 */
const STOP_WINDOW = 10_000
const MAX_STOPS = 10_000

/** One indicator. */
export interface SendRequest extends TypingEvent, Pick<Conversation, 'conversation'> {}

/** Whom to type to, and how long. All times in ms. */
export interface StartRequest extends SendRequest {
  /** When the inbound message was received, epoch ms; undefined: unknown. */
  receivedAt?: number | undefined
  /** How long from now 8x8 takes indicators for the message. */
  expiresIn: number
  initialDelay: number
  /** From the acceptance of an indicator to the next one. */
  renewEvery: number
  /** From the acceptance of the first indicator on. */
  maxDuration: number
}

/** A node that starts sessions. */
export interface Owner {
  /** Stays the same when the node is deployed again. */
  readonly id: string
  /** Called with the number of customers who see its indicators, whenever it changes. */
  onActiveChanged(sessions: number): void
}

/** How a start went. */
export interface StartResult {
  /** `stopped`: a stop, or a newer message of the conversation, came first. */
  state: 'active' | 'stopped'
  /** The umid is a repeated one, or was stopped before it was started. */
  duplicate?: true
  /** The first indicator. */
  sent?: RequestResult
}

/** What a stop ended: of several sessions, the event is that of the newest one. */
export interface StopResult extends TypingEvent {
  /** Indicators that 8x8 accepted, all together. */
  indicators: number
  /** Requests sent, all together. */
  attempts: number
  /** ms from the acceptance of the first indicator to the stop, of the longest one. */
  typedFor: number
}

interface Session extends Waiting, Indexed {
  readonly request: StartRequest
  readonly owner: Owner
  readonly onEnd: (error: MessagingError) => void
  /** For the start that waits; undefined once it knows how it went. */
  settle: { resolve(started: StartResult): void; reject(error: MessagingError): void } | undefined
  apiRequest: ApiRequest | undefined
  /** In the order of their starts. */
  readonly number: number
  /** It ends by itself, as soon as its requests have settled. */
  ending: boolean
  ended: boolean
  indicators: number
  attempts: number
  failures: number
  /** When 8x8 accepted the first indicator, and from when on it takes none; performance.now(). */
  firstAt: number
  expiresAt: number
}

/** Those of all accounts of this process, until they are closed. */
const register = new Set<Sessions>()

/**
 * Whom an account types to: indicators that are sent once, and sessions, one per umid and per
 * conversation. Each session is renewed until somebody stops it, or it ends by itself.
 */
export class Sessions {
  /** What users know the account by. */
  readonly account: string
  readonly #client: Pick<Client, 'send'>
  readonly #wheel = new Wheel<Session>((session) => this.#due(session))
  readonly #sessions = new SessionIndex<Session>()
  /** Indicators that are sent once, without a result yet. */
  readonly #once = new PendingRequests()
  /** Requests on the wire of what was ended. */
  readonly #draining = new PendingRequests()
  /** What owners ended lately. */
  readonly #recentlyEnded = new RecentUmidsByOwner(REPEAT_WINDOW)
  /** What any of them ended just now; and stops that came before what they were to end. */
  readonly #justEnded = new RecentUmids(STOP_WINDOW, MAX_STOPS)
  readonly #earlyStops = new RecentUmids(STOP_WINDOW, MAX_STOPS)
  /** How many sessions of each owner have shown an indicator. */
  readonly #active = new Map<string, number>()
  #starts = 0

  constructor(client: Pick<Client, 'send'>, account = '') {
    this.#client = client
    this.account = account
    register.add(this)
  }

  /**
   * Sends one indicator. A stop ends it as long as it only waits: then its result rejects as
   * `closed`, and it is `draining`.
   * @returns undefined, and sends nothing, if a stop for the umid came first
   */
  send(request: SendRequest): ApiRequest | undefined {
    if (this.#isStopped(request.umid)) return undefined
    const sending = this.#client.send(request)
    if (!sending.settled) {
      const pending = { request, apiRequest: sending }
      this.#once.add(pending)
      sending.onSettled = () => this.#once.remove(pending)
    }
    return sending
  }

  /**
   * Begins to type, unless it types for the umid already, its owner just ended that, or a stop
   * came first.
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
    if (this.#recentlyEnded.has(owner.id, request.umid) || this.#isStopped(request.umid)) {
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
        number: this.#starts++,
        ending: false,
        ended: false,
        indicators: 0,
        attempts: 0,
        failures: 0,
        firstAt: 0,
        expiresAt: now + request.expiresIn,
      }
      this.#sessions.add(session)
      if (request.initialDelay > 0) this.#wheel.add(session, now + request.initialDelay)
      else this.#due(session)
    })
  }

  /**
   * Ends what waits or is kept up for a umid, or a conversation. When it returns, no request for it
   * is on the wire, and none will be: one that was written is awaited. A stop by umid that ends
   * nothing keeps the umid from being typed for in the next 10 s.
   * @returns undefined if it ended nothing
   * @throws {MessagingError} `closed` if a deploy broke off a request that it awaited
   */
  async stop(which: Target): Promise<StopResult | undefined> {
    const now = performance.now()
    const sessions = this.#sessions.find(which).sort((a, b) => a.number - b.number)
    const typedFor = sessions.map(({ indicators, firstAt }) => (indicators ? now - firstAt : 0))
    const sendings = sessions.flatMap(({ apiRequest }) => apiRequest ?? [])
    for (const session of sessions) this.#stop(session)
    const once = this.#once.find(which)
    for (const each of once) {
      this.#once.remove(each)
      this.#drain(each)
      this.#justEnded.add(each.request.umid)
    }
    for (const pending of this.#draining.find(which)) {
      pending.stopped = true
      sendings.push(pending.apiRequest)
    }
    const newest = sessions.at(-1) ?? once.at(-1)
    const isEarly = !newest && sendings.length === 0
    if (isEarly && 'umid' in which && !this.#justEnded.has(which.umid)) {
      this.#earlyStops.add(which.umid)
    }
    await settled(sendings)
    if (sendings.some(({ cancelled }) => cancelled)) throw closedError()
    if (!newest) return undefined
    const { umid, channel, subAccountId } = newest.request
    const ended = [...sessions, ...(await Promise.all(once.map(toCounts)))]
    return {
      umid,
      channel,
      subAccountId,
      indicators: sum(ended.map(({ indicators }) => indicators)),
      attempts: sum(ended.map(({ attempts }) => attempts)),
      typedFor: Math.round(Math.max(0, ...typedFor)),
    }
  }

  /** @returns the name of another account of this process that keeps typing there */
  otherAccount(which: Target): string | undefined {
    for (const other of register) {
      if (other !== this && other.#sessions.find(which).length > 0) return other.account
    }
    return undefined
  }

  /** Ends the sessions of an owner, or all; a start that still waits rejects as `closed`. */
  close(owner?: Owner): void {
    if (!owner) register.delete(this)
    for (const session of this.#sessions.list(owner)) this.#close(session)
  }

  /** Whether a stop came before what it was to end, or still waits for the last request. */
  #isStopped(umid: string): boolean {
    return (
      this.#earlyStops.has(umid) || this.#draining.find({ umid }).some(({ stopped }) => stopped)
    )
  }

  /** Ends it, and remembers it for as long as it is on the wire. */
  #drain(pending: PendingRequest): void {
    const { apiRequest } = pending
    apiRequest.drain()
    if (apiRequest.settled) return
    this.#draining.add(pending)
    apiRequest.onSettled = () => this.#draining.remove(pending)
  }

  /** Lets a stop of a umid that takes a conversation over find what still drains there. */
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

  /** The time has come for an indicator, or for the end. */
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
    const sending = this.#client.send(session.request)
    session.apiRequest = sending
    this.#wheel.add(session, endOf(session))
    const outcome = await sending.result.catch((error: MessagingError) => error)
    session.apiRequest = undefined
    if (outcome instanceof MessagingError) this.#refused(session, outcome, startedAt)
    else this.#accepted(session, outcome)
  }

  #accepted(session: Session, sent: RequestResult): void {
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
    this.#wheel.add(session, Math.min(now + session.request.renewEvery, endOf(session)))
  }

  /** @param startedAt when the indicator was tried; the next one keeps the beat from there */
  #refused(session: Session, failure: MessagingError, startedAt: number): void {
    const { kind, retryable, attempts } = failure.cause
    const mayPass = retryable || kind === 'overloaded'
    session.attempts += attempts
    session.failures++
    if (session.ended || session.ending) return
    if (kind === 'closed') this.#close(session)
    else if (session.settle || !mayPass || session.failures === MAX_FAILURES) {
      void this.#fail(session, failure)
    } else {
      const next = startedAt + session.request.renewEvery
      this.#wheel.add(session, Math.min(next, endOf(session)))
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
   * Ends it by itself: not before its requests have settled, and not if something else ends it
   * until then. A failure before the first indicator leaves no trace, so that the message can be
   * sent again.
   */
  async #fail(session: Session, error: MessagingError): Promise<void> {
    const { request } = session
    session.ending = true
    this.#drainLast(session)
    this.#wheel.remove(session)
    await settled(this.#draining.find(request).map(({ apiRequest }) => apiRequest))
    if (session.ended) return
    const { settle, indicators, attempts } = session
    const { umid, channel } = request
    Object.assign(error.cause, { attempts, umid, channel }, !settle && { indicators })
    this.#end(session, !settle)
    if (settle) settle.reject(error)
    else session.onEnd(error)
  }

  /** @param remember whether its owner shall not start the umid again for a while */
  #end(session: Session, remember: boolean): void {
    const { request, owner, settle } = session
    session.ended = true
    this.#wheel.remove(session)
    this.#sessions.remove(session)
    if (remember) {
      this.#recentlyEnded.add(owner.id, request.umid)
      this.#justEnded.add(request.umid)
    }
    if (!settle) this.#count(owner, -1)
  }

  #count(owner: Owner, change: 1 | -1): void {
    const active = (this.#active.get(owner.id) ?? 0) + change
    if (active > 0) this.#active.set(owner.id, active)
    else this.#active.delete(owner.id)
    owner.onActiveChanged(active)
  }
}

/** When a session ends by itself, in performance.now(). */
function endOf({ indicators, firstAt, expiresAt, request }: Session): number {
  return indicators ? Math.min(firstAt + request.maxDuration, expiresAt) : expiresAt
}

function isNewer(one: StartRequest, other: StartRequest): boolean {
  return (one.receivedAt ?? Number.NaN) > (other.receivedAt ?? Number.NaN)
}

/** Resolves when nothing of it waits or is on the wire. */
async function settled(sendings: ApiRequest[]): Promise<void> {
  await Promise.all(sendings.map(({ result }) => result.catch(() => {})))
}

/** What became of an indicator that was sent once. */
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
