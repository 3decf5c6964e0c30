import assert from 'node:assert/strict'
import type { Fault } from '../../nodes/lib/sandbox/faults'
import { acquireSandbox, forgetAccount } from '../../nodes/lib/sandbox/shared'
import { type Arrival, loadFlow, unloadFlow } from '../support/flow'
import { seededRandom } from '../support/random'

const MESSAGES = 2000

/** What the faults can cause when they meet every attempt of a message. */
const KINDS = ['rate-limited', 'server', 'network', 'timeout']

describe('8x8-typing-indicator under load', () => {
  afterEach(unloadFlow)

  it(`gives ${MESSAGES} outputs for ${MESSAGES} messages, whatever 8x8 answers`, async function () {
    this.timeout(60_000)
    const account = { region: 'sandbox', timeout: 1, deadline: 30 }
    const flow = await loadFlow({ account })
    const { sandbox, release } = await acquireSandbox({
      accountId: 'test',
      subAccountId: 'test_sub',
    })
    try {
      const random = seededRandom(8)
      sandbox.addFault(() => anything(random))
      const arrivals: Promise<Arrival>[] = []
      for (let i = 0; i < MESSAGES; i++) {
        const { umid } = sandbox.receive({ subAccountId: 'my_sub', msisdn: `+65${i}` })
        arrivals.push(flow.send({ umid, channel: 'whatsapp' }))
      }
      const ended = await Promise.all(arrivals)
      const ids = new Set(flow.outputs.map(({ msg }) => msg._msgid))
      assert.equal(flow.outputs.length, MESSAGES)
      assert.equal(ids.size, MESSAGES)
      assert.equal(flow.completions.length, MESSAGES)
      assert.deepEqual(
        flow.completions.filter(({ error }) => error),
        [],
      )
      for (const { port, msg } of ended) {
        assert.equal(msg[port === 'success' ? 'typing' : 'error']?.umid, msg.umid)
      }
      const failures = ended.filter(({ port }) => port !== 'success')
      const kinds = new Set(failures.map(({ msg }) => `${msg.error?.kind}`))
      assert.deepEqual(
        [...kinds].filter((kind) => !KINDS.includes(kind)),
        [],
      )
      assert.ok(failures.length <= MESSAGES * 0.05, `${failures.length} failures`)
      const attempts = ended.map(({ msg }) => Number((msg.typing ?? msg.error)?.attempts))
      const retried = attempts.filter((count) => count > 1).length
      assert.ok(retried >= MESSAGES * 0.2, `only ${retried} messages met a fault`)
    } finally {
      await release()
      forgetAccount('test')
    }
  })
})

/**
 * One of ten requests each: 500, reset, hang; the others are answered, some late. 429 is rarer,
 * because each one stops all messages of the account for a second.
 */
function anything(random: () => number): Fault | undefined {
  if (random() < 0.001) return { status: 429, retryAfter: 1 }
  const faults: (Fault | undefined)[] = [
    { status: 500, code: 2000 },
    { action: 'reset' },
    { action: 'hang' },
    { delay: random() * 200 },
  ]
  return faults[Math.floor(random() * 10)]
}
