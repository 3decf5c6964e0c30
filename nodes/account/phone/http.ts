import type { IncomingMessage, ServerResponse } from 'node:http'
import { HttpError } from '../../lib/http/http-error'
import { readJson } from '../../lib/http/request-body'
import { isObject } from '../../lib/message/webhook'

/** Headers on everything: only own files, no referrer, no cache, no frame of another origin. */
const HEADERS = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'self'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
}

/** Bytes of a request body; our choice: a message of 1000 characters fits in any script. */
const MAX_BODY = 8192

/** ms for a body to arrive; our choice. */
const BODY_TIMEOUT = 10_000

/** Answers with our usual headers. */
export function answer(
  response: ServerResponse,
  status: number,
  headers: Record<string, string> = {},
  body: string | Buffer = '',
): void {
  setHeaders(response, headers)
  response.statusCode = status
  response.end(body)
}

/** Sets our usual headers and those of the answer. */
export function setHeaders(response: ServerResponse, headers: Record<string, string>): void {
  response.setHeaders(new Map(Object.entries({ ...HEADERS, ...headers })))
}

/** An error in JSON. */
export function answerError(response: ServerResponse, error: HttpError): void {
  const { status, message, headers } = error
  const all = { 'content-type': 'application/json', ...headers }
  answer(response, status, all, JSON.stringify({ error: message }))
}

/**
 * The body of a write.
 * @throws {HttpError} 403 not from a page or not as JSON, 408 too slow, 413 too large, 400 no JSON
 *   object
 */
export async function readWrite(incoming: IncomingMessage): Promise<Record<string, unknown>> {
  const { headers } = incoming
  // A browser sends at least one of them with a POST.
  if (headers.origin === undefined && headers['sec-fetch-site'] === undefined) {
    throw new HttpError(403, 'Only the page itself may write: send its Origin')
  }
  if (!/^application\/json *(;|$)/i.test(headers['content-type'] ?? '')) {
    throw new HttpError(403, 'Only application/json is taken')
  }
  const { json } = await readJson(incoming, MAX_BODY, BODY_TIMEOUT)
  if (isObject(json)) return json
  throw new HttpError(400, 'The body must be a JSON object')
}
