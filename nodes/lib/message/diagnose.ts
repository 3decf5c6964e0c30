import { type Field, formOf, nameOf } from './fields'
import type { FoundWebhook } from './found-webhook'
import { quote, quoteText, typeInWords } from './quote'
import { isObject, readWebhook, textOf } from './webhook'

/** What errors say about the node. */
export interface Sources<F extends Field = Field> {
  /** Where each field is read from, in words, e.g. `msg.umid`. */
  places: Readonly<Record<F, string>>
  /** Takes the API key out of a text: it may be in the wrong field. */
  redact(text: string): string
}

/** What each field is called in the dialog. */
export const LABELS: Record<Field, string> = {
  action: 'Action',
  umid: 'Umid',
  channel: 'Channel',
  subAccountId: 'Sub-account',
  receivedAt: 'Received at',
  conversation: 'Conversation',
  content: 'Content',
  to: 'To',
}

/**
 * Says what was found, what was expected, and where.
 * @param place where the value was found, in words
 */
export function malformed(
  field: Field,
  value: unknown,
  place: string,
  redact: Sources['redact'],
): string {
  const quoted = quote(value, redact)
  const wrong = quoted === undefined ? `is ${typeInWords(value)}` : `${quoted} is not valid`
  return `The ${nameOf(field)} ${wrong}: expected ${formOf(field)}. It came from ${place}.`
}

/** What was found instead, and how to fix it. */
interface Diagnosis {
  /** Blank if `msg.payload` is empty. */
  found: string
  fix: string
}

/** Fields without a value. */
export interface MissingFields {
  /** The fields that are missing. */
  fields: Field[]
  /** The places that were searched, besides a webhook. */
  places: string[]
  /** The properties of the node that can be set instead, in words. */
  settings: string
}

/**
 * Says where a field was searched, what was found there, and which node or setting fixes it. Runs only
 * for messages that fail. Never throws, whatever the message holds.
 */
export function missing(
  absent: MissingFields,
  msg: object,
  webhook: FoundWebhook | undefined,
  redact: Sources['redact'],
): string {
  const { found, fix } = lookAround(absent, msg, webhook, redact)
  const empty = found ? absent.places : [...absent.places, 'msg.payload']
  const listed = empty.join(', ').replace(/, (?=[^,]*$)/, ' and ')
  const verb = empty.length === 1 ? 'is' : 'are'
  return `No ${absent.fields.join(' and no ')}: ${listed} ${verb} empty${found && ` and ${found}`}. ${fix}`
}

/** Events other than inbound messages. Source: 8x8's documentation of its webhooks. */
const EVENTS = new Map<unknown, string>([
  ['outbound_message_status_changed', 'a delivery receipt'],
  ['external_app_message', 'a message that a person sent in another app'],
  ['short_url_clicked', 'a click on a link'],
])

/** Names the event of a webhook that is not an inbound message. */
export function notInbound(webhook: FoundWebhook, redact: Sources['redact']): string {
  return `${webhook.place} is ${eventOf(webhook, redact)}, not an inbound message: it has no typing indicator. ${onlyInbound(webhook)}.`
}

function onlyInbound({ place }: FoundWebhook): string {
  return `Let only inbound_message_received through, e.g. with a Switch node on ${place}.eventType`
}

function eventOf({ eventType, business }: FoundWebhook, redact: Sources['redact']): string {
  const known = EVENTS.get(eventType)
  if (known !== undefined) return `${known} (${eventType})`
  const type = typeof eventType === 'string' ? quoteText(eventType, redact) : undefined
  if (business) return `a business management event${type ? ` (${type})` : ''}`
  return `an event of the unknown type ${type}`
}

/** Where webhooks can be, other than in `msg.payload`. */
const ELSEWHERE = [
  'req.body',
  'payload.body',
  'payload.payload',
  'payload.data',
  'payload.value',
  'body',
  'data',
]

function lookAround(
  absent: MissingFields,
  msg: object,
  webhook: FoundWebhook | undefined,
  redact: Sources['redact'],
): Diagnosis {
  const set = `set ${absent.settings}`
  try {
    if (webhook) return lookIntoWebhook(webhook, absent, set, redact)
    const place = ELSEWHERE.find((path) => isWebhook(at(msg, path)))
    if (!place) return lookIntoPayload(at(msg, 'payload'), absent, set)
    return {
      found: `msg.${place} is an 8x8 webhook`,
      fix: `Put a Change node in front that sets msg.payload to msg.${place}, or ${set}.`,
    }
  } catch {
    return { found: 'msg.payload cannot be read', fix: `${capitalise(set)}.` }
  }
}

