import { CHANNELS, type Channel, MAX_MESSAGE_AGE } from '../lib/api'
import { cleanUmid } from '../lib/clean'
import type { TypingEvent } from '../lib/client/client'
import { type Facts, MessagingError } from '../lib/errors'
import {
  LABELS,
  type Lack,
  malformed,
  missing,
  notInbound,
  type Sources,
} from '../lib/message/diagnose'
import { emptyToUndefined, type Field, parse } from '../lib/message/fields'
import { property } from '../lib/message/thrown'
import { readWebhook, type Webhook, type WebhookMessage } from '../lib/message/webhook'
import type { Action } from '../lib/typing/actions'
import type { Conversation } from '../lib/typing/session-index'

/** What the configured properties of a node gave for a message; undefined, null, '' for nothing. */
export interface Values {
  umid?: unknown
  channel?: unknown
  subAccountId?: unknown
  receivedAt?: unknown
  conversation?: unknown
}

/** A typing indicator, and what a session needs to know besides. */
export interface IndicatorRequest extends TypingEvent {
  /** Undefined: unknown. */
  conversation: string | undefined
  /** Epoch ms; undefined: unknown. */
  receivedAt: number | undefined
  /** ms from now for which 8x8 takes indicators for the message; the most it can be if unknown. */
  expiresIn: number
}

/** A message in hand, for an error about it. */
interface Reading {
  values: Values
  msg: object
  webhook: Webhook | undefined
  sources: Sources
}

/**
 * What `msg.action` says.
 * @throws {MessagingError} `invalid-input`
 */
export function readAction(msg: object, sources: Sources): Action {
  const value = property(msg, 'action')
  const action = parse('action', value)
  if (action) return action
  const place = sources.places.action
  const text =
    emptyToUndefined(value) === undefined
      ? `No action: ${place} is empty. Set it to send, start or stop, e.g. with a Change node, or choose one in the node.`
      : malformed('action', value, place, sources)
  throw new MessagingError('invalid-input', text, { field: 'action' })
}

/**
 * Makes the request for a message. What the configured properties do not give is taken from the
 * 8x8 webhook in the payload, if there is one; from one in a text only where they give no umid.
 * @param account the sub-account to use where neither of them names one
 * @param now epoch ms
 * @param sources for an error that says where a value was looked for
 * @throws {MessagingError} `invalid-input`, `unsupported-channel`, `expired`
 */
export function toRequest(
  values: Values,
  msg: object,
  account: string,
  now: number,
  sources: Sources,
): IndicatorRequest {
  const umidConfigured = emptyToUndefined(values.umid)
  const webhook = readWebhook(property(msg, 'payload'), umidConfigured === undefined)
  const umidGiven = umidConfigured ?? emptyToUndefined(webhook?.message.umid)
  const wellFormed = parse('umid', umidGiven)
  if (webhook && !webhook.inbound && isAbout(webhook, umidGiven)) {
    throw new MessagingError('invalid-input', notInbound(webhook, sources), { field: 'umid' })
  }
  const message: WebhookMessage = webhook?.inbound ? webhook.message : {}
  const reading = { values, msg, webhook, sources }
  const owner =
    emptyToUndefined(values.subAccountId) ?? emptyToUndefined(message.subAccountId) ?? account
  const channelGiven = emptyToUndefined(values.channel) ?? emptyToUndefined(message.channel)
  const channel =
    parse('channel', channelGiven) ?? refuse('channel', channelGiven, reading, { umid: wellFormed })
  if (!isSupported(channel)) {
    const text = `The channel ${channel} has no typing indicator`
    const subAccountId = parse('subAccountId', owner)
    throw new MessagingError('unsupported-channel', text, {
      umid: wellFormed,
      channel,
      subAccountId,
    })
  }
  const umid = wellFormed ?? refuse('umid', umidGiven, reading, { channel })
  const facts = { umid, channel }
  const subAccountId = parse('subAccountId', owner) ?? refuse('subAccountId', owner, reading, facts)
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
  const conversation = conversationOf(message, reading)
  return { umid, channel, subAccountId, conversation, receivedAt, expiresIn }
}

/** What is known of the message that a stop is for. */
interface MessageFacts {
  subAccountId: string | undefined
  /** Undefined: unknown, or one without indicators. */
  channel: Channel | undefined
}

