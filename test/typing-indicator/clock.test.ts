import assert from 'node:assert/strict'
import FakeTimers from '@sinonjs/fake-timers'
import { moment } from '../support/events'
import { unloadFlow } from '../support/flow'
import { closeServers } from '../support/server'
import { accept, loadWith, message, refuse } from '../support/typing'

const HOUR = 3_600_000

/** s and ms that the tests take by the clock that nobody sets, with room for a slow machine. */
const SHORT = { timeout: 1, deadline: 1.5 }
const SLACK = 1000

describe('8x8-typing-indicator, when the clock of the system is set', () => {
  let clock: FakeTimers.Clock

  beforeEach(() => {
    clock = FakeTimers.install({ now: Date.now(), toFake: ['Date'] })
  })

  afterEach(async () => {
    clock.uninstall()
    await unloadFlow()
    await closeServers()
  })

  for (const hours of [3, -3]) {
    const jump = () => clock.setSystemTime(clock.now + hours * HOUR)

    describe(`by ${hours} h`, () => {
      it('keeps the deadline of a message that is tried again', async () => {
        let attempts = 0
        const { flow } = await loadWith(
          (...request) => {
            if (attempts++ === 0) jump()
            refuse(500)(request[0])
          },
          { account: SHORT },
        )
        const began = performance.now()
        const { msg } = await flow.send(message())
        const took = performance.now() - began
        assert.equal(msg.error?.kind, 'server')
        assert.ok(attempts > 2, `${attempts} attempts`) // pauses of 250, 500 ms at most
        assert.ok(took < SHORT.deadline * 1000 + SLACK, `${took} ms`)
      })

      it('keeps the time limit of an attempt', async () => {
        const { flow } = await loadWith(jump, { account: { timeout: 0.3, deadline: 0.3 } })
        const began = performance.now()
        const { msg } = await flow.send(message())
        const took = performance.now() - began
        assert.equal(msg.error?.kind, 'timeout')
        assert.ok(took > 290 && took < 300 + SLACK, `${took} ms`)
      })

      it('keeps renewals and the end of a session on time', async () => {
        const times: number[] = []
        const jumped = moment()
        const { flow } = await loadWith(
          (response) => {
            times.push(performance.now())
            response.end()
            if (times.length > 1) return
            jump()
            jumped.come()
          },
          { account: SHORT, node: { action: 'start', renewEvery: 1, maxDuration: 2.5 } },
        )
        const unanswered = flow.next('error')
        const { msg } = await flow.send(message())
        await jumped.came
        assert.equal((await unanswered).error?.kind, 'unanswered')
        const took = performance.now() - (times[0] ?? 0)
        assert.equal(msg.typing?.state, 'active')
        assert.equal(times.length, 3) // 0, 1 and 2 s
        assert.ok((times[1] ?? 0) - (times[0] ?? 0) > 950, `${times}`)
        assert.ok(took > 2450 && took < 2500 + SLACK, `${took} ms`)
      })
    })
  }

  it('judges the age of a message by the clock as it is set now, and says so', async () => {
    const { flow, server } = await loadWith(accept)
    const receivedAt = Date.now()
    clock.setSystemTime(receivedAt + 3 * HOUR)
    const late = await flow.send({ ...message(), receivedAt })
    assert.equal(late.msg.error?.kind, 'expired')
    assert.match(`${late.msg.error?.message}`, /more than 2 hours ago/)
    clock.setSystemTime(receivedAt - 3 * HOUR)
    assert.equal((await flow.send({ ...message(), receivedAt })).port, 'success')
    assert.equal(server.received.length, 1)
  })
})
