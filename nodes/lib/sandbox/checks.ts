import { z } from 'zod'
import { CHANNELS, type Channel, CODES, MAX_MESSAGE_AGE, MSISDN, UMID } from '../api'
import type { CustomerMessage } from './conversations'
import { type MessagesBody, messagesBody } from './messages-body'

/** Characters of a text that WhatsApp takes (Meta doc). */
const MAX_WHATSAPP_TEXT = 4096

/** Types that only RCS has (8x8 doc). */
const RCS_TYPES = ['carousel', 'richCard']

const API_PATH = /^\/api\/v1\/subaccounts\/([^/]+)\/(events|messages)$/

const eventsBody = z.object({
  channel: z.enum(CHANNELS),
  type: z.literal('typing'),
  umid: z.string().regex(UMID),
})

type EventsBody = z.infer<typeof eventsBody>

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
  const [, id, resource] = API_PATH.exec(path) ?? []
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

/** The body of an events request. @throws {ApiError} 1000 that names the first wrong field */
export function readEventsBody(body: unknown): EventsBody {
  return parse(eventsBody, body)
}

/**
 * The body of a messages request.
 * @throws {ApiError} 1000 that names the first wrong field, or 1002 for an invalid phone number
 */
export function readMessagesBody(body: unknown): MessagesBody {
  const parsed = parse(messagesBody, body)
  const { msisdn } = parsed.user
  if (msisdn !== undefined && !MSISDN.test(msisdn)) {
    throw new ApiError(400, CODES.invalidMsisdn, 'Invalid MSISDN format')
  }
  return parsed
}

/**
 * Checks that a channel can carry a message. That 8x8 refuses these at once is our guess: it may
 * also take them, and report them as undelivered.
 * @param channel in lower case
 * @throws {ApiError} 1000
 */
export function checkSendable({ type, content }: MessagesBody, channel: string): void {
  if (channel !== 'whatsapp') return
  if (RCS_TYPES.includes(type)) {
    throw new ApiError(400, CODES.invalidParameter, `type: ${type} is for RCS only`)
  }
  if (type === 'text' && `${content.text}`.length > MAX_WHATSAPP_TEXT) {
    const reason = `content.text: WhatsApp takes at most ${MAX_WHATSAPP_TEXT} characters`
    throw new ApiError(400, CODES.invalidParameter, reason)
  }
}

/**
 * Checks that a message can be answered with a typing indicator. That it must be inbound and at
 * most 2 hours old is in the 8x8 doc; which code each of these errors has is our guess.
 * @param found what is known of the umid
 * @param channel that the request names
 * @param now epoch ms
 * @throws {ApiError} 1008 outbound, 1300 unknown or too old, 1000 of another channel
 */
export function checkAnswerable(
  found: CustomerMessage | 'outbound' | undefined,
  channel: Channel,
  now: number,
): CustomerMessage {
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

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const { data, error } = schema.safeParse(body)
  const issue = error?.issues[0]
  if (!issue) return data as T
  const field = issue.path.join('.') || 'body'
  throw new ApiError(400, CODES.invalidParameter, `${field}: ${issue.message}`)
}
