/**
 * `npm run bench`: messages per second of our nodes beside what a user would take instead and
 * beside undici alone, whole conversations from the webhook to the reply, and the delays of a busy
 * runtime, all in one real Node-RED process. `-- --short`: a smoke test, which must work and not
 * meet figures; `--only messages`, `conversations` or `delays`; `--json <file>`: writes the
 * figures; `--profile <prefix>`: a CPU profile of each contender at 64 in flight instead, for
 * scripts/bench/hot.ts.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT } from '../node-red'
import { type Bench, startBench } from './bench-runtime'
import { compareConversations, profileConversations } from './conversations'
import { measureDelays } from './delays'
import { compareMessages, profileMessages } from './messages'
import { machine } from './statistics'

const { values: options } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    only: { type: 'string' },
    json: { type: 'string' },
    profile: { type: 'string' },
  },
})

void main()

async function main(): Promise<void> {
  const { only } = options
  if (only !== undefined && !['messages', 'conversations', 'delays'].includes(only)) {
    throw new Error(`--only ${only}: expected messages, conversations or delays`)
  }
  const bench = await startBench()
  try {
    if (options.profile) await profile(bench, options.profile)
    else await measure(bench)
  } finally {
    await bench.stop()
  }
}

function isWanted(part: string): boolean {
  return options.only === undefined || options.only === part
}

async function profile(bench: Bench, prefix: string): Promise<void> {
  if (isWanted('messages')) await profileMessages(bench, prefix)
  if (isWanted('conversations')) await profileConversations(bench, prefix)
}

async function measure(bench: Bench): Promise<void> {
  const { short } = options
  const { rounds, ms } = short ? { rounds: 2, ms: 200 } : { rounds: 7, ms: 1000 }
  const versions = await (await fetch(`${bench.url}/bench/versions`)).json()
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
  const figures = {
    about,
    messages: isWanted('messages') ? await compareMessages(bench, rounds, ms) : undefined,
    conversations: isWanted('conversations')
      ? await compareConversations(bench, rounds, ms)
      : undefined,
    delays: isWanted('delays') ? await measureDelays(bench, short) : undefined,
  }
  if (options.json) await writeFile(options.json, `${JSON.stringify(figures, undefined, 2)}\n`)
}
