import type { Deployable, FlowNode } from '../example'

/** What the account of the bench uses; the API server checks both. */
export const SUB_ACCOUNT = 'bench_sub'
export const BENCH_KEY = 'bench-key'
export const PATH = `/api/v1/subaccounts/${SUB_ACCOUNT}/events`

/** Contenders, in the order of the driver's outputs. */
export const CONTENDERS = [
  'http request',
  'http request, keep-alive',
  'bare undici',
  'ours, send',
  'ours, start and stop',
] as const

/** One of {@link CONTENDERS}. */
export type Contender = (typeof CONTENDERS)[number]

/** Every contender, wired from the driver and back to it. @param origin of the API server */
export function benchFlow(origin: string): Deployable {
  const url = `${origin}${PATH}`
  const flows: FlowNode[] = [
    { id: 'tab', type: 'tab', label: 'Bench' },
    node('driver', 'bench-driver', [['before0'], ['before1'], ['bare'], ['send'], ['start']]),
    ...httpRequest(0, url, false),
    ...httpRequest(1, url, true),
    node('bare', 'bench-bare', [['driver']], { url, key: BENCH_KEY }),
    account(origin),
    ours('send', 'send', 'driver'),
    ours('start', 'start', 'stop'),
    ours('stop', 'stop', 'driver'),
  ]
  return { flows, credentials: { account: { apiKey: BENCH_KEY } } }
}

/** An account at a server of one's own. */
export function account(origin: string): FlowNode {
  const where = { region: 'custom', baseUrl: origin, subAccountId: SUB_ACCOUNT }
  return { id: 'account', type: '8x8-account', ...where }
}

/** The three nodes that a user would take instead. */
function httpRequest(n: number, url: string, persist: boolean): FlowNode[] {
  const func = `msg.url = ${JSON.stringify(url)}
msg.method = 'POST'
msg.headers = { authorization: 'Bearer ${BENCH_KEY}', 'content-type': 'application/json' }
msg.payload = { channel: msg.channel, type: 'typing', umid: msg.umid }
return msg`
  return [
    node(`before${n}`, 'function', [[`request${n}`]], { func, outputs: 1, libs: [] }),
    node(`request${n}`, 'http request', [[`behind${n}`]], {
      method: 'use',
      ret: 'txt',
      persist,
      headers: [],
    }),
    node(`behind${n}`, 'switch', [['driver'], ['driver']], {
      property: 'statusCode',
      propertyType: 'msg',
      rules: [{ t: 'eq', v: '200', vt: 'num' }, { t: 'else' }],
      checkall: 'true',
      outputs: 2,
    }),
  ]
}

function ours(id: string, action: string, next: string): FlowNode {
  return node(id, '8x8-typing-indicator', [[next], ['driver']], { account: 'account', action })
}

/** A node on the tab of the bench. */
export function node(id: string, type: string, wires: string[][], more: object = {}): FlowNode {
  return { id, type, z: 'tab', x: 0, y: 0, wires, ...more }
}
