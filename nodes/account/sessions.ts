import type { Client, TypingEvent } from './client'
import { closedError, TypingError } from './errors'
import type { Sending, Sent } from './sending'
import { type Conversation, type Indexed, Memory, SessionIndex } from './session-index'
import { type Waiting, Wheel } from './wheel'

/** Renewals in a row that may fail before a session ends. Our choice. */
const MAX_FAILURES = 3

/** ms for which a node does not start a umid again; 8x8 redelivers for up to 131 s (8x8 doc). */
const REPEAT_WINDOW = 180_000

/** Whom to type to, and how long. All times in ms. */
export interface StartRequest extends TypingEvent, Pick<Conversation, 'conversation'> {
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
  keeping(sessions: number): void
}

/** How a start went. */
export interface Started {
  /** `stopped`: a stop, or a newer message of the conversation, came first. */
  state: 'active' | 'stopped'
  /** The umid is a repeated one. */
  duplicate?: true
  /** The first indicator. */
  sent?: Sent
}

/** What a stop ended. */
export interface Stopped extends TypingEvent {
  /** Indicators that 8x8 accepted. */
  indicators: number
  /** Requests sent. */
  attempts: number
  /** ms from the acceptance of the first indicator to the stop. */
  typedFor: number
}

interface Session extends Waiting, Indexed {
  readonly request: StartRequest
  readonly owner: Owner
  readonly onEnd: (error: TypingError) => void
  /** For the start that waits; undefined once it knows how it went. */
  settle: { resolve(started: Started): void; reject(error: TypingError): void } | undefined
  sending: Sending | undefined
  ended: boolean
  indicators: number
  attempts: number
  failures: number
  /** When 8x8 accepted the first indicator, and from when on it takes none; performance.now(). */
  firstAt: number
  expiresAt: number
}

/**
 * Whom an account keeps typing to: one session per umid, and per conversation. Each is renewed
 * until somebody stops it, or it ends by itself.
 */
export class Sessions {
  readonly #client: Pick<Client, 'send'>
  readonly #wheel = new Wheel<Session>((session) => this.#due(session))
  readonly #sessions = new SessionIndex<Session>()
  /** What owners ended lately. */
  readonly #past = new Memory(REPEAT_WINDOW)
  /** How many sessions of each owner have shown an indicator. */
  readonly #active = new Map<string, number>()

  constructor(client: Pick<Client, 'send'>) {
    this.#client = client
  }

