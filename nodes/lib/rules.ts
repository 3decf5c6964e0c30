/**
 * Rules for the properties of the nodes, shared by both halves: the dialogs mark values that break a
 * rule, and the runtime refuses them. Imports only api and clean, so that the editor can bundle it.
 */
import { MAX_MESSAGE_AGE, REFERENCE, SUB_ACCOUNT_ID } from './api'
import { cleanText } from './clean'

/** The bounds of a number. Times are in s. */
export interface NumberRule {
  /** Inclusive minimum. */
  from?: number
  /** Exclusive minimum. */
  above?: number
  /** Inclusive maximum. */
  to: number
  /** Integers only. */
  whole?: true
}

/** s; our choice: a day, so that no timer overflows. */
const DAY = 86_400

/** s: for so long 8x8 accepts typing indicators for a message. */
const LONGEST_TYPING = MAX_MESSAGE_AGE / 1000

/** s; our choice: a customer who is silent for longer waits for an answer. */
const LONGEST_COLLECTING = 3600

/** The numbers that the nodes are configured with, by the names of their properties. */
export const NUMBERS = {
  timeout: { above: 0, to: DAY },
  deadline: { above: 0, to: DAY },
  maxInFlight: { from: 1, to: 1000, whole: true },
  maxWaiting: { from: 0, to: 1_000_000, whole: true },
  initialDelay: { from: 0, to: LONGEST_TYPING },
  renewEvery: { above: 0, to: LONGEST_TYPING },
  maxDuration: { above: 0, to: LONGEST_TYPING },
  collect: { from: 0, to: LONGEST_COLLECTING },
} as const satisfies Record<string, NumberRule>

/**
 * A number as a flow stores it: a number, or a text of digits, perhaps with a point.
 * @returns undefined if it is not a number, or out of bounds
 */
export function readNumber(value: unknown, rule: NumberRule): number | undefined {
  const isText = typeof value === 'string' && /^\d*\.?\d+$/.test(value)
  const number = isText ? Number(value) : value
  if (typeof number !== 'number') return undefined
  const { from = Number.NEGATIVE_INFINITY, above = Number.NEGATIVE_INFINITY, to, whole } = rule
  const fits = number >= from && number > above && number <= to
  return fits && (!whole || Number.isInteger(number)) ? number : undefined
}

const ISO_DATE =
  /^(\d{4}-\d\d-(\d\d))T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/

/**
 * A time as text: ms since 1970 (12 to 14 digits) or ISO 8601 with a time zone.
 * @returns ms since 1970; undefined for anything else
 */
export function readTime(text: string): number | undefined {
  if (/^\d{12,14}$/.test(text)) return Number(text)
  const [, date, day] = ISO_DATE.exec(text) ?? []
  const time = date === undefined ? Number.NaN : Date.parse(text)
  if (Number.isNaN(time)) return undefined
  // Date.parse turns February 30 into March 2.
  const exists = Number(day) <= 28 || new Date(`${date}T00:00Z`).getUTCDate() === Number(day)
  return exists ? time : undefined
}

/** Whether a text can name a conversation; bounded, because a session keeps it. Our choice. */
export function isConversation(text: string): boolean {
  return text !== '' && text.length <= 200
}

/** Whether a text can be the value of an HTTP header; it may be blank. */
export function isHeaderValue(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text)
}

/** The path of all phones below the HTTP node root, in lower case. */
export const PHONES_PATH = '/8x8-sandbox'

/**
 * Whether a text can be the path of an endpoint below the HTTP node root: no query, nothing that a
 * client would encode, and not a page of the sandbox.
 */
export function isPath(text: string): boolean {
  const url = `http://localhost${text}`
  const arrivesAsWritten =
    text.startsWith('/') && URL.canParse(url) && new URL(url).pathname === text
  return arrivesAsWritten && !`${pathKey(text)}/`.startsWith(`${PHONES_PATH}/`)
}

/**
 * Equal for paths that are the same to Express by default, which ignores case and a final slash.
 */
export function pathKey(path: string): string {
  return path.replace(/(.)\/$/, '$1').toLowerCase()
}

/**
 * The ids of sub-accounts, separated by commas.
 * @returns an empty list for a blank text; undefined if an id is malformed
 */
export function readSubAccounts(text: string): string[] | undefined {
  const ids = text.split(',').map(cleanText).filter(Boolean)
  return ids.every((id) => SUB_ACCOUNT_ID.test(id)) ? ids : undefined
}

/** Whether a text is a reference that Node-RED replaces by an environment variable. */
export function isReference(text: string): boolean {
  return REFERENCE.test(text)
}
