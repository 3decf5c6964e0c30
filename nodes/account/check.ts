import { z } from 'zod'
import { TypingError } from './errors'

/**
 * A property of a node, checked.
 * @param field name of the property
 * @throws {TypingError} `not-configured`, with the field and the first thing that is wrong
 */
export function check<T>(field: string, schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw new TypingError('not-configured', `${result.error.issues[0]?.message}`, { field })
}

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
  const wrong = `The ${what} must be a number of seconds ${blank ? 'above' : 'from'} 0 to ${most}`
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
  const range = z
    .number()
    .min(blank && Number.MIN_VALUE, wrong)
    .max(most, wrong)
  return z
    .preprocess((value) => (value === '' || value === null ? blank : value), decimal.pipe(range))
    .transform((value) => value * 1000)
}
