import type { ServerResponse } from 'node:http'
import { UMID } from './events'
import { type Flow, type FlowOptions, loadFlow } from './flow'
import { type Answer, startServer, type TestServer } from './server'

/** A message that can be sent. */
export const message = (): Record<string, unknown> => ({ umid: UMID, channel: 'whatsapp' })

/** Answers with success. */
export const accept: Answer = (response) => response.end()

/** Answers with a failure. */
export const refuse =
  (statusCode: number, body: object | string = '', headers = {}) =>
  (response: ServerResponse): void => {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    response.writeHead(statusCode, headers).end(text)
  }

/** What 8x8 answers to a request that it rejects. */
export const reject400 = refuse(400, { code: 1002, message: 'x', errorId: 'e', timestamp: 't' })

/** A Catch node for the typing indicator, for `more` of a flow; its messages are at `caught`. */
export const CATCH = [
  { id: 'catches', type: 'catch', scope: ['typing'], wires: [['caught']] },
  { id: 'caught', type: 'helper' },
]

/** A flow whose account sends to a local server, and gives up early. */
export async function loadWith(
  answer: Answer,
  { account, ...options }: FlowOptions = {},
): Promise<{ server: TestServer; flow: Flow }> {
  const server = await startServer(answer)
  const flow = await loadFlow({
    account: { region: 'custom', baseUrl: server.url, timeout: 0.2, deadline: 0.25, ...account },
    ...options,
  })
  return { server, flow }
}
