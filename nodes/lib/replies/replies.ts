import type { Client } from '../client/client'
import { Queue, type Queued } from '../client/queue'
import type { ApiRequest, RequestResult } from '../client/request'
import { asMaybeSent, closedError, type MessagingError, overloadedError } from '../errors'
import type { ReplyTarget, TypingSummary } from '../typing/session'
import type { Sessions } from '../typing/sessions'
import { type Customer, Customers } from './customers'
import type { Recipient, ReplyRequest, ReplyResult, Reservation } from './reply'

export type { Recipient, ReplyRequest, ReplyResult, Reservation } from './reply'

/** What bounds the replies of an account. */
export interface RepliesOptions {
  /** ms for which a message that is still being read holds up those that came after it. */
  timeout: number
  /** Replies that may wait for earlier ones to their customers. */
  maxWaiting: number
}

/** A message from its arrival to its outcome. */
interface Place extends Queued<Place> {
  number: number
  readonly reservedAt: number
  /** Undefined while the message is being read. */
  reply: PendingReply | undefined
  /** Released or cancelled before `send`. */
  gone: boolean
}

/** A reply without an outcome. */
interface PendingReply {
  readonly number: number
  readonly request: ReplyRequest
  readonly place: Place
  /** Undefined before its turn among all that arrived. */
  customer: Customer<PendingReply> | undefined
  started: boolean
  cancelled: boolean
  /** Ends what a started one awaits. */
  cancel(): void
  resolve(result: ReplyResult): void
  reject(error: MessagingError): void
}

/**
 * The replies of an account. Those to one customer leave one after the other, in the order in which
 * their messages came to the reply nodes; those to different customers go side by side. Who the
 * customer is, is known only when a message was read, so a reply waits until all messages that came
 * before it were read, too. A final reply ends its dots first.
 */
export class Replies {
  readonly #client: Pick<Client, 'sendReply'>
  readonly #sessions: Pick<Sessions, 'answer' | 'summary' | 'refresh'>
  readonly #options: RepliesOptions
  /** Messages that are being read, and replies behind them, in the order of arrival. */
  readonly #places = new Queue<Place>()
  /** How many of them are replies. */
  #heldUp = 0
  readonly #customers = new Customers<PendingReply>()
  /** How many replies wait for an earlier one to their customer. */
  #queued = 0
  readonly #pending = new Set<PendingReply>()
  #numbers = 0
  /** Runs while a message that is being read holds up replies. */
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(
    client: Pick<Client, 'sendReply'>,
    sessions: Pick<Sessions, 'answer' | 'summary' | 'refresh'>,
    options: RepliesOptions,
  ) {
    this.#client = client
    this.#sessions = sessions
    this.#options = options
  }

  /** Reserves a place in the order of arrival. Call it when a message arrives, before reading it. */
  reserve(): Reservation {
    const place: Place = {
      number: this.#numbers++,
      reservedAt: performance.now(),
      reply: undefined,
      gone: false,
    }
    this.#places.push(place)
    return {
      send: (request) => this.#send(place, request),
      release: (stopTyping) => this.#release(place, stopTyping),
      cancel: () => this.#cancel(place),
    }
  }

  /** Remembers that these ids belong to one customer, e.g. because a webhook has both. */
  link(recipient: Recipient): void {
    this.#customers.forget(this.#customers.find(recipient))
  }

  /** Ends all replies: as `closed`, with `maybeSent` where 8x8 may have taken it. */
  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    for (const { place } of this.#pending) this.#cancel(place)
  }

