import { X509Certificate } from 'node:crypto'
import { type ConnectionOptions, createSecureContext } from 'node:tls'
import { BASE_URLS } from '../api'
import { MessagingError } from '../errors'

/** The core's `tls-config` node at run time. */
export interface TlsNode {
  /** False if its files could not be read: then it silently adds no certificate. */
  valid?: boolean
  addTLSOptions(options: ConnectionOptions): ConnectionOptions
}

const PARTS = ['cert', 'key', 'ca'] as const

/**
 * The options of a `tls-config` node.
 * @param stored its properties and credentials, with environment references unresolved
 * @throws {MessagingError} `not-configured`: part of it is not usable. Without that part, the wrong
 * client could send the key, or the wrong server could get it.
 */
export function readTlsConfig(node: TlsNode, stored: Record<string, unknown>): ConnectionOptions {
  const options = node.addTLSOptions({})
  if (node.valid === false) {
    const text = 'a file cannot be read, or one of certificate and private key is missing'
    throw unusable(`${text}. Node-RED's log says which`)
  }
  const isStored = (name: string) => `${stored[name] ?? ''}`.trim() !== ''
  // The core ignores uploads if there is a path.
  const usesFiles = PARTS.some(isStored)
  for (const part of PARTS) {
    const names = usesFiles ? [part] : [`${part}name`, `${part}data`]
    if (names.some(isStored) && !options[part]) {
      throw unusable(`its ${part} is not there. Choose the file again, or set its variable`)
    }
  }
  try {
    createSecureContext(options)
    // As text, because TLS ignores an authority that is not PEM.
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

/** Hosts of 8x8's regions, also if one of them is set as a custom base URL. */
const OFFICIAL: ReadonlySet<string> = new Set(Object.values(BASE_URLS))

/**
 * TLS options for an origin. 8x8 requires TLS 1.3 (it answers 426 to older versions), so nothing
 * older is offered there; elsewhere Node.js's default counts.
 * @param configured the options of the user's `tls-config`; undefined: none
 */
export function tlsOptions(
  origin: string,
  configured: ConnectionOptions | undefined,
): ConnectionOptions | undefined {
  return OFFICIAL.has(origin) ? { ...configured, minVersion: 'TLSv1.3' } : configured
}
