import { z } from 'zod'
import type { ProxyRoute } from '../client/transport'
import { MessagingError } from '../errors'
import { check, required, resolved } from './validate'

/** Node-RED's `http proxy` config node, which stores values of any type. */
export interface ProxyNode {
  url?: unknown
  noproxy?: unknown
  credentials?: { username?: unknown; password?: unknown }
}

const proxyUrl = required('URL of the proxy')
const loginPart = resolved('The user and password of the proxy must be texts')
const exceptions = z.array(resolved('The hosts without the proxy must be a list of texts'))

/**
 * The proxy for an origin: that of the node or, without one, of the environment.
 * @throws {MessagingError} `not-configured` for a node without a URL, an invalid URL, or a user or password
 * that cannot be read: the request must not take another route than the chosen one
 */
export function resolveProxy(
  origin: string,
  node: ProxyNode | undefined,
  environment: NodeJS.ProcessEnv,
): ProxyRoute | undefined {
  const variable = (name: string) =>
    environment[name.toLowerCase()] || environment[name.toUpperCase()] || ''
  const configured = node
    ? check('proxy', proxyUrl, node.url)
    : variable(origin.startsWith('https:') ? 'https_proxy' : 'http_proxy')
  if (!configured) return undefined
  const url = configured.trim()
  const complete = /^\w+:\/\//.test(url) ? url : `http://${url}` // the core accepts host:port too
  if (!URL.canParse(complete) || !/^https?:/i.test(complete)) {
    const text = 'The URL of the proxy must be http://host:port or https://host:port'
    throw new MessagingError('not-configured', text, { field: 'proxy' })
  }
  const login = (node && loginOfNode(node)) ?? loginOfUrl(new URL(complete))
  const noProxy = node && check('proxy', exceptions, [node.noproxy ?? []].flat())
  return {
    url: complete,
    noProxy: noProxy ? noProxy.join(',') : variable('no_proxy'),
    ...(login && { token: `Basic ${Buffer.from(login).toString('base64')}` }),
  }
}

function loginOfNode({ credentials }: ProxyNode): string | undefined {
  const username = check('proxy', loginPart, credentials?.username ?? '')
  const password = check('proxy', loginPart, credentials?.password ?? '')
  return username || password ? `${username}:${password}` : undefined
}

/** Built here, because undici ignores a user without a password. */
function loginOfUrl({ username, password }: URL): string | undefined {
  if (!username && !password) return undefined
  try {
    return `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  } catch {
    const text = 'The user and password in the URL of the proxy must be percent-encoded'
    throw new MessagingError('not-configured', text, { field: 'proxy' })
  }
}
