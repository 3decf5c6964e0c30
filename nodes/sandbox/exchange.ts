import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { CODES } from '../account/api'
import { routeOf } from './checks'
import { type Answer, answerOf, errorAnswer, type Fault, isOnlyDelay } from './faults'

/** Bytes of a request body; our guess. */
const MAX_BODY = 64 * 1024

/** A request to the API. Keeps no headers, so it cannot carry the API key. */
export interface SandboxRequest {
  method: string
  /** As sent, without query. */
  path: string
  subAccountId?: string
  /** When it came, epoch ms. */
  at: number
  /** Absent until answered, and for good when it was cut. */
  status?: number
  /** ms until it was answered or cut. */
  durationMs?: number
  /** The JSON value; the text where it is not JSON; absent when empty or too large. */
  body?: unknown
}

/** What a request meets. */
export interface Handlers {
  /** The clock, epoch ms. */
  now(): number
  fault(request: SandboxRequest): Fault | undefined
  /** @param unreadable the status for a body that is not JSON (400) or too large (413) */
  answer(
    request: SandboxRequest,
    authorization: string | undefined,
    unreadable: 400 | 413 | undefined,
  ): Answer
  /** Called once, when answered or cut. */
  end(request: SandboxRequest): void
}

/** The record of a request whose body is still to come. @param at epoch ms */
export function requestOf({ method = '', url = '' }: IncomingMessage, at: number): SandboxRequest {
  const path = url.replace(/\?.*/, '')
  const subAccountId = routeOf(path)?.subAccountId
  return { method, path, ...(subAccountId !== undefined && { subAccountId }), at }
}

/**
 * One request and its answer: read, met by a fault or answered, and its record completed.
 * A fault function or a listener that throws makes a 500 with its message.
 */
export async function exchange(
  request: SandboxRequest,
  incoming: IncomingMessage,
  response: ServerResponse,
  handlers: Handlers,
): Promise<void> {
  const started = performance.now()
  const gone = new AbortController()

  function end(status?: number): void {
    if (request.durationMs !== undefined) return
    if (status !== undefined) request.status = status
    request.durationMs = performance.now() - started
    handlers.end(request)
  }

  function send({ status, headers = {}, body }: Answer): void {
    response.statusCode = status
    response.setHeaders(new Map(Object.entries(headers)))
    response.end(body)
    end(status)
  }

  response.on('close', () => {
    gone.abort()
    end()
  })
  try {
    const { body, unreadable } = await readBody(incoming)
    if (body !== undefined) request.body = body
    const fault = handlers.fault(request)
    // Rejects when the client has gone: such a request changes nothing (our choice).
    if (fault?.delay) await sleep(fault.delay, undefined, { signal: gone.signal })
    if (fault?.action === 'hang') return
    if (fault?.action === 'reset') incoming.socket.resetAndDestroy()
    else if (fault && !isOnlyDelay(fault)) send(answerOf(fault, handlers.now()))
    else send(handlers.answer(request, incoming.headers.authorization, unreadable))
  } catch (error) {
    if (incoming.socket.destroyed) return
    if (response.headersSent) throw error
    const { message } = error as Error
    send(errorAnswer(500, CODES.internalError, message, handlers.now()))
  }
}

/** Reads a body to its end, so that the client gets its answer, but keeps at most MAX_BODY. */
async function readBody(
  incoming: IncomingMessage,
): Promise<{ body?: unknown; unreadable?: 400 | 413 }> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length <= MAX_BODY) chunks.push(chunk)
  }
  if (length > MAX_BODY) return { unreadable: 413 }
  const text = Buffer.concat(chunks).toString()
  try {
    return { body: JSON.parse(text) }
  } catch {
    return { unreadable: 400, ...(text && { body: text }) }
  }
}
