import { CHANNELS, type Channel, MAX_MESSAGE_AGE } from '../account/api'
import type { TypingEvent } from '../account/client'
import { TypingError } from '../account/errors'
import type { Conversation } from '../account/session-index'
import { given, parse, parseLoosely } from './fields'
import { property } from './thrown'
import { type InboundMessage, readWebhook } from './webhook'

/** What the configured properties of a node gave for a message; undefined, null, '' for nothing. */
export interface Values {
  umid?: unknown
  channel?: unknown
  subAccountId?: unknown
  receivedAt?: unknown
  conversation?: unknown
}

/** A typing indicator, and what a session needs to know besides. */
export interface Request extends TypingEvent {
  /** Undefined: unknown. */
  conversation: string | undefined
  /** Epoch ms; undefined: unknown. */
  receivedAt: number | undefined
  /** ms from now for which 8x8 takes indicators for the message; the most it can be if unknown. */
  expiresIn: number
}

/**
 * Makes the request for a message. What the configured properties do not give is taken from the
 * 8x8 webhook in the payload, if there is one.
 * @param account the sub-account to use where neither of them names one
 * @param now epoch ms
 * @throws {TypingError} `invalid-input`, `unsupported-channel`, `expired`
 */
export function toRequest(values: Values, payload: unknown, account: string, now: number): Request {
  const webhook = readWebhook(payload)
  const umidGiven = given(values.umid) ?? given(webhook?.message.umid)
  if (webhook && !webhook.inbound && isSame(umidGiven, given(webhook.message.umid))) {
    const text = 'The payload is a delivery receipt, not an inbound message to answer'
    throw new TypingError('invalid-input', text, { field: 'umid' })
  }
  const message: InboundMessage = webhook?.inbound ? webhook.message : {}
  const owner = given(values.subAccountId) ?? given(message.subAccountId) ?? account
  const wellFormed = parseLoosely('umid', umidGiven)
  const channelGiven = given(values.channel) ?? given(message.channel)
  const channel = parse('channel', channelGiven, { umid: wellFormed })
  if (!isSupported(channel)) {
    const text = `The channel ${channel} has no typing indicator`
    const subAccountId = parseLoosely('subAccountId', owner)
    throw new TypingError('unsupported-channel', text, { umid: wellFormed, channel, subAccountId })
  }
  const umid = wellFormed ?? parse('umid', umidGiven, { channel })
  const facts = { umid, channel }
  const subAccountId = parse('subAccountId', owner, facts)
  const receivedAt =
    given(values.receivedAt) === undefined
      ? parseLoosely('receivedAt', message.timestamp) // 8x8's own may be odd
      : parse('receivedAt', values.receivedAt, facts)
  const age = receivedAt === undefined ? 0 : now - receivedAt
  const expiresIn = MAX_MESSAGE_AGE - age
  if (expiresIn < 0) {
    const text = 'The message was received more than 2 hours ago: too late for a typing indicator'
    throw new TypingError('expired', text, facts)
  }
  const conversation = conversationOf(values, message)
  return { umid, channel, subAccountId, conversation, receivedAt, expiresIn }
}

/** What is known of the message that a stop is for. */
interface Known {
  subAccountId: string | undefined
  /** Undefined: unknown, or one without indicators. */
  channel: Channel | undefined
}

/**
 * Makes out what a message stops: a umid, or where none is known a conversation. The umid may
 * also be that of an earlier typing indicator node, in `msg.typing`: work in between often
 * replaces the payload.
 * @param account the sub-account to use where the message names none
 * @throws {TypingError} `invalid-input`
 */
export function toStop(
  values: Values,
  msg: { payload?: unknown; typing?: unknown },
  account: string,
): ({ umid: string } | Conversation) & Known {
  const webhook = readWebhook(property(msg, 'payload'))
  const message: InboundMessage = webhook?.inbound ? webhook.message : {}
  const umid = given(values.umid) ?? given(message.umid) ?? given(umidOfEarlier(msg))
  const conversation = conversationOf(values, message)
  const named = parseLoosely('channel', given(values.channel) ?? message.channel)
  const channel = named && isSupported(named) ? named : undefined
  const owner = given(values.subAccountId) ?? given(message.subAccountId) ?? account
  return umid !== undefined || conversation === undefined
    ? { umid: parse('umid', umid), subAccountId: parseLoosely('subAccountId', owner), channel }
    : { conversation, subAccountId: parse('subAccountId', owner), channel }
}

/** Whether two umids are the same, which they are in either case of the letters. */
function isSame(one: unknown, other: unknown): boolean {
  const lower = (umid: unknown) => (typeof umid === 'string' ? umid.toLowerCase() : umid)
  return lower(one) === lower(other)
}

/** What an earlier typing indicator node left in the message. */
function umidOfEarlier(msg: { typing?: unknown }): unknown {
  const typing = property(msg, 'typing')
  const object = typeof typing === 'object' && typing !== null
  return object ? property(typing, 'umid', 'msg.typing.umid') : undefined
}

/** Who we are typing to; undefined: unknown. */
function conversationOf(values: Values, { user }: InboundMessage): string | undefined {
  return given(values.conversation) === undefined
    ? parseLoosely('conversation', given(user?.msisdn) ?? user?.channelUserId)
    : parse('conversation', values.conversation)
}

function isSupported(channel: string): channel is Channel {
  return (CHANNELS as readonly string[]).includes(channel)
}
