import { type Field, formOf } from './fields'
import { kindOf, quote, quoteText } from './quote'
import { isObject, readWebhook, textOf, type Webhook } from './webhook'

/** What errors tell of the node besides the message. */
export interface Sources {
  /** Where each field is read from, in words, e.g. `msg.umid`. */
  places: Record<Field, string>
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
}

/**
 * Says what came, what was expected, and where it came from.
 * @param place where the value was found, in words
 */
export function malformed(field: Field, value: unknown, place: string, sources: Sources): string {
  const quoted = quote(value, sources.redact)
  const wrong = quoted === undefined ? `is ${kindOf(value)}` : `${quoted} is not valid`
  return `The ${field} ${wrong}: expected ${formOf(field)}. It came from ${place}.`
}

/** Something else than what was expected, and what to do about it. */
interface Finding {
  /** Blank where there is nothing at all in `msg.payload`. */
  what: string
  mend: string
}

/** What a message does not give. */
export interface Lack {
  /** The fields that are missing. */
  fields: Field[]
  /** Where they were looked for, besides the webhook in `msg.payload`. */
  places: string[]
  /** The properties of the node that can be set in place of it, in words. */
  settings: string
}

/**
 * Says where a field was looked for, what was found there, and which node or setting mends it.
 * Runs only for a message that fails; never throws, whatever is in the message.
 */
export function missing(
  lack: Lack,
  msg: object,
  webhook: Webhook | undefined,
  sources: Sources,
): string {
  const { what, mend } = lookAround(lack, msg, webhook, sources)
  const empty = what ? lack.places : [...lack.places, 'msg.payload']
  const listed = empty.join(', ').replace(/, (?=[^,]*$)/, ' and ')
  const verb = empty.length === 1 ? 'is' : 'are'
  return `No ${lack.fields.join(' and no ')}: ${listed} ${verb} empty${what && ` and ${what}`}. ${mend}`
}

/** The events that are no inbound message. Source: 8x8's documentation of its webhooks. */
const EVENTS = new Map<unknown, string>([
  ['outbound_message_status_changed', 'a delivery receipt'],
  ['external_app_message', 'a message that a person sent in another app'],
  ['short_url_clicked', 'a click on a link'],
])

/** Says by its name what a webhook is that brings no inbound message. */
export function notInbound(webhook: Webhook, sources: Sources): string {
  return `msg.payload is ${eventOf(webhook, sources.redact)}, not an inbound message: it has no typing indicator. ${ONLY_INBOUND}.`
}

const ONLY_INBOUND =
  'Let only inbound_message_received through, e.g. with a Switch node on msg.payload.eventType'

function eventOf({ eventType, business }: Webhook, redact: Sources['redact']): string {
  const known = EVENTS.get(eventType)
  if (known !== undefined) return `${known} (${eventType})`
  const type = typeof eventType === 'string' ? quoteText(eventType, redact) : undefined
  if (business) return `a business management event${type ? ` (${type})` : ''}`
  return `an event of the unknown type ${type}`
}

/** Where webhooks turn up that are not in `msg.payload`. */
const ELSEWHERE = [
  'req.body',
  'payload.body',
  'payload.payload',
  'payload.data',
  'payload.value',
  'body',
  'data',
  'webhook',
]

function lookAround(
  lack: Lack,
  msg: object,
  webhook: Webhook | undefined,
  { redact }: Sources,
): Finding {
  const set = `set ${lack.settings}`
  try {
    if (webhook) return lookIntoWebhook(webhook, lack, set, redact)
    const place = ELSEWHERE.find((path) => isWebhook(at(msg, path)))
    if (!place) return lookIntoPayload(at(msg, 'payload'), lack, set)
    return {
      what: `msg.${place} is an 8x8 webhook`,
      mend: `Put a Change node in front that sets msg.payload to msg.${place}, or ${set}.`,
    }
  } catch {
    return { what: 'msg.payload cannot be read', mend: `${capitalise(set)}.` }
  }
}

