import { type Deployable, type FlowNode, readExample } from '../example'
import {
  API_ROOT,
  BENCH_KEY,
  bare,
  HEADERS,
  indicator,
  node,
  reply,
  requestNode,
  SUB_ACCOUNT,
  WEBHOOK_AUTHORIZATION,
} from './flow'

/** Flows for whole conversations: ours, and what it is compared with. */
export const CONVERSATIONS = ['core nodes', 'example 7', 'the limit', 'our three nodes'] as const

/** One of {@link CONVERSATIONS}. */
export type Conversation = (typeof CONVERSATIONS)[number]

/** Where each takes webhooks. */
export const WEBHOOK_PATHS: Record<Conversation, string> = {
  'core nodes': '/bench/core',
  'example 7': '/8x8/core-nodes',
  'the limit': '/bench/limit',
  'our three nodes': '/bench/ours',
}

/** Where webhooks start conversations that nobody answers. */
export const KEEP_PATH = '/bench/keep'

/**
 * From each webhook an indicator on a side branch, and a reply behind a node that stands for the
 * work of the flow: our reply would otherwise end the indicator before it is written, which takes
 * undici a turn of the event loop. Then we would be compared with a half of the work.
 * @param origin of the API server
 */
export function conversationFlow(origin: string): FlowNode[] {
  return [
    ...coreNodes(origin),
    node('limitIn', 'bench-webhook', [['limitTyping', 'limitWork']], {
      path: WEBHOOK_PATHS['the limit'],
    }),
    bare(origin, 'limitTyping', 'events', []),
    node('limitWork', 'bench-mark', [['limitReply']]),
    bare(origin, 'limitReply', 'messages', []),
    inbound('oursIn', WEBHOOK_PATHS['our three nodes'], ['oursTyping', 'oursWork']),
    indicator('oursTyping', 'start', []),
    node('oursWork', 'bench-mark', [['oursReply']]),
    reply('oursReply', []),
    inbound('keepIn', KEEP_PATH, ['keepTyping']),
    indicator('keepTyping', 'start', []),
  ]
}

/**
 * Example 7, our indicator between core nodes, at the API server: without its seconds of work, with
 * its debug nodes off, and with the text of the webhook as its answer, because the client finds its
 * conversation by that.
 */
export async function exampleFlow(origin: string): Promise<Deployable> {
  const flows = await readExample('7 With core nodes around the indicator')
  const credentials: Deployable['credentials'] = {}
  for (const each of flows) {
    const { id, type } = each
    if (type === 'tab') {
      each.env = [
        { name: 'SUB_ACCOUNT', value: SUB_ACCOUNT, type: 'str' },
        { name: 'BASE_URL', value: origin, type: 'str' },
        { name: 'WEBHOOK_AUTHORIZATION', type: 'cred' },
      ]
      credentials[id] = { WEBHOOK_AUTHORIZATION }
    } else if (type === '8x8-typing-indicator') each.account = 'account'
    else if (type === 'http request') credentials[id] = { password: BENCH_KEY }
    else if (type === 'delay') each.type = 'bench-mark'
    else if (type === 'change') each.rules = []
    else if (type === 'debug') each.active = false
  }
  return { flows: flows.filter(({ type }) => type !== '8x8-account'), credentials }
}

function inbound(id: string, path: string, next: string[]): FlowNode {
  return node(id, '8x8-inbound', [next, []], { account: 'account', path })
}

/** What a user would build without our nodes. */
function coreNodes(origin: string): FlowNode[] {
  const url = `${origin}${API_ROOT}`
  const func = `const { umid, recipient, user, content } = msg.payload.payload
const headers = ${HEADERS}
return [
  {
    method: 'POST',
    url: '${url}/events',
    headers,
    payload: { channel: recipient.channel, type: 'typing', umid },
  },
  {
    method: 'POST',
    url: '${url}/messages',
    headers,
    payload: { user: { msisdn: user.msisdn }, type: 'text', content: { text: content.text } },
  },
]`
  return [
    node('coreIn', 'http in', [['coreAuthorization']], {
      url: WEBHOOK_PATHS['core nodes'],
      method: 'post',
      upload: false,
    }),
    node('coreAuthorization', 'switch', [['coreAnswer', 'coreFunction'], ['coreRefusal']], {
      property: 'req.headers.authorization',
      propertyType: 'msg',
      rules: [{ t: 'eq', v: WEBHOOK_AUTHORIZATION, vt: 'str' }, { t: 'else' }],
      checkall: 'true',
      outputs: 2,
    }),
    node('coreAnswer', 'http response', [], { statusCode: '200', headers: {} }),
    node('coreRefusal', 'http response', [], { statusCode: '401', headers: {} }),
    node('coreFunction', 'function', [['coreTyping'], ['coreReply']], {
      func,
      outputs: 2,
      libs: [],
    }),
    requestNode('coreTyping', [], true),
    requestNode('coreReply', [], true),
  ]
}
