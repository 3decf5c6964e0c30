import { CODES } from '../../lib/api'
import { Client, type ClientOptions } from '../../lib/client/client'
import type { Server } from '../../lib/client/transport'
import type { ConnectionFailure, MessagingError } from '../../lib/errors'
import type { ConnectionTestResponse, ConnectionTestResult } from './result'

/** A connection to test. */
export interface ConnectionTest extends Pick<ClientOptions, 'tls' | 'proxy' | 'timeout'> {
  server: Server
  subAccountId: string
}

/** No message has this umid, so nobody sees anything. */
const NO_UMID = '00000000-0000-0000-0000-000000000000'

/** Maximum ms of a test, whatever the account's timeout, because a user waits for it. */
const MAX_TEST_DURATION = 10_000

/** Sends one request to 8x8 that nobody sees, and interprets the response. */
export async function probeConnection({
  server,
  subAccountId,
  ...options
}: ConnectionTest): Promise<ConnectionTestResponse> {
  const timeout = Math.min(options.timeout, MAX_TEST_DURATION)
  const limits = { deadline: timeout, retries: false, maxInFlight: 1, maxWaiting: 0 }
  const client = new Client({ ...options, ...limits, server, timeout })
  const { host } = new URL(server.origin)
  try {
    await client.send({ subAccountId, channel: 'whatsapp', umid: NO_UMID }).result
    return { result: 'fine', host }
  } catch (error) {
    const failure = error as MessagingError
    const { statusCode, code } = failure.cause
    const detail = [statusCode, code, failure.connectionFailure?.code].filter(Boolean).join(', ')
    const result = resultOf(failure, options.proxy !== undefined)
    return { result, host, seconds: timeout / 1000, ...(detail && { detail }) }
  } finally {
    await client.close()
  }
}

const RESULT_OF_CODE: ReadonlyMap<number, ConnectionTestResult> = new Map([
  [CODES.illegalSubAccount, 'subAccount'],
  [CODES.invalidIpAddress, 'address'],
  [CODES.insecureProtocol, 'tls'],
])

/** @param viaProxy whether the host that cannot be reached may be the proxy */
function resultOf(
  { cause, connectionFailure }: MessagingError,
  viaProxy: boolean,
): ConnectionTestResult {
  const { kind, statusCode, code } = cause
  const ofCode = RESULT_OF_CODE.get(code ?? Number.NaN)
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
      return resultOfNetwork(connectionFailure?.what, viaProxy)
    case 'server':
      return connectionFailure?.what === 'unexpectedResponse' ? 'foreign' : 'server'
    default:
      if (statusCode === 426) return 'tls'
      // 8x8 checks the umid only after the key and the sub-account. Its codes have four digits.
      return code !== undefined && code >= 1000 ? 'fine' : 'foreign'
  }
}

function resultOfNetwork(
  what: ConnectionFailure['what'] | undefined,
  viaProxy: boolean,
): ConnectionTestResult {
  if (what === undefined || what === 'unexpectedResponse') return 'unreachable'
  return viaProxy && (what === 'host' || what === 'unreachable') ? 'proxy' : what
}
