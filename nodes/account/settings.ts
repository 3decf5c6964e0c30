import { z } from 'zod'
import { API_KEY, BASE_URLS, isBaseUrl, REGIONS } from '../lib/api'
import { cleanApiKey } from '../lib/clean'
import type { Server } from '../lib/client/transport'
import { check, number, required, seconds, subAccountId } from '../lib/node-red/validate'
import { NUMBERS } from '../lib/rules'
import { ACCOUNT_DEFAULTS, type AccountOptions } from './options'

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

/**
 * @param stored with environment references resolved, as Node-RED hands it to a node
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
