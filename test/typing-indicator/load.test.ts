import assert from 'node:assert/strict'
import type { Fault } from '../../nodes/sandbox/faults'
import { acquireSandbox } from '../../nodes/sandbox/shared'
import { type Arrival, loadFlow, unloadFlow } from '../support/flow'

const MESSAGES = 2000

describe('8x8-typing-indicator under load', () => {
  afterEach(unloadFlow)

  it(`gives ${MESSAGES} outputs for ${MESSAGES} messages, whatever 8x8 answers`, async function () {
    this.timeout(60_000)
    const account = { region: 'sandbox', timeout: 2, deadline: 6 }
    const flow = await loadFlow({ account })
    const { sandbox, release } = await acquireSandbox()
    try {
      sandbox.fault = anything
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
    } finally {
      await release()
    }
  })
})

/** One of ten requests each: 429, 500, reset, hang; the others are answered, some late. */
function anything(): Fault | undefined {
  const dice = Math.floor(Math.random() * 10)
  const faults: (Fault | undefined)[] = [
    { status: 429, retryAfter: 1 },
    { status: 500, code: 2000 },
    { action: 'reset' },
    { action: 'hang' },
    { delay: Math.random() * 200 },
  ]
  return faults[dice]
}
