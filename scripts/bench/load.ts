/**
 * `npm run bench:load`: what this package adds to an install and to Node-RED's start, beside
 * Node-RED alone and beside other packages of the palette. `-- --rounds <n>`, `--json <file>`.
 * It installs into temporary folders, so it needs the registry of npm.
 */
import { execFile } from 'node:child_process'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import {
  findPort,
  makeUserDir,
  PACKAGE,
  ROOT,
  removeUserDir,
  startNodeRed,
  writeFlows,
} from '../node-red'
import { account, BENCH_KEY, node } from './flow'
import { alternate, figureOf, type Runs, ratioOf } from './rounds'
import { type Figure, figure, inWords, machine, table } from './statistics'

const run = promisify(execFile)

const LOAD_CHILD = join(__dirname, 'load-child.cjs')

/** Others of the palette, for scale. Twilio's API carries WhatsApp: docs/performance.md. */
const OTHERS = ['node-red-contrib-telegrambot@19.0.1', 'node-red-node-twilio@0.1.0']

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '9' }, json: { type: 'string' } },
})

/** What is started: Node-RED with a package, or alone. */
interface Variant {
  name: string
  userDir: string
  package: string
  packages: number
  megabytes: number
}

/** What scripts/bench/probe.cjs says. Times in ms, memory in MB. */
interface Start {
  started: number
  cpu: number
  loading: number
  rss: number
}

void main()

async function main(): Promise<void> {
  const scratch = await makeUserDir()
  const variants: Variant[] = []
  try {
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', scratch], {
      cwd: ROOT,
    })
    // What the build prints comes before.
    const [{ filename }] = JSON.parse(stdout.slice(stdout.lastIndexOf('\n[') + 1))
    const tarball = join(scratch, filename)
    variants.push(await install('Node-RED alone', '', []))
    variants.push(await install('this package', PACKAGE, [tarball]))
    const deployed = await install('with a node deployed', PACKAGE, [tarball])
    variants.push(deployed)
    const flows = [
      { id: 'tab', type: 'tab', label: 'Load' },
      account('http://127.0.0.1:9'),
      node('typing', '8x8-typing-indicator', [[], []], { account: 'account' }),
    ]
    await writeFlows(deployed.userDir, { flows, credentials: { account: { apiKey: BENCH_KEY } } })
    for (const other of OTHERS) {
      variants.push(await install(other, other.replace(/@[^@/]+$/, ''), [other]))
    }
    const rounds = Number(options.rounds)
    report(variants, await alternate(variants, rounds, startOnce))
    await compareLoads(3 * rounds)
  } finally {
    for (const { userDir } of variants) await removeUserDir(userDir)
    await removeUserDir(scratch)
  }
}

async function install(name: string, of: string, what: string[]): Promise<Variant> {
  const userDir = await makeUserDir()
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts']
  if (what.length) await run('npm', ['install', ...quiet, ...what], { cwd: userDir })
  const modules = join(userDir, 'node_modules')
  const lock = join(modules, '.package-lock.json')
  const installed = what.length ? JSON.parse(await readFile(lock, 'utf8')).packages : {}
  const packages = Object.keys(installed).length
  const megabytes = what.length ? (await sizeOf(modules)) / 2 ** 20 : 0
  return { name, userDir, package: of, packages, megabytes }
}

/** Bytes on disk below a folder. */
async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  let sum = 0
  for (const { parentPath, name } of files) sum += (await stat(join(parentPath, name))).blocks * 512
  return sum
}

/** What it takes to load something, in a process of its own. */
interface Load {
  cpu: number
  rss: number
}

/** The libraries alone, and the nodes of a flow with a live account, which load them. */
const LOADS = ['libraries', 'flow'] as const

/** Loads each once a round; the first round warms up. */
async function compareLoads(rounds: number): Promise<void> {
  const loads = await alternate(LOADS, rounds, async (what) => {
    const { stdout } = await run(process.execPath, [LOAD_CHILD, what, ROOT])
    return JSON.parse(stdout) as Load
  })
  const rows = LOADS.map((what) => [
    what === 'flow' ? 'a flow with our nodes' : 'undici and zod alone',
    inWords(figureOf(loads, what, ({ cpu }) => cpu)),
    inWords(
      ratioOf(loads, what, 'libraries', ({ cpu }) => cpu),
      2,
    ),
    inWords(
      figureOf(loads, what, ({ rss }) => rss),
      1,
    ),
    inWords(
      ratioOf(loads, what, 'libraries', ({ rss }) => rss),
      2,
    ),
  ])
  const head = ['what is loaded', 'CPU in ms', '× libraries', 'RSS in MB', '× libraries']
  console.log(`\n${table(head, rows)}`)
}

async function startOnce(variant: Variant): Promise<Start> {
  const nodeRed = await startNodeRed(variant.userDir, await findPort(18_900), {
    env: {
      NODE_OPTIONS: `--require ${join(__dirname, 'probe.cjs')}`,
      PROBE: variant.package || 'none',
    },
  })
  try {
    await nodeRed.prints(/^PROBE/)
    const line = nodeRed.log.findLast((text) => text.startsWith('PROBE'))
    return JSON.parse(`${line}`.slice('PROBE '.length))
  } finally {
    await nodeRed.stop()
  }
}

function report(variants: readonly Variant[], starts: Runs<Variant, Start>): void {
  const [alone] = variants as [Variant]
  const figures = variants.map((variant) => {
    const of = starts.get(variant) ?? []
    const more = (key: keyof Start): Figure =>
      figure(of.map((start, round) => start[key] - (starts.get(alone)?.[round]?.[key] ?? 0)))
    return {
      name: variant.name,
      packages: variant.packages,
      megabytes: variant.megabytes,
      loading: figure(of.map((start) => start.loading)),
      started: figure(of.map((start) => start.started)),
      cpuMore: more('cpu'),
      startedMore: more('started'),
      rss: figure(of.map((start) => start.rss)),
      rssMore: more('rss'),
    }
  })
  const about = { machine: machine(cpus(), totalmem()), node: process.version, ...options }
  console.log(`${about.machine}; Node.js ${about.node}; ${options.rounds} rounds\n`)
  const head = ['', 'packages', 'MB on disk', 'ms to load it', 'start, ms more', 'CPU, ms more']
  const rows = figures.map((each) => [
    each.name,
    `${each.packages}`,
    each.megabytes.toFixed(1),
    inWords(each.loading),
    inWords(each.startedMore),
    inWords(each.cpuMore),
    inWords(each.rssMore, 1),
  ])
  console.log(table([...head, 'RSS, MB more'], rows))
  const [{ started, rss }] = figures as [(typeof figures)[0]]
  console.log(`\nNode-RED alone starts in ${inWords(started)} ms with ${inWords(rss)} MB.`)
  if (options.json) void writeFile(options.json, JSON.stringify({ about, figures }, undefined, 2))
}
