import type { IncomingMessage, ServerResponse } from 'node:http'
import { readBody } from '../../lib/sandbox/body'

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

/** A request that is refused, with its status and a text for people. */
export class HttpError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly headers: Record<string, string> = {},
  ) {
    super(message)
  }
}

/** Answers with the headers that every answer has. */
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

/** Sets the headers that every answer has, and its own. */
export function setHeaders(response: ServerResponse, headers: Record<string, string>): void {
  response.setHeaders(new Map(Object.entries({ ...HEADERS, ...headers })))
}

/** An error in JSON. */
export function answerError(response: ServerResponse, refusal: HttpError): void {
  const { status, message, headers } = refusal
  const all = { 'content-type': 'application/json', ...headers }
  answer(response, status, all, JSON.stringify({ error: message }))
}

/**
 * The body of a write.
 * @throws {HttpError} 403 not from a page or not as JSON, 413 too large, 400 no JSON object
 */
export async function readWrite(incoming: IncomingMessage): Promise<Record<string, unknown>> {
  const { headers } = incoming
  // A browser says at least one of them with a POST.
  if (headers.origin === undefined && headers['sec-fetch-site'] === undefined) {
    throw new HttpError(403, 'Only the page itself may write: send its Origin')
  }
  if (!/^application\/json *(;|$)/i.test(headers['content-type'] ?? '')) {
    throw new HttpError(403, 'Only application/json is taken')
  }
  const body = parsedBy(incoming) ?? parse(await readText(incoming))
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) {
    return body as Record<string, unknown>
  }
  throw new HttpError(400, 'The body must be a JSON object')
}

/** What a middleware of the user (`express.json()`) has read already. */
function parsedBy(incoming: IncomingMessage & { body?: unknown }): unknown {
  if (!incoming.readableEnded || incoming.body === undefined) return undefined
  if (JSON.stringify(incoming.body).length > MAX_BODY) throw tooLarge()
  return incoming.body
}

async function readText(incoming: IncomingMessage): Promise<string> {
  const body = await readBody(incoming, MAX_BODY)
  if (!Buffer.isBuffer(body)) throw tooLarge()
  return body.toString()
}

function tooLarge(): HttpError {
  return new HttpError(413, `The body has more than ${MAX_BODY} bytes`)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new HttpError(400, 'The body is not JSON')
  }
}
