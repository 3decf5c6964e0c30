import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type { NodeInitializer } from 'node-red'
import RED from 'node-red'
import helper from 'node-red-node-test-helper'
import type { Kind } from '../../nodes/lib/errors'
import { CANARY, UMID } from '../support/events'
import { loadFlow, type Output, unloadFlow } from '../support/flow'
import { closeServers } from '../support/server'
import { Evidence, PROXY_PASSWORD } from './evidence'

/** s; of accounts for which a failure is final, or a server that heals: a busy machine may wait. */
const PATIENT = { timeout: 5, deadline: 10 }

/** s; of accounts that try until the deadline: after 0, 0.13, 0.38 and 0.88 s, without jitter. */
const HASTY = { timeout: 1.2, deadline: 1.2 }

/** s; of accounts whose server does not answer. */
const HANGING = { timeout: 0.3, deadline: 1.2 }

/** Attempts at most before the deadline of {@link HASTY}; a busy machine makes fewer, but 2. */
const MOST_ATTEMPTS = 4

/** ms over its limit that a message may take on a machine that is busy. */
const SLACK = 1500

/** Concurrent messages. */
const CONCURRENCY = 16

/** The servers of a fault, and how the account reaches them. */
export interface Scene {
  url: string
  /** Requests that arrived; undefined: they cannot be counted. */
  requests?(): number
  /** More of the account. */
  account?: { timeout?: number; deadline?: number }
  /** A `tls-config` node with these credentials. */
  tls?: { verifyservercert?: boolean; credentials: object }
  /** An `http proxy` node. */
  proxy?: { url: string; noproxy?: string[]; credentials?: object }
  /** Comes before each message but the first. */
  between?(): Promise<void>
  /** More to assert when it is over. */
  verify?(): void | Promise<void>
}

/** The expected outcome. */
export interface Expected {
  output: 'success' | 'error'
  kind?: Kind
  statusCode?: number
  code?: number
  /** `retried`: as often as the deadline lets it, which is 2 times or more. */
  attempts: number | 'retried'
  /** Requests that the server sees; by default as many as attempts. */
  requests?: number
  /** Text that the message of the error has. */
  says?: RegExp
  /** ms that it takes at least. */
  atLeast?: number
}

/** A fault and its expected outcome. */
export interface FaultCase {
  name: string
  provoke(): Promise<Scene> | Scene
  /** Messages, one after the other; the last one is looked at. */
  messages?: number
  expect: Expected
}

interface Outcome {
  port: string
  msg: Output
  /** ms */
  duration: number
}

const core = (file: string): NodeInitializer => require(`@node-red/nodes/core/network/${file}`)

function limitsOf({ kind, attempts }: Expected): typeof PATIENT {
  if (attempts !== 'retried') return PATIENT
  return kind === 'timeout' ? HANGING : HASTY
}

/** The nodes of a case: an account of its own, so that no 429 holds up another case. */
function nodesOf({ url, account, tls, proxy }: Scene, limits: object, id: number) {
  const configs: object[] = [
    {
      id: `${id}-account`,
      type: '8x8-account',
      subAccountId: 'my_sub',
      region: 'custom',
      baseUrl: url,
      ...limits,
      ...account,
      ...(tls && { tls: `${id}-tls` }),
      ...(proxy && { proxy: `${id}-proxy` }),
    },
  ]
  const credentials: Record<string, object> = { [`${id}-account`]: { apiKey: CANARY } }
  if (tls) {
    const { credentials: secret, ...rest } = tls
    const files = { cert: '', key: '', ca: '' }
    configs.push({
      id: `${id}-tls`,
      type: 'tls-config',
      ...files,
      verifyservercert: true,
      ...rest,
    })
    credentials[`${id}-tls`] = secret
  }
  if (proxy) {
    const { credentials: secret, ...rest } = proxy
    configs.push({ id: `${id}-proxy`, type: 'http proxy', noproxy: [], ...rest })
    if (secret) credentials[`${id}-proxy`] = secret
  }
  const typing = { id: `${id}-typing`, type: '8x8-typing-indicator', account: `${id}-account` }
  const more = [
    { ...typing, wires: [[`${id}-success`], [`${id}-error`]] },
    { id: `${id}-success`, type: 'helper' },
    { id: `${id}-error`, type: 'helper' },
  ]
  return { configs, credentials, more }
}

