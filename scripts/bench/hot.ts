/**
 * `npx tsx scripts/bench/hot.ts <file.cpuprofile>`: where the time of a profile goes, by part and
 * by function, in % of the time that the runtime was not idle.
 */
import { readFileSync } from 'node:fs'
import { table } from './statistics'

interface Profile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[]
  samples: number[]
  timeDeltas: number[]
}

const { nodes, samples, timeDeltas }: Profile = JSON.parse(
  readFileSync(`${process.argv[2]}`, 'utf8'),
)
const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
const parts = new Map<string, number>()
const functions = new Map<string, number>()
let busy = 0
for (const [i, id] of samples.entries()) {
  const { functionName = '', url = '', lineNumber = 0 } = frames.get(id) ?? {}
  // `dispatch` without a file is the profiler itself, as it begins and ends.
  if (functionName === '(idle)' || (functionName === 'dispatch' && !url)) continue
  const time = timeDeltas[i] ?? 0
  const part = partOf(url, functionName)
  busy += time
  add(parts, part, time)
  add(functions, `${functionName || '(anonymous)'} ${file(url)}:${lineNumber + 1}`, time)
}
for (const sums of [parts, functions]) {
  const rows = [...sums].sort(([, one], [, other]) => other - one).slice(0, 25)
  const lines = rows.map(([name, time]) => [name, ((time / busy) * 100).toFixed(1)])
  console.log(`${table(['where', '%'], lines)}\n`)
}

function add(sums: Map<string, number>, name: string, time: number): void {
  sums.set(name, (sums.get(name) ?? 0) + time)
}

/** The package that a file belongs to; of ours, the module. */
function partOf(url: string, functionName: string): string {
  if (!url) return functionName.startsWith('(') ? functionName : 'native'
  if (url.startsWith('node:')) return 'Node.js'
  const ours = /dist\/([\w/-]+)\.js$/.exec(url)
  if (ours) return `ours: ${ours[1]}`
  if (url.includes('/scripts/bench/')) return 'the bench'
  const [, name] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? []
  return name ?? 'Node-RED'
}

function file(url: string): string {
  return url.split('/').slice(-2).join('/')
}