  #send(place: Place, request: ReplyRequest): Promise<ReplyResult> {
    if (this.#closed || place.gone) {
      this.#leave(place)
      return Promise.reject(closedError())
    }
    if (!place.queue) {
      // Reading took so long that it lost its place.
      place.number = this.#numbers++
      this.#places.push(place)
    }
    return new Promise((resolve, reject) => {
      place.reply = {
        number: place.number,
        request,
        place,
        customer: undefined,
        started: false,
        cancelled: false,
        cancel() {},
        resolve,
        reject,
      }
      this.#pending.add(place.reply)
      this.#heldUp++
      this.#admit()
    })
  }

  #release(place: Place, stopTyping: ReplyTarget | undefined): void {
    if (place.reply || place.gone) return
    place.gone = true
    this.#leave(place)
    if (stopTyping) void this.#sessions.answer(stopTyping)
  }

  #cancel(place: Place): void {
    const { reply } = place
    if (!reply) {
      this.#release(place, undefined)
    } else if (!this.#pending.has(reply)) {
      // It has its outcome.
    } else if (reply.started) {
      reply.cancelled = true
      reply.cancel()
    } else {
      this.#dequeue(reply)
      this.#reject(reply, closedError())
    }
  }

  /** Removes a reply that has not started from its queue. */
  #dequeue(reply: PendingReply): void {
    if (reply.place.queue) {
      this.#heldUp--
      this.#leave(reply.place)
    } else if (reply.customer) {
      const customer = this.#customers.resolve(reply.customer)
      customer.queue.splice(customer.queue.indexOf(reply), 1)
      this.#queued--
    }
  }

  #leave(place: Place): void {
    if (!place.queue) return
    this.#places.remove(place)
    this.#admit()
  }

  /** Passes replies on to their customers, up to the first message that is still being read. */
  #admit(): void {
    clearTimeout(this.#timer)
    let place = this.#places.first
    while (place?.reply) {
      this.#places.remove(place)
      this.#heldUp--
      this.#enqueue(place.reply)
      place = this.#places.first
    }
    if (!place || this.#heldUp === 0) return
    const reading = place
    const left = reading.reservedAt + this.#options.timeout - performance.now()
    // Always by a timer: after a blocked event loop, messages that were read meanwhile go first.
    this.#timer = setTimeout(() => this.#leave(reading), Math.max(0, Math.ceil(left)))
  }

  #enqueue(reply: PendingReply): void {
    const customer = this.#customers.find(reply.request.recipient)
    reply.customer = customer
    if (customer.running === 0) {
      this.#start(reply, customer)
    } else if (this.#queued < this.#options.maxWaiting) {
      this.#queued++
      customer.queue.push(reply)
    } else {
      if (reply.request.typing === 'stop') void this.#sessions.answer(reply.request)
      this.#reject(reply, overloadedError(this.#queued))
    }
  }

  #start(reply: PendingReply, customer: Customer<PendingReply>): void {
    customer.running++
    reply.started = true
    void this.#run(reply, customer)
  }

  async #run(reply: PendingReply, customer: Customer<PendingReply>): Promise<void> {
    try {
      const result = await this.#post(reply)
      this.#pending.delete(reply)
      reply.resolve(result)
    } catch (error) {
      this.#reject(reply, error as MessagingError)
    }
    this.#startNext(customer)
  }

  #startNext(settled: Customer<PendingReply>): void {
    const customer = this.#customers.resolve(settled)
    customer.running--
    if (customer.running > 0) return // two were, before they turned out to be the same
    const next = customer.queue.shift()
    if (next) {
      this.#queued--
      this.#start(next, customer)
    } else {
      this.#customers.forget(customer)
    }
  }

  #reject(reply: PendingReply, error: MessagingError): void {
    this.#pending.delete(reply)
    reply.reject(error)
  }

  /** @throws {MessagingError} */
  async #post(reply: PendingReply): Promise<ReplyResult> {
    const { request } = reply
    const isFinal = request.typing === 'stop'
    const stopped = isFinal && (await this.#stopTyping(reply))
    const accepted: RequestResult[] = []
    try {
      for (const body of request.bodies) {
        if (reply.cancelled) throw closedError()
        accepted.push(await this.#postBody(reply, body).result)
      }
    } catch (error) {
      const failure = addAccepted(error as MessagingError, accepted)
      if (failure.cause.maybeSent) this.#sessions.refresh(...this.#targetsOf(reply))
      throw failure
    }
    const typing = stopped || this.#sessions.summary(request)
    this.#sessions.refresh(...this.#targetsOf(reply))
    const { statusCode, sentAt, response } = accepted.at(-1) as RequestResult
    return {
      statusCode,
      attempts: attemptsOf(accepted),
      sentAt,
      umids: umidsOf(accepted),
      state: response?.state,
      typing,
    }
  }

  /** @throws {MessagingError} `closed` if the reply is cancelled meanwhile */
  #stopTyping(reply: PendingReply): Promise<TypingSummary> {
    const { request } = reply
    const targets = request.umid === undefined ? this.#targetsOf(reply) : [request]
    const ended = Promise.all(targets.map((target) => this.#sessions.answer(target)))
    return new Promise((resolve, reject) => {
      reply.cancel = () => reject(closedError())
      void ended.then((summaries) => resolve(sumOf(summaries)))
    })
  }

  /** Whose dots a reply is about, by each id of the customer: a session knows only one of them. */
  #targetsOf({ request: { umid, subAccountId }, customer }: PendingReply): ReplyTarget[] {
    const targets: ReplyTarget[] = [{ umid, subAccountId }]
    const ids = customer ? this.#customers.resolve(customer).ids : []
    for (const conversation of ids) targets.push({ subAccountId, conversation })
    return targets
  }

  #postBody(reply: PendingReply, body: string): ApiRequest {
    const { subAccountId } = reply.request
    const apiRequest = this.#client.sendReply({ subAccountId, body })
    reply.cancel = () => apiRequest.cancel()
    return apiRequest
  }
}

function sumOf(summaries: TypingSummary[]): TypingSummary {
  return {
    indicators: summaries.reduce((total, { indicators }) => total + indicators, 0),
    durationMs: Math.max(...summaries.map(({ durationMs }) => durationMs)),
  }
}

/** The failure of a reply that 8x8 may have accepted in part: a retry would repeat that part. */
function addAccepted(error: MessagingError, accepted: RequestResult[]): MessagingError {
  if (accepted.length === 0) return error
  const failure = error.cause.maybeSent ? error : asMaybeSent(error)
  failure.cause.attempts += attemptsOf(accepted)
  failure.cause.umids = umidsOf(accepted)
  return failure
}

function attemptsOf(accepted: RequestResult[]): number {
  return accepted.reduce((total, { attempts }) => total + attempts, 0)
}

function umidsOf(accepted: RequestResult[]): string[] {
  return accepted.flatMap(({ response }) => response?.umid ?? [])
}
