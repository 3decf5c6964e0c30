import { MessagingError } from '../lib/errors'
import type { MessageBody } from '../lib/message/content'
import { malformed, type Sources } from '../lib/message/diagnose'
import { emptyToUndefined, type KnownChannel, type Parsed, parse } from '../lib/message/fields'
import { webhookIn } from '../lib/message/found-webhook'
import { property } from '../lib/message/thrown'
import type { WebhookMessage } from '../lib/message/webhook'
import type * as properties from '../lib/node-red/message-properties'
import type { Recipient, ReplyRequest } from '../lib/replies/reply'
import type { ReplyTarget } from '../lib/typing/session'
import { splitText } from './split-text'

/** The properties of the node that are read for each message. */
export const FIELDS = ['content', 'to', 'channel', 'subAccountId', 'umid'] as const

type Field = (typeof FIELDS)[number]

/** The values of the properties for a message. */
export type Values = properties.Values<Field>

/** How a node replies. */
export interface ReplySettings {
  typing: 'stop' | 'keep'
  /** Whether to quote the message that is answered. */
  quote: boolean
  /** Whether 8x8 chooses the channel, by the order of the sub-account. */
  anyChannel: boolean
}

/** Characters of a text. WhatsApp: Meta's documentation; the others: 8x8's OpenAPI description. */
const MAX_TEXT = { whatsapp: 4096, others: 35_000 } as const

/** Characters in all. Our choice: nobody means to send a customer more than some 25 messages. */
const MAX_TOTAL = 100_000

/** The names of channels in a message; those that are missing have no counterpart (8x8 doc). */
const CHANNEL_NAMES: Partial<Record<KnownChannel, string>> = {
  whatsapp: 'WhatsApp',
  rcs: 'RCS',
  sms: 'SMS',
  viber: 'Viber',
  line: 'Line',
  zalonotification: 'Zalo',
}

/** A value and its source, for an error about it. */
interface Given {
  value: unknown
  place: string
}

/** What a message says of the conversation that it replies in, as far as it is known and valid. */
export interface ReplyContext {
  umid: string | undefined
  /** The channel of the question. */
  channel: KnownChannel | undefined
  subAccountId: string | undefined
  recipient: Recipient | undefined
  /** What is wrong where one of these is undefined; undefined: nothing was given. */
  given: Record<'umid' | 'subAccountId' | 'to', Given | undefined>
}

const WEBHOOK = 'the 8x8 webhook in msg.webhook'

/**
 * Reads the conversation that a message replies in. What the properties do not give, or give in
 * another form than 8x8's (other nodes use `msg.user` and `msg.channel`, too), is taken from the
 * webhook in `msg.webhook`. Never throws: a message that fails has to end its dots all the same.
 * @param account the sub-account to use where nothing names one
 * @param places of the properties, for errors
 */
export function readContext(
  values: Values,
  msg: object,
  account: string,
  places: Sources<Field>['places'],
): ReplyContext {
  const webhook = quietly(() => webhookIn(msg, 'webhook', true))
  const inbound: WebhookMessage = webhook?.inbound ? webhook.message : {}
  const own = (name: string) => quietly(() => property(msg, name))
  const umid = find('umid', [values.umid, places.umid], [inbound.umid, WEBHOOK])
  const to = find('to', [values.to, places.to], [inbound.user, WEBHOOK])
  const subAccountId = find(
    'subAccountId',
    [values.subAccountId, places.subAccountId],
    [own('subAccountId'), 'msg.subAccountId'],
    [inbound.subAccountId, WEBHOOK],
  )
  return {
    umid: umid.parsed,
    channel:
      parse('channel', values.channel) ??
      parse('channel', inbound.channel) ??
      parse('channel', own('channel')),
    subAccountId: subAccountId.given ? subAccountId.parsed : account,
    recipient: to.parsed,
    given: { umid: umid.given, subAccountId: subAccountId.given, to: to.given },
  }
}

function quietly<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

/** The first valid value of a field, and the first value at all. */
function find<F extends 'umid' | 'to' | 'subAccountId'>(
  field: F,
  ...candidates: [value: unknown, place: string][]
): { parsed: Parsed<F> | undefined; given: Given | undefined } {
  let given: Given | undefined
  for (const [value, place] of candidates) {
    if (emptyToUndefined(value) === undefined) continue
    given ??= { value, place }
    const parsed = parse(field, value)
    if (parsed !== undefined) return { parsed, given }
  }
  return { parsed: undefined, given }
}

/** Whose dots a reply ends; undefined: unknown. */
export function toTarget(
  { umid, subAccountId, recipient }: ReplyContext,
  account: string,
): ReplyTarget | undefined {
  const conversation = recipient && conversationOf(recipient)
  return umid === undefined && conversation === undefined
    ? undefined
    : { umid, subAccountId: subAccountId ?? account, conversation }
}

