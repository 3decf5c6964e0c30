import { cleanText } from '../lib/clean'
import { check, oneOf, required, resolved, seconds } from '../lib/node-red/validate'
import { isPath, NUMBERS, PHONES_PATH, readSubAccounts } from '../lib/rules'
import { AUTHENTICATIONS, INBOUND_DEFAULTS, type InboundDef } from './options'

/** The validated settings of an inbound node. */
export interface InboundSettings {
  /** Below the HTTP node root, with a slash in front. */
  path: string
  authentication: (typeof AUTHENTICATIONS)[number]
  /** The sub-accounts to take; undefined: all. */
  subAccounts: ReadonlySet<string> | undefined
  /** ms of silence; 0: each message at once. */
  collect: number
}

const path = required('path').refine(
  isPath,
  `The path must begin with /, have only characters of a URL, and not be below ${PHONES_PATH}, e.g. /8x8/inbound`,
)

const authentication = oneOf('authentication', AUTHENTICATIONS)

const subAccounts = resolved('The sub-accounts must be text', cleanText)
  .refine(
    (text) => readSubAccounts(text) !== undefined,
    'Sub-accounts must be ids of 3 to 50 letters, digits or any of - . _ &, separated by commas',
  )
  .transform((text) => readSubAccounts(text) ?? [])

const collect = seconds('Collect', NUMBERS.collect, INBOUND_DEFAULTS.collect)

/**
 * @param stored with environment references resolved, as Node-RED passes it to a node
 * @throws {MessagingError} `not-configured`, with the field at fault
 */
export function readInboundSettings(stored: Partial<InboundDef>): InboundSettings {
  const config = { ...INBOUND_DEFAULTS, ...stored }
  const ids = check('subAccounts', subAccounts, config.subAccounts)
  return {
    path: check('path', path, config.path),
    authentication: check('authentication', authentication, config.authentication),
    subAccounts: ids.length > 0 ? new Set(ids) : undefined,
    collect: check('collect', collect, config.collect),
  }
}