/**
 * Makes out what a message stops: a umid, or where none is known a conversation. The umid may
 * also be that of an earlier typing indicator node, in `msg.typing`: work in between often
 * replaces the payload.
 * @param account the sub-account to use where the message names none
 * @param sources for an error that says where a value was looked for
 * @throws {MessagingError} `invalid-input`
 */
export function toStop(
  values: Values,
  msg: object,
  account: string,
  sources: Sources,
): ({ umid: string } | Conversation) & MessageFacts {
  const webhook = readWebhook(property(msg, 'payload'), emptyToUndefined(values.umid) === undefined)
  const message: WebhookMessage = webhook?.inbound ? webhook.message : {}
  const reading = { values, msg, webhook, sources }
  const umid =
    emptyToUndefined(values.umid) ??
    emptyToUndefined(message.umid) ??
    emptyToUndefined(umidOfEarlier(msg))
  const conversation = conversationOf(message, reading)
  const named = parse('channel', emptyToUndefined(values.channel) ?? message.channel)
  const channel = named && isSupported(named) ? named : undefined
  const owner =
    emptyToUndefined(values.subAccountId) ?? emptyToUndefined(message.subAccountId) ?? account
  const subAccountId = parse('subAccountId', owner)
  if (umid === undefined && conversation !== undefined) {
    const known = subAccountId ?? refuse('subAccountId', owner, reading)
    return { conversation, subAccountId: known, channel }
  }
  if (umid === undefined) {
    const { places } = sources
    const lack = {
      fields: ['umid'] satisfies Field[],
      places: [places.umid, EARLIER],
      settings: `${LABELS.umid} or ${LABELS.conversation}`,
    }
    const text = missing(lack, msg, webhook, sources)
    throw new MessagingError('invalid-input', text, { field: 'umid' })
  }
  return { umid: parse('umid', umid) ?? refuse('umid', umid, reading), subAccountId, channel }
}

/**
 * Fails a message, and says what came, what was expected and where it was looked for.
 * @param value undefined: nothing was given
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
      ? missing(lackOf(field, reading), msg, webhook, sources)
      : malformed(field, value, placeOf(field, reading), sources)
  throw new MessagingError('invalid-input', text, { ...known, field })
}

/** Without a channel there often is no umid either: both are missing for one reason. */
function lackOf(field: Field, { values, webhook, sources }: Reading): Lack {
  const noUmid =
    emptyToUndefined(values.umid) === undefined &&
    emptyToUndefined(webhook?.message.umid) === undefined
  const fields: Field[] = field === 'channel' && noUmid ? ['channel', 'umid'] : [field]
  return {
    fields,
    places: fields.map((each) => sources.places[each]),
    settings: fields.map((each) => LABELS[each]).join(' and '),
  }
}

/** Where a value that is wrong came from, in words. */
function placeOf(field: Field, { values, webhook, sources }: Reading): string {
  const configured = (values as Partial<Record<Field, unknown>>)[field]
  if (emptyToUndefined(configured) !== undefined) return sources.places[field]
  const sent = (webhook?.message as Partial<Record<Field, unknown>> | undefined)?.[field]
  if (webhook?.inbound && emptyToUndefined(sent) !== undefined)
    return 'the 8x8 webhook in msg.payload'
  return field === 'umid' ? EARLIER : 'the account'
}

/** Where an earlier node left its umid. */
const EARLIER = 'msg.typing.umid'

/** Whether an event is what the message is about: it has that umid, or no other is given. */
function isAbout({ message }: Webhook, umidGiven: unknown): boolean {
  const comparable = (umid: unknown) =>
    typeof umid === 'string' ? cleanUmid(umid).toLowerCase() : umid
  return comparable(umidGiven) === comparable(emptyToUndefined(message.umid))
}

/** What an earlier typing indicator node left in the message. */
function umidOfEarlier(msg: object): unknown {
  const typing = property(msg, 'typing')
  const object = typeof typing === 'object' && typing !== null
  return object ? property(typing, 'umid', EARLIER) : undefined
}

/** Who we are typing to, by their number or else by their id; undefined: unknown. */
function conversationOf({ user }: WebhookMessage, reading: Reading): string | undefined {
  const { conversation } = reading.values
  return emptyToUndefined(conversation) === undefined
    ? (parse('conversation', user?.msisdn) ?? parse('conversation', user?.channelUserId))
    : (parse('conversation', conversation) ?? refuse('conversation', conversation, reading))
}

function isSupported(channel: string): channel is Channel {
  return (CHANNELS as readonly string[]).includes(channel)
}