/**
 * Makes the request for a message. A body that names its own `user`, `channels` or `context` keeps
 * them.
 * @throws {MessagingError} `invalid-input`
 */
export function toReply(
  values: Values,
  context: ReplyContext,
  settings: ReplySettings,
  sources: Sources<Field>,
): ReplyRequest {
  const body = parse('content', values.content) ?? refuseContent(values, sources)
  const { umid, given } = context
  if (umid === undefined && given.umid) refuse('umid', given.umid, sources)
  const subAccountId = context.subAccountId ?? refuse('subAccountId', given.subAccountId, sources)
  const recipient = recipientOf(body, context, sources)
  return {
    subAccountId,
    recipient,
    bodies: toBodies(body, { ...context, recipient }, settings),
    typing: settings.typing,
    umid,
    conversation: conversationOf(recipient),
  }
}

function recipientOf(
  { user }: MessageBody,
  context: ReplyContext,
  sources: Sources<Field>,
): Recipient {
  if (emptyToUndefined(user) === undefined) {
    return context.recipient ?? refuse('to', context.given.to, sources)
  }
  const place = `the user of the body in ${sources.places.content}`
  return parse('to', user) ?? refuse('to', { value: user, place }, sources)
}

/** The bodies to post, one after the other: only a long text takes several. */
function toBodies(
  body: MessageBody,
  { umid, channel, recipient }: ReplyContext & { recipient: Recipient },
  { quote, anyChannel }: ReplySettings,
): string[] {
  const name = anyChannel || channel === undefined ? undefined : CHANNEL_NAMES[channel]
  const whole = {
    channels: name === undefined ? undefined : [{ channel: name }],
    context: quote && umid !== undefined && channel === 'whatsapp' ? { umid } : undefined,
    ...body,
    user: addressOf(recipient, channel),
  }
  const { type, content } = body
  const text = type === 'text' && typeof content.text === 'string' ? content.text : ''
  if (text.length <= MAX_TEXT.whatsapp) return [JSON.stringify(whole)] // fits every channel
  if (text.length > MAX_TOTAL) {
    fail('content', `The content has ${text.length} characters: expected at most ${MAX_TOTAL}.`)
  }
  // A quote above each part would read as several answers, and 8x8 may take parts with one
  // reference for repeats of one message.
  const { context, clientMessageId, ...rest } = whole as Record<string, unknown>
  return splitText(text, maxText(whole)).map((part, i) =>
    JSON.stringify({
      ...rest,
      ...(i === 0 && { context, clientMessageId }),
      content: { ...content, text: part },
    }),
  )
}

/** How long a text may be; where 8x8 chooses the channel, it may be WhatsApp. */
function maxText({ channels = 'whatsapp' }: Record<string, unknown>): number {
  const isWhatsApp = JSON.stringify(channels).toLowerCase().includes('whatsapp')
  return isWhatsApp ? MAX_TEXT.whatsapp : MAX_TEXT.others
}

/** The one id that 8x8 gets. A LINE webhook has a LINE user's id as its channelUserId (8x8 doc). */
function addressOf(
  { msisdn, channelUserId, lineUserId }: Recipient,
  channel: KnownChannel | undefined,
): Recipient {
  if (msisdn !== undefined) return { msisdn }
  if (channel === 'line' || channel === 'linenotification') {
    return { lineUserId: lineUserId ?? `${channelUserId}` }
  }
  return channelUserId === undefined ? { lineUserId: `${lineUserId}` } : { channelUserId }
}

/** As the typing indicator names it. */
function conversationOf({ msisdn, channelUserId, lineUserId }: Recipient): string | undefined {
  return msisdn ?? channelUserId ?? lineUserId
}

function refuseContent({ content }: Values, { places, redact }: Sources<Field>): never {
  const place = places.content
  return emptyToUndefined(content) === undefined
    ? fail(
        'content',
        `No content: ${place} is empty. Set it to the text of the reply, or set Content.`,
      )
    : fail('content', malformed('content', content, place, redact))
}

/** @throws {MessagingError} `invalid-input` that says what was given, and what was expected */
function refuse(
  field: 'umid' | 'subAccountId' | 'to',
  given: Given | undefined,
  { places, redact }: Sources<Field>,
): never {
  if (given) fail(field, malformed(field, given.value, given.place, redact))
  return fail(
    field,
    `No recipient: ${places.to} is empty and msg.webhook is not an inbound message of 8x8. Set msg.user, as an inbound node does, or set To.`,
  )
}

function fail(field: Field, text: string): never {
  throw new MessagingError('invalid-input', text, { field })
}
