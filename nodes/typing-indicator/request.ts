import { CHANNELS, type Channel, MAX_MESSAGE_AGE } from '../lib/api'
import { cleanUmid } from '../lib/clean'
import type { TypingEvent } from '../lib/client/client'
import { type Facts, MessagingError } from '../lib/errors'
import {
  LABELS,
  type MissingFields,
  malformed,
  missing,
  notInbound,
  type Sources,
} from '../lib/message/diagnose'
import { emptyToUndefined, parse } from '../lib/message/fields'
import {
  conversationOf,
  type FoundWebhook,
  findWebhook,
  firstNonEmpty,
  userOf,
} from '../lib/message/found-webhook'
import { property } from '../lib/message/thrown'
import type { WebhookMessage } from '../lib/message/webhook'
import type * as properties from '../lib/node-red/message-properties'
import type { Action } from '../lib/typing/actions'
import type { Conversation } from '../lib/typing/session-index'

/** The properties of the node that are read for each message. */
export const FIELDS = ['umid', 'channel', 'subAccountId', 'receivedAt', 'conversation'] as const

type Field = (typeof FIELDS)[number]

/** The values of the properties for a message. */
export type Values = properties.Values<Field>

/** A typing indicator, and what else a session needs. */
export interface IndicatorRequest extends TypingEvent {
  /** Undefined: unknown. */
  conversation: string | undefined
  /** Epoch ms; undefined: unknown. */
  receivedAt: number | undefined
  /** ms for which 8x8 still accepts indicators for the message; the maximum if unknown. */
  expiresIn: number
}

/** What is known of a message while it is read. */
interface Reading {
  values: Values
  msg: object
  webhook: FoundWebhook | undefined
  sources: Sources<Field>
}

/**
 * The action in `msg.action`.
 * @throws {MessagingError} `invalid-input`
 */
export function readAction(msg: object, redact: Sources['redact']): Action {
  const value = property(msg, 'action')
  const action = parse('action', value)
  if (action) return action
  const text =
    emptyToUndefined(value) === undefined
      ? 'No action: msg.action is empty. Set it to send, start or stop, e.g. with a Change node, or choose one in the node.'
      : malformed('action', value, 'msg.action', redact)
  throw new MessagingError('invalid-input', text, { field: 'action' })
}

/**
 * Makes the request for a message. Values that the properties do not give are taken from
 * `msg.subAccountId`, `msg.user` and `msg.conversation`, then from the webhook in `msg.webhook` or
 * `msg.payload`; from one in a text only where the properties give no umid.
 * @param account the sub-account to use if none of them names one
 * @param now epoch ms
 * @param sources the places of the values, for errors
 * @throws {MessagingError} `invalid-input`, `unsupported-channel`, `expired`
 */
export function toRequest(
  values: Values,
  msg: object,
  account: string,
  now: number,
  sources: Sources<Field>,
): IndicatorRequest {
  const configured = emptyToUndefined(values.umid)
  const webhook = findWebhook(msg, configured === undefined)
  const umidGiven = configured ?? emptyToUndefined(webhook?.message.umid)
  const wellFormed = parse('umid', umidGiven)
  if (webhook && !webhook.inbound && isAbout(webhook, umidGiven)) {
    const text = notInbound(webhook, sources.redact)
    throw new MessagingError('invalid-input', text, { field: 'umid' })
  }
  const message: WebhookMessage = webhook?.inbound ? webhook.message : {}
  const reading = { values, msg, webhook, sources }
  const subAccountGiven = subAccountOf(message, reading) ?? account
  const channelGiven = firstNonEmpty(values.channel, message.channel)
  const channel =
    parse('channel', channelGiven) ?? refuse('channel', channelGiven, reading, { umid: wellFormed })
  if (!isSupported(channel)) {
    const text = `The channel ${channel} has no typing indicator`
    const subAccountId = parse('subAccountId', subAccountGiven)
    throw new MessagingError('unsupported-channel', text, {
      umid: wellFormed,
      channel,
      subAccountId,
    })
  }
  const umid = wellFormed ?? refuse('umid', umidGiven, reading, { channel })
  const facts = { umid, channel }
  const subAccountId =
    parse('subAccountId', subAccountGiven) ??
    refuse('subAccountId', subAccountGiven, reading, facts)
  const receivedAt =
    emptyToUndefined(values.receivedAt) === undefined
      ? parse('receivedAt', message.timestamp) // 8x8's own may be odd
      : (parse('receivedAt', values.receivedAt) ??
        refuse('receivedAt', values.receivedAt, reading, facts))
  const age = receivedAt === undefined ? 0 : now - receivedAt
  const expiresIn = MAX_MESSAGE_AGE - age
  if (expiresIn < 0) {
    const text = 'The message was received more than 2 hours ago: too late for a typing indicator'
    throw new MessagingError('expired', text, facts)
  }
  const conversation = readConversation(message, reading)
  return { umid, channel, subAccountId, conversation, receivedAt, expiresIn }
}

/** What is known of the message that a stop is for. */
interface MessageFacts {
  subAccountId: string | undefined
  /** Undefined: unknown, or one without indicators. */
  channel: Channel | undefined
}

