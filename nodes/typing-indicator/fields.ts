import { types } from 'node:util'
import { z } from 'zod'
import { CHANNELS, CHANNELS_WITHOUT_INDICATOR, SUB_ACCOUNT_ID, UMID } from '../account/api'
import { type Facts, TypingError } from '../account/errors'
import { ACTIONS } from './options'

/** What a message can say: the shape of each field, and how to say that it is wrong. */
const FIELDS = {
  action: { schema: z.enum(ACTIONS), form: `one of ${ACTIONS.join(', ')}` },
  umid: { schema: z.string().regex(UMID), form: 'five groups of hexadecimal digits (8-4-4-4-12)' },
  channel: {
    schema: z
      .string()
      .toLowerCase()
      .pipe(z.enum([...CHANNELS, ...CHANNELS_WITHOUT_INDICATOR])),
    form: 'the name of an 8x8 channel, e.g. whatsapp or rcs',
  },
  subAccountId: {
    schema: z.string().regex(SUB_ACCOUNT_ID),
    form: '3 to 50 letters, digits or any of - . _ &',
  },
  receivedAt: {
    // Not z.date(): a Date of a function node may come from another realm.
    schema: z.preprocess(
      (value) => (types.isDate(value) ? value.getTime() : value),
      z.union([
        z.number().min(1e11), // since 1973: s instead of ms would be long ago
        z
          .string()
          .regex(/^\d{12,14}$/)
          .transform(Number),
        z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)),
      ]),
    ),
    form: 'a Date, ms since 1970, or ISO 8601 with a time zone',
  },
  conversation: {
    // Bounded, because a session keeps it.
    schema: z.union([z.string().min(1).max(200), z.number().transform(String)]),
    form: 'a text of at most 200 characters, or a number',
  },
} as const

type Field = keyof typeof FIELDS
type Parsed<F extends Field> = z.infer<(typeof FIELDS)[F]['schema']>

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
  const { schema, form } = FIELDS[field]
  const result = schema.safeParse(value)
  if (result.success) return result.data as Parsed<F>
  const text = value === undefined ? `No ${field} is given` : `The ${field} is not ${form}`
  throw new TypingError('invalid-input', text, { ...known, field })
}

/** The value if it is well-formed; for what may be left out or odd. */
export function parseLoosely<F extends Field>(field: F, value: unknown): Parsed<F> | undefined {
  if (value === undefined) return undefined // mostly; zod would make an error first
  return FIELDS[field].schema.safeParse(value).data as Parsed<F> | undefined
}
