import { z } from 'zod'
import { SUB_ACCOUNT_ID } from '../lib/api'
import { cleanText } from '../lib/clean'
import { cleanPath, isPath } from '../lib/http/path'
import { check, required, resolved, seconds } from '../lib/node-red/validate'
import { AUTHENTICATIONS, INBOUND_DEFAULTS, type InboundDef } from './options'

/** An inbound node, checked. */
export interface InboundSettings {
  /** With a slash in front and none at the end. */
  path: string
  authentication: (typeof AUTHENTICATIONS)[number]
  /** The sub-accounts to take; undefined: all. */
  subAccounts: ReadonlySet<string> | undefined
  /** ms of silence; 0: each message at once. */
  collect: number
}

/** s of silence to wait for, at most; our choice. */
const MAX_COLLECT = 3600

const path = required('path', cleanPath).refine(
  isPath,
  'The path must have the characters of a URL only, without a query, e.g. /8x8/inbound',
)

const authentication = required('authentication').pipe(
  z.enum(AUTHENTICATIONS, `Authentication must be ${AUTHENTICATIONS.join(' or ')}`),
)

const subAccounts = resolved('The sub-accounts must be text', cleanText)
  .transform((text) => text.split(',').map(cleanText).filter(Boolean))
  .refine(
    (ids) => ids.every((id) => SUB_ACCOUNT_ID.test(id)),
    'Each sub-account has 3 to 50 letters, digits or any of - . _ &',
  )

const collect = seconds('time to collect messages', INBOUND_DEFAULTS.collect, MAX_COLLECT)

/**
 * @param stored with environment references resolved, as Node-RED hands it to a node
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
