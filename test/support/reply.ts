import type { ServerResponse } from 'node:http'
import { UMID } from './events'
import type { Flow, FlowOptions } from './flow'
import type { Answer, TestServer } from './server'
import { loadWith } from './typing'

/** The id of the reply node in its flow. */
export const REPLY = 'reply'

/** A message of an inbound node, with the answer in its payload. */
export const answer = (changes: object = {}): Record<string, unknown> => ({
  payload: 'It leaves today.',
  umid: UMID,
  channel: 'whatsapp',
  subAccountId: 'my_sub',
  conversation: '+6591234567',
  user: { msisdn: '+6591234567', channelUserId: 'US.13491208655302741918', name: 'A name' },
  ...changes,
})

/** The id that 8x8 gives to the n-th message that it takes. */
export const umidOf = (n: number): string => UMID.slice(0, -4) + n.toString(16).padStart(4, '0')

/** Takes every message, as 8x8 does. */
export function takeAll(): Answer {
  let count = 0
  return (response) => {
    const status = { state: 'queued', timestamp: '2026-06-09T10:13:20.00Z' }
    response.end(JSON.stringify({ umid: umidOf(++count), status }))
  }
}

/** A flow whose reply node sends to a local server, with an account that gives up early. */
export function loadReply(
  respond: Answer = takeAll(),
  options: FlowOptions = {},
): Promise<{ server: TestServer; flow: Flow }> {
  return loadWith(respond, { tested: { id: REPLY, type: '8x8-reply' }, ...options })
}

/** The bodies that a server got, in order. */
export const bodiesOf = ({ received }: TestServer): Record<string, unknown>[] =>
  received.map(({ body }) => JSON.parse(body))

/** The texts of the messages that a server got, in order. */
export const textsOf = (server: TestServer): string[] =>
  bodiesOf(server).map(({ content }) => (content as { text: string }).text)

/** Breaks a connection without an answer. */
export const reset = (response: ServerResponse): void => void response.socket?.destroy()
