/** Consecutive characters of a key that are masked. Our choice: fewer reveal nothing. */
const RUN = 6

/** What follows the name of a scheme is a secret, ours or not. */
const CREDENTIALS = /\b(bearer|basic)\s+\S+/gi

/** Masks secrets in a text from outside, in linear time. */
export type Redactor = (text: string) => string

/**
 * A redactor that masks each run of 6 characters or more of an API key, or of a form in which a
 * server or a proxy may echo it, in any case of the letters. Shorter keys are masked as a whole.
 * @param apiKey of ASCII characters; blank: there is none yet
 */
export function createRedactor(apiKey: string): Redactor {
  let runs: Map<number, Set<string>> | undefined // lazy: most accounts never have a text to redact
  return (text) => {
    runs ??= runsOf(apiKey)
    return mask(text.replace(CREDENTIALS, '$1 ***'), runs)
  }
}

/** @param runs by their length */
function mask(text: string, runs: Map<number, Set<string>>): string {
  const lower = lowerCase(text)
  let masked = ''
  let end = 0 // of the last masked run
  for (let at = 0; at < text.length; at++) {
    const previousEnd = end
    for (const [length, known] of runs) {
      if (known.has(lower.slice(at, at + length))) end = Math.max(end, at + length)
    }
    if (at >= end) masked += text[at]
    else if (at > previousEnd || at === 0) masked += '***'
  }
  return masked
}

function runsOf(apiKey: string): Map<number, Set<string>> {
  const runs = new Map<number, Set<string>>()
  for (const form of apiKey ? formsOf(apiKey) : []) {
    const length = Math.min(RUN, form.length)
    const known = runs.get(length) ?? new Set()
    for (let at = 0; at + length <= form.length; at++) {
      known.add(lowerCase(form.slice(at, at + length)))
    }
    runs.set(length, known)
  }
  return runs
}

/** The key and its encodings, as they are, escaped, and escaped twice. */
function formsOf(apiKey: string): Set<string> {
  const forms = new Set([apiKey, ...encode(apiKey), ...encode(`Bearer ${apiKey}`)])
  // The key may be inside a longer text, e.g. `user:key`, which shifts its bits in Base64.
  if (apiKey.length >= RUN) {
    for (const form of [...encode(`.${apiKey}`, 2), ...encode(`..${apiKey}`, 3)]) forms.add(form)
  }
  for (const _ of ['once', 'twice']) {
    for (const form of [...forms]) for (const encoder of ESCAPES) forms.add(encoder(form))
  }
  return forms
}

/** @param skip characters of Base64 that depend on what is before the key */
function encode(text: string, skip = 0): string[] {
  const bytes = Buffer.from(text)
  const base64 = (['base64', 'base64url'] as const).map((form) => bytes.toString(form).slice(skip))
  return [...base64, bytes.toString('hex')]
}

const HTML: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

const hex = (sign: string) => sign.charCodeAt(0).toString(16)

/** How URLs, HTML and JSON escape characters. */
const ESCAPES: ((text: string) => string)[] = [
  encodeURIComponent,
  (text) => text.replace(/[&<>"']/g, (sign) => HTML[sign] ?? '&#39;'),
  (text) => text.replace(/[^a-z0-9]/gi, (sign) => `&#${sign.charCodeAt(0)};`),
  (text) => text.replace(/[^a-z0-9]/gi, (sign) => `&#x${hex(sign)};`),
  (text) => JSON.stringify(text).slice(1, -1),
  (text) => text.replace(/["'&+<>\\`]/g, (sign) => `\\u00${hex(sign)}`), // .NET, as 8x8's dates
]

/** Only of ASCII letters: others may change their length. */
function lowerCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}
