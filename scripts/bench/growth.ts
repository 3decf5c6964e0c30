/**
 * `npm run bench:growth`: what sessions cost, the more there are. Heap of sessions alone, and of
 * what the node keeps with each (a copy of the message, for `unanswered`); CPU between renewals; the
 * time of a start and stop among many; and when renewals go out. `--json <file>`, `--svg <file>`.
 * The client resolves immediately: this measures sessions, not HTTP.
 */
import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import RED from 'node-red'
import type { Client } from '../../nodes/lib/client/client'
import { LABELS } from '../../nodes/lib/message/diagnose'
import type { InputEvent, Message } from '../../nodes/lib/node-red/node-adapter'
import { Output } from '../../nodes/lib/node-red/output'
import { Replies } from '../../nodes/lib/replies/replies'
import { Sessions } from '../../nodes/lib/typing/sessions'
import { Indicator } from '../../nodes/typing-indicator/indicator'
import { IndicatorStatus } from '../../nodes/typing-indicator/indicator-status'
import { TYPING_INDICATOR_DEFAULTS } from '../../nodes/typing-indicator/options'
import { readTiming } from '../../nodes/typing-indicator/timing'
import { spread } from './spread'
import { figure, machine, table } from './statistics'
import { plot } from './svg'

const COUNTS = [1000, 10_000, 100_000]

/** Starts and stops that are timed together, and how often: the median counts. */
const PAIRS = 500
const BATCHES = 11

/** ms for which the CPU is watched, before any renewal is due. */
const REST = 5000

/** Conversations that start at once, for the spread. */
const AT_ONCE = 10_000

const { values: options } = parseArgs({
  options: { json: { type: 'string' }, svg: { type: 'string' } },
})

const accepted = Promise.resolve({ statusCode: 200, attempts: 1, sentAt: Date.now() })
const client = {
  send: () => ({ result: accepted, settled: true, drain() {} }),
} as unknown as Client

void main()

async function main(): Promise<void> {
  if (!globalThis.gc) throw new Error('run it by npm run bench:growth: it needs --expose-gc')
  await measure(10_000, startAlone) // warms up
  const sizes = []
  for (const count of COUNTS) {
    const alone = await measure(count, startAlone, REST)
    const small = await measure(count, startInNode(smallMessage))
    const webhook = await measure(count, startInNode(webhookMessage))
    const inNode = { small: small.bytesEach, webhook: webhook.bytesEach }
    sizes.push({ count, ...alone, inNode })
  }
  const sends = await spread(AT_ONCE)
  const about = { machine: machine(cpus(), totalmem()), node: process.version }
  console.log(`${about.machine}; Node.js ${about.node}\n`)
  console.log(
    table(
      [
        'sessions',
        'bytes each',
        'in the node, small message',
        'in the node, 8x8 webhook',
        'CPU at rest, ms/s',
        'µs for one more start and stop',
      ],
      sizes.map((size) => [
        size.count.toLocaleString('en'),
        `${size.bytesEach}`,
        `${size.inNode.small}`,
        `${size.inNode.webhook}`,
        size.restMillis.toFixed(1),
        size.pairMicros.toFixed(1),
      ]),
    ),
  )
  console.log(`\nIndicators in each second after ${AT_ONCE} starts at once: ${sends.join(' ')}`)
  const figures = { about, sizes, sends }
  if (options.json) await writeFile(options.json, JSON.stringify(figures, undefined, 2))
  if (options.svg) await writeFile(options.svg, picture(sizes, sends))
}

interface Size {
  count: number
  bytesEach: number
  restMillis: number
  pairMicros: number
}

function picture(sizes: readonly Size[], sends: readonly number[]): string {
  const labels = sizes.map(({ count }) => count.toLocaleString('en'))
  const bars = (title: string, value: (size: Size) => number, goal?: number) => ({
    title,
    labels,
    values: sizes.map(value),
    goal,
  })
  return plot([
    [
      bars('Heap per session, bytes', (size) => size.bytesEach, 1024),
      bars('CPU at rest, ms per s', (size) => size.restMillis),
      bars('One more start and stop, µs', (size) => size.pairMicros),
    ],
    [
      {
        title: `Indicators per second after ${AT_ONCE.toLocaleString('en')} starts at once`,
        labels: sends.map((_, second) => (second % 10 ? '' : `${second} s`)),
        values: [...sends],
      },
    ],
  ])
}

