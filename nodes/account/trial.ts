import { CODES } from './api'
import { Client, type ClientOptions } from './client'
import type { TypingError } from './errors'
import type { Server } from './line'
import type { Finding, TrialAnswer } from './trial-answer'

/** A connection to test. */
export interface Trial extends Pick<ClientOptions, 'tls' | 'proxy' | 'timeout'> {
  server: Server
  subAccountId: string
}

/** No message has it, so the call shows nothing to anybody. */
const NO_UMID = '00000000-0000-0000-0000-000000000000'

/** ms that a test takes at most, whatever the timeout of the account: somebody waits for it. */
const LONGEST_TRIAL = 10_000

/** Makes one call to 8x8 that shows nothing to anybody, and says what the answer means. */
export async function tryConnection({ server, subAccountId, ...way }: Trial): Promise<TrialAnswer> {
  const timeout = Math.min(way.timeout, LONGEST_TRIAL)
  const once = { deadline: timeout, retries: false, maxInFlight: 1, maxWaiting: 0 }
  const client = new Client({ ...way, ...once, server, timeout })
  const { host } = new URL(server.origin)
  try {
    await client.send({ subAccountId, channel: 'whatsapp', umid: NO_UMID }).result
    return { result: 'fine', host }
  } catch (error) {
    const failure = error as TypingError
    const { statusCode, code } = failure.cause
    const detail = [statusCode, code, failure.obstacle?.code].filter(Boolean).join(', ')
    const result = findingOf(failure, way.proxy !== undefined)
    return { result, host, seconds: timeout / 1000, ...(detail && { detail }) }
  } finally {
    await client.close()
  }
}

const FINDING_OF_CODE: ReadonlyMap<number, Finding> = new Map([
  [CODES.illegalSubAccount, 'subAccount'],
  [CODES.invalidIpAddress, 'address'],
  [CODES.insecureProtocol, 'tls'],
])

/** @param viaProxy whether what is not reached may be the proxy */
function findingOf({ cause, obstacle }: TypingError, viaProxy: boolean): Finding {
  const { kind, statusCode, code } = cause
  const ofCode = FINDING_OF_CODE.get(code ?? Number.NaN)
  if (ofCode) return ofCode
  switch (kind) {
    case 'authentication':
      return 'key'
    case 'forbidden':
      return 'forbidden'
    case 'rate-limited':
      return 'limited'
    case 'timeout':
      return 'timeout'
    case 'network':
      if (!obstacle) return 'unreachable'
      return viaProxy && isOfWay(obstacle.what) ? 'proxy' : obstacle.what
    case 'server':
      return obstacle?.what === 'foreign' ? 'foreign' : 'server'
    default:
      if (statusCode === 426) return 'tls'
      // 8x8 looks at the umid only after the key and the sub-account. Its codes have four digits.
      return code !== undefined && code >= 1000 ? 'fine' : 'foreign'
  }
}

function isOfWay(what: string): boolean {
  return what === 'host' || what === 'unreachable'
}
