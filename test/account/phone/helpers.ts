import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Phone } from '../../../nodes/account/phone/phone'
import type { PhoneState } from '../../../nodes/account/phone/state'
import type { PhoneUser } from '../../../nodes/account/phone/users'
import type { EventOutcome } from '../../../nodes/lib/event-outcome'
import { CUSTOMERS, type SandboxCustomer } from '../../../nodes/lib/sandbox/customers'
import type { Sandbox } from '../../../nodes/lib/sandbox/server'
import type { InboundWebhook, ReceiptWebhook } from '../../../nodes/lib/sandbox/webhook'
import { PhoneClient } from '../../../scripts/phone'
import { SUB } from '../../lib/sandbox/helpers'

export const [ANA, BEN, CHI] = CUSTOMERS as [SandboxCustomer, SandboxCustomer, SandboxCustomer]

/** What a test opened and has to close. */
const closers: (() => unknown)[] = []

/** Closes the phones, clients and servers of a test; for `afterEach`. */
export async function closePhones(): Promise<void> {
  await Promise.all(closers.splice(0).map((close) => close()))
}

/** A phone that nobody uses yet, closed by {@link closePhones}. */
export function bare(sandbox: Sandbox): Phone {
  const phone = new Phone(sandbox)
  closers.push(() => phone.close())
  return phone
}

/** An inbound node that keeps what it is given. */
export interface FakeInbound extends PhoneUser {
  received: (InboundWebhook | ReceiptWebhook)[]
}

/** @param outcome of all that it is given */
export function fakeInbound(
  changes: Partial<PhoneUser> & { label?: string } = {},
  outcome: EventOutcome = { outcome: 'accepted' },
): FakeInbound {
  const { label = '/8x8/inbound', ...user } = changes
  const received: FakeInbound['received'] = []
  const receive = (body: string) => {
    received.push(JSON.parse(body))
    return outcome
  }
  const inbound = { label, receive }
  return { id: label, account: 'shop', subAccountId: SUB, inbound, received, ...user }
}

/** A phone with an inbound node, closed by {@link closePhones}. */
export function makePhone(sandbox: Sandbox) {
  const phone = bare(sandbox)
  const inbound = fakeInbound()
  const leave = phone.join(inbound)
  return { phone, inbound, leave }
}

/** The first state of a customer's phone, now or later, that matches. */
export async function stateOf(
  phone: Phone,
  matches: (state: PhoneState) => boolean,
  customer = ANA,
): Promise<PhoneState> {
  for (;;) {
    const state = phone.state(customer)
    if (matches(state)) return state
    await once(phone, 'change')
  }
}

/** A customer writes. @returns the umid */
export function write(phone: Phone, customer = ANA, text = 'Hi'): string {
  phone.write(customer, text)
  const umid = phone.state(customer).messages.at(-1)?.umid
  assert.ok(umid)
  return umid
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
export async function watch(url: string, { id } = ANA): Promise<PhoneClient> {
  const client = await PhoneClient.open(url, {}, id)
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
