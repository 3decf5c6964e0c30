/**
 * `npm run bench:mqtt`: messages a second through example 6 with 1, 2 and 3 Node-REDs, and ms of
 * CPU that a message costs in a Node-RED. Node-REDs, broker, API and client share one machine, so
 * the curve ends where its cores do. Linux only, because it reads /proc.
 * `-- --short`: few messages and one round, to see that it runs.
 */
import { readFile } from 'node:fs/promises'
import { cpus, loadavg, totalmem } from 'node:os'
import { figure, inWords, machine, table } from '../bench/statistics'
import { allReplied, type Cluster, postAll, startCluster } from './cluster'
import { range } from './recorder'

const SHORT = process.argv.includes('--short')
const SIZES = [1, 2, 3]
const ROUNDS = SHORT ? 1 : 3
const MESSAGES = SHORT ? 100 : 2000
const WARM_UP = SHORT ? 20 : 500

/** ms; with longer work, only more of it is under way at a time. */
const WORK = 100

void main()

async function main(): Promise<void> {
  const load = loadavg()[0]?.toFixed(1)
  const where = `${machine(cpus(), totalmem())}; Node.js ${process.version}`
  console.log(`${where}; ${ROUNDS} rounds; load average before ${load}\n`)
  const rates = new Map(SIZES.map((size) => [size, [] as Measured[]]))
  for (let round = 0; round < ROUNDS; round++) {
    for (const size of SIZES) rates.get(size)?.push(await measure(size))
  }
  const rows = SIZES.map((size) => {
    const rounds = rates.get(size) ?? []
    const rate = figure(rounds.map((round) => round.rate))
    const cpu = figure(rounds.map((round) => round.cpu))
    return [`${size}`, inWords(rate), inWords(cpu, 1)]
  })
  console.log(table(['Node-REDs', 'messages/s', 'ms of CPU for a message'], rows))
}

interface Measured {
  /** Messages a second, from the first post to the last reply. */
  rate: number
  /** ms of CPU for each message, of all Node-REDs together. */
  cpu: number
}

async function measure(size: number): Promise<Measured> {
  const cluster = await startCluster(size, { work: WORK })
  try {
    const urls = [...cluster.instances.values()].map(({ url }) => url)
    await postAll(0, WARM_UP, urls)
    await allReplied(cluster, range(0, WARM_UP), 60_000)
    const end = WARM_UP + MESSAGES
    const began = performance.now()
    const cpuBefore = await cpuTime(cluster)
    await postAll(WARM_UP, end, urls)
    await allReplied(cluster, range(WARM_UP, end), 60_000)
    const cpu = ((await cpuTime(cluster)) - cpuBefore) / MESSAGES
    const rate = MESSAGES / ((performance.now() - began) / 1000)
    return { rate, cpu }
  } finally {
    await cluster.close()
  }
}

/** ms of CPU that the Node-REDs have used; Linux counts in ticks of 10 ms (man 5 proc). */
async function cpuTime({ instances }: Cluster): Promise<number> {
  let ticks = 0
  for (const { pid } of instances.values()) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    const [user, system] = stat.slice(stat.lastIndexOf(')')).split(' ').slice(12, 14)
    ticks += Number(user) + Number(system)
  }
  return ticks * 10
}