  /**
   * Begins to type, unless it types for the umid already, or its owner just ended that.
   * @param onEnd called at most once, when the session ends by itself after its first indicator:
   *   `unanswered`, `expired`, or what its renewals failed with
   * @returns when the first indicator is accepted
   * @throws {TypingError} what the first indicator failed with, or `closed`
   */
  async start(
    request: StartRequest,
    owner: Owner,
    onEnd: (error: TypingError) => void,
  ): Promise<Started> {
    const now = performance.now()
    if (this.#sessions.ofUmid(request.umid)) return { state: 'active', duplicate: true }
    if (this.#past.has(owner.id, request.umid)) return { state: 'stopped', duplicate: true }
    const previous = this.#sessions.ofConversation(request)
    if (previous && isNewer(previous.request, request)) return { state: 'active' }
    if (previous) this.#stop(previous)
    return new Promise((resolve, reject) => {
      const session: Session = {
        request,
        owner,
        onEnd,
        settle: { resolve, reject },
        sending: undefined,
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
   * Ends a session. When it returns, no request for its umid is under way, and none will be.
   * @param which the umid, or where it is not known the conversation
   * @returns undefined if nobody types there
   */
  async stop(which: { umid: string } | Conversation): Promise<Stopped | undefined> {
    const session =
      'umid' in which ? this.#sessions.ofUmid(which.umid) : this.#sessions.ofConversation(which)
    if (!session) return undefined
    const typedFor = session.indicators ? performance.now() - session.firstAt : 0
    const { sending } = session
    this.#stop(session)
    await sending?.result.catch(() => {})
    const { request, indicators, attempts } = session
    const { umid, channel, subAccountId } = request
    return { umid, channel, subAccountId, indicators, attempts, typedFor: Math.round(typedFor) }
  }

  /** Ends the sessions of an owner, or all; a start that still waits rejects as `closed`. */
  close(owner?: Owner): void {
    for (const session of this.#sessions.list(owner)) this.#close(session)
  }

  /** The time has come for an indicator, or for the end. */
  #due(session: Session): void {
    const { request, attempts, expiresAt } = session
    const now = performance.now()
    if (now < endOf(session)) return void this.#send(session)
    const [kind, text] =
      now < expiresAt
        ? (['unanswered', `Nobody answered within ${request.maxDuration / 1000} s`] as const)
        : (['expired', '8x8 takes no more indicators 2 hours after the message'] as const)
    this.#fail(session, new TypingError(kind, text, { attempts }))
  }

  async #send(session: Session): Promise<void> {
    const startedAt = performance.now()
    const sending = this.#client.send(session.request)
    session.sending = sending
    this.#wheel.add(session, endOf(session))
    const outcome = await sending.result.catch((error: TypingError) => error)
    session.sending = undefined
    if (outcome instanceof TypingError) this.#refused(session, outcome, startedAt)
    else this.#accepted(session, outcome)
  }

  #accepted(session: Session, sent: Sent): void {
    const now = performance.now()
    session.attempts += sent.attempts
    session.indicators++
    session.failures = 0
    if (session.ended) return
    if (session.settle) {
      session.firstAt = now
      this.#count(session.owner, 1)
      session.settle.resolve({ state: 'active', sent })
      session.settle = undefined
    }
    this.#wheel.add(session, Math.min(now + session.request.renewEvery, endOf(session)))
  }

  /** @param startedAt when the indicator was tried; the next one keeps the beat from there */
  #refused(session: Session, failure: TypingError, startedAt: number): void {
    const { kind, retryable, attempts } = failure.cause
    const mayPass = retryable || kind === 'overloaded'
    session.attempts += attempts
    session.failures++
    if (session.ended) return
    if (kind === 'closed') this.#close(session)
    else if (session.settle || !mayPass || session.failures === MAX_FAILURES) {
      this.#fail(session, failure)
    } else {
      const next = startedAt + session.request.renewEvery
      this.#wheel.add(session, Math.min(next, endOf(session)))
    }
  }

  #stop(session: Session): void {
    this.#end(session, true)
    session.settle?.resolve({ state: 'stopped' })
  }

  #close(session: Session): void {
    this.#end(session, false)
    session.settle?.reject(closedError())
  }

  /** A failure before the first indicator leaves no trace, so that the message can be sent again. */
  #fail(session: Session, error: TypingError): void {
    const { settle, request, indicators } = session
    Object.assign(error.cause, { umid: request.umid, channel: request.channel })
    this.#end(session, indicators > 0)
    if (settle) settle.reject(error)
    else session.onEnd(error)
  }

  /** @param remember whether its owner shall not start the umid again for a while */
  #end(session: Session, remember: boolean): void {
    const { request, owner, indicators } = session
    session.ended = true
    session.sending?.cancel()
    this.#wheel.remove(session)
    this.#sessions.remove(session)
    if (remember) this.#past.add(owner.id, request.umid)
    if (indicators > 0) this.#count(owner, -1)
  }

  #count(owner: Owner, change: 1 | -1): void {
    const active = (this.#active.get(owner.id) ?? 0) + change
    if (active > 0) this.#active.set(owner.id, active)
    else this.#active.delete(owner.id)
    owner.keeping(active)
  }
}

/** When a session ends by itself, in performance.now(). */
function endOf({ indicators, firstAt, expiresAt, request }: Session): number {
  return indicators ? Math.min(firstAt + request.maxDuration, expiresAt) : expiresAt
}

function isNewer(one: StartRequest, other: StartRequest): boolean {
  return (one.receivedAt ?? Number.NaN) > (other.receivedAt ?? Number.NaN)
}
