/**
 * Facts about the 8x8 Messaging Apps API, shared by runtime, editor and sandbox.
 * Plain data without imports, so that the editor can bundle it.
 * Source, where nothing else is said: developer.8x8.com/connect, "Send Typing Indicator" and
 * the OpenAPI description "Business Messaging API" v1.
 */

/** The channels that have a typing indicator, as the events call spells them. */
export const CHANNELS = ['whatsapp', 'rcs'] as const

/** A channel with a typing indicator. */
export type Channel = (typeof CHANNELS)[number]

/** Channels of 8x8 without a typing indicator, in lower case (webhooks mix cases). */
export const CHANNELS_WITHOUT_INDICATOR = [
  'sms',
  'viber',
  'line',
  'zalonotification',
  'linenotification',
] as const

/** Base URL of each 8x8 region. A key works only in the region of its account. */
export const BASE_URLS = {
  'asia-pacific': 'https://chatapps.8x8.com',
  'north-america': 'https://chatapps.us.8x8.com',
  europe: 'https://chatapps.8x8.uk',
  indonesia: 'https://chatapps.8x8.id',
} as const

/** Choices of an account: a region of 8x8, a custom base URL, or our sandbox. */
export const REGIONS = [
  ...(Object.keys(BASE_URLS) as (keyof typeof BASE_URLS)[]),
  'custom',
  'sandbox',
] as const

/** One of {@link REGIONS}. */
export type Region = (typeof REGIONS)[number]

/** A sub-account id; `&` and `.` are legal in it. */
export const SUB_ACCOUNT_ID = /^[A-Za-z0-9\-._&]{3,50}$/

/** A umid. Not an RFC 9562 UUID: 8x8's own example has the version digit `e`. */
export const UMID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** E.164, the shape of 8x8's examples; how strictly 8x8 checks is not documented. */
export const MSISDN = /^\+[1-9]\d{4,14}$/

/** An API key that an Authorization header can carry; 8x8 documents no form for keys. */
export const API_KEY = /^[\x21-\x7e]+$/

/** A reference to an environment variable, which Node-RED replaces when a node starts. */
export const REFERENCE = /^\$\{(\S+)\}$/

/**
 * Whether a text can be the base URL of an account: an https origin and nothing more. http only to a
 * loopback address, so that the API key never crosses a network unencrypted.
 */
export function isBaseUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, origin, href } = new URL(text)
  const loopback = /^(localhost|\[::1\]|127(\.\d+){3})$/.test(hostname)
  return (protocol === 'https:' || (protocol === 'http:' && loopback)) && href === `${origin}/`
}

/** ms for which 8x8 accepts typing indicators for an inbound message. */
export const MAX_MESSAGE_AGE = 2 * 60 * 60 * 1000

/** 8x8's error codes. */
export const CODES = {
  invalidParameter: 1000,
  illegalSubAccount: 1001,
  invalidMsisdn: 1002,
  invalidId: 1008,
  outOfRange: 1010,
  invalidIpAddress: 1012,
  insecureProtocol: 1014,
  unauthorized: 1200,
  forbidden: 1201,
  notFound: 1300,
  internalError: 2000,
  notImplemented: 2001,
  unsupportedVersion: 2002,
  unsupportedProduct: 2003,
  invalidFallbackChannel: 3022,
  missedUmid: 3029,
} as const

/**
 * Path of a resource of a sub-account.
 * @param subAccountId must match {@link SUB_ACCOUNT_ID}
 */
export function subAccountPath(subAccountId: string, resource: 'events' | 'messages'): string {
  return `/api/v1/subaccounts/${encodeURIComponent(subAccountId)}/${resource}`
}
