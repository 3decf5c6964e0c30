import { Sandbox, type SandboxOptions } from '../../../nodes/lib/sandbox/server'

export const KEY = 'key-of-the-test-7f3a'
export const SUB = 'acme_sub'

/** What a test opened and has to close. */
const closers: (() => unknown)[] = []

/** Closes everything that the test opened; for `afterEach`. */
export async function closeAll(): Promise<void> {
  await Promise.all(closers.splice(0).map((close) => close()))
}

/** A sandbox with one sub-account, closed by {@link closeAll}. */
export async function startSandbox(options?: SandboxOptions): Promise<Sandbox> {
  const sandbox = await Sandbox.start(options)
  closers.push(() => sandbox.close())
  sandbox.addSubAccount(SUB, KEY)
  return sandbox
}

/** How a call departs from a good one. */
export interface CallOptions {
  key?: string
  path?: string
  method?: string
  headers?: Record<string, string>
}

/** Makes an API call. */
export function call(
  sandbox: Sandbox,
  body: unknown,
  {
    key = KEY,
    path = `/api/v1/subaccounts/${SUB}/events`,
    method = 'POST',
    headers,
  }: CallOptions = {},
): Promise<Response> {
  return fetch(sandbox.url + path, {
    method,
    headers: headers ?? { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(method !== 'GET' && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
}

/** Sends a typing event. */
export function type(sandbox: Sandbox, umid: string, channel = 'whatsapp'): Promise<Response> {
  return call(sandbox, { channel, type: 'typing', umid })
}

/** Sends a reply. */
export function reply(sandbox: Sandbox, msisdn: string, text = 'Hi'): Promise<Response> {
  const body = { user: { msisdn }, type: 'text', content: { text } }
  return call(sandbox, body, { path: `/api/v1/subaccounts/${SUB}/messages` })
}

/** An error body of 8x8. */
export interface ErrorBody {
  code?: number
  message: string
  errorId: string
  timestamp: string
}
