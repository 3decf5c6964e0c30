import { TypingError } from './errors'

/** A proxy for one target. */
export interface ProxyRoute {
  url: string
  /** Hosts that are reached without, comma-separated as in NO_PROXY. */
  noProxy: string
  /** A Proxy-Authorization header. */
  token?: string
}

/** Node-RED's `http proxy` config node. */
export interface ProxyNode {
  url?: string
  noproxy?: string[]
  credentials?: { username?: string; password?: string }
}

/**
 * The proxy on the way to an origin: that of the node or, without one, of the environment.
 * @throws {TypingError} `not-configured` for a proxy URL that is none, or whose user or
 * password cannot be read
 */
export function findProxy(
  origin: string,
  node: ProxyNode | undefined,
  environment: NodeJS.ProcessEnv,
): ProxyRoute | undefined {
  const variable = (name: string) =>
    environment[name.toLowerCase()] || environment[name.toUpperCase()] || ''
  const url = node ? node.url : variable(origin.startsWith('https:') ? 'https_proxy' : 'http_proxy')
  if (!url) return undefined
  const complete = /^\w+:\/\//.test(url) ? url : `http://${url}` // the core takes host:port too
  if (!URL.canParse(complete) || !/^https?:/i.test(complete)) {
    const text = 'The URL of the proxy must be http://host:port or https://host:port'
    throw new TypingError('not-configured', text, { field: 'proxy' })
  }
  const { username, password = '' } = node?.credentials ?? {}
  const login = username ? `${username}:${password}` : loginOf(new URL(complete))
  return {
    url: complete,
    noProxy: node ? (node.noproxy ?? []).join(',') : variable('no_proxy'),
    ...(login && { token: `Basic ${Buffer.from(login).toString('base64')}` }),
  }
}

/** Read here, because undici takes no notice of a user without a password. */
function loginOf({ username, password }: URL): string | undefined {
  if (!username && !password) return undefined
  try {
    return `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  } catch {
    const text = 'The user and password in the URL of the proxy must be percent-encoded'
    throw new TypingError('not-configured', text, { field: 'proxy' })
  }
}