/** Runs all cases of a table in one flow, one test for each, and looks for the key afterwards. */
export function describeFaults(title: string, cases: FaultCase[]): void {
  describe(`faults: ${title}`, function () {
    this.timeout(30_000)
    const scenes: Scene[] = []
    const outcomes: Outcome[] = []
    const statuses = new Map<string, object>()
    const evidence = new Evidence()
    const { random } = Math
    const log = new EventEmitter().on('log', (entry) => evidence.add('log', entry))
    const onStatus = ({ id, status }: { id: string; status: object }) => {
      evidence.add('status', status)
      // What a node shows while it works is not how it ended.
      if (!JSON.stringify(status).includes('status.sending')) statuses.set(id, status)
    }

    before(async () => {
      RED.log.addHandler(log)
      RED.runtime.events.on('node-status', onStatus)
      scenes.push(...(await Promise.all(cases.map(({ provoke }) => provoke()))))
      const nodes = cases.map(({ expect }, id) =>
        nodesOf(scenes[id] as Scene, limitsOf(expect), id),
      )
      await loadFlow({
        account: { region: 'custom', baseUrl: 'http://127.0.0.1:9' },
        configs: nodes.flatMap(({ configs }) => configs),
        credentials: Object.assign({}, ...nodes.map(({ credentials }) => credentials)),
        more: nodes.flatMap(({ more }) => more),
        types: [core('05-tls.js'), core('06-httpproxy.js')],
      })
      Math.random = () => 0 // no jitter, so that the number of attempts is known
      const ids = cases.keys()
      const worker = async () => {
        for (const id of ids) outcomes[id] = await run(id)
      }
      await Promise.all(Array.from({ length: CONCURRENCY }, worker))
      Math.random = random
    })

    after(async () => {
      Math.random = random
      RED.log.removeHandler(log)
      RED.runtime.events.removeListener('node-status', onStatus)
      await unloadFlow()
      await closeServers()
    })

    async function run(id: number): Promise<Outcome> {
      let outcome = await send(id)
      for (let count = 1; count < (cases[id]?.messages ?? 1); count++) {
        await scenes[id]?.between?.()
        outcome = await send(id)
      }
      return outcome
    }

    function send(id: number): Promise<Outcome> {
      const began = performance.now()
      return new Promise((resolve) => {
        for (const port of ['success', 'error']) {
          const node = helper.getNode(`${id}-${port}`)
          node.removeAllListeners('input')
          node.on('input', (msg) => {
            evidence.add('message', msg)
            resolve({ port, msg, duration: performance.now() - began })
          })
        }
        helper.getNode(`${id}-typing`).receive({ umid: UMID, channel: 'whatsapp' } as Output)
      })
    }

    for (const [id, { name, expect }] of cases.entries()) {
      it(`${name}: ${expect.kind ?? 'success'}`, async () => {
        const { port, msg, duration } = outcomes[id] as Outcome
        const { url: _, requests, account, verify } = scenes[id] as Scene
        const facts = msg.typing ?? msg.error ?? {}
        const attempts = facts.attempts as number
        const { output, kind } = expect
        assert.deepEqual(
          { output: port, kind: facts.kind },
          { output, kind },
          `${msg.error?.message}`,
        )
        if (expect.attempts !== 'retried') assert.equal(attempts, expect.attempts)
        else assert.ok(attempts >= 2 && attempts <= MOST_ATTEMPTS, `${attempts} attempts`)
        if (port === 'error' || expect.statusCode) {
          assert.equal(facts.statusCode, expect.statusCode)
          assert.equal(facts.code, expect.code)
        }
        if (expect.says) assert.match(`${msg.error?.message}`, expect.says)
        if (requests) assert.equal(requests(), expect.requests ?? attempts)
        const fill = port === 'success' ? 'green' : 'red'
        const text = `status.${expect.kind ?? 'sent'}`
        assert.deepEqual(statuses.get(`${id}-typing`), { fill, shape: 'dot', text })
        const { timeout, deadline } = { ...limitsOf(expect), ...account }
        const limit = expect.attempts === 1 ? timeout : deadline
        assert.ok(duration < limit * 1000 + SLACK, `it took ${duration} ms`)
        assert.ok(duration >= (expect.atLeast ?? 0), `it took ${duration} ms`)
        await verify?.()
      })
    }

    it('show neither key nor password to anybody', () => {
      assert.ok(evidence.count('message') >= cases.length)
      assert.ok(evidence.count('status') >= cases.length)
      assert.ok(evidence.count('log') > 0)
      for (const secret of [CANARY, PROXY_PASSWORD]) assert.deepEqual(evidence.find(secret), [])
    })
  })
}
