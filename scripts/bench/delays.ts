import type { Bench } from './bench-runtime'
import { KEEP_PATH, WEBHOOK_PATHS } from './conversation-flow'
import { table } from './statistics'

/** Conversations that are kept up, webhooks per second besides, and for how long. */
const FULL = { kept: 10_000, perSecond: 1000, ms: 15_000, times: 3 }
const SHORT = { kept: 200, perSecond: 100, ms: 500, times: 1 }

/** What the other process answers. Delays in ms. */
interface Run {
  /** From when a webhook was due to its answer. */
  p50Answer: number
  p99Answer: number
  /** From when a webhook was due to its reply at the API server. */
  p50Reply: number
  p99Reply: number
  /** From the node before the reply node to the API server. */
  p50OnWire: number
  p99OnWire: number
  /** Per second. */
  renewals: number
  took: number
  /** Of a core, that the runtime and the other process used. */
  cpu: number
  peerCpu: number
  faults: { refused: number; strays: number; lost: number }
}

/** How long a webhook and a reply wait while a runtime keeps many conversations up. */
export async function measureDelays(bench: Bench, short: boolean): Promise<Run[]> {
  const { kept, perSecond, ms, times } = short ? SHORT : FULL
  const { url } = bench
  const path = WEBHOOK_PATHS['our three nodes']
  await bench.askPeer({ keep: { url, path: KEEP_PATH, kept, perSecond } })
  const runs: Run[] = []
  for (let i = 0; i < times; i++) {
    const before = await bench.runtimeCpu()
    const run = await bench.askPeer<Run>({ load: { url, path, perSecond, ms } })
    const cpu = ((await bench.runtimeCpu()) - before) / run.took
    const { refused, strays, lost } = run.faults
    if (refused || strays || lost) {
      throw new Error(`${perSecond} webhooks a second: ${JSON.stringify(run)}`)
    }
    runs.push({ ...run, cpu })
  }
  const best = runs.toSorted((one, other) => one.p99Answer - other.p99Answer)
  console.log(
    `\n${kept} conversations kept up, ${perSecond} webhooks a second; the best run first\n`,
  )
  const head = ['webhook → 200, p50 in ms', 'p99', 'reply node → API, p50', 'p99']
  head.push('webhook → reply, p99', 'renewals/s', 'cores: runtime', 'client and API')
  const rows = best.map((run) => [
    run.p50Answer.toFixed(1),
    run.p99Answer.toFixed(1),
    run.p50OnWire.toFixed(1),
    run.p99OnWire.toFixed(1),
    run.p99Reply.toFixed(1),
    run.renewals.toFixed(0),
    run.cpu.toFixed(2),
    run.peerCpu.toFixed(2),
  ])
  console.log(table(head, rows))
  return best
}
