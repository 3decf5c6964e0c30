import { MSISDN } from '../api'
import { cleanMsisdn, cleanText } from '../clean'
import { onlyKnown } from '../errors'
import type { Recipient } from '../replies/reply'
import { isObject } from './webhook'

/** Characters of an id. Our choice: 8x8's have some 30. */
const MAX_ID = 200

/**
 * Reads a phone number, or an object with ids of a customer; ignores other properties.
 * @returns undefined for anything else, and for an object that throws
 */
export function readRecipient(value: unknown): Recipient | undefined {
  if (typeof value === 'string') {
    const msisdn = readMsisdn(value)
    return msisdn === undefined ? undefined : { msisdn }
  }
  try {
    return isObject(value) ? readIds(value) : undefined
  } catch {
    return undefined
  }
}

function readIds(user: Record<string, unknown>): Recipient | undefined {
  const msisdn = readMsisdn(plusOf(user.msisdn))
  const channelUserId = readId(user.channelUserId)
  const lineUserId = readId(user.lineUserId)
  if ((msisdn ?? channelUserId ?? lineUserId) === undefined) return undefined
  return onlyKnown({ msisdn, channelUserId, lineUserId }) as Recipient
}

/** An msisdn has a country code, also where it is written without its plus. */
function plusOf(msisdn: unknown): unknown {
  return typeof msisdn === 'string' && /^\s*[1-9]/.test(msisdn) ? `+${msisdn}` : msisdn
}

/** Only with a plus: a phone number without its country code may be somebody else's. */
function readMsisdn(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > MAX_ID) return undefined
  if (MSISDN.test(value)) return value // nearly all, and cleaning takes longer
  const msisdn = cleanMsisdn(value)
  return MSISDN.test(msisdn) ? msisdn : undefined
}

function readId(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > MAX_ID) return undefined
  return cleanText(value) || undefined
}
