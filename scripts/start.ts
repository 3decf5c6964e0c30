/**
 * `npm start`: a real Node-RED with this package and example 2, in which the sandbox plays 8x8 and
 * a customer. With `--once` it ends after the round trip, with 0, or with 1 and the reason.
 */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Sandbox, SandboxEvents } from '../nodes/sandbox/server'
import { ROOT, SUB_ACCOUNT, withDemo } from './demo'
import { INBOUND_PATH } from './example'

const CUSTOMER = { subAccountId: SUB_ACCOUNT, channel: 'whatsapp', msisdn: '+6591234567' } as const

/** ms that the story may take from the webhook on; its "slow work" takes 3 s. */
const STORY_TIMEOUT = 20_000

void main(process.argv.includes('--once')).catch((error: Error) => {
  console.error(`Failed: ${error.message}`)
  process.exitCode = 1
})

async function main(onlyOnce: boolean): Promise<void> {
  buildIfNeeded()
  const interrupted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  await withDemo(1880, async ({ sandbox, nodeRed }) => {
    tell('Node-RED', `${nodeRed.url} shows the flow`)
    const story = tellStory(sandbox, `${nodeRed.url}${INBOUND_PATH}`)
    story.catch(() => {}) // when it is interrupted, nobody waits for it
    const ended = await Promise.race([story.then(() => true), interrupted.then(() => false)])
    if (onlyOnce || !ended) return
    tell('', 'Ctrl+C ends it')
    await interrupted
  })
}

/** A customer writes, sees the dots, and gets an answer. @throws {Error} which step is missing */
async function tellStory(sandbox: Sandbox, webhookUrl: string): Promise<void> {
  const { umid } = sandbox.receive({ ...CUSTOMER, name: 'Ana', text: 'Hello, where is my order?' })
  tell('customer', `“Hello, where is my order?” (umid ${umid})`)
  const indicator = happens(sandbox, 'request', ({ path }) => path.endsWith('/events'))
  const reply = happens(sandbox, 'message', ({ message }) => message.from === 'brand')
  const gone = happens(sandbox, 'typing', ({ until }) => until === undefined)

  const { delivered, statusCode } = await sandbox.deliver(umid, { url: webhookUrl })
  if (!delivered) throw new Error(`the flow did not take the webhook (${statusCode})`)
  tell('webhook', `delivered: ${statusCode}`)

  const { status, durationMs = 0, at } = await within('the typing indicator', indicator)
  if (status !== 200) throw new Error(`the typing indicator was answered with ${status}`)
  if (!sandbox.conversation(CUSTOMER).typingUntil) throw new Error('the phone shows no dots')
  tell('indicator', `sent: ${status}, ${durationMs.toFixed(0)} ms; the phone shows the dots`)

  const { message } = await within('the reply', reply)
  tell('reply', `“${message.text}”`)
  await within('the end of the indicator', gone)
  if (sandbox.conversation(CUSTOMER).typingUntil) throw new Error('the dots stay after the reply')
  tell('indicator', `gone, ${((message.at - at) / 1000).toFixed(1)} s after it was sent`)
}

/** The first event of the sandbox that matches. */
function happens<E extends keyof SandboxEvents>(
  sandbox: Sandbox,
  event: E,
  matches: (detail: SandboxEvents[E][0]) => boolean,
): Promise<SandboxEvents[E][0]> {
  return new Promise((resolve) => {
    const listener = (detail: SandboxEvents[E][0]) => {
      if (matches(detail)) resolve(detail)
    }
    sandbox.on(event as keyof SandboxEvents, listener as (detail: unknown) => void)
  })
}

/** @throws {Error} that names what did not happen in time */
async function within<T>(what: string, happened: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const text = `${what} did not come within ${STORY_TIMEOUT / 1000} s`
    timer = setTimeout(() => reject(new Error(text)), STORY_TIMEOUT)
  })
  try {
    return await Promise.race([happened, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Builds when there is no build, or one older than what it is made of. */
function buildIfNeeded(): void {
  const changed = ['nodes', 'icons', 'scripts'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map(
      (file) => statSync(join(ROOT, folder, file)).mtimeMs,
    ),
  )
  const built = join(ROOT, 'dist', 'typing-indicator', 'typing-indicator.html')
  if (existsSync(built) && statSync(built).mtimeMs >= Math.max(...changed)) return
  execFileSync(process.execPath, [join(ROOT, 'scripts', 'build.mjs')], { stdio: 'inherit' })
}

function tell(who: string, what: string): void {
  console.log(`${who.padEnd(10)} ${what}`)
}
