import { EventEmitter, once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request to the API, for one of the numbered customers. */
export interface RecordedRequest {
  what: 'typing' | 'reply'
  customer: number
  /** The name of the Node-RED that sent it, which is its API key. */
  instance: string
}

/**
 * An API that accepts everything and keeps the order of requests, which the sandbox does not for
 * thousands of customers. Each customer has one message.
 */
export interface Recorder extends EventEmitter<{ request: [RecordedRequest] }> {
  url: string
  requests: readonly RecordedRequest[]
  close(): Promise<void>
}

/** Starts one on loopback. */
export async function startRecorder(): Promise<Recorder> {
  const emitter = new EventEmitter<{ request: [RecordedRequest] }>().setMaxListeners(0)
  const requests: RecordedRequest[] = []
  const server = createServer(async (incoming, response) => {
    let body = ''
    for await (const chunk of incoming) body += chunk
    const { umid, user } = JSON.parse(body) as { umid?: string; user?: { msisdn: string } }
    const received: RecordedRequest = {
      what: umid === undefined ? 'reply' : 'typing',
      customer: Number((umid ?? user?.msisdn ?? '').slice(-9)),
      instance: `${incoming.headers.authorization}`.replace('Bearer ', ''),
    }
    requests.push(received)
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    emitter.emit('request', received)
  }).listen({ host: '127.0.0.1', port: 0, backlog: 4096 })
  await once(server, 'listening')
  const close = async () => {
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return Object.assign(emitter, { url, requests, close })
}

/** The umid of a customer's message. */
export function umidOf(customer: number): string {
  return `00000000-0000-4000-8000-000${pad(customer)}`
}

/** The webhook of a customer's message, as 8x8 posts it. */
export function webhookOf(customer: number, subAccountId: string): string {
  return JSON.stringify({
    version: 3,
    namespace: 'ChatApps',
    eventType: 'inbound_message_received',
    description: 'ChatApps inbound message',
    payload: {
      umid: umidOf(customer),
      subAccountId,
      timestamp: new Date().toISOString(),
      user: { msisdn: `+65${pad(customer)}`, name: 'A name' },
      recipient: { channel: 'whatsapp', channelId: '6500000001' },
      type: 'Text',
      content: { text: 'Hello' },
    },
  })
}

function pad(customer: number): string {
  return `${customer}`.padStart(9, '0')
}

/** The numbers from `from` to `to - 1`. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}
