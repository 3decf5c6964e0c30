import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { CHANNELS, type Channel, CODES, MSISDN, UMID } from '../api'
import { type ByteBudget, HeldRequest } from './body'
import { routeOf } from './checks'
import { type Answer, answerOf, errorAnswer, type Fault, isOnlyDelay } from './faults'

/** Bytes of a request body that are kept and shown; our choice. */
const SHOWN_BODY = 2000

/** Characters of a path that are kept; our choice: no path of the API is as long. */
const SHOWN_PATH = 300

/** A request to the API. Keeps no headers, so it cannot carry the API key. */
export interface SandboxRequest {
  method: string
  /** As sent, without query; at most 300 characters. */
  path: string
  subAccountId?: string
  /** When it came, epoch ms. */
  at: number
  /** Absent until answered, and for good when it was cut. */
  status?: number
  /** ms until it was answered or cut. */
  durationMs?: number
  /**
   * The JSON value; the text where it is not JSON; of more than 2000 bytes the beginning, as text.
   * Absent when empty, too large, or not read because the head was refused.
   */
  body?: unknown
  /** The message or customer that the whole body names; absent when there is no such field. */
  target?: RequestTarget
}

/** What a body says of whom it is about; fields that are malformed are left out. */
export interface RequestTarget {
  umid?: string
  channel?: Channel
  msisdn?: string
}

/** What a request meets. */
export interface Handlers {
  /** The clock, epoch ms. */
  now(): number
  /** What all requests without an answer may hold. */
  budget: ByteBudget
  /** Aborted when the sandbox closes. */
  closing: AbortSignal
  /** The refusal that the head of a request is enough for. */
  refusal(request: SandboxRequest, authorization: string | undefined): Answer | undefined
  fault(request: SandboxRequest): Fault | undefined
  /** @param body the JSON value, or the status for one that is not JSON (400) or too large (413) */
  answer(
    request: SandboxRequest,
    authorization: string | undefined,
    body: { value: unknown } | 400 | 413,
  ): Answer
  /** Called once, when answered or cut. */
  end(request: SandboxRequest): void
}

/** The record of a request whose body is still to come. @param at epoch ms */
export function requestOf({ method = '', url = '' }: IncomingMessage, at: number): SandboxRequest {
  const path = copy(url.replace(/\?.*/, '').slice(0, SHOWN_PATH))
  const subAccountId = routeOf(path)?.subAccountId
  return { method, path, ...(subAccountId !== undefined && { subAccountId }), at }
}

/**
 * One request and its answer: refused from its head, or read, met by a fault or answered; and its
 * record completed. What was received in full is carried out, also when the client has gone
 * meanwhile. A fault function or a listener that throws makes a 500 with its message.
 */
export async function handleRequest(
  request: SandboxRequest,
  incoming: IncomingMessage,
  response: ServerResponse,
  handlers: Handlers,
): Promise<void> {
  const started = performance.now()
  const { authorization } = incoming.headers
  const held = new HeldRequest(handlers.budget)

  function end(status?: number): void {
    if (request.durationMs !== undefined) return
    if (status !== undefined) request.status = status
    request.durationMs = performance.now() - started
    handlers.end(request)
  }

  function send({ status, headers = {}, body }: Answer): void {
    if (response.destroyed) return
    response.statusCode = status
    response.setHeaders(new Map(Object.entries(headers)))
    response.end(body)
    end(status)
  }

  response.on('close', () => end())
  try {
    const refusal = handlers.refusal(request, authorization)
    // The body of a refused request is not read: Node.js drops it, so that the answer arrives.
    const body = refusal ? undefined : await held.read(incoming)
    if (body === 503) return send(overloaded(handlers.now()))
    if (Buffer.isBuffer(body)) keep(request, body)
    const fault = handlers.fault(request)
    if (fault?.delay) await sleep(fault.delay, undefined, { signal: handlers.closing })
    if (fault?.action === 'hang') return
    if (fault?.action === 'reset') incoming.socket.resetAndDestroy()
    else if (fault && !isOnlyDelay(fault)) send(answerOf(fault, handlers.now()))
    else send(refusal ?? handlers.answer(request, authorization, parse(body)))
  } catch (error) {
    // Cut before its body was there, or by the end of the sandbox.
    if (incoming.socket.destroyed || handlers.closing.aborted) return
    if (response.headersSent) throw error
    const { message } = error as Error
    send(errorAnswer(500, CODES.internalError, message, handlers.now()))
  } finally {
    held.release()
  }
}

/** The answer to a request for which no memory is left. That it is a 503 is our choice. */
function overloaded(at: number): Answer {
  const answer = errorAnswer(503, undefined, 'Too many unfinished requests', at)
  return { ...answer, headers: { ...answer.headers, 'retry-after': '1' } }
}

/** Only now, and not kept: as values, JSON like `[{},{}]` takes 20 times its length. */
function parse(body: Buffer | 413 | undefined): { value: unknown } | 400 | 413 {
  if (!Buffer.isBuffer(body)) return body ?? 400
  try {
    return { value: JSON.parse(body.toString()) }
  } catch {
    return 400
  }
}

/** Keeps of a body whom it is about, and what is shown of it. */
function keep(request: SandboxRequest, body: Buffer): void {
  if (body.length === 0) return
  const parsed = parse(body)
  const target = typeof parsed === 'object' ? targetOf(parsed.value) : {}
  if (Object.keys(target).length > 0) request.target = target
  const text = body.toString('utf8', 0, SHOWN_BODY)
  const isWhole = body.length <= SHOWN_BODY
  Object.defineProperty(request, 'body', {
    enumerable: true,
    get: () => (isWhole ? jsonOrText(text) : `${text}…`),
  })
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function targetOf(body: unknown): RequestTarget {
  const { umid, channel, user } = fieldsOf(body)
  const { msisdn } = fieldsOf(user)
  const known = CHANNELS.find((one) => one === channel)
  return {
    ...(typeof umid === 'string' && UMID.test(umid) && { umid }),
    ...(known && { channel: known }),
    ...(typeof msisdn === 'string' && MSISDN.test(msisdn) && { msisdn }),
  }
}

/** The fields of what may be an object. */
function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

/** A string of its own: a part of another one keeps all of that in memory. */
function copy(text: string): string {
  return Buffer.from(text).toString()
}
