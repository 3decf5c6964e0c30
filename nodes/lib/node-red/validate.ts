import { z } from 'zod'
import { REFERENCE, SUB_ACCOUNT_ID } from '../api'
import { cleanText } from '../clean'
import { MessagingError } from '../errors'
import { type NumberRule, readNumber } from '../rules'

/**
 * A property of a node, checked.
 * @param field name of the property
 * @throws {MessagingError} `not-configured`, with the field and the first problem
 */
export function check<T>(field: string, schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw new MessagingError('not-configured', `${result.error.issues[0]?.message}`, { field })
}

/**
 * One of a few words, or an environment variable that holds one.
 * @param what its name, for people
 */
export function oneOf<const T extends string>(what: string, words: readonly T[]) {
  const wrong = `The ${what} must be one of ${words.join(', ')}`
  return z.string(wrong).overwrite(cleanText).pipe(z.enum(words, wrong))
}

/**
 * A text that may be blank. Node-RED leaves a reference to an unset variable as it is.
 * @param wrong the error for a value of another type
 * @param clean cleans the text; blank: the text is used as it is
 */
export function resolved(wrong: string, clean = (text: string) => text) {
  return z
    .string(wrong)
    .overwrite(clean)
    .refine((value) => !REFERENCE.test(value), {
      error: ({ input }) =>
        `The environment variable ${REFERENCE.exec(`${input}`)?.[1]} is not set`,
      abort: true,
    })
}

/**
 * A text that must not be blank.
 * @param clean cleans the text
 */
export function required(what: string, clean = cleanText) {
  const missing = `No ${what} is set`
  return resolved(missing, clean).min(1, { error: missing, abort: true })
}

/** The id of a sub-account. */
export const subAccountId = required('sub-account').regex(
  SUB_ACCOUNT_ID,
  'A sub-account has 3 to 50 letters, digits or any of - . _ &',
)

/**
 * A number of the form, as a number or as text.
 * @param label what the dialog calls it
 * @param blank the value of a blank field
 */
export function number(label: string, rule: NumberRule, blank: number) {
  return z.unknown().transform((value, context) => {
    const found = readNumber(value === '' || value === null ? blank : value, rule)
    if (found !== undefined) return found
    context.addIssue(`${label} must be ${inWords(rule)}`)
    return z.NEVER
  })
}

/** A time of the form, in s; gives ms. */
export function seconds(label: string, rule: NumberRule, blank: number) {
  return number(label, rule, blank).transform((value) => value * 1000)
}

function inWords({ from, above, to, whole }: NumberRule): string {
  if (whole) return `a whole number from ${from} to ${to}`
  return above === undefined
    ? `from ${from} to ${to} seconds`
    : `more than ${above} and at most ${to} seconds`
}
