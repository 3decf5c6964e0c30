import { z } from 'zod'
import { API_KEY, BASE_URLS, isBaseUrl, REGIONS, type Region } from '../lib/api'
import { cleanApiKey, cleanText } from '../lib/clean'
import type { Server } from '../lib/client/transport'
import type { MessagingError } from '../lib/errors'
import { check, number, required, resolved, seconds, subAccountId } from '../lib/node-red/validate'
import { isHeaderValue, NUMBERS } from '../lib/rules'
import { ACCOUNT_DEFAULTS, type AccountOptions } from './options'

/** The validated settings of an account. */
export interface Settings {
  subAccountId: string
  /** Undefined for the sandbox, whose address and key are known only when it is running. */
  server: Server | undefined
  /** ms for one attempt. */
  timeout: number
  /** ms for a message with all its attempts. */
  deadline: number
  /** Concurrent requests. */
  maxInFlight: number
  /** Messages that may be queued. */
  maxWaiting: number
}

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

const { timeout: forAttempt, deadline: forMessage, maxInFlight, maxWaiting } = ACCOUNT_DEFAULTS
const limits = {
  timeout: seconds('Timeout', NUMBERS.timeout, forAttempt),
  deadline: seconds('Deadline', NUMBERS.deadline, forMessage),
  maxInFlight: number('Max. in flight', NUMBERS.maxInFlight, maxInFlight),
  maxWaiting: number('Max. waiting', NUMBERS.maxWaiting, maxWaiting),
}
const region = required('region')
  .pipe(z.enum(REGIONS, 'The region is unknown'))
  .default(ACCOUNT_DEFAULTS.region)

const webhookAuthorization = resolved('The webhook authorization must be text', cleanText).refine(
  isHeaderValue,
  'The webhook authorization has characters that an HTTP header cannot carry',
)

/**
 * @param stored with environment references resolved, as Node-RED passes it to a node
 * @throws {MessagingError} `not-configured`, with the field at fault
 */
export function readSettings(stored: Partial<AccountOptions>, key: string | undefined): Settings {
  const config: AccountOptions = { ...ACCOUNT_DEFAULTS, ...stored }
  return {
    subAccountId: check('subAccountId', subAccountId, config.subAccountId),
    server: readServer(config, key),
    timeout: check('timeout', limits.timeout, config.timeout),
    deadline: check('deadline', limits.deadline, config.deadline),
    maxInFlight: check('maxInFlight', limits.maxInFlight, config.maxInFlight),
    maxWaiting: check('maxWaiting', limits.maxWaiting, config.maxWaiting),
  }
}

function readServer(config: AccountOptions, key: string | undefined): Server | undefined {
  const origin = readOrigin(config)
  return origin === undefined ? undefined : { origin, apiKey: check('apiKey', apiKey, key) }
}

/**
 * Where requests go; undefined for the sandbox.
 * @throws {MessagingError} `not-configured`, with the field at fault
 */
export function readOrigin(
  config: Pick<Partial<AccountOptions>, 'region' | 'baseUrl'>,
): string | undefined {
  const where = check('region', region, config.region)
  if (where === 'sandbox') return undefined
  return where === 'custom' ? check('baseUrl', baseUrl, config.baseUrl) : BASE_URLS[where]
}

/** The region of an account, even if other properties are invalid; undefined: unknown. */
export function readRegion(config: Pick<Partial<AccountOptions>, 'region'>): Region | undefined {
  return region.safeParse(config.region).data
}

/**
 * The `Authorization` header that webhooks must have.
 * @param stored with environment references resolved; not cleaned, because any scheme may be in use
 * @returns undefined if nothing is set; an error, with the field, if it is unusable
 */
export function readWebhookAuthorization(stored = ''): string | undefined | MessagingError {
  try {
    return check('webhookAuthorization', webhookAuthorization, stored) || undefined
  } catch (error) {
    return error as MessagingError
  }
}
