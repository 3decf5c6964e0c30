/**
 * `npm run bench`: messages per second of our node beside what a user would take instead and
 * beside undici alone, all in one real Node-RED process. `-- --short`: a smoke test, which must
 * work and not meet figures; `--json <file>`: writes the figures; `--profile <prefix>`: a CPU
 * profile of each contender at 64 in flight instead, for scripts/bench/hot.ts.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type NodeRed, ROOT, runFlows } from '../node-red'
import { BENCH_KEY, benchFlow, CONTENDERS, type Contender, PATH } from './flow'
import { type Figure, figure, inWords, machine, table } from './statistics'

const LEVELS = [1, 64, 512]

/** What the driver answers. */
interface Run {
  perSecond: number
  /** ms */
  p50: number
  returned: number
  errors: number
  lost: number
  strays: number
  /** Of a core, that the runtime and the API server used. */
  cpu: number
  apiCpu: number
}

const { values: options } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    json: { type: 'string' },
    profile: { type: 'string' },
  },
})

void main()

async function main(): Promise<void> {
  const api = fork(join(__dirname, 'api.mjs'), [PATH, `Bearer ${BENCH_KEY}`], { execArgv: [] })
  const [{ port }] = await once(api, 'message')
  const settings = {
    nodesDir: join(__dirname, 'nodes'),
    logging: { console: { level: 'info' } },
  }
  let nodeRed: NodeRed | undefined
  try {
    nodeRed = await runFlows(benchFlow(`http://127.0.0.1:${port}`), 18_800, { settings })
    const drive = driver(nodeRed.url, api)
    if (options.profile) await profileEach(drive, options.profile)
    else await compare(nodeRed.url, drive)
  } finally {
    await nodeRed?.stop()
    api.disconnect()
  }
}

type Drive = (contender: Contender, inFlight: number, ms: number, profile?: string) => Promise<Run>

/** @throws {Error} when a message failed, was lost, or came back twice */
function driver(url: string, api: ChildProcess): Drive {
  const apiCpu = async () => {
    api.send('cpu')
    const [{ cpu }] = await once(api, 'message')
    return cpu as number
  }
  return async (contender, inFlight, ms, profile) => {
    const output = CONTENDERS.indexOf(contender)
    const query = new URLSearchParams({ output: `${output}`, inFlight: `${inFlight}`, ms: `${ms}` })
    if (profile) query.set('profile', profile)
    const before = await apiCpu()
    const answer = await fetch(`${url}/bench?${query}`)
    const run = (await answer.json()) as Run & { took: number }
    if (run.errors || run.lost || run.strays || !run.returned) {
      throw new Error(`${contender}, ${inFlight} in flight: ${JSON.stringify(run)}`)
    }
    return { ...run, apiCpu: ((await apiCpu()) - before) / run.took }
  }
}

async function profileEach(drive: Drive, prefix: string): Promise<void> {
  for (const contender of CONTENDERS) {
    await drive(contender, 64, 2000)
    const file = `${prefix}-${contender.replaceAll(/\W+/g, '-')}.cpuprofile`
    const { perSecond } = await drive(contender, 64, 4000, file)
    console.log(`${file}: ${Math.round(perSecond)} messages/s while profiled`)
  }
}

async function compare(url: string, drive: Drive): Promise<void> {
  const { rounds, ms } = options.short ? { rounds: 2, ms: 200 } : { rounds: 7, ms: 1000 }
  const versions = await (await fetch(`${url}/bench/versions`)).json()
  const about = {
    machine: machine(cpus(), totalmem()),
    ...(versions as { node: string; nodeRed: string; undici: string }),
    package: JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')).version as string,
    rounds,
    ms,
  }
  console.log(
    `${about.machine}; Node.js ${about.node}, Node-RED ${about.nodeRed}, undici ${about.undici}, ` +
      `this package ${about.package}; ${rounds} rounds of ${ms} ms each`,
  )
  const levels = []
  for (const inFlight of LEVELS) {
    const runs = await alternate(drive, inFlight, rounds, ms)
    const results = CONTENDERS.map((contender) => summary(contender, runs))
    levels.push({ inFlight, results })
    console.log(`\n${inFlight} in flight\n\n${tableOf(results, inFlight === 1)}`)
  }
  if (options.json) {
    await writeFile(options.json, `${JSON.stringify({ about, levels }, undefined, 2)}\n`)
  }
}

type Runs = Map<Contender, Run[]>

/** Each contender once a round, each round beginning with another one. */
async function alternate(drive: Drive, inFlight: number, rounds: number, ms: number) {
  const runs: Runs = new Map(CONTENDERS.map((contender) => [contender, []]))
  for (const contender of CONTENDERS) await drive(contender, inFlight, ms) // warms up
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < CONTENDERS.length; i++) {
      const contender = CONTENDERS[(i + round) % CONTENDERS.length] as Contender
      runs.get(contender)?.push(await drive(contender, inFlight, ms))
    }
  }
  return runs
}

function summary(contender: Contender, all: Runs) {
  const runs = all.get(contender) ?? []
  const ratio = (to: Contender, value: (run: Run) => number): Figure => {
    const others = all.get(to) ?? []
    // Round by round, because what disturbs a round disturbs all in it.
    return figure(runs.map((run, round) => value(run) / value(others[round] as Run)))
  }
  return {
    contender,
    perSecond: figure(runs.map((run) => run.perSecond)),
    p50: figure(runs.map((run) => run.p50)),
    toHttpRequest: ratio('http request', (run) => run.perSecond),
    toBare: ratio('bare undici', (run) => run.perSecond),
    p50ToBare: ratio('bare undici', (run) => run.p50),
    cpu: figure(runs.map((run) => run.cpu)),
    apiCpu: figure(runs.map((run) => run.apiCpu)),
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