type Start = (sessions: Sessions, umid: string) => Promise<unknown>

/**
 * @param rest ms for which the CPU is watched
 * @returns bytes of heap for each session, ms of CPU in a second of rest, and µs for one more start
 *   and stop among them
 */
async function measure(count: number, begin: (sessions: Sessions) => Start, rest = 0) {
  const sessions = new Sessions(client)
  const start = begin(sessions)
  const before = heapUsed()
  for (let i = 0; i < count; i++) await start(sessions, newId())
  const bytesEach = Math.round((heapUsed() - before) / count)
  const cpu = process.cpuUsage()
  await sleep(rest)
  const { user, system } = process.cpuUsage(cpu)
  const restMillis = rest ? (user + system) / rest : 0
  const micros: number[] = []
  for (let batch = 0; batch < BATCHES; batch++) {
    const umids = Array.from({ length: PAIRS }, () => newId())
    const began = performance.now()
    for (const umid of umids) {
      await startAlone()(sessions, umid)
      await sessions.stop({ umid })
    }
    micros.push(((performance.now() - began) * 1000) / PAIRS)
  }
  const pairMicros = figure(micros).median
  sessions.close()
  return { bytesEach, restMillis, pairMicros }
}

function startAlone(): Start {
  const owner = { id: 'node', onActiveChanged() {} }
  return (sessions, umid) =>
    sessions.start(
      {
        umid,
        channel: 'whatsapp',
        subAccountId: 'my_sub',
        conversation: `+65${umid}`,
        expiresIn: 7_200_000,
        initialDelay: 0,
        renewEvery: 25_500,
        maxDuration: 7_200_000,
      },
      owner,
      () => {},
    )
}

const startInNode =
  (makeMessage: (umid: string) => Message) =>
  (sessions: Sessions): Start => {
    const adapter = {
      id: 'node',
      type: '8x8-typing-indicator',
      status() {},
      send() {},
      report() {},
      warn() {},
      isWired: () => true,
      handlesErrors: () => true,
    }
    const replies = new Replies(client, sessions, { timeout: 5000, maxWaiting: 10_000 })
    const connection = { client, sessions, replies, subAccountId: 'my_sub' }
    const status = new IndicatorStatus((n) => `typing (${n})`)
    const indicator = new Indicator({
      id: 'node',
      connect: () => connection,
      action: 'start',
      timing: readTiming(TYPING_INDICATOR_DEFAULTS),
      properties: {
        read: ({ umid, channel }) => ({ values: { umid, channel } }),
        sources: { places: LABELS, redact: (text) => text },
      },
      passUnsupported: false,
      clone: (msg) => RED.util.cloneMessage(msg) as Message,
      isWired: adapter.isWired,
      output: new Output(adapter, { property: 'typing', toStatus: (s) => status.toStatus(s) }),
      status,
      warn() {},
    })
    return (_sessions, umid) =>
      new Promise((resolve) => {
        indicator.accept({ msg: makeMessage(umid), send() {}, done: resolve } as InputEvent)
      })
  }

/** An id as one string, as JSON.parse makes them; randomUUID gives a tree of pieces. */
function newId(): string {
  return Buffer.from(randomUUID()).toString('latin1')
}

/** An inbound message as JSON.parse makes it of 8x8's documented webhook. */
function webhookMessage(umid: string): Message {
  const payload = {
    version: 3,
    namespace: 'ChatApps',
    eventType: 'inbound_message_received',
    description: 'ChatApps inbound message',
    payload: {
      umid,
      subAccountId: 'my_sub',
      timestamp: new Date().toISOString(),
      user: { msisdn: `+65${umid}`, channelUserId: 'US.13491208655302741918', name: 'A name' },
      recipient: { channel: 'whatsapp', channelId: '6500000001' },
      type: 'Text',
      content: { text: 'Hello, where is my order?' },
    },
  }
  return { _msgid: newId(), payload: JSON.parse(JSON.stringify(payload)) }
}

function smallMessage(umid: string): Message {
  return { _msgid: newId(), umid, channel: 'whatsapp', payload: 'Hello' }
}

function heapUsed(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}
