import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Deployable, FlowNode } from '../../scripts/example'
import { CANARY } from '../support/events'
import { seededRandom } from '../support/random'
import { closeServers } from '../support/server'
import { inboundWebhook } from '../support/webhooks'
import type { ConversationFigures } from './conversation-figures'
import { umidOf } from './figures'
import { type Behaviour, type RecordedRequest, type Recorder, startRecorder } from './recorder'
import { type DrivenNodeRed, startWithDriver } from './runtime'

const MESSAGES = 2000
const CUSTOMERS = 250

/** Webhooks/s. */
const RATE = 120

/** ms of the longest work, and between two indicators. */
const LONGEST_WORK = 3000
const RENEW_EVERY = 700

/** ms after the webhook within which 8x8 repeats one in this test. */
const LATEST_REPEAT = 4000

/** ms until the last reply must have had its outcome. */
const PATIENCE = 120_000

const PATH = '/8x8/inbound'
const AUTHORIZATION = 'Basic c3Rvcm06c3Rvcm0='

/** What 8x8 does with a request that it refuses, and so never carries out. */
const REFUSED: Behaviour[] = ['limit']

/** What the faults can cause. */
const KINDS = ['rate-limited', 'server', 'network', 'timeout']

/** inbound → (keep typing ∥ work of the length that the customer wrote) → reply */
function conversation(baseUrl: string): Deployable {
  const node = (id: string, type: string, wires: string[][], more = {}): FlowNode => {
    return { id, type, z: 'tab', x: 0, y: 0, wires, ...more }
  }
  const account = 'account'
  const outputs = [['sink'], ['sink']]
  const func = 'msg.delay = Number(msg.payload)\nmsg.payload = msg.umid\nreturn msg'
  const flows = [
    { id: 'tab', type: 'tab', label: 'storm' },
    {
      id: account,
      type: '8x8-account',
      subAccountId: 'my_sub',
      region: 'custom',
      baseUrl,
      timeout: 1,
      deadline: 30,
    },
    node('inbound', '8x8-inbound', [['typing', 'plan'], []], { account, path: PATH }),
    node('typing', '8x8-typing-indicator', outputs, {
      account,
      action: 'start',
      renewEvery: RENEW_EVERY / 1000,
    }),
    node('plan', 'function', [['work']], { func, outputs: 1, libs: [] }),
    node('work', 'delay', [['reply']], { pauseType: 'delayv', timeout: '1', timeoutUnits: 's' }),
    node('reply', '8x8-reply', outputs, { account }),
    node('sink', 'debug', [], { active: false }),
  ]
  const secrets = { apiKey: CANARY, webhookAuthorization: AUTHORIZATION }
  return { flows, credentials: { account: secrets } }
}

const customerOf = (seq: number) => seq % CUSTOMERS
const seqOf = (umid: string) => Number.parseInt(umid.slice(-12), 16)

/**
 * The user of a message: of four customers, one has only a number, one only a BSUID, one always
 * both, and one both in the first message and then the one or the other.
 */
function userOf(seq: number) {
  const customer = customerOf(seq)
  const msisdn = `+65${10_000_000 + customer}`
  const channelUserId = `SG.${1000 + customer}`
  const kind = customer % 4
  const isFirst = seq < CUSTOMERS
  if (kind === 0 || (kind === 3 && !isFirst && seq % 2 === 0)) return { msisdn }
  if (kind === 1 || (kind === 3 && !isFirst)) return { channelUserId }
  return { msisdn, channelUserId }
}

