import type { Bench } from './bench-runtime'
import { CONTENDERS, type Contender } from './flow'
import { compareAt, figureOf, profileEach, type Runs, ratioOf } from './rounds'
import { inWords, table } from './statistics'

const LEVELS = [1, 64, 512]

/** What each is compared with: the same requests by nodes that only call undici. */
const BARE: Partial<Record<Contender, Contender>> = {
  'bare undici, indicator and reply': 'bare undici, indicator and reply',
  'ours, start and reply': 'bare undici, indicator and reply',
}

/** What the driver answers. */
interface Run {
  perSecond: number
  /** ms */
  p50: number
  took: number
  returned: number
  errors: number
  lost: number
  strays: number
  /** Of a core, that the runtime and the API server used. */
  cpu: number
  apiCpu: number
}

/** Messages per second of each contender, from the driver in the runtime and back to it. */
export function compareMessages(bench: Bench, rounds: number, ms: number): Promise<object[]> {
  return compareAt(
    LEVELS,
    CONTENDERS,
    rounds,
    (contender, inFlight) => drive(bench, contender, inFlight, ms),
    summary,
    (inFlight, results) => `${inFlight} in flight\n\n${tableOf(results, inFlight === 1)}`,
  )
}

/** A CPU profile of each contender. */
export function profileMessages(bench: Bench, prefix: string): Promise<void> {
  return profileEach(bench, prefix, CONTENDERS, 'messages', 4000, (...run) => drive(bench, ...run))
}

/** @throws {Error} when a message failed, was lost, or came back twice */
async function drive(
  bench: Bench,
  contender: Contender,
  inFlight: number,
  ms: number,
): Promise<Run> {
  const output = CONTENDERS.indexOf(contender)
  const query = new URLSearchParams({ output: `${output}`, inFlight: `${inFlight}`, ms: `${ms}` })
  // Replies to one customer go one after the other.
  if (contender.endsWith('reply')) query.set('customers', 'true')
  const before = await bench.askPeer<{ cpu: number }>({})
  const run = (await (await fetch(`${bench.url}/bench?${query}`)).json()) as Run
  if (run.errors || run.lost || run.strays || !run.returned) {
    throw new Error(`${contender}, ${inFlight} in flight: ${JSON.stringify(run)}`)
  }
  const after = await bench.askPeer<{ cpu: number }>({})
  return { ...run, apiCpu: (after.cpu - before.cpu) / run.took }
}

function summary(contender: Contender, all: Runs<Contender, Run>) {
  const bare = BARE[contender] ?? 'bare undici'
  return {
    contender,
    perSecond: figureOf(all, contender, (run) => run.perSecond),
    p50: figureOf(all, contender, (run) => run.p50),
    toHttpRequest: ratioOf(all, contender, 'http request', (run) => run.perSecond),
    toBare: ratioOf(all, contender, bare, (run) => run.perSecond),
    p50ToBare: ratioOf(all, contender, bare, (run) => run.p50),
    cpu: figureOf(all, contender, (run) => run.cpu),
    apiCpu: figureOf(all, contender, (run) => run.apiCpu),
  }
}

function tableOf(results: ReturnType<typeof summary>[], alone: boolean): string {
  const head = ['contender', 'messages/s', '× http request', '× bare']
  if (alone) head.push('p50 in ms', 'p50 × bare')
  head.push('cores: runtime', 'API server')
  const rows = results.map((result) => [
    result.contender,
    inWords(result.perSecond),
    inWords(result.toHttpRequest, 1),
    inWords(result.toBare, 2),
    ...(alone ? [inWords(result.p50, 2), inWords(result.p50ToBare, 2)] : []),
    result.cpu.median.toFixed(2),
    result.apiCpu.median.toFixed(2),
  ])
  return table(head, rows)
}
