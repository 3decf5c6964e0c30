/**
 * `npm run heap`: what kept-up conversations cost. Heap of sessions alone, and of what the node
 * keeps with each (the message, for an excuse), and the time of a start and stop among many.
 * The client answers at once: only what we keep is measured, not HTTP.
 */
import { randomUUID } from 'node:crypto'
import type { Client } from '../nodes/account/client'
import { Sessions } from '../nodes/account/sessions'
import { Indicator } from '../nodes/typing-indicator/indicator'
import { TYPING_INDICATOR_DEFAULTS } from '../nodes/typing-indicator/options'
import type { Task } from '../nodes/typing-indicator/outcome'
import { Outcome } from '../nodes/typing-indicator/outcome'
import { readRhythm } from '../nodes/typing-indicator/rhythm'

const COUNTS = [1000, 10_000, 100_000]
const PAIRS = 5000

const accepted = Promise.resolve({ statusCode: 200, attempts: 1, sentAt: Date.now() })
const client = { send: () => ({ result: accepted, cancel() {} }) } as unknown as Client

void main()

async function main(): Promise<void> {
  if (!globalThis.gc) throw new Error('run it by npm run heap: it needs --expose-gc')
  await measure(1000, startAlone) // warms up
  const rows = []
  for (const count of COUNTS) {
    const alone = await measure(count, startAlone)
    const small = await measure(count, startInNode(smallMessage))
    const whole = await measure(count, startInNode(webhookMessage))
    rows.push({
      sessions: count,
      'bytes each': alone.bytesEach,
      'in the node, small message': small.bytesEach,
      'webhook message': whole.bytesEach,
      'µs a start and stop': alone.pairMicros,
    })
  }
  console.log(`Node.js ${process.version}, ${process.arch}`)
  console.table(rows)
}

type Start = (sessions: Sessions, umid: string) => Promise<unknown>

/** @returns bytes of heap for each session, and µs for one more start and stop among them */
async function measure(count: number, begin: (sessions: Sessions) => Start) {
  const sessions = new Sessions(client)
  const start = begin(sessions)
  const before = heapUsed()
  for (let i = 0; i < count; i++) await start(sessions, newId())
  const bytesEach = Math.round((heapUsed() - before) / count)
  const umids = Array.from({ length: PAIRS }, () => newId())
  const began = performance.now()
  for (const umid of umids) {
    await startAlone()(sessions, umid)
    await sessions.stop({ umid })
  }
  const pairMicros = Math.round(((performance.now() - began) * 1000) / PAIRS)
  sessions.close()
  return { bytesEach, pairMicros }
}

function startAlone(): Start {
  const owner = { id: 'node', keeping() {} }
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
  (makeMessage: (umid: string) => Task['msg']) =>
  (sessions: Sessions): Start => {
    const host = {
      id: 'node',
      type: '8x8-typing-indicator',
      status() {},
      send() {},
      report() {},
      handlesErrors: () => true,
      keepingText: (n: number) => `typing (${n})`,
    }
    const indicator = new Indicator({
      id: 'node',
      client,
      sessions,
      subAccountId: 'my_sub',
      action: 'start',
      rhythm: readRhythm(TYPING_INDICATOR_DEFAULTS),
      read: async ({ umid, channel }) => ({ umid, channel }),
      passUnsupported: false,
      outcome: new Outcome(host),
    })
    return (_sessions, umid) =>
      new Promise((resolve) => {
        indicator.accept({ msg: makeMessage(umid), send() {}, done: resolve } as Task)
      })
  }

/** An id as one string, as JSON.parse makes them; randomUUID gives a tree of pieces. */
function newId(): string {
  return Buffer.from(randomUUID()).toString('latin1')
}

/** An inbound message as JSON.parse makes it of 8x8's documented webhook. */
function webhookMessage(umid: string): Task['msg'] {
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

function smallMessage(umid: string): Task['msg'] {
  return { _msgid: newId(), umid, channel: 'whatsapp', payload: 'Hello' }
}

function heapUsed(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}
