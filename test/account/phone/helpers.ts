import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Sandbox } from '../../../nodes/lib/sandbox/server'
import { Phone } from '../../../nodes/account/phone/phone'
import type { PhoneSettings } from '../../../nodes/account/phone/settings'
import type { PhoneState } from '../../../nodes/account/phone/state'
import { PhoneClient } from '../../../scripts/phone'
import { SUB } from '../../lib/sandbox/helpers'

export const MSISDN = '+6501234567'

/** What a test opened and has to close. */
const closers: (() => unknown)[] = []

/** Closes the phones, clients and servers of a test; for `afterEach`. */
export async function closePhones(): Promise<void> {
  await Promise.all(closers.splice(0).map((close) => close()))
}

/** A phone of a sandbox, closed by {@link closePhones}. */
export function makePhone(sandbox: Sandbox, settings: Partial<PhoneSettings> = {}): Phone {
  const defaults = { channel: 'whatsapp', subAccountId: SUB, customerName: 'Ana' } as const
  const phone = new Phone(sandbox, { ...defaults, msisdn: MSISDN, webhook: undefined, ...settings })
  closers.push(() => phone.close())
  return phone
}

/** The first state of a phone, now or later, that matches. */
export async function stateOf(
  phone: Phone,
  matches: (state: PhoneState) => boolean,
): Promise<PhoneState> {
  for (;;) {
    const state = phone.state()
    if (matches(state)) return state
    await once(phone, 'change')
  }
}

/** Serves an app on loopback. @returns its origin */
export async function serve(app: RequestListener): Promise<string> {
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Watches a phone over HTTP, closed by {@link closePhones}. */
export async function watch(url: string): Promise<PhoneClient> {
  const client = await PhoneClient.open(url)
  closers.push(() => client.close())
  return client
}

/** A message as JSON of the page's own origin, and how a test departs from that. */
export function post(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: new URL(url).origin, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    redirect: 'manual',
  })
}
