import { types } from 'node:util'
import { z } from 'zod'
import { CHANNELS, CHANNELS_WITHOUT_INDICATOR, SUB_ACCOUNT_ID, UMID } from '../account/api'
import { type Facts, TypingError } from '../account/errors'
import { ACTIONS } from './options'

/** ISO 8601 with a time zone, with seconds or (-1) without. */
const isoDate = z.union([
  z.iso.datetime({ offset: true }),
  z.iso.datetime({ offset: true, precision: -1 }),
])

/** ms since 1970 above which a number can be such; s instead of ms would be long ago. 1973. */
const EARLIEST = 1e11

/** ms since 1970 of the last Date that there is. */
const LATEST = 8.64e15

/**
 * What a message can say: how each field is read, undefined where it is wrong, and how to say so.
 * Plain code and not zod where it is as short, because every message comes through here.
 */
const FIELDS = {
  action: {
    read: (value: unknown) => ACTIONS.find((action) => action === value),
    form: `one of ${ACTIONS.join(', ')}`,
  },
  umid: {
    read: (value: unknown) => (typeof value === 'string' && UMID.test(value) ? value : undefined),
    form: 'five groups of hexadecimal digits (8-4-4-4-12)',
  },
  channel: {
    read: readChannel,
    form: 'the name of an 8x8 channel, e.g. whatsapp or rcs',
  },
  subAccountId: {
    read: (value: unknown) =>
      typeof value === 'string' && SUB_ACCOUNT_ID.test(value) ? value : undefined,
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
} as const

const KNOWN_CHANNELS = [...CHANNELS, ...CHANNELS_WITHOUT_INDICATOR] as const

function readChannel(value: unknown): (typeof KNOWN_CHANNELS)[number] | undefined {
  if (typeof value !== 'string') return undefined
  const name = value.toLowerCase()
  return KNOWN_CHANNELS.find((channel) => channel === name)
}

function readTime(value: unknown): number | undefined {
  // Not instanceof: a Date of a function node may come from another realm.
  const time = types.isDate(value) ? timeOf(value) : value
  if (typeof time === 'number') return time >= EARLIEST && time <= LATEST ? time : undefined
  if (typeof time !== 'string') return undefined
  if (/^\d{12,14}$/.test(time)) return Number(time)
  const parsed = isoDate.safeParse(time).success ? Date.parse(time) : Number.NaN
  return Number.isNaN(parsed) ? undefined : parsed
}

/** Bounded, because a session keeps it. */
function readConversation(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? `${value}` : undefined
  return typeof value === 'string' && value && value.length <= 200 ? value : undefined
}

type Field = keyof typeof FIELDS
type Parsed<F extends Field> = NonNullable<ReturnType<(typeof FIELDS)[F]['read']>>

/** Not by the Date's own getTime, which may be anything. */
function timeOf(date: Date): number {
  return Date.prototype.getTime.call(date)
}

/** A value, or undefined where nothing is given. */
export function given(value: unknown): unknown {
  return value === null || value === '' ? undefined : value
}

/**
 * @param known what else is known of the message, for the error
 * @throws {TypingError} `invalid-input` that names the field
 */
export function parse<F extends Field>(
  field: F,
  value: unknown,
  known: Pick<Facts, 'umid' | 'channel'> = {},
): Parsed<F> {
  const read = parseLoosely(field, value)
  if (read !== undefined) return read
  const text =
    value === undefined ? `No ${field} is given` : `The ${field} is not ${FIELDS[field].form}`
  throw new TypingError('invalid-input', text, { ...known, field })
}

/** The value if it is well-formed; for what may be left out or odd. */
export function parseLoosely<F extends Field>(field: F, value: unknown): Parsed<F> | undefined {
  return FIELDS[field].read(value) as Parsed<F> | undefined
}
