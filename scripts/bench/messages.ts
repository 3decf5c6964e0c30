import type { Bench } from './bench-runtime'
import { CONTENDERS, type Contender } from './flow'
import { alternate, figureOf, type Runs, ratioOf } from './rounds'
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
export async function compareMessages(bench: Bench, rounds: number, ms: number): Promise<object[]> {
  const levels = []
  for (const inFlight of LEVELS) {
    const runs = await alternate(CONTENDERS, rounds, (each) => drive(bench, each, inFlight, ms))
    const results = CONTENDERS.map((contender) => summary(contender, runs))
    levels.push({ inFlight, results })
    console.log(`\n${inFlight} in flight\n\n${tableOf(results, inFlight === 1)}`)
  }
  return levels
}

/** A CPU profile of each contender. */
export async function profileMessages(bench: Bench, prefix: string): Promise<void> {
  for (const contender of CONTENDERS) {
    await drive(bench, contender, 64, 2000)
    const file = `${prefix}-${contender.replaceAll(/\W+/g, '-')}.cpuprofile`
    const [{ perSecond }] = await Promise.all([
      drive(bench, contender, 64, 4000),
      bench.profile(file, 3500),
    ])
    console.log(`${file}: ${Math.round(perSecond)} messages/s while profiled`)
  }
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
