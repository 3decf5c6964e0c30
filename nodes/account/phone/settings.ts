import { createHash } from 'node:crypto'
import { z } from 'zod'
import { CHANNELS, type Channel, MSISDN } from '../../lib/api'
import { check, subAccountId } from '../../lib/node-red/validate'
import { isHeaderValue, isReference, isWebUrl } from '../../lib/rules'
import { CUSTOMER_NAME_LENGTH, SANDBOX_DEFAULTS, type SandboxNodeOptions } from '../options'

/** A sandbox node, checked. */
export interface PhoneSettings {
  channel: Channel
  subAccountId: string
  customerName: string
  msisdn: string
  /** Where webhooks are posted; undefined: the customer's messages leave by the output. */
  webhook: { url: string; authorization?: string } | undefined
}

const channel = z.enum(CHANNELS, 'The channel must be whatsapp or rcs')

const customerName = z
  .string('The customer’s name must be text')
  .max(CUSTOMER_NAME_LENGTH, `The customer’s name has at most ${CUSTOMER_NAME_LENGTH} characters`)

const msisdn = z.string().trim().regex(MSISDN, 'The number must be + and 5 to 15 digits')

const deliverTo = z.enum(['output', 'webhook'], 'Deliver to must be output or webhook')

const webhookUrl = z
  .string('No webhook URL is set')
  .trim()
  .refine(isWebUrl, 'The webhook URL must begin with http:// or https://')

const authorization = z
  .string()
  .trim()
  .refine(isHeaderValue, 'The Authorization header has characters that HTTP cannot carry')
  .refine((text) => !isReference(text), 'The environment variable of Authorization is not set')

/**
 * @param nodeId for the sample number of a node that has none
 * @param stored with environment references resolved, as Node-RED hands it to a node
 * @param header the Authorization header of webhooks
 * @throws {MessagingError} `not-configured`, with the field at fault
 */
export function readPhoneSettings(
  nodeId: string,
  stored: Partial<SandboxNodeOptions>,
  header = '',
): PhoneSettings {
  const config: SandboxNodeOptions = { ...SANDBOX_DEFAULTS, ...stored }
  const number = /^\s*$/.test(config.msisdn) ? sampleMsisdn(nodeId) : config.msisdn
  return {
    channel: check('channel', channel, config.channel),
    subAccountId: check('subAccountId', subAccountId, config.subAccountId),
    customerName: check('customerName', customerName, config.customerName),
    msisdn: check('msisdn', msisdn, number),
    webhook: readWebhook(config, header),
  }
}

function readWebhook(config: SandboxNodeOptions, header: string): PhoneSettings['webhook'] {
  if (check('deliverTo', deliverTo, config.deliverTo) === 'output') return undefined
  const url = check('webhookUrl', webhookUrl, config.webhookUrl)
  const value = check('webhookAuthorization', authorization, header)
  return { url, ...(value && { authorization: value }) }
}

/**
 * A number of a node's own, the same at each start. Like the one in 8x8's examples it begins with
 * +650, where Singapore has no subscribers.
 */
export function sampleMsisdn(nodeId: string): string {
  const hash = createHash('sha256').update(nodeId).digest().readUInt32BE()
  return `+650${`${hash % 10_000_000}`.padStart(7, '0')}`
}
