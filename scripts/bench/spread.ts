import { install } from '@sinonjs/fake-timers'
import { ACCOUNT_DEFAULTS } from '../../nodes/account/options'
import type { Client } from '../../nodes/lib/client/client'
import { RequestLimiter } from '../../nodes/lib/client/limiter'
import { ApiRequest, type RequestContext } from '../../nodes/lib/client/request'
import { Sessions } from '../../nodes/lib/typing/sessions'

/** ms until 8x8 answers, and s that are looked at. */
const ANSWER = 50
const SECONDS = 80

/** ms of a step of the clock. */
const STEP = 10

/** Taken before the clock is replaced. */
const { setImmediate } = globalThis

/**
 * When indicators go out after many starts in the same moment, by the defaults of an account and
 * through its own limiter, on a fake clock.
 * @returns requests in each second
 */
export async function spread(conversations: number): Promise<number[]> {
  const clock = install({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
  })
  try {
    const sends: number[] = Array(SECONDS).fill(0)
    const sessions = new Sessions(clientWith(() => addTo(sends, performance.now())))
    const began = performance.now()
    const addTo = (counts: number[], now: number) => {
      const second = Math.floor((now - began) / 1000)
      counts[second] = (counts[second] ?? 0) + 1
    }
    const starts = Array.from({ length: conversations }, (_, i) => start(sessions, i))
    while (performance.now() - began < SECONDS * 1000) {
      clock.tick(STEP)
      await new Promise((resolve) => setImmediate(resolve)) // for what promises do
    }
    await Promise.all(starts)
    sessions.close()
    return sends.slice(0, SECONDS)
  } finally {
    clock.uninstall()
  }
}

/** @param onSend called with every request */
function clientWith(onSend: () => void): Pick<Client, 'send'> {
  const { maxInFlight, maxWaiting, timeout, deadline } = ACCOUNT_DEFAULTS
  const context: RequestContext = {
    limiter: new RequestLimiter({ maxInFlight, maxWaiting, maxBlock: deadline * 1000 }),
    timeout: timeout * 1000,
    deadline: deadline * 1000,
    createAttempt: (_options, handler) => ({
      written: true,
      start() {
        onSend()
        setTimeout(() => {
          handler.onAccepted(200)
          handler.onEnd()
        }, ANSWER)
      },
      abort: () => undefined,
    }),
  }
  return { send: () => new ApiRequest(context, { path: '', body: '' }) }
}

function start(sessions: Sessions, i: number): Promise<unknown> {
  const request = {
    umid: `${i}`,
    channel: 'whatsapp',
    subAccountId: 'my_sub',
    conversation: `+65${i}`,
    expiresIn: 7_200_000,
    initialDelay: 0,
    renewEvery: 25_500,
    maxDuration: 300_000,
  } as const
  return sessions.start(request, { id: 'node', onActiveChanged() {} }, () => {})
}
