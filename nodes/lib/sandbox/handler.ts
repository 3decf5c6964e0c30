import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { CHANNELS, type Channel, CODES, MSISDN, UMID } from '../api'
import { routeOf } from './checks'
import type { CustomerIds } from './conversations'
import { type ApiAnswer, answerOf, errorAnswer, type Fault, isOnlyDelay } from './faults'
import { type ByteBudget, HeldRequest } from './held-request'

/** Bytes of the body of a request, and of its answer, that are kept and shown; our choice. */
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
  /** The body of the answer, in the same way; absent when it has none. */
  response?: unknown
  /** The message or customer that the whole body names; absent when there is no such field. */
  target?: RequestTarget
  /** The message that it put on a phone; absent for any other request. */
  umid?: string
}

/** The message or customer that a body names; what is missing or malformed is left out. */
const requestTarget = z.object({
  umid: z.string().regex(UMID).optional().catch(undefined),
  channel: z.enum(CHANNELS).optional().catch(undefined),
  user: z
    .object({
      msisdn: z.string().regex(MSISDN).optional().catch(undefined),
      channelUserId: z.string().max(200).optional().catch(undefined),
      lineUserId: z.string().max(200).optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
})

/** Whom or what a request is about. */
export interface RequestTarget extends CustomerIds {
  umid?: string
  channel?: Channel
}

/** What handling a request needs of the sandbox. */
export interface Handlers {
  /** The clock, epoch ms. */
  now(): number
  /** What all requests without an answer may hold. */
  budget: ByteBudget
  /** Aborted when the sandbox closes. */
  closing: AbortSignal
  /** The error answer for a request whose head is wrong. */
  checkHead(request: SandboxRequest, authorization: string | undefined): ApiAnswer | undefined
  fault(request: SandboxRequest): Fault | undefined
  /** @param body the JSON value, or the status for one that is not JSON (400) or too large (413) */
  answer(
    request: SandboxRequest,
    authorization: string | undefined,
    body: { value: unknown } | 400 | 413,
  ): ApiAnswer
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
 * Answers a request and completes its record. A request with a wrong head is refused before its body
 * is read. A request that was received in full is carried out even if the client has gone meanwhile.
 * If a fault function or a listener throws, the answer is a 500 with its message.
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

  function send({ status, headers = {}, body, umid }: ApiAnswer): void {
    // Also where the client has gone: it was carried out.
    if (umid !== undefined) request.umid = umid
    if (response.destroyed) return
    if (body?.length) keepShown(request, 'response', Buffer.from(body))
    response.statusCode = status
    response.setHeaders(new Map(Object.entries(headers)))
    response.end(body)
    end(status)
  }

  response.on('close', () => end())
  try {
    const headError = handlers.checkHead(request, authorization)
    // The body of a refused request is not read: Node.js drops it, so that the answer arrives.
    const body = headError ? undefined : await held.read(incoming)
    if (body === 503) return send(overloaded(handlers.now()))
    if (Buffer.isBuffer(body)) recordBody(request, body)
    const fault = handlers.fault(request)
    if (fault?.delay) await sleep(fault.delay, undefined, { signal: handlers.closing })
    if (fault?.action === 'hang') return
    if (fault?.action === 'reset') incoming.socket.resetAndDestroy()
    else if (fault && !isOnlyDelay(fault)) send(answerOf(fault, handlers.now()))
    else send(headError ?? handlers.answer(request, authorization, parse(body)))
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
function overloaded(at: number): ApiAnswer {
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

/** Records whom a body is about, and the part of it that is shown. */
function recordBody(request: SandboxRequest, body: Buffer): void {
  if (body.length === 0) return
  const parsed = parse(body)
  const target = typeof parsed === 'object' ? targetOf(parsed.value) : {}
  if (Object.keys(target).length > 0) request.target = target
  keepShown(request, 'body', body)
}

/** Keeps the part that is shown, as text: parsed, it takes up to 20 times the memory. */
function keepShown(request: SandboxRequest, field: 'body' | 'response', body: Buffer): void {
  const text = body.toString('utf8', 0, SHOWN_BODY)
  const isWhole = body.length <= SHOWN_BODY
  Object.defineProperty(request, field, {
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
  const { umid, channel, user = {} } = requestTarget.safeParse(body).data ?? {}
  const { msisdn, channelUserId = user.lineUserId } = user
  return {
    ...(umid !== undefined && { umid }),
    ...(channel !== undefined && { channel }),
    ...(msisdn !== undefined && { msisdn }),
    ...(channelUserId !== undefined && { channelUserId }),
  }
}

/** A string of its own: a part of another one keeps all of that in memory. */
function copy(text: string): string {
  return Buffer.from(text).toString()
}
