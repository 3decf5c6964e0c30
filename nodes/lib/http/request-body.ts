import type { IncomingMessage } from 'node:http'
import { types } from 'node:util'
import { HttpError } from './http-error'

/** Bytes of the first buffer, which doubles as the body grows: a Content-Length may be a lie. */
const FIRST_BUFFER = 256

/** A request whose body an earlier parser may have read. */
type ParsedRequest = IncomingMessage & { body?: unknown }

/** A body that was read. */
export interface JsonBody {
  json: unknown
  /** Its length; approximate if an earlier parser read it. */
  bytes: number
}

/**
 * Reads a body as JSON, whatever its content type says. If an earlier parser has read it, that result
 * counts: the user's middleware, or Node-RED, whose admin API parses JSON for all paths below it.
 * @param max bytes at most
 * @param timeout ms for all of it to arrive
 * @throws {HttpError} 400 no JSON, 408 too slow, 413 too large
 * @throws {Error} if the client disconnects before the end of the body
 */
export async function readJson(
  request: ParsedRequest,
  max: number,
  timeout: number,
): Promise<JsonBody> {
  const parsed = parsedBody(request, max)
  if (parsed) return parsed
  const body = await readInTime(request, max, timeout)
  return { json: parse(body.toString()), bytes: body.length }
}

function parsedBody(request: ParsedRequest, max: number): JsonBody | undefined {
  const { body, readableEnded } = request
  // A parser that does not handle the type leaves an empty object, and the body unread.
  if (!readableEnded) return undefined
  const bytes = lengthOf(request, max)
  if (bytes > max) throw tooLarge(max)
  if (typeof body === 'string') return { json: parse(body), bytes }
  if (types.isUint8Array(body)) return { json: parse(Buffer.from(body).toString()), bytes }
  return { json: body, bytes }
}

/** Content-Length, where it is that of the parsed body: measuring costs as much as parsing. */
function lengthOf({ headers, body }: ParsedRequest, max: number): number {
  const announced = headers['content-encoding'] ? undefined : headers['content-length']
  if (announced !== undefined) return Number(announced)
  if (types.isUint8Array(body)) return body.length
  try {
    return Buffer.byteLength(JSON.stringify(body) ?? '')
  } catch {
    return max + 1 // nested too deeply; no event is
  }
}

/** @returns 408 for a body that does not arrive in time; the rest is then dropped */
async function readInTime(request: IncomingMessage, max: number, timeout: number): Promise<Buffer> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<408>((resolve) => {
    timer = setTimeout(resolve, timeout, 408)
  })
  const body = await Promise.race([readBody(request, max), late]).finally(() => clearTimeout(timer))
  if (Buffer.isBuffer(body)) return body
  if (body === 413) throw tooLarge(max)
  // The connection ends with the answer: the rest of the body may never come.
  throw new HttpError(408, `The body took more than ${timeout} ms`, { connection: 'close' })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text.trim()) // a byte order mark counts as a blank
  } catch {
    throw new HttpError(400, 'The body is not JSON')
  }
}

function tooLarge(max: number): HttpError {
  return new HttpError(413, `The body has more than ${max} bytes`)
}

/**
 * Reads a body into one growing buffer: an array of chunks costs 200 bytes for each of them, and so
 * does an async iterator, which lets them pile up.
 * @param max its bytes at most
 * @param take asked before the buffer grows by so many bytes
 * @returns 413 for a longer one, 503 if `take` returns false; the rest is then dropped, so that the
 *   client gets its answer
 * @throws Error if the client disconnects before the end of the body
 */
export function readBody(
  incoming: IncomingMessage,
  max: number,
  take: (bytes: number) => boolean = () => true,
): Promise<Buffer | 413 | 503> {
  return new Promise((resolve, reject) => {
    const refuse = (status: 413 | 503) => {
      incoming.off('data', append).resume()
      resolve(status)
    }
    let body = Buffer.alloc(FIRST_BUFFER)
    let length = 0
    const append = (chunk: Buffer) => {
      const needed = length + chunk.length
      if (needed > max) return refuse(413)
      if (needed > body.length) {
        const grown = Buffer.alloc(Math.min(max, Math.max(needed, 2 * body.length)))
        if (!take(grown.length - body.length)) return refuse(503)
        body.copy(grown)
        body = grown
      }
      chunk.copy(body, length)
      length = needed
    }
    if (Number(incoming.headers['content-length'] ?? 0) > max) return refuse(413)
    if (!take(body.length)) return refuse(503)
    incoming
      .on('data', append)
      .on('end', () => resolve(body.subarray(0, length)))
      .on('error', reject)
  })
}
