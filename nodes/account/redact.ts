/**
 * Takes an API key out of a text that came from outside, in the forms in which a server or a proxy
 * may echo it: as it is, in a URL, in Base64 of either alphabet, in another case, or behind the
 * name of its scheme.
 */
export function redact(text: string, apiKey: string): string {
  const bytes = Buffer.from(apiKey)
  const base64 = bytes.toString('base64').replace(/=+$/, '')
  const forms = [apiKey, encodeURIComponent(apiKey), bytes.toString('base64url'), base64]
  const pattern = new RegExp(`(${forms.map(literally).join('|')})=*`, 'gi')
  return text.replace(/\b(bearer|basic)\s+\S+/gi, '$1 ***').replace(pattern, '***')
}

/** As a pattern that matches the text itself. */
function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}
