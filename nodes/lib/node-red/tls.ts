import { X509Certificate } from 'node:crypto'
import { type ConnectionOptions, createSecureContext } from 'node:tls'
import { BASE_URLS } from '../api'
import { MessagingError } from '../errors'

/** The core's `tls-config` node as it runs. */
export interface TlsNode {
  /** False where its files could not be read: then it adds no certificate, and says nothing. */
  valid?: boolean
  addTLSOptions(options: ConnectionOptions): ConnectionOptions
}

const PARTS = ['cert', 'key', 'ca'] as const

/**
 * What a `tls-config` node says.
 * @param stored its properties and credentials as they are stored, environment references too
 * @throws {MessagingError} `not-configured`: part of it cannot be used. Without that part the key would
 * go out as somebody else, or to somebody else, than was chosen.
 */
export function readTlsConfig(node: TlsNode, stored: Record<string, unknown>): ConnectionOptions {
  const options = node.addTLSOptions({})
  if (node.valid === false) {
    const text = 'a file cannot be read, or one of certificate and private key is missing'
    throw unusable(`${text}. Node-RED's log says which`)
  }
  const isStored = (name: string) => `${stored[name] ?? ''}`.trim() !== ''
  // The core takes no upload where there is a path.
  const usesFiles = PARTS.some(isStored)
  for (const part of PARTS) {
    const names = usesFiles ? [part] : [`${part}name`, `${part}data`]
    if (names.some(isStored) && !options[part]) {
      throw unusable(`its ${part} is not there. Choose the file again, or set its variable`)
    }
  }
  try {
    createSecureContext(options)
    // As text, because TLS passes over an authority that is not PEM.
    if (options.ca) new X509Certificate(`${options.ca}`)
  } catch (error) {
    throw unusable((error as Error).message)
  }
  return { ...options, rejectUnauthorized: options.rejectUnauthorized !== false }
}

function unusable(reason: string): MessagingError {
  const text = `The tls-config node of the account cannot be used: ${reason}`
  return new MessagingError('not-configured', text, { field: 'tls' })
}

/** Of 8x8's regions; also where one of them is given as a base URL of one's own. */
const OFFICIAL: ReadonlySet<string> = new Set(Object.values(BASE_URLS))

/**
 * How to connect to an origin by TLS. 8x8 requires TLS 1.3 (it answers 426 to older versions), so
 * nothing older is offered there; elsewhere Node's default counts.
 * @param configured what the user's `tls-config` says; undefined: none
 */
export function tlsOptions(
  origin: string,
  configured: ConnectionOptions | undefined,
): ConnectionOptions | undefined {
  return OFFICIAL.has(origin) ? { ...configured, minVersion: 'TLSv1.3' } : configured
}