describe(`a conversation: ${MESSAGES} webhooks, and an 8x8 that fails at random`, function () {
  this.timeout(300_000)
  const random = seededRandom(14)
  let api: Recorder
  let driven: DrivenNodeRed

  before(async () => {
    api = await startRecorder(random)
    driven = await startWithDriver('conversation-driver.ts', conversation(api.url))
  })

  after(async () => {
    await driven?.stop()
    await closeServers()
  })

  async function post(seq: number, work: number): Promise<void> {
    const webhook = inboundWebhook({
      payload: {
        umid: umidOf(seq),
        subAccountId: 'my_sub',
        user: userOf(seq),
        content: { text: `${work}` },
      },
    })
    const response = await fetch(driven.nodeRed.url + PATH, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: AUTHORIZATION },
      body: JSON.stringify(webhook),
    })
    assert.deepEqual([response.status, await response.text()], [200, ''])
  }

  async function ask<T>(what: string): Promise<T> {
    return (await fetch(`${driven.nodeRed.url}/storm/${what}`)).json() as Promise<T>
  }

  /** Resolves when so many replies have had an outcome, or when nobody can hope for more. */
  async function untilEnded(count: number): Promise<void> {
    const late = performance.now() + PATIENCE
    while ((await ask<number>('ended')) < count && performance.now() < late) await sleep(100)
  }

  /** Posts messages at the {@link RATE}, a third of them again: at once, or some time later. */
  async function postAll(from: number, to: number): Promise<void> {
    const posts: Promise<void>[] = []
    for (let seq = from; seq < to; seq++) {
      const work = Math.floor(random() * LONGEST_WORK)
      posts.push(post(seq, work))
      if (seq % 3 === 0) {
        const wait = seq % 2 === 0 ? 0 : random() * LATEST_REPEAT
        posts.push(sleep(wait).then(() => post(seq, work)))
      }
      await sleep(1000 / RATE)
    }
    await Promise.all(posts)
  }

  it('answers each message at most once, in order, with no dots after the reply', async () => {
    // The first message of each customer is through before the others come: from then on it is
    // known which number belongs to which BSUID.
    await postAll(0, CUSTOMERS)
    await untilEnded(CUSTOMERS)
    await postAll(CUSTOMERS, MESSAGES)
    await untilEnded(MESSAGES)
    await sleep(3 * RENEW_EVERY) // in which a session that lived on would send
    const figures = await ask<ConversationFigures>('figures')
    const { requests } = api
    summarize(figures, requests)
    const umids = Array.from({ length: MESSAGES }, (_, seq) => umidOf(seq))

    assertOneOutcome(figures, umids)
    assertNeverTwice(figures, requests)
    assertInOrder(figures, requests)
    assertNoDotsAfterReply(requests)
    assertRecipients(requests)
    // Or else it would show nothing.
    for (const behaviour of ['limit', 'fail', 'reset', 'silence', 'cut', 'slow']) {
      const met = requests.filter((request) => request.behaviour === behaviour)
      for (const resource of ['events', 'messages']) {
        assert.ok(
          met.some((request) => request.resource === resource),
          `no ${behaviour} for ${resource}`,
        )
      }
    }
    const indicators = new Map<string, number>()
    for (const { resource, umid } of requests) {
      if (resource === 'events') indicators.set(umid, (indicators.get(umid) ?? 0) + 1)
    }
    assert.ok(indicators.size > 0.8 * MESSAGES, `dots for ${indicators.size} messages`)
    const renewed = [...indicators.values()].filter((count) => count > 1).length
    assert.ok(renewed > MESSAGES / 4, `dots renewed for ${renewed} messages`)
    const refused = Object.values(figures.typing).filter(
      ({ outputs: [end] }) => end === 'overloaded',
    )
    assert.equal(refused.length, 0, 'the account can renew twice as many in time')
  })
})

function summarize({ reply }: ConversationFigures, requests: readonly RecordedRequest[]): void {
  const ends: Record<string, number> = {}
  for (const { outputs, maybeSent } of Object.values(reply)) {
    const end = `${outputs}${maybeSent ? ' (maybe sent)' : ''}`
    ends[end] = (ends[end] ?? 0) + 1
  }
  console.log(`      ${requests.length} requests; replies ended as ${JSON.stringify(ends)}`)
}

