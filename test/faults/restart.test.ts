import assert from 'node:assert/strict'
import { loadFlow, unloadFlow } from '../support/flow'
import { closeServers, startServer } from '../support/server'
import { accept, message } from '../support/typing'

const MESSAGES = 300

describe('faults: a server that restarts under load', function () {
  this.timeout(30_000)

  afterEach(async () => {
    await unloadFlow()
    await closeServers()
  })

  it('gives each message one output, and works again afterwards', async () => {
    const first = await startServer(accept)
    const flow = await loadFlow({
      account: { region: 'custom', baseUrl: first.url, timeout: 5, deadline: 20 },
    })
    const arrivals: ReturnType<typeof flow.send>[] = []
    const sendSome = (count: number) => {
      for (let n = 0; n < count; n++) arrivals.push(flow.send(message()))
    }
    sendSome(MESSAGES / 3)
    await arrivals[0]
    const closed = first.close() // with requests in flight
    sendSome(MESSAGES / 3)
    await closed
    sendSome(MESSAGES / 3)
    const second = await startServer(accept, undefined, Number(new URL(first.url).port))
    const ports = (await Promise.all(arrivals)).map(({ port }) => port)
    assert.deepEqual(ports, Array(MESSAGES).fill('success'))
    assert.equal(flow.outputs.length, MESSAGES)
    assert.equal(flow.completions.length, MESSAGES)
    assert.ok(flow.outputs.some(({ msg }) => (msg.typing?.attempts as number) > 1))
    const { msg } = await flow.send(message())
    assert.equal(msg.typing?.attempts, 1)
    assert.ok(second.received.length > 0)
  })
})
