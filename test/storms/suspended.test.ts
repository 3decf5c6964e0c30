import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { moment } from '../support/events'
import { closeServers, startServer } from '../support/server'
import { Runtime } from './runtime'

/** ms between indicators. */
const RENEW_EVERY = 1000

/** ms for which a conversation is kept up. */
const MAX_DURATION = 4000

/** ms that a message may take. */
const DEADLINE = 2000

/** ms after which 8x8 takes no indicator: 2 h. */
const TOO_OLD = 7_200_000

describe('a Node-RED that was suspended', function () {
  this.timeout(60_000)
  /** When requests for each umid came, performance.now() of this process, which goes on. */
  const times = new Map<string, number[]>()
  let arrived = moment()
  let answers = true
  let runtime: Runtime
  let pid = 0

  before(async () => {
    const server = await startServer((response, { body }) => {
      const { umid } = JSON.parse(body) as { umid: string }
      times.set(umid, [...(times.get(umid) ?? []), performance.now()])
      if (answers) response.end()
      arrived.come()
    })
    const account = { baseUrl: server.url, timeout: 1.5, deadline: DEADLINE / 1000 }
    const start = { renewEvery: RENEW_EVERY / 1000, maxDuration: MAX_DURATION / 1000 }
    runtime = await Runtime.start(account, start)
    pid = (await runtime.figures()).pid
  })

  beforeEach(() => {
    answers = true
    arrived = moment()
  })

  after(async () => {
    await runtime?.stop()
    await closeServers()
  })

  /** Stops the process for a while; resolves when it goes on. */
  async function suspend(ms: number): Promise<void> {
    process.kill(pid, 'SIGSTOP')
    try {
      await sleep(ms)
    } finally {
      process.kill(pid, 'SIGCONT')
    }
  }

  /** Messages that ended in a way so far. */
  async function ended(end: string): Promise<number> {
    return (await runtime.figures()).ends[end] ?? 0
  }

  /** Starts a session; resolves when its node knows that the first indicator was accepted. */
  async function startSession(properties: object = {}): Promise<string> {
    const before = await ended('active')
    const { umid } = await runtime.send(2, properties)
    await untilEnded('active', before + 1)
    return umid
  }

  async function untilEnded(end: string, count: number): Promise<void> {
    while ((await ended(end)) < count) await sleep(50)
  }

  it('renews once what is overdue, and then keeps the interval', async () => {
    const before = await ended('unanswered')
    const umid = await startSession()
    await suspend(2.5 * RENEW_EVERY)
    const resumed = performance.now()
    await untilEnded('unanswered', before + 1)
    const later = (times.get(umid) ?? []).filter((time) => time > resumed - 10)
    const gaps = later.slice(1).map((time, i) => time - (later[i] ?? 0))
    assert.ok(later.length === 1 || later.length === 2, `${later.length} renewals`)
    assert.ok(
      gaps.every((gap) => gap > RENEW_EVERY - 100),
      `${gaps}`,
    )
  })

  for (const [end, age, text] of [
    ['unanswered', 0, 'maxDuration'],
    ['expired', TOO_OLD - MAX_DURATION + 1000, 'the 2 h of 8x8'],
  ] as const) {
    it(`ends a session past ${text} once, and sends nothing for it`, async () => {
      const before = await ended(end)
      const receivedAt = Date.now() - age
      const umid = await startSession({ receivedAt })
      await suspend(MAX_DURATION + RENEW_EVERY)
      const sent = times.get(umid)?.length
      await untilEnded(end, before + 1)
      await sleep(2 * RENEW_EVERY) // in which a session that lived on would send
      assert.equal(await ended(end), before + 1)
      assert.equal(times.get(umid)?.length, sent)
    })
  }

  it('fails a message that is past its deadline as a timeout, once', async () => {
    const before = await ended('timeout')
    answers = false
    const { umid } = await runtime.send(1)
    await arrived.came
    await suspend(DEADLINE + 500)
    await untilEnded('timeout', before + 1)
    assert.equal(times.get(umid)?.length, 1) // no time is left for another attempt
  })

  it('sends again, and has had one outcome for each message', async () => {
    const before = await ended('sent')
    await runtime.send(1)
    await untilEnded('sent', before + 1)
    const { wrong, accepted, made } = await runtime.figures()
    assert.deepEqual(wrong, [])
    assert.equal(accepted, made)
  })
})
