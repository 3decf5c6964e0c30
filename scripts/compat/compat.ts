/**
 * `npm run compat`: installs the packed package through the palette of each Node-RED that we support,
 * on each Node.js that it supports, runs the examples in the sandbox, and removes it. Compares the
 * table in README.md with the outcome; with `--write`, writes it there. Needs the npm registry.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { makeUserDir, ROOT, type Runtime, removeUserDir } from '../node-red'
import { runNpm } from './npm'
import { putTable, type Row } from './table'
import { tryPackage } from './try-package'

/** Node-RED by the Node.js versions that it supports, of those that we support. */
const SUPPORTED: Readonly<Record<string, readonly number[]>> = {
  '4.0': [20, 22, 24],
  '4.1': [20, 22, 24],
  '5.0': [22, 24],
}

/** Runtimes that are tried at once. They mostly wait; our choice for 2 cores. */
const AT_ONCE = 3

/** The ports of the runtimes that are tried at the same time are this, and 100 apart. */
const FIRST_PORT = 23_880

const { values: options } = parseArgs({ options: { write: { type: 'boolean', default: false } } })

void main().catch((error: Error) => {
  console.error(error.message)
  process.exitCode = 1
})

async function main(): Promise<void> {
  const folder = await makeUserDir()
  try {
    await runNpm(['pack', '--pack-destination', folder], ROOT)
    const tarball = (await readdir(folder)).find((file) => file.endsWith('.tgz')) ?? ''
    const rows = await tryAll(folder, join(folder, tarball))
    await compare(rows)
    if (rows.some(({ failure }) => failure)) throw new Error('Not compatible with all of them')
  } finally {
    await removeUserDir(folder)
  }
}

async function tryAll(folder: string, tarball: string): Promise<Row[]> {
  const install = async (name: string, version: string | number) => {
    const dir = join(folder, `${name}-${version}`)
    await runNpm(['install', '--prefix', dir, `${name}@${version}`], folder)
    return dir
  }
  const nodeDirs = new Map<number, string>()
  for (const major of new Set(Object.values(SUPPORTED).flat())) {
    nodeDirs.set(major, await install('node', major))
  }
  const waiting: { nodeRed: string; node: number; runtime: Runtime }[] = []
  for (const [nodeRed, majors] of Object.entries(SUPPORTED)) {
    const nodeRedDir = await install('node-red', nodeRed)
    for (const node of majors) {
      waiting.push({ nodeRed, node, runtime: { nodeRedDir, nodeDir: nodeDirs.get(node) } })
    }
  }
  const rows: Row[] = []
  const work = async (_: unknown, worker: number) => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const { nodeRed, node, runtime } = next
      const began = performance.now()
      const failure = await tryPackage(tarball, runtime, FIRST_PORT + 100 * worker).then(
        () => undefined,
        (error: Error) => error.message,
      )
      const seconds = ((performance.now() - began) / 1000).toFixed(0)
      console.log(`Node-RED ${nodeRed}, Node.js ${node}: ${failure ?? 'fine'} (${seconds} s)`)
      rows.push({ nodeRed, node, failure })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return rows
}

/** @throws {Error} where the README says something else */
async function compare(rows: Row[]): Promise<void> {
  const file = join(ROOT, 'README.md')
  const old = await readFile(file, 'utf8')
  const updated = putTable(old, rows)
  if (old === updated) return
  if (!options.write) throw new Error('README.md has another table: npm run compat -- --write')
  await writeFile(file, updated)
}
