import { z } from 'zod'
import { BASE_URLS, REFERENCE, type Region } from '../../lib/api'
import { cleanApiKey, cleanText } from '../../lib/clean'
import { MessagingError } from '../../lib/errors'
import { ACCOUNT_DEFAULTS } from '../options'
import { readOrigin, readSettings } from '../settings'
import type { ConnectionTest } from './probe'
import type { ConnectionTestResponse } from './result'

/** The editor shows a stored credential as this. */
const STORED = '__PWRD__'

const raw = z.string().max(4096)
const text = raw.overwrite(cleanText)

/** The dialog as it stands, deployed or not. */
const form = z.object({
  region: text,
  baseUrl: text.default(''),
  subAccountId: text.default(''),
  apiKey: raw.overwrite(cleanApiKey).default(''),
  tls: text.default(''),
  proxy: text.default(''),
  timeout: z.union([raw, z.number()]).default(ACCOUNT_DEFAULTS.timeout),
})

type Form = z.infer<typeof form>

/** The deployed account, if there is one: only its secrets may be used in a test. */
export interface DeployedAccount {
  /** Its properties, with environment references resolved. */
  config: Pick<Partial<Form>, 'baseUrl' | 'tls' | 'proxy'> & { region?: Region }
  apiKey: string | undefined
}

/** A test to run; of the config nodes it has the ids. */
export interface ConnectionTestRequest extends Omit<ConnectionTest, 'tls' | 'proxy'> {
  tls: string
  proxy: string
}

/**
 * Reads the dialog's request.
 *
 * Secrets are the stored API key and the values of environment variables. They go only where they go
 * anyway: to the deployed address of this account or, for a variable, to 8x8. Otherwise anyone who
 * may test a connection could have them sent to a server of their own (ADR 11).
 * @param lookUp the value of an environment variable
 * @returns a result, if there is nothing to test
 */
export function readConnectionTest(
  body: unknown,
  deployed: DeployedAccount | undefined,
  lookUp: (name: string) => string | undefined,
): ConnectionTestRequest | ConnectionTestResponse {
  const parsed = form.safeParse(body)
  if (!parsed.success) return invalid(String(parsed.error.issues[0]?.path[0] ?? 'region'))
  const asked = parsed.data
  const resolve = (value: string) => {
    const name = REFERENCE.exec(value)?.[1]
    return (name !== undefined && lookUp(name)) || value
  }
  const isStored = asked.apiKey === '' || asked.apiKey === STORED
  const key = isStored ? deployed?.apiKey : resolve(asked.apiKey)
  const config = {
    region: resolve(asked.region) as Region,
    baseUrl: resolve(asked.baseUrl),
    subAccountId: resolve(asked.subAccountId),
    timeout: typeof asked.timeout === 'string' ? resolve(asked.timeout) : asked.timeout,
  }
  try {
    const { server, subAccountId, timeout } = readSettings(config, key)
    if (!server) return invalid('region')
    const { tls, proxy } = asked
    const asDeployed = deployed !== undefined && goesTo(deployed, server.origin, tls, proxy)
    const toEightByEight = config.region in BASE_URLS && !tls && !proxy
    if (isStored && !asDeployed) return { result: 'keyNeeded' }
    if (!asDeployed && !toEightByEight) {
      if (REFERENCE.test(asked.apiKey)) return { result: 'keyNeeded' }
      if (REFERENCE.test(asked.subAccountId)) return invalid('subAccountId')
    }
    return { server, subAccountId, timeout, tls, proxy }
  } catch (error) {
    if (!(error instanceof MessagingError && error.field)) throw error
    const { field } = error
    const value = { ...config, apiKey: key }[field as keyof typeof config | 'apiKey']
    const name = REFERENCE.exec(`${value}`)?.[1]
    return name === undefined ? invalid(field) : { result: 'unset', name }
  }
}

function goesTo({ config }: DeployedAccount, origin: string, tls: string, proxy: string): boolean {
  try {
    const same = (config.tls ?? '') === tls && (config.proxy ?? '') === proxy
    return same && readOrigin(config) === origin
  } catch {
    return false
  }
}

function invalid(field: string): ConnectionTestResponse {
  return { result: 'invalid', field }
}
