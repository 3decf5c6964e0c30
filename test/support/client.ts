import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Client, type ClientOptions } from '../../nodes/lib/client/client'
import { CANARY } from './events'
import { closeServers } from './server'

const clients: Client[] = []

/** Resolves when a client has the head of an answer. */
export function headArrived(): Promise<void> {
  return published('undici:request:headers')
}

/** Resolves when a client has the whole of an answer. */
export function answerArrived(): Promise<void> {
  return published('undici:request:trailers')
}

/** Resolves when undici publishes something on a diagnostics channel. */
function published(channel: string): Promise<void> {
  return new Promise((resolve) => {
    const arrived = () => {
      unsubscribe(channel, arrived)
      resolve()
    }
    subscribe(channel, arrived)
  })
}

/** A client with limits that suit tests. Ends with {@link closeClients}. */
export function createClient(origin: string, options: Partial<ClientOptions> = {}): Client {
  const client = new Client({
    server: { origin, apiKey: CANARY },
    timeout: 2000,
    deadline: 5000,
    maxInFlight: 64,
    maxWaiting: 10_000,
    random: () => 0,
    ...options,
  })
  clients.push(client)
  return client
}

/** A client that does not retry: no pause fits before the deadline. */
export function createHastyClient(origin: string, options: Partial<ClientOptions> = {}): Client {
  return createClient(origin, { timeout: 100, deadline: 120, ...options })
}

/** Closes all clients and servers of a test. For `afterEach`. */
export async function closeClients(): Promise<void> {
  await Promise.all(clients.splice(0).map((client) => client.close()))
  await closeServers()
}
