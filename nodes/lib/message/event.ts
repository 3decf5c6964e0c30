import { z } from 'zod'
import { SUB_ACCOUNT_ID, UMID } from '../api'
import { cleanChannel } from '../clean'
import { onlyKnown } from '../errors'
import { parse } from './fields'
import { readSelected, type Selected } from './selected'
import { isObject } from './webhook'

/** A field that counts as unknown if it is missing, null or of another type. */
const text = z.string().optional().catch(undefined)

/** By reference: a copy costs time and could lose data. */
const object = z.custom<Record<string, unknown>>(isObject)

/** A customer; which of the fields are there depends on the channel and the version. */
const user = z.object({ msisdn: text, channelUserId: text, name: text, username: text })

/** Fields that most events have. */
const origin = {
  subAccountId: text,
  user: user.optional().catch(undefined),
  recipient: z.object({ channel: text, channelId: text }).optional().catch(undefined),
  /** Of delivery receipts, and of an older sample of LINE, in place of `recipient`. */
  channel: text,
}

/**
 * A message of a customer, version 3 or (without `version`) 2. Refused without a umid or with a
 * malformed sub-account, because it cannot come from 8x8; other fields are read if they are as
 * documented.
 */
const inboundEvent = z.object({
  version: z.number().optional().catch(undefined),
  namespace: text,
  eventType: z.literal('inbound_message_received'),
  description: text,
  payload: z.object({
    ...origin,
    umid: z.string().regex(UMID),
    subAccountId: z.string().regex(SUB_ACCOUNT_ID).optional(),
    /** When 8x8 received the message, ISO 8601. */
    timestamp: text,
    type: text,
    content: object.optional().catch(undefined),
    replyToUmid: text,
    /** Of an SMS, which has these in place of `user`, `recipient` and `content`. */
    source: text,
    destination: text,
    body: text,
  }),
})

/** A delivery receipt, a click on a link, a message that a person sent in another app, … */
const otherEvent = z.object({
  namespace: text,
  eventType: z
    .string()
    .min(1)
    .refine((type) => type !== 'inbound_message_received'),
  payload: z.object(origin),
})

/** Business management: the status of a template, the quality of a number, … */
const businessEvent = z.object({
  namespace: text,
  eventType: text,
  eventDetails: z.object(origin),
})

const event = z.union([inboundEvent, otherEvent, businessEvent])

/** An inbound message in 8x8's webhooks; only the fields that we use. */
export type InboundEvent = z.infer<typeof inboundEvent>

/** Any event of 8x8; only the fields that we use. */
export type Event = z.infer<typeof event>

/** A customer, as far as 8x8 knows them. */
export type User = z.infer<typeof user>

/** What the inbound node sends at output 1. Fields that are not known are left out. */
export interface InboundMessage {
  /** The text, or the title of the button or row that was pressed; blank where there is neither. */
  payload: string
  /** The msisdn, else the channelUserId. */
  conversation?: string
  umid: string
  /** In lower case. */
  channel?: string
  subAccountId?: string
  /** ISO 8601: 8x8's timestamp or, if that is missing or malformed, the time of the webhook. */
  receivedAt: string
  user: User
  /** 8x8's `type`. */
  messageType?: string
  /** 8x8's `content`. */
  content?: Record<string, unknown>
  /** The button or row that was pressed. */
  selected?: Selected
  /** The whole event, as 8x8 wrote it. */
  webhook: unknown
}

/** The same with `collect`: the newest message with the texts of all, and all of them in order. */
export interface CollectedMessage extends InboundMessage {
  messages: InboundMessage[]
}

/** What the inbound node sends at output 2. No umid: it would be that of an outbound message. */
export interface OtherMessage {
  /** The whole event, as 8x8 wrote it. */
  payload: unknown
  /** Its `eventType`. */
  event?: string
  subAccountId?: string
  /** In lower case. */
  channel?: string
  user?: User
}

/**
 * Checks a webhook's body.
 * @returns undefined for anything but an event of 8x8
 */
export function readEvent(json: unknown): Event | undefined {
  return event.safeParse(json).data
}

/** Whether an event is a message of a customer; nothing else can be answered. */
export function isInbound(event: Event): event is InboundEvent {
  return event.eventType === 'inbound_message_received' && 'payload' in event
}

/**
 * Makes the message of output 1.
 * @param webhook the event as it was received
 */
export function toInboundMessage(event: InboundEvent, webhook: unknown): InboundMessage {
  const { payload } = event
  const { umid, subAccountId, timestamp, type, content, source, body } = payload
  const isSms = isOfSms(event)
  const selected = readSelected(content)
  const user = onlyKnown({ ...payload.user })
  if (isSms && user.msisdn === undefined && source) user.msisdn = source
  const written = typeof content?.text === 'string' ? content.text : isSms ? body : undefined
  return onlyKnown({
    payload: written || selected?.title || '',
    conversation: user.msisdn || user.channelUserId || undefined,
    umid,
    channel: channelOf(event),
    subAccountId,
    receivedAt: timestamp && parse('receivedAt', timestamp) ? timestamp : new Date().toISOString(),
    user,
    messageType: type,
    content,
    selected,
    webhook,
  })
}

/**
 * Makes the message of output 2.
 * @param webhook the event as it was received
 */
export function toOtherMessage(event: Event, webhook: unknown): OtherMessage {
  const { subAccountId, user } = 'payload' in event ? event.payload : event.eventDetails
  return onlyKnown({
    payload: webhook,
    event: event.eventType,
    subAccountId,
    channel: channelOf(event),
    user: user && onlyKnown(user),
  })
}

function channelOf(event: Event): string | undefined {
  const { recipient, channel } = 'payload' in event ? event.payload : event.eventDetails
  const name = recipient?.channel || channel
  return name ? cleanChannel(name) : isOfSms(event) ? 'sms' : undefined
}

function isOfSms({ namespace }: Event): boolean {
  return namespace?.toUpperCase() === 'SMS'
}