/**
 * Reads what a message stops: a umid or, if there is none, a conversation. The umid may also be that
 * of an earlier typing indicator node, in `msg.typing`: nodes in between often replace the payload.
 * @param account the sub-account to use if the message names none
 * @param sources the places of the values, for errors
 * @throws {MessagingError} `invalid-input`
 */
export function toStop(
  values: Values,
  msg: object,
  account: string,
  sources: Sources<Field>,
): ({ umid: string } | Conversation) & MessageFacts {
  const webhook = findWebhook(msg, emptyToUndefined(values.umid) === undefined)
  const message: WebhookMessage = webhook?.inbound ? webhook.message : {}
  const reading = { values, msg, webhook, sources }
  const umid = firstNonEmpty(values.umid, message.umid) ?? emptyToUndefined(umidOfEarlier(msg))
  const conversation = readConversation(message, reading)
  const named = parse('channel', firstNonEmpty(values.channel, message.channel))
  const channel = named && isSupported(named) ? named : undefined
  const subAccountGiven = subAccountOf(message, reading) ?? account
  const subAccountId = parse('subAccountId', subAccountGiven)
  if (umid === undefined && conversation !== undefined) {
    const known = subAccountId ?? refuse('subAccountId', subAccountGiven, reading)
    return { conversation, subAccountId: known, channel }
  }
  if (umid === undefined) {
    const absent = {
      fields: ['umid'],
      places: [sources.places.umid, EARLIER],
      settings: `${LABELS.umid} or ${LABELS.conversation}`,
    } satisfies MissingFields
    const text = missing(absent, msg, webhook, sources.redact)
    throw new MessagingError('invalid-input', text, { field: 'umid' })
  }
  return { umid: parse('umid', umid) ?? refuse('umid', umid, reading), subAccountId, channel }
}

/**
 * Fails a message, and says what was found, what was expected and where.
 * @param value undefined: none
 * @param known what else is known of the message
 * @throws {MessagingError} `invalid-input` that names the field
 */
function refuse(
  field: Field,
  value: unknown,
  reading: Reading,
  known: Pick<Facts, 'umid' | 'channel'> = {},
): never {
  const { msg, webhook, sources } = reading
  const text =
    value === undefined
      ? missing(missingFields(field, reading), msg, webhook, sources.redact)
      : malformed(field, value, placeOf(field, reading), sources.redact)
  throw new MessagingError('invalid-input', text, { ...known, field })
}

/** Often channel and umid are both missing, for the same reason. */
function missingFields(field: Field, { values, webhook, sources }: Reading): MissingFields {
  const noUmid = firstNonEmpty(values.umid, webhook?.message.umid) === undefined
  const fields: Field[] = field === 'channel' && noUmid ? ['channel', 'umid'] : [field]
  return {
    fields,
    places: fields.map((each) => sources.places[each]),
    settings: fields.map((each) => LABELS[each]).join(' and '),
  }
}

/** The source of an invalid value, in words. */
function placeOf(field: Field, { values, msg, webhook, sources }: Reading): string {
  if (emptyToUndefined(values[field]) !== undefined) return sources.places[field]
  if (field === 'subAccountId' && emptyToUndefined(property(msg, field)) !== undefined) {
    return 'msg.subAccountId'
  }
  const sent = (webhook?.message as Partial<Record<Field, unknown>> | undefined)?.[field]
  if (webhook?.inbound && emptyToUndefined(sent) !== undefined) {
    return `the 8x8 webhook in ${webhook.place}`
  }
  return field === 'umid' ? EARLIER : 'the account'
}

/** The umid of an earlier node. */
const EARLIER = 'msg.typing.umid'

/** Whether the message is about an event: the umids are equal, or no other is given. */
function isAbout({ message }: FoundWebhook, umidGiven: unknown): boolean {
  const comparable = (umid: unknown) =>
    typeof umid === 'string' ? cleanUmid(umid).toLowerCase() : umid
  return comparable(umidGiven) === comparable(emptyToUndefined(message.umid))
}

/** The result of an earlier typing indicator node. */
function umidOfEarlier(msg: object): unknown {
  const typing = property(msg, 'typing')
  const object = typeof typing === 'object' && typing !== null
  return object ? property(typing, 'umid', EARLIER) : undefined
}

/** The sub-account that is given, unchecked. */
function subAccountOf({ subAccountId }: WebhookMessage, { values, msg }: Reading): unknown {
  return firstNonEmpty(values.subAccountId, property(msg, 'subAccountId'), subAccountId)
}

/** Who we are typing to; undefined: unknown. */
function readConversation({ user }: WebhookMessage, reading: Reading): string | undefined {
  const { values, msg } = reading
  const { conversation } = values
  return emptyToUndefined(conversation) === undefined
    ? (conversationOf(userOf(msg)) ??
        parse('conversation', property(msg, 'conversation')) ??
        conversationOf(user))
    : (parse('conversation', conversation) ?? refuse('conversation', conversation, reading))
}

function isSupported(channel: string): channel is Channel {
  return (CHANNELS as readonly string[]).includes(channel)
}
