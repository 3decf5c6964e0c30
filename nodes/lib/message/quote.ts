import { types } from 'node:util'

/** Characters of a value that are shown; our choice. */
const MAX_QUOTED = 50

/** Characters of a text that are read, so that a text of 4 MB costs nothing. */
const MAX_LOOKED_AT = 10_000

/** Invisible characters: control and format characters, line ends, unusual blanks. */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu

/**
 * A text in quotes on one line, at most 50 characters of it, with invisible characters escaped.
 * @param redact takes the API key out, which may be in the wrong field
 */
export function quoteText(text: string, redact = (said: string) => said): string {
  const shown = redact(text.slice(0, MAX_LOOKED_AT))
  const quoted = JSON.stringify(shown.slice(0, MAX_QUOTED)).replace(INVISIBLE, toEscape)
  return shown.length > MAX_QUOTED || text.length > MAX_LOOKED_AT ? `${quoted}…` : quoted
}

function toEscape(character: string): string {
  return `\\u{${character.codePointAt(0)?.toString(16)}}`
}

/**
 * A value that can be shown.
 * @returns e.g. `"12345"` or `12345 (a number)`; undefined for objects and the like
 */
export function quote(value: unknown, redact?: (said: string) => string): string | undefined {
  if (typeof value === 'string') return quoteText(value, redact)
  const shown = typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint'
  return shown ? `${quoteText(`${value}`, redact).slice(1, -1)} (a ${typeof value})` : undefined
}

/**
 * The type of a value, e.g. `a string`, `an array`, `a Buffer`. Never throws: it reads no property,
 * because a getter may throw.
 */
export function typeInWords(value: unknown): string {
  if (value === undefined || value === null) return 'empty'
  if (typeof value !== 'object') return `a ${typeof value}`
  if (types.isProxy(value)) return 'an object'
  if (Array.isArray(value)) return 'an array'
  if (types.isUint8Array(value)) return 'a Buffer'
  return types.isDate(value) ? 'a Date' : 'an object'
}
