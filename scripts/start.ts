/**
 * `npm start`: a real Node-RED with this package and example 1, and Ana, a customer of its sandbox,
 * who writes on the phone. With `--once` it ends after the round trip, with 0, or with 1 and the
 * reason.
 */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { PhoneState } from '../nodes/account/phone/state'
import { withQuickStart } from './demo'
import { ROOT } from './node-red'
import { PhoneClient } from './phone'
import { within } from './within'

/** Who writes what. */
const CUSTOMER = 'ana'
const QUESTION = 'Hello, where is my order?'

void main(process.argv.includes('--once')).catch((error: Error) => {
  console.error(`Failed: ${error.message}`)
  process.exitCode = 1
})

async function main(onlyOnce: boolean): Promise<void> {
  buildIfNeeded()
  const interrupted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  await withQuickStart(1880, async ({ nodeRed, phoneUrl }) => {
    print('Node-RED', `${nodeRed.url} shows the flow`)
    print('phone', `${phoneUrl} shows the phone of Ana, Ben and Chi`)
    const story = runStory(phoneUrl)
    story.catch(() => {}) // when it is interrupted, nobody waits for it
    const ended = await Promise.race([story.then(() => true), interrupted.then(() => false)])
    if (onlyOnce || !ended) return
    print('', 'Ctrl+C ends it')
    await interrupted
  })
}

/** Ana writes, sees the dots, and gets an answer. @throws {Error} which step is missing */
async function runStory(phoneUrl: string): Promise<void> {
  const phone = await PhoneClient.open(phoneUrl, {}, CUSTOMER)
  try {
    const written = await phone.post('messages', { customer: CUSTOMER, text: QUESTION })
    if (written.status !== 202) throw new Error(`the phone answered ${written.status}`)
    const shows = (matches: (state: PhoneState) => boolean) => phone.until(matches)

    const inbound = await within(
      'the message',
      shows(({ messages }) => messages.length > 0),
    )
    print('Ana', `“${QUESTION}” (umid ${inbound.messages[0]?.umid})`)

    const { requests } = await within(
      'the indicator',
      shows(({ requests: [one] }) => Boolean(one)),
    )
    const { status, durationMs = 0, at = 0 } = requests[0] ?? {}
    if (status !== 200) throw new Error(`the typing indicator was answered with ${status}`)
    await within(
      'the dots',
      shows(({ typingUntil }) => typingUntil !== undefined),
    )
    print('indicator', `sent: ${status}, ${durationMs.toFixed(0)} ms; the phone shows the dots`)

    const isReply = ({ from }: { from: string }) => from === 'business'
    const { messages } = await within(
      'the reply',
      shows((state) => state.messages.some(isReply)),
    )
    const reply = messages.find(isReply)
    print('reply', `“${reply?.text}”`)
    await within(
      'the end of the indicator',
      shows((state) => state.messages.some(isReply) && state.typingUntil === undefined),
    )
    print('indicator', `gone, ${(((reply?.at ?? at) - at) / 1000).toFixed(1)} s after it was sent`)
  } finally {
    await phone.close()
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

function print(who: string, what: string): void {
  console.log(`${who.padEnd(10)} ${what}`)
}
