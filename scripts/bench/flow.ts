import type { Deployable, FlowNode } from '../example'

/** What the account of the bench uses; the API server checks both. */
export const SUB_ACCOUNT = 'bench_sub'
export const BENCH_KEY = 'bench-key'
export const API_ROOT = `/api/v1/subaccounts/${SUB_ACCOUNT}`

/** The `Authorization` header of the webhooks. */
export const WEBHOOK_AUTHORIZATION = 'Bearer bench-webhooks'

/** Contenders for messages per second, in the order of the driver's outputs. */
export const CONTENDERS = [
  'http request',
  'http request, keep-alive',
  'bare undici',
  'ours, send',
  'ours, start and stop',
  'bare undici, indicator and reply',
  'ours, start and reply',
] as const

/** One of {@link CONTENDERS}. */
export type Contender = (typeof CONTENDERS)[number]

/** An account at a server of one's own. */
export function account(origin: string): FlowNode {
  const where = { region: 'custom', baseUrl: origin, subAccountId: SUB_ACCOUNT }
  return { id: 'account', type: '8x8-account', ...where }
}

/** What an account of the bench needs. */
export const CREDENTIALS: Deployable['credentials'] = {
  account: { apiKey: BENCH_KEY, webhookAuthorization: WEBHOOK_AUTHORIZATION },
}

/** Every contender, wired from the driver and back to it. @param origin of the API server */
export function messageFlow(origin: string): FlowNode[] {
  const url = `${origin}${API_ROOT}/events`
  const firsts = ['before0', 'before1', 'bare', 'send', 'start', 'bareStart', 'keep']
  return [
    node(
      'driver',
      'bench-driver',
      firsts.map((id) => [id]),
    ),
    ...httpRequest(0, url, false),
    ...httpRequest(1, url, true),
    bare(origin, 'bare', 'events', ['driver']),
    indicator('send', 'send', ['driver']),
    indicator('start', 'start', ['stop']),
    indicator('stop', 'stop', ['driver']),
    bare(origin, 'bareStart', 'events', ['bareReply']),
    bare(origin, 'bareReply', 'messages', ['driver']),
    indicator('keep', 'start', ['reply']),
    reply('reply', ['driver']),
  ]
}

/** The three nodes that a user would take instead. */
function httpRequest(n: number, url: string, persist: boolean): FlowNode[] {
  const func = `msg.url = ${JSON.stringify(url)}
msg.method = 'POST'
msg.headers = ${HEADERS}
msg.payload = { channel: msg.channel, type: 'typing', umid: msg.umid }
return msg`
  return [
    node(`before${n}`, 'function', [[`request${n}`]], { func, outputs: 1, libs: [] }),
    requestNode(`request${n}`, [`behind${n}`], persist),
    node(`behind${n}`, 'switch', [['driver'], ['driver']], {
      property: 'statusCode',
      propertyType: 'msg',
      rules: [{ t: 'eq', v: '200', vt: 'num' }, { t: 'else' }],
      checkall: 'true',
      outputs: 2,
    }),
  ]
}

/** Headers of a request to the API, as the source of a function node. */
export const HEADERS = `{ authorization: 'Bearer ${BENCH_KEY}', 'content-type': 'application/json' }`

/** A core node that sends what the message says. */
export function requestNode(id: string, next: string[], persist: boolean): FlowNode {
  return node(id, 'http request', [next], { method: 'use', ret: 'txt', persist, headers: [] })
}

/** The node that only calls undici. */
export function bare(
  origin: string,
  id: string,
  resource: 'events' | 'messages',
  next: string[],
): FlowNode {
  const url = `${origin}${API_ROOT}/${resource}`
  return node(id, 'bench-bare', [next], { url, key: BENCH_KEY, reply: resource === 'messages' })
}

/** Our typing indicator, for which a failure counts as a message that is lost or wrong. */
export function indicator(id: string, action: string, next: string[]): FlowNode {
  return node(id, '8x8-typing-indicator', [next, next], { account: 'account', action })
}

/** Our reply node. */
export function reply(id: string, next: string[]): FlowNode {
  return node(id, '8x8-reply', [next, next], { account: 'account' })
}

/** A node on the tab of the bench. */
export function node(id: string, type: string, wires: string[][], more: object = {}): FlowNode {
  return { id, type, z: 'tab', x: 0, y: 0, wires, ...more }
}
