import { types } from 'node:util'
import { CHANNELS, CHANNELS_WITHOUT_INDICATOR, SUB_ACCOUNT_ID, UMID } from '../api'
import { cleanChannel, cleanText, cleanUmid } from '../clean'
import { isConversation, readTime as readTimeText } from '../rules'
import { ACTIONS, type Action } from '../typing/actions'
import { readContent } from './content'
import { readRecipient } from './recipient'

/** Smallest plausible ms since 1970, in 1973: seconds given by mistake are below it. */
const EARLIEST = 1e11

/** ms since 1970 of the last valid Date. */
const LATEST = 8.64e15

/**
 * The fields of a message: a parser for each, which returns undefined for an invalid value, and what
 * is expected. Plain code and not zod, because it runs for every message; for the same reason a text
 * is cleaned only if it is not valid as it is.
 */
const FIELDS = {
  action: {
    read: readAction,
    form: `one of ${ACTIONS.join(', ')}`,
  },
  umid: {
    read: (value: unknown) => readText(value, UMID, cleanUmid),
    form: "8-4-4-4-12 hexadecimal digits, as in the webhook's payload.umid",
  },
  channel: {
    read: readChannel,
    form: 'the name of an 8x8 channel, e.g. whatsapp or rcs',
  },
  subAccountId: {
    read: (value: unknown) => readText(value, SUB_ACCOUNT_ID, cleanText),
    form: '3 to 50 letters, digits or any of - . _ &',
  },
  receivedAt: {
    read: readTime,
    form: 'a Date, ms since 1970, or ISO 8601 with a time zone',
  },
  conversation: {
    read: readConversation,
    form: 'a text of at most 200 characters, or a number',
  },
  content: {
    read: readContent,
    form: "a text that is not blank, a number, or an object with 8x8's type and content",
  },
  to: {
    read: readRecipient,
    form: 'a phone number with its country code, e.g. +6591234567, or an object with a msisdn, channelUserId or lineUserId',
  },
} as const

/** A channel of 8x8, with or without indicators. */
export type KnownChannel = (typeof CHANNELS)[number] | (typeof CHANNELS_WITHOUT_INDICATOR)[number]

const KNOWN_CHANNELS: ReadonlySet<string> = new Set([...CHANNELS, ...CHANNELS_WITHOUT_INDICATOR])

function readAction(value: unknown): Action | undefined {
  if (typeof value !== 'string') return undefined
  const name = cleanText(value)
  return ACTIONS.find((action) => action === name)
}

function readText(
  value: unknown,
  form: RegExp,
  clean: (text: string) => string,
): string | undefined {
  if (typeof value !== 'string') return undefined
  if (form.test(value)) return value
  const cleaned = clean(value)
  return form.test(cleaned) ? cleaned : undefined
}

function readChannel(value: unknown): KnownChannel | undefined {
  if (typeof value !== 'string') return undefined
  const name = KNOWN_CHANNELS.has(value) ? value : cleanChannel(value)
  return KNOWN_CHANNELS.has(name) ? (name as KnownChannel) : undefined
}

function readTime(value: unknown): number | undefined {
  // Not instanceof: a Date of a function node may come from another realm.
  const plain = types.isDate(value) ? timeOf(value) : value
  if (typeof plain === 'number') return plain >= EARLIEST && plain <= LATEST ? plain : undefined
  if (typeof plain !== 'string') return undefined
  return readTimeText(cleanText(plain))
}

function readConversation(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? `${value}` : undefined
  if (typeof value !== 'string') return undefined
  const text = cleanText(value)
  return isConversation(text) ? text : undefined
}

/** A field of a message. */
export type Field = keyof typeof FIELDS
/** The value of a field. */
export type Parsed<F extends Field> = NonNullable<ReturnType<(typeof FIELDS)[F]['read']>>

/** Not by the Date's own getTime, which a flow may have replaced. */
function timeOf(date: Date): number {
  return Date.prototype.getTime.call(date)
}

/** A value, or undefined if it is null, empty or only blanks. */
export function emptyToUndefined(value: unknown): unknown {
  if (typeof value !== 'string') return value ?? undefined
  const first = value.charCodeAt(0)
  const isPrinted = first > 0x20 && first < 0x7f // true for nearly every text, so skip the rest
  return isPrinted || /\S/.test(value) ? value : undefined
}

/** The clean value of a field; undefined: not well-formed. */
export function parse<F extends Field>(field: F, value: unknown): Parsed<F> | undefined {
  return FIELDS[field].read(value) as Parsed<F> | undefined
}

/** What errors call a field. */
export function nameOf(field: Field): string {
  return field === 'to' ? 'recipient' : field
}

/** The expected form of a field, in words. */
export function formOf(field: Field): string {
  return FIELDS[field].form
}