function lookIntoWebhook(
  webhook: FoundWebhook,
  { fields }: MissingFields,
  set: string,
  redact: Sources['redact'],
): Diagnosis {
  if (!webhook.inbound) {
    return {
      found: `${webhook.place} is ${eventOf(webhook, redact)}`,
      fix: `${onlyInbound(webhook)}, or ${set}.`,
    }
  }
  const paths = fields.map((field) => (field === 'umid' ? 'umid' : 'recipient.channel'))
  const found = `the 8x8 webhook in ${webhook.place} has no ${paths.join(' and no ')}`
  return { found, fix: `${capitalise(set)}.` }
}

const MOVE = 'Put this node where msg.payload is the webhook'

function lookIntoPayload(payload: unknown, absent: MissingFields, set: string): Diagnosis {
  const fix = `${MOVE}, or ${set}.`
  const type = typeInWords(payload)
  if (type === 'empty' || payload === '') return { found: '', fix }
  if (type === 'a string' || type === 'a Buffer') return lookIntoText(payload, type, set)
  if (Array.isArray(payload)) {
    return isWebhook(payload[0])
      ? { found: 'msg.payload is an array of 8x8 webhooks', fix: 'Put a Split node in front.' }
      : {
          found: 'msg.payload is an array, not an 8x8 webhook',
          fix: `Put a Split node in front if it holds webhooks, or ${set}.`,
        }
  }
  if (!isObject(payload)) return { found: `msg.payload is ${type}, not an 8x8 webhook`, fix }
  return lookIntoObject(payload, absent, set)
}

function lookIntoText(payload: unknown, kind: string, set: string): Diagnosis {
  const text = textOf(payload)
  if (text === undefined) {
    return { found: `msg.payload is ${kind} of more than 1 MB`, fix: `${capitalise(set)}.` }
  }
  if (isWebhook(text)) {
    const found = `msg.payload is ${kind} with an 8x8 webhook, which is read only where no umid is given`
    return { found, fix: `Put a JSON node in front, or ${set}.` }
  }
  const found = `msg.payload is ${kind}, not an 8x8 webhook`
  return /^\s*[{[]/.test(text)
    ? { found, fix: `Put a JSON node in front, or ${set}.` }
    : { found, fix: `${MOVE}, or ${set}.` }
}

function lookIntoObject(payload: object, { fields }: MissingFields, set: string): Diagnosis {
  const fix = `${MOVE}, or ${set}.`
  if (at(payload, 'umid') !== undefined) {
    const channel = ['recipient.channel', 'channel'].find((path) => at(payload, path) !== undefined)
    const paths = { umid: 'umid', channel } as Partial<Record<Field, string>>
    const settings = fields.map((field) =>
      paths[field] ? `${LABELS[field]} to msg.payload.${paths[field]}` : LABELS[field],
    )
    const pointed = `set ${settings.join(' and ')}`
    return channel === 'recipient.channel'
      ? {
          found: 'msg.payload is only the inner payload of an 8x8 webhook',
          fix: `Put the whole webhook into msg.payload, or ${pointed}.`,
        }
      : {
          found: 'msg.payload has a umid, but is not an 8x8 webhook',
          fix: `${capitalise(pointed)}.`,
        }
  }
  if (typeof at(payload, 'eventType') === 'string') {
    return { found: 'msg.payload has an eventType, but no payload', fix }
  }
  const [first] = Object.keys(payload)
  if (first === undefined) return { found: 'msg.payload is an empty object', fix }
  return /^\s*\{/.test(first)
    ? {
        found: 'msg.payload is a form whose field is JSON',
        fix: `Have it sent with Content-Type: application/json, or ${set}.`,
      }
    : { found: 'msg.payload is an object, not an 8x8 webhook', fix }
}

function isWebhook(value: unknown): boolean {
  try {
    return readWebhook(value, true) !== undefined
  } catch {
    return false
  }
}

/** The value at a path; undefined if there is none, or if it throws. */
function at(object: object, path: string): unknown {
  try {
    return path
      .split('.')
      .reduce<unknown>((found, name) => (found as Record<string, unknown>)?.[name], object)
  } catch {
    return undefined
  }
}

function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
