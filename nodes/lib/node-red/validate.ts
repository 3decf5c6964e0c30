import { z } from 'zod'
import { REFERENCE, SUB_ACCOUNT_ID } from '../api'
import { cleanText } from '../clean'
import { MessagingError } from '../errors'

/**
 * A property of a node, checked.
 * @param field name of the property
 * @throws {MessagingError} `not-configured`, with the field and the first thing that is wrong
 */
export function check<T>(field: string, schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw new MessagingError('not-configured', `${result.error.issues[0]?.message}`, { field })
}

/**
 * One of a few words, which an environment variable may hold.
 * @param what its name, for people
 */
export function oneOf<const T extends string>(what: string, words: readonly T[]) {
  const wrong = `The ${what} must be one of ${words.join(', ')}`
  return z.string(wrong).overwrite(cleanText).pipe(z.enum(words, wrong))
}

/**
 * A text that may be blank. Node-RED leaves a reference to a variable that is not set as it is.
 * @param wrong what to say of another type
 * @param clean takes off what was typed or pasted around it; blank: the text counts as it is
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
 * A text that must be there.
 * @param clean takes off what was typed or pasted around it
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
 * A whole number, as a number or as text.
 * @param what its name, for people
 * @param blank what a blank field stands for
 */
export function wholeNumber(what: string, blank: number, least: number, most: number) {
  const wrong = `The ${what} must be a whole number from ${least} to ${most}`
  const digits = z.string().regex(/^\d+$/).transform(Number)
  const whole = z
    .union([z.number(), digits], wrong)
    .pipe(z.int(wrong).min(least, wrong).max(most, wrong))
  return z.preprocess((value) => (value === '' || value === null ? blank : value), whole)
}

/**
 * A time of the form: s, as a number or as text; gives ms.
 * @param what its name, for people
 * @param blank s that a blank field stands for; above 0 unless it is 0 itself
 * @param most s; a day at most, so that no timer overflows
 */
export function seconds(what: string, blank: number, most = 86_400) {
  const range = blank ? `more than 0 and at most ${most} seconds` : `from 0 to ${most} seconds`
  const wrong = `The ${what} must be ${range}`
  const decimal = z.union(
    [
      z.number(),
      z
        .string()
        .regex(/^\d*\.?\d+$/)
        .transform(Number),
    ],
    wrong,
  )
  const inRange = z
    .number()
    .min(blank && Number.MIN_VALUE, wrong)
    .max(most, wrong)
  return z
    .preprocess((value) => (value === '' || value === null ? blank : value), decimal.pipe(inRange))
    .transform((value) => value * 1000)
}
