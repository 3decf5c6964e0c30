import { z } from 'zod'
import { API_KEY, BASE_URLS, isBaseUrl, REFERENCE, REGIONS, SUB_ACCOUNT_ID } from './api'
import { check, seconds, wholeNumber } from './check'
import { cleanApiKey, cleanText } from './clean'
import type { Server } from './line'
import { ACCOUNT_DEFAULTS, type AccountOptions, COUNTS } from './options'

/** An account, checked. */
export interface Settings {
  subAccountId: string
  /** Undefined for the sandbox, whose address and key are known only when it runs. */
  server: Server | undefined
  /** ms for one attempt. */
  timeout: number
  /** ms for a message with all its attempts. */
  deadline: number
  /** Requests at once. */
  maxInFlight: number
  /** Messages that may wait for their turn. */
  maxWaiting: number
}

/**
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

const apiKey = required('API key', cleanApiKey).regex(
  API_KEY,
  'The API key has characters that an HTTP header cannot carry',
)

const baseUrl = required('base URL')
  .refine(
    isBaseUrl,
    'The base URL must be https://host[:port], nothing more (http only to loopback)',
  )
  .transform((value) => new URL(value).origin)

const timeout = seconds('timeout', ACCOUNT_DEFAULTS.timeout)
const deadline = seconds('deadline', ACCOUNT_DEFAULTS.deadline)
const { maxInFlight: inFlight, maxWaiting: waiting } = ACCOUNT_DEFAULTS
const maxInFlight = wholeNumber('number of requests at once', inFlight, ...COUNTS.maxInFlight)
const maxWaiting = wholeNumber('number of waiting messages', waiting, ...COUNTS.maxWaiting)
const region = required('region')
  .pipe(z.enum(REGIONS, 'The region is unknown'))
  .default(ACCOUNT_DEFAULTS.region)

/**
 * @param stored with environment references resolved, as Node-RED hands it to a node
 * @throws {import('./errors').TypingError} `not-configured`, with the field at fault
 */
export function readSettings(stored: Partial<AccountOptions>, key: string | undefined): Settings {
  const config: AccountOptions = { ...ACCOUNT_DEFAULTS, ...stored }
  return {
    subAccountId: check('subAccountId', subAccountId, config.subAccountId),
    server: readServer(config, key),
    timeout: check('timeout', timeout, config.timeout),
    deadline: check('deadline', deadline, config.deadline),
    maxInFlight: check('maxInFlight', maxInFlight, config.maxInFlight),
    maxWaiting: check('maxWaiting', maxWaiting, config.maxWaiting),
  }
}

function readServer(config: AccountOptions, key: string | undefined): Server | undefined {
  const origin = readOrigin(config)
  return origin === undefined ? undefined : { origin, apiKey: check('apiKey', apiKey, key) }
}

/**
 * Where requests go; undefined for the sandbox.
 * @throws {import('./errors').TypingError} `not-configured`, with the field at fault
 */
export function readOrigin(
  config: Pick<Partial<AccountOptions>, 'region' | 'baseUrl'>,
): string | undefined {
  const where = check('region', region, config.region)
  if (where === 'sandbox') return undefined
  return where === 'custom' ? check('baseUrl', baseUrl, config.baseUrl) : BASE_URLS[where]
}