function lookIntoWebhook(
  webhook: Webhook,
  { fields }: Lack,
  set: string,
  redact: Sources['redact'],
): Finding {
  if (!webhook.inbound) {
    return {
      what: `msg.payload is ${eventOf(webhook, redact)}`,
      mend: `${ONLY_INBOUND}, or ${set}.`,
    }
  }
  const paths = fields.map((field) => (field === 'umid' ? 'umid' : 'recipient.channel'))
  const what = `the 8x8 webhook in msg.payload has no ${paths.join(' and no ')}`
  return { what, mend: `${capitalise(set)}.` }
}

const MOVE = 'Put this node where msg.payload is the webhook'

function lookIntoPayload(payload: unknown, lack: Lack, set: string): Finding {
  const mend = `${MOVE}, or ${set}.`
  const kind = kindOf(payload)
  if (kind === 'empty' || payload === '') return { what: '', mend }
  if (kind === 'a string' || kind === 'a Buffer') return lookIntoText(payload, kind, set)
  if (Array.isArray(payload)) {
    return isWebhook(payload[0])
      ? { what: 'msg.payload is an array of 8x8 webhooks', mend: 'Put a Split node in front.' }
      : {
          what: 'msg.payload is an array, not an 8x8 webhook',
          mend: `Put a Split node in front if it holds webhooks, or ${set}.`,
        }
  }
  if (!isObject(payload)) return { what: `msg.payload is ${kind}, not an 8x8 webhook`, mend }
  return lookIntoObject(payload, lack, set)
}

function lookIntoText(payload: unknown, kind: string, set: string): Finding {
  const text = textOf(payload)
  if (text === undefined) {
    return { what: `msg.payload is ${kind} of more than 1 MB`, mend: `${capitalise(set)}.` }
  }
  if (isWebhook(text)) {
    const what = `msg.payload is ${kind} with an 8x8 webhook, which is read only where no umid is given`
    return { what, mend: `Put a JSON node in front, or ${set}.` }
  }
  const what = `msg.payload is ${kind}, not an 8x8 webhook`
  return /^\s*[{[]/.test(text)
    ? { what, mend: `Put a JSON node in front, or ${set}.` }
    : { what, mend: `${MOVE}, or ${set}.` }
}

function lookIntoObject(payload: object, { fields }: Lack, set: string): Finding {
  const mend = `${MOVE}, or ${set}.`
  if (at(payload, 'umid') !== undefined) {
    const channel = ['recipient.channel', 'channel'].find((path) => at(payload, path) !== undefined)
    const paths = { umid: 'umid', channel } as Partial<Record<Field, string>>
    const settings = fields.map((field) =>
      paths[field] ? `${LABELS[field]} to msg.payload.${paths[field]}` : LABELS[field],
    )
    const pointed = `set ${settings.join(' and ')}`
    return channel === 'recipient.channel'
      ? {
          what: 'msg.payload is only the inner payload of an 8x8 webhook',
          mend: `Put the whole webhook into msg.payload, or ${pointed}.`,
        }
      : {
          what: 'msg.payload has a umid, but is not an 8x8 webhook',
          mend: `${capitalise(pointed)}.`,
        }
  }
  if (typeof at(payload, 'eventType') === 'string') {
    return { what: 'msg.payload has an eventType, but no payload', mend }
  }
  const [first] = Object.keys(payload)
  if (first === undefined) return { what: 'msg.payload is an empty object', mend }
  return /^\s*\{/.test(first)
    ? {
        what: 'msg.payload is a form whose field is JSON',
        mend: `Have it sent with Content-Type: application/json, or ${set}.`,
      }
    : { what: 'msg.payload is an object, not an 8x8 webhook', mend }
}

function isWebhook(value: unknown): boolean {
  try {
    return readWebhook(value, true) !== undefined
  } catch {
    return false
  }
}

/** What is at a path; undefined where there is nothing, or where it throws. */
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
