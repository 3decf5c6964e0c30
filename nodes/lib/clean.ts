/**
 * Removes what people type or paste around a value. One function for each kind of value, shared by
 * the dialogs and the runtime. Without imports, so that the editor can bundle it.
 */

/** A umid without blanks, line ends and the braces that some tools write around an id. */
export function cleanUmid(text: string): string {
  const trimmed = text.trim()
  const inBraces = trimmed.startsWith('{') && trimmed.endsWith('}')
  return inBraces ? trimmed.slice(1, -1).trim() : trimmed
}

/** The name of a channel in lower case, as the events call spells it. */
export function cleanChannel(text: string): string {
  return text.trim().toLowerCase()
}

/** A phone number in E.164, without what people write to make it readable; 00 counts as a plus. */
export function cleanMsisdn(text: string): string {
  return text
    .replace('(0)', '')
    .replace(/[\s\p{Cf}\p{Pd}()./]/gu, '')
    .replace(/^00/, '+')
}

/**
 * The id of a customer, by which others are compared: of a phone number only the digits, because 8x8
 * and flows write it with and without a plus, and 8x8 also as a channelUserId.
 */
export function cleanCustomerId(text: string): string {
  return text.trim().replace(/^\+(?=\d+$)/, '')
}

/** An API key without the scheme of the header from which it may have been copied. */
export function cleanApiKey(text: string): string {
  return text.trim().replace(/^bearer(\s+|$)/i, '')
}

/** Any other value: without blanks and line ends around it. */
export function cleanText(text: string): string {
  return text.trim()
}
