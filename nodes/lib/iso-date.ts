/** The last time that was written: a busy node sends many messages in the same ms. */
let last = { ms: Number.NaN, text: '' }

/** A time in ISO 8601. @param ms since 1970 */
export function isoDate(ms: number): string {
  if (ms !== last.ms) last = { ms, text: new Date(ms).toISOString() }
  return last.text
}