/** Each message left the inbound node once, and had one outcome at each of the other two. */
function assertOneOutcome(figures: ConversationFigures, umids: string[]): void {
  const wrong = umids.flatMap((umid) => {
    const emitted = figures.inbound[umid] ?? 0
    const counts = [figures.typing[umid], figures.reply[umid]].map(
      (count) => `${count?.received}/${count?.outputs.length}/${count?.completions}`,
    )
    return emitted === 1 && counts.every((count) => count === '1/1/1')
      ? []
      : [`${umid}: emitted ${emitted} times, received/outputs/done ${counts.join(' and ')}`]
  })
  assert.deepEqual(wrong, [])
  assert.equal(Object.keys(figures.inbound).length, umids.length)
  const ends = Object.values(figures.reply).flatMap(({ outputs }) => outputs)
  assert.deepEqual(
    [...new Set(ends)].filter((end) => end !== 'sent' && !KINDS.includes(end)),
    [],
  )
}

/** Requests that 8x8 may have carried out, in the order in which it received them. */
function repliesTaken(requests: readonly RecordedRequest[]): RecordedRequest[] {
  return requests.filter(
    ({ resource, behaviour }) => resource === 'messages' && !REFUSED.includes(behaviour),
  )
}

/** The customer got what the outcome says: one reply, none, or (maybe sent) one that may be there. */
function assertNeverTwice({ reply }: ConversationFigures, requests: readonly RecordedRequest[]) {
  const taken: Record<string, Behaviour[]> = {}
  for (const { umid, behaviour } of repliesTaken(requests)) {
    taken[umid] = [...(taken[umid] ?? []), behaviour]
  }
  const wrong = Object.entries(reply).flatMap(([umid, { outputs, maybeSent = false }]) => {
    const behaviours = taken[umid] ?? []
    const [behaviour] = behaviours
    const end = `${outputs}${maybeSent ? ' (maybe sent)' : ''}`
    const isRight =
      outputs[0] === 'sent'
        ? behaviours.length === 1 && ['accept', 'slow', 'cut'].includes(`${behaviour}`)
        : maybeSent
          ? behaviours.length === 1
          : behaviours.length === 0
    return isRight ? [] : [`${umid}: ended as ${end}, received and taken: ${behaviours}`]
  })
  assert.deepEqual(wrong, [])
}

/** The replies to each customer come in the order in which they came to the reply node. */
function assertInOrder({ arrivals }: ConversationFigures, requests: readonly RecordedRequest[]) {
  const taken = repliesTaken(requests).map(({ umid }) => umid)
  const known = new Set(taken)
  const byCustomer = (umids: string[]) => {
    const customers: string[][] = Array.from({ length: CUSTOMERS }, () => [])
    for (const umid of umids) customers[customerOf(seqOf(umid))]?.push(umid)
    return customers
  }
  const wrong = byCustomer(taken).flatMap((received, customer) => {
    const expected = byCustomer(arrivals)[customer]?.filter((umid) => known.has(umid))
    return `${received}` === `${expected}` ? [] : [{ customer, received, expected }]
  })
  assert.deepEqual(wrong, [])
}

/** Dots for a message come only before the first request for its reply, refused ones included. */
function assertNoDotsAfterReply(requests: readonly RecordedRequest[]): void {
  const replied = new Set<string>()
  const wrong: string[] = []
  for (const { resource, umid } of requests) {
    if (resource === 'messages') replied.add(umid)
    else if (replied.has(umid)) wrong.push(umid)
  }
  assert.deepEqual(wrong, [])
}

/** Each reply names the customer by what the message had: the number, else the BSUID. */
function assertRecipients(requests: readonly RecordedRequest[]): void {
  for (const { resource, umid, user } of requests) {
    if (resource !== 'messages') continue
    const { msisdn, channelUserId } = userOf(seqOf(umid))
    const expected = msisdn ?? channelUserId
    assert.equal(user?.msisdn ?? user?.channelUserId, expected, umid)
  }
}
