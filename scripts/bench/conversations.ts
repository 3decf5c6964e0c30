import type { Bench } from './bench-runtime'
import { CONVERSATIONS, type Conversation, WEBHOOK_PATHS } from './conversation-flow'
import { compareAt, figureOf, profileEach, type Runs, ratioOf } from './rounds'
import { inWords, table } from './statistics'

/** The busiest first: it takes V8 some thousand conversations to compile what they need. */
const LEVELS = [512, 64, 1]

/** What the other process answers. */
interface Run {
  perSecond: number
  /** ms from the webhook to the reply at the API server */
  p50: number
  p99: number
  /** of a conversation: a reply ends one that still waits */
  indicators: number
  took: number
  /** Of a core, that the runtime and the other process used. */
  cpu: number
  peerCpu: number
  /** How many webhooks were refused, and what was lost or came twice. */
  faults: { refused: number; strays: number; lost: number; replies: number }
}

/** Whole conversations per second, from the webhook to the reply at the API server. */
export function compareConversations(bench: Bench, rounds: number, ms: number): Promise<object[]> {
  return compareAt(
    LEVELS,
    CONVERSATIONS,
    rounds,
    (contender, inFlight) => converse(bench, contender, inFlight, ms),
    summary,
    (inFlight, results) => `Conversations, ${inFlight} in flight\n\n${tableOf(results)}`,
  )
}

/** A CPU profile of each contender. */
export function profileConversations(bench: Bench, prefix: string): Promise<void> {
  return profileEach(bench, prefix, CONVERSATIONS, 'conversations', 5000, (...run) =>
    converse(bench, ...run),
  )
}

/** @throws {Error} when a webhook was refused, or a reply was lost or came twice */
async function converse(
  bench: Bench,
  contender: Conversation,
  inFlight: number,
  ms: number,
): Promise<Run> {
  const { url } = bench
  const before = await bench.runtimeCpu()
  const converse = { url, path: WEBHOOK_PATHS[contender], inFlight, ms }
  const run = await bench.askPeer<Run>({ converse })
  const { refused, strays, lost, replies } = run.faults
  if (refused || strays || lost || !replies) {
    throw new Error(`${contender}, ${inFlight} in flight: ${JSON.stringify(run)}`)
  }
  return { ...run, cpu: ((await bench.runtimeCpu()) - before) / run.took }
}

/** µs of the runtime for a conversation, which other processes disturb least. */
function cpuOf({ cpu, perSecond }: Run): number {
  return (cpu / perSecond) * 1e6
}

function summary(contender: Conversation, all: Runs<Conversation, Run>) {
  return {
    contender,
    perSecond: figureOf(all, contender, (run) => run.perSecond),
    p50: figureOf(all, contender, (run) => run.p50),
    p99: figureOf(all, contender, (run) => run.p99),
    toCore: ratioOf(all, contender, 'core nodes', (run) => run.perSecond),
    toLimit: ratioOf(all, contender, 'the limit', (run) => run.perSecond),
    p50ToCore: ratioOf(all, contender, 'core nodes', (run) => run.p50),
    cpuEach: figureOf(all, contender, cpuOf),
    cpuToLimit: ratioOf(all, contender, 'the limit', cpuOf),
    indicators: figureOf(all, contender, (run) => run.indicators),
    cpu: figureOf(all, contender, (run) => run.cpu),
    peerCpu: figureOf(all, contender, (run) => run.peerCpu),
  }
}

function tableOf(results: ReturnType<typeof summary>[]): string {
  const head = ['contender', 'conversations/s', '× core nodes', '× the limit', 'p50 in ms', 'p99']
  head.push(
    'p50 × core nodes',
    'CPU in µs each',
    '× the limit',
    'indicators',
    'cores: runtime',
    'client and API',
  )
  const rows = results.map((result) => [
    result.contender,
    inWords(result.perSecond),
    inWords(result.toCore, 1),
    inWords(result.toLimit, 2),
    inWords(result.p50, 2),
    inWords(result.p99, 2),
    inWords(result.p50ToCore, 2),
    inWords(result.cpuEach),
    inWords(result.cpuToLimit, 2),
    result.indicators.median.toFixed(2),
    result.cpu.median.toFixed(2),
    result.peerCpu.median.toFixed(2),
  ])
  return table(head, rows)
}
