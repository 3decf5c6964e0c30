import assert from 'node:assert/strict'
import { type Broker, startBroker } from '../../scripts/mqtt/broker'
import { allReplied, type Cluster, postAll, startCluster } from '../../scripts/mqtt/cluster'
import { range } from '../../scripts/mqtt/recorder'
import { makeUserDir, removeUserDir } from '../../scripts/node-red'
import { byCustomer } from './helpers'

const MESSAGES = 200

/** ms; Node-RED tries to connect again after 15 s, and the outbox sends again after 5 s. */
const RECOVERY = 60_000

/** Example 6 while the broker is away: what customers write then waits in the outbox. */
describe('example 6, while the broker is away', function () {
  this.timeout(120_000)
  let cluster: Cluster
  let dir: string
  let broker: Broker | undefined

  before(async () => {
    dir = await makeUserDir()
    cluster = await startCluster(2, { work: 100 })
  })

  after(async () => {
    await cluster?.close()
    await broker?.stop()
    await removeUserDir(dir)
  })

  it('takes messages, and answers each once when the broker is back', async () => {
    const urls = [...cluster.instances.values()].map(({ url }) => url)
    const customers = range(0, MESSAGES)
    const { port } = cluster.broker
    await cluster.broker.stop()
    await postAll(0, MESSAGES, urls)
    assert.deepEqual(cluster.recorder.requests, [])
    broker = await startBroker(dir)
    assert.equal(broker.port, port)
    await allReplied(cluster, customers, RECOVERY)
    // Whatever was handed over twice is answered before these.
    await postAll(MESSAGES, MESSAGES + 3, urls)
    await allReplied(cluster, range(MESSAGES, MESSAGES + 3), RECOVERY)
    const seen = byCustomer(cluster.recorder.requests)
    for (const customer of customers) assert.equal(seen.get(customer)?.replies.length, 1)
  })
})
