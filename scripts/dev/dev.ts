/**
 * `npm run dev`: a Node-RED that follows the source. After a change in nodes/ or icons/ it builds,
 * restarts Node-RED with the flows as they were deployed, and open editors reload. The log of Node-RED
 * is printed. The user directory is .dev/, which stays.
 */
import { EventEmitter, once } from 'node:events'
import { existsSync, readdirSync, watch } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { EXAMPLES, readExample } from '../example'
import {
  EDITOR_THEME,
  fillUserDir,
  findPort,
  linkPackage,
  type NodeRed,
  PACKAGE,
  ROOT,
  startNodeRed,
  writeFlows,
} from '../node-red'

const USER_DIR = join(ROOT, '.dev')

/** Flows run, or wait for a node that does not load or is no longer there: both can be mended. */
const READY = /Started flows|Waiting for missing types/

/** ms to wait after a change: an editor or git may write several files. */
const QUIET = 50

void main()

async function main(): Promise<void> {
  const { build, removeBuild } = await import('../build.mjs')
  const interrupted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  await prepareUserDir()
  removeBuild()
  const sources = new EventEmitter()
  const watchers = ['nodes', 'icons'].map((folder) =>
    watch(join(ROOT, folder), { recursive: true }, () => sources.emit('change')),
  )
  const port = await findPort(1880)
  let nodeRed: NodeRed | undefined
  for (let going = true; going; ) {
    const since = performance.now()
    const changed = once(sources, 'change') // from now on, also while it builds
    try {
      await build(true)
      await nodeRed?.stop()
      nodeRed = undefined // a start may fail
      nodeRed = await startNodeRed(USER_DIR, port, {
        ready: READY,
        onLine: (line) => console.log(line),
      })
      const seconds = (performance.now() - since) / 1000
      console.log(`${nodeRed.url} runs, after ${seconds.toFixed(1)} s`)
    } catch (error) {
      console.error(`${(error as Error).message}\nNext try after a change`)
    }
    going = await Promise.race([changed.then(() => true), interrupted.then(() => false)])
    if (going) await sleep(QUIET)
  }
  for (const watcher of watchers) watcher.close()
  await nodeRed?.stop()
}

/** Settings, this package and, for the first time, example 1. */
async function prepareUserDir(): Promise<void> {
  await mkdir(USER_DIR, { recursive: true })
  const page = { scripts: [join(__dirname, 'reload.js')] }
  await fillUserDir(USER_DIR, { editorTheme: { ...EDITOR_THEME, page } })
  if (!existsSync(join(USER_DIR, 'node_modules', PACKAGE))) await linkPackage(USER_DIR)
  if (existsSync(join(USER_DIR, 'flows.json'))) return
  const [first = ''] = readdirSync(EXAMPLES).sort()
  await writeFlows(USER_DIR, {
    flows: await readExample(basename(first, '.json')),
    credentials: {},
  })
}
