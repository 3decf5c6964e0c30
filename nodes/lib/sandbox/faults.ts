import { randomUUID } from 'node:crypto'
import { CODES } from '../api'

/**
 * A simulated error of the API. With only `delay` the real answer comes, but later; with anything
 * else the request changes nothing (no dots, no read mark).
 */
export interface Fault {
  /** ms before the answer, or before the reset. */
  delay?: number
  /** `reset`: the connection is reset without an answer; `hang`: the answer never comes. */
  action?: 'reset' | 'hang'
  /** Default 500. */
  status?: number
  /** Code of the error body; by default what fits the status, none where 8x8 names none (429). */
  code?: number
  /** Message of the error body. */
  message?: string
  /** Headers of the answer, e.g. `location`, `content-type`. */
  headers?: Record<string, string>
  /** Header Retry-After as it is: seconds or an HTTP date. */
  retryAfter?: number | string
  /** Raw body in place of the error body. */
  body?: string | Buffer
}

/** An HTTP answer. */
export interface ApiAnswer {
  status: number
  headers?: Record<string, string>
  body?: string | Buffer
  /** Not sent: of the message that the request put on a phone. */
  umid?: string
}

/** Codes that fit a status; those of 403 and 404 are our guess. */
const CODE_OF_STATUS: Partial<Record<number, number>> = {
  400: CODES.invalidParameter,
  401: CODES.unauthorized,
  403: CODES.forbidden,
  404: CODES.notFound,
  500: CODES.internalError,
}

/** True for a fault that only delays the real answer. */
export function isOnlyDelay({ delay: _, ...rest }: Fault): boolean {
  return Object.values(rest).every((value) => value === undefined)
}

/**
 * An answer with 8x8's error body (8x8 doc).
 * @param at epoch ms, for the timestamp
 */
export function errorAnswer(
  status: number,
  code: number | undefined,
  message: string,
  at: number,
): ApiAnswer {
  const timestamp = new Date(at).toISOString()
  return jsonAnswer(status, { code, message, errorId: randomUUID(), timestamp })
}

/** An answer in JSON; fields that are undefined are left out. */
export function jsonAnswer(status: number, body: object): ApiAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }
}

/**
 * The answer that a fault describes. Below 400 it has no body unless the fault gives one.
 * @param at epoch ms, for the timestamp of an error body
 */
export function answerOf(fault: Fault, at: number): ApiAnswer {
  const { status = 500, code = CODE_OF_STATUS[status], message = `Fault ${status}`, body } = fault
  const answer: ApiAnswer =
    body === undefined && status >= 400
      ? errorAnswer(status, code, message, at)
      : { status, ...(body !== undefined && { body }) }
  const retryAfter = fault.retryAfter !== undefined && { 'retry-after': `${fault.retryAfter}` }
  return { ...answer, headers: { ...answer.headers, ...retryAfter, ...fault.headers } }
}
