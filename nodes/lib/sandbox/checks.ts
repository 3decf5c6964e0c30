import { z } from 'zod'
import { CHANNELS, type Channel, CODES, MAX_MESSAGE_AGE, MSISDN, UMID } from '../api'
import type { InboundMessage } from './conversations'

/** Code of a phone number that is none (8x8 doc). */
const INVALID_MSISDN = 1002

const CALL_PATH = /^\/api\/v1\/subaccounts\/([^/]+)\/(events|messages)$/

const eventBody = z.object({
  channel: z.enum(CHANNELS),
  type: z.literal('typing'),
  umid: z.string().regex(UMID),
})

const messageBody = z.object({
  user: z.object({ msisdn: z.string() }),
  type: z.literal('text'),
  content: z.object({ text: z.string().min(1) }),
  clientMessageId: z.string().optional(),
})

/** A request that 8x8 answers with an error body. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: number,
    message: string,
  ) {
    super(message)
  }
}

/**
 * The sub-account and resource that a path names.
 * @param path as sent, without query
 * @returns undefined for any other path, and for one that cannot be decoded
 */
export function routeOf(
  path: string,
): { subAccountId: string; resource: 'events' | 'messages' } | undefined {
  const [, id, resource] = CALL_PATH.exec(path) ?? []
  if (id === undefined) return undefined
  try {
    return {
      // A string of its own: a part of the path keeps all of that in memory.
      subAccountId: Buffer.from(decodeURIComponent(id)).toString(),
      resource: resource === 'events' ? 'events' : 'messages',
    }
  } catch {
    return undefined
  }
}

/** The fields of an events call. @throws Refusal 1000 that names the first wrong field */
export function readEvent(body: unknown): { channel: Channel; umid: string } {
  return read(eventBody, body)
}

/** The fields of a messages call. @throws Refusal 1000 that names the first wrong field, or 1002 */
export function readMessage(body: unknown) {
  const message = read(messageBody, body)
  if (!MSISDN.test(message.user.msisdn)) {
    throw new ApiError(400, INVALID_MSISDN, 'Invalid MSISDN format')
  }
  return message
}

/**
 * Checks that a message can be answered with a typing indicator. That it must be inbound and at
 * most 2 hours old is in the 8x8 doc; which code each of these refusals has is our guess.
 * @param found what is known of the umid
 * @param channel that the call named
 * @param now epoch ms
 * @throws Refusal 1008 outbound, 1300 unknown or too old, 1000 of another channel
 */
export function checkAnswerable(
  found: InboundMessage | 'outbound' | undefined,
  channel: Channel,
  now: number,
): InboundMessage {
  if (found === 'outbound') {
    throw new ApiError(400, CODES.invalidId, 'umid is of an outbound message')
  }
  if (!found) throw new ApiError(400, CODES.notFound, 'umid not found')
  if (found.channel !== channel) {
    throw new ApiError(400, CODES.invalidParameter, `channel: the message is of ${found.channel}`)
  }
  if (now - found.at > MAX_MESSAGE_AGE) {
    throw new ApiError(400, CODES.notFound, 'umid not found (or expired)')
  }
  return found
}

function read<T>(schema: z.ZodType<T>, body: unknown): T {
  const { data, error } = schema.safeParse(body)
  const issue = error?.issues[0]
  if (!issue) return data as T
  const field = issue.path.join('.') || 'body'
  throw new ApiError(400, CODES.invalidParameter, `${field}: ${issue.message}`)
}
