import { spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Deployable } from './example'

/** The working tree. */
export const ROOT = join(__dirname, '..')

/** The name of this package, under which Node-RED finds it. */
export const PACKAGE = '@nr-8x8/node-red-typing-indicator'

/** The editor of our Node-REDs: it neither reaches for the network nor waits for a click. */
export const EDITOR_THEME = { tours: false, palette: { catalogues: [] } }

/** ms that Node-RED may take to start; on the slowest machine seen it took 6 s. */
const START_TIMEOUT = 60_000

/**
 * Folders with another Node-RED, and perhaps with a Node.js for it, as `npm install node-red@5` and
 * `npm install node@24` make them. Blank: those that this package is developed with.
 */
export interface Runtime {
  nodeRedDir?: string | undefined
  nodeDir?: string | undefined
}

/** What the environment names: one folder with both. */
const { NODE_RED_DIR } = process.env

/** What Node-RED prints when it stops flows, and when they run, after a start as after a deploy. */
const STOPPING = /Stopping (modified )?(flows|nodes)/
const STARTED = /Started (modified )?(flows|nodes)/

/** A real Node-RED in a process of its own. */
export interface NodeRed {
  url: string
  pid: number
  /** Every line that it printed. */
  log: string[]
  /** Resolves when it has printed, from now on, a line that matches each, one behind the other. */
  prints(...patterns: RegExp[]): Promise<void>
  /**
   * Resolves when the flows of a deploy run that begins from now on: its answer comes before that,
   * and so it may come before the last line of an earlier deploy.
   */
  deployed(): Promise<void>
  /** Sends the process a signal, which may not end it. */
  signal(signal: NodeJS.Signals): void
  /** Ends the process, by default with SIGTERM; resolves when it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>
}

/** An empty user directory. The caller removes it. @param more settings of Node-RED */
export async function makeUserDir(more: object = {}): Promise<string> {
  const userDir = await mkdtemp(join(tmpdir(), 'node-red-8x8-'))
  await fillUserDir(userDir, more)
  return userDir
}

/** Writes what a user directory needs, and leaves its flows. @param more settings of Node-RED */
export async function fillUserDir(userDir: string, more: object = {}): Promise<void> {
  await writeFile(join(userDir, 'package.json'), '{ "name": "test", "private": true }')
  const settings = {
    uiHost: '127.0.0.1',
    credentialSecret: false,
    flowFile: 'flows.json',
    telemetry: { enabled: false },
    editorTheme: EDITOR_THEME,
    ...more,
  }
  await writeFile(
    join(userDir, 'settings.js'),
    `module.exports = ${JSON.stringify(settings, undefined, 2)}\n`,
  )
}

/** Puts this package, as it is in the working tree, into a user directory. */
export async function linkPackage(userDir: string): Promise<void> {
  const link = join(userDir, 'node_modules', PACKAGE)
  await mkdir(dirname(link), { recursive: true })
  await symlink(ROOT, link, 'dir')
}

/** Writes what Node-RED loads when it starts. */
export async function writeFlows(
  userDir: string,
  { flows, credentials }: Deployable,
): Promise<void> {
  await writeFile(join(userDir, 'flows.json'), JSON.stringify(flows))
  await writeFile(join(userDir, 'flows_cred.json'), JSON.stringify(credentials))
}

/**
 * Starts Node-RED and waits until its flows run.
 * @throws {Error} when it does not start; with the end of its log, unless each line was handed out
 */
export async function startNodeRed(
  userDir: string,
  port: number,
  {
    env = {},
    runtime = { nodeRedDir: NODE_RED_DIR, nodeDir: NODE_RED_DIR },
    ready = STARTED,
    onLine,
  }: {
    /** More of the environment. */
    env?: Record<string, string>
    runtime?: Runtime
    /** The line to wait for. */
    ready?: RegExp
    /** Gets each line that Node-RED prints, at once. */
    onLine?: (line: string) => void
  } = {},
): Promise<NodeRed> {
  const { node, red } = findNodeRed(runtime)
  const child = spawn(node, [red, '--userDir', userDir, '--port', `${port}`], {
    // The npm that installs packages runs with the same Node.js.
    env: { ...process.env, PATH: `${dirname(node)}:${process.env.PATH}`, LANG: 'en_US', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const log: string[] = []
  const lines = new EventEmitter<{ line: [string] }>()
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on('line', (line) => {
      log.push(line)
      onLine?.(line)
      lines.emit('line', line)
    })
  }
  const prints = (...patterns: RegExp[]) =>
    new Promise<void>((resolve) => {
      lines.on('line', function listen(line) {
        if (patterns[0]?.test(line)) patterns.shift()
        if (patterns.length > 0) return
        lines.off('line', listen)
        resolve()
      })
    })
  const deployed = () => prints(STOPPING, STARTED)
  const exited = once(child, 'exit')
  const signal = (name: NodeJS.Signals) => void child.kill(name)
  const stop = async (name: NodeJS.Signals = 'SIGTERM') => {
    signal(name)
    await exited
  }
  const late = new AbortController()
  const failed = Promise.race([
    exited.then(([code]) => `it exited with ${code}`),
    sleep(START_TIMEOUT, 'it took too long', { signal: late.signal }).catch(() => ''),
  ])
  const reason = await Promise.race([prints(ready).then(() => undefined), failed])
  late.abort()
  if (reason === undefined) {
    const { pid = 0 } = child
    return { url: `http://127.0.0.1:${port}`, pid, log, prints, deployed, signal, stop }
  }
  await stop()
  const unseen = onLine ? [] : log.slice(-20)
  throw new Error([`Node-RED did not start: ${reason}`, ...unseen].join('\n'))
}

/**
 * Starts Node-RED with this package and flows, in a user directory of its own, which goes when it
 * stops.
 * @param port the first to try
 * @param more settings of Node-RED, and more of its environment
 * @throws {Error} with the end of its log, when it does not start
 */
export async function runFlows(
  deployable: Deployable,
  port: number,
  { settings = {}, env = {} }: { settings?: object; env?: Record<string, string> } = {},
): Promise<NodeRed & { userDir: string }> {
  const userDir = await makeUserDir(settings)
  try {
    await linkPackage(userDir)
    await writeFlows(userDir, deployable)
    const nodeRed = await startNodeRed(userDir, await findPort(port), { env })
    const stop = async (signal?: NodeJS.Signals) => {
      await nodeRed.stop(signal)
      await removeUserDir(userDir)
    }
    return { ...nodeRed, userDir, stop }
  } catch (error) {
    await removeUserDir(userDir)
    throw error
  }
}

function findNodeRed({ nodeRedDir, nodeDir }: Runtime): { node: string; red: string } {
  const node = join(nodeDir ?? '', 'node_modules', 'node', 'bin', 'node')
  return {
    node: nodeDir && existsSync(node) ? node : process.execPath,
    red: nodeRedDir
      ? join(nodeRedDir, 'node_modules', 'node-red', 'red.js')
      : require.resolve('node-red/red.js'),
  }
}

/** The first free port from the given one on, on loopback. */
export async function findPort(from: number): Promise<number> {
  const server = createServer()
  const free = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(from, '127.0.0.1', () => resolve(true))
  })
  if (!free) return findPort(from + 1)
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address ? address.port : from
}

/** Removes a user directory. */
export function removeUserDir(userDir: string): Promise<void> {
  return rm(userDir, { recursive: true, force: true })
}
