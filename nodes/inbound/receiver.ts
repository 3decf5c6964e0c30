import type { ServerResponse } from 'node:http'
import type { EventOutcome } from '../lib/event-outcome'
import type { HttpRequest } from '../lib/http/app'
import type { Authorize } from '../lib/http/authorization'
import { HttpError } from '../lib/http/http-error'
import { readJson } from '../lib/http/request-body'
import { isCrossOrigin, removeCorsHeaders } from '../lib/http/same-origin'
import {
  type InboundMessage,
  isInbound,
  type OtherMessage,
  readEvent,
  toInboundMessage,
  toOtherMessage,
} from '../lib/message/event'
import type { RecentUmids } from '../lib/typing/recent-umids'
import type { RefusalLog } from './refusal-log'

/** Bytes of a webhook; 8x8's have a few thousand. Our choice. */
const MAX_BODY = 1024 * 1024

/** ms for a body to arrive: as long as 8x8 waits for the answer. */
const BODY_TIMEOUT = 5000

/** What a receiver needs to know, and where it hands on what it has received. */
export interface ReceiverOptions {
  authorize: Authorize
  /** The sub-accounts to take; undefined: all. */
  subAccounts: ReadonlySet<string> | undefined
  /** The umids of messages that were received, shared with the receivers of later deploys. */
  recentUmids: RecentUmids
  /** What these umids belong to: an endpoint of another path gets the same message, too. */
  scope: string
  refusals: RefusalLog
  /** @param bytes of its webhook, about */
  onMessage(message: InboundMessage, bytes: number): void
  onOther(message: OtherMessage): void
  /** Says for the debug log why an event that was taken is not handed on. */
  debug(text: string): void
  /** Reports a failure that nobody foresaw. */
  report(error: Error): void
}

/** An event that was taken. */
interface Accepted {
  outcome: EventOutcome['outcome']
  /** Hands it on to the flow; undefined where it is not wanted or comes again. */
  handOn?: () => void
}

/** The webhook endpoint of a node: takes 8x8's events, and answers before the flow begins to work. */
export class Receiver {
  readonly #options: ReceiverOptions
  #ignored = 0
  #closed = false

  constructor(options: ReceiverOptions) {
    this.#options = options
  }

  /** Answers a request in any case. Never rejects. */
  async receive(request: HttpRequest, response: ServerResponse): Promise<void> {
    let accepted: Accepted
    try {
      removeCorsHeaders(response)
      this.#admit(request)
      const { json, bytes } = await readJson(request, MAX_BODY, BODY_TIMEOUT)
      accepted = this.#accept(json, bytes)
      answer(response, 200)
    } catch (error) {
      this.#refuse(request, response, error)
      return
    }
    // Behind the answer, which is on the wire: the flow may keep the process busy for a while.
    accepted.handOn?.()
  }

  /**
   * Takes an event that did not come by HTTP, without Authorization. Never throws.
   * @param body JSON
   */
  receiveBody(body: string): EventOutcome {
    try {
      const { outcome, handOn } = this.#accept(JSON.parse(body), Buffer.byteLength(body))
      if (handOn) setImmediate(handOn) // behind the answer of the phone
      return { outcome }
    } catch (error) {
      return { outcome: 'refused', statusCode: this.#statusOf(error) }
    }
  }

  /** Refuses what is still arriving: its message would be lost with the flow, and 8x8 sends it again. */
  close(): void {
    this.#closed = true
  }

  #refuse(request: HttpRequest, response: ServerResponse, error: unknown): void {
    const status = this.#statusOf(error)
    // The client may have gone.
    if (response.headersSent || request.errored) response.destroy()
    else answer(response, status, error instanceof HttpError ? error.headers : {})
  }

  /** Also reports a failure that nobody foresaw. */
  #statusOf(error: unknown): number {
    if (error instanceof HttpError) return error.status
    this.#options.report(error as Error)
    return 500
  }

  /** @throws {HttpError} 401, 403, 405 */
  #admit(request: HttpRequest): void {
    const { authorize, refusals } = this.#options
    if (request.method !== 'POST') throw new HttpError(405, 'Only POST', { allow: 'POST' })
    if (isCrossOrigin(request)) throw new HttpError(403, 'No page of another site may post')
    if (authorize(request.headers.authorization)) return
    refusals.add()
    throw new HttpError(401, 'Authorization is missing or wrong')
  }

  /** Takes an event. @throws {HttpError} 400, 503 */
  #accept(json: unknown, bytes: number): Accepted {
    if (this.#closed) throw new HttpError(503, 'The node was stopped or redeployed')
    const event = readEvent(json)
    if (!event) throw new HttpError(400, 'The body is no event of 8x8')
    const { recentUmids, scope, onMessage, onOther, debug } = this.#options
    if (!isInbound(event)) {
      const other = toOtherMessage(event, json)
      if (!this.#isWanted(other)) return { outcome: 'ignored' }
      return { outcome: 'accepted', handOn: () => onOther(other) }
    }
    const message = toInboundMessage(event, json)
    if (!this.#isWanted(message)) return { outcome: 'ignored' }
    if (recentUmids.has(message.umid, scope)) {
      debug(`8x8 has repeated the message ${message.umid}`)
      return { outcome: 'repeat' }
    }
    recentUmids.add(message.umid, scope)
    return { outcome: 'accepted', handOn: () => onMessage(message, bytes) }
  }

  #isWanted({ subAccountId }: { subAccountId?: string }): boolean {
    const { subAccounts, debug } = this.#options
    if (!subAccounts || (subAccountId !== undefined && subAccounts.has(subAccountId))) return true
    debug(`Events of other sub-accounts so far: ${++this.#ignored}`)
    return false
  }
}

function answer(response: ServerResponse, status: number, headers: Record<string, string> = {}) {
  response.writeHead(status, { 'content-length': 0, ...headers }).end()
}
