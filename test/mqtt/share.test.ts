import assert from 'node:assert/strict'
import { allReplied, type Cluster, post, postAll, startCluster } from '../../scripts/mqtt/cluster'
import { range, umidOf } from '../../scripts/mqtt/recorder'
import { byCustomer } from './helpers'

const MESSAGES = 3000

/** Not a multiple of three, or the broker would deal a message to the same instance each time. */
const REPEATED = 61

/** ms; longer than the time between indicators in the cluster. */
const WORK = 1500

/** Example 6 in three real Node-REDs, with a real Mosquitto. */
describe('example 6, in three Node-REDs', function () {
  this.timeout(120_000)
  let cluster: Cluster
  let urls: string[]

  before(async () => {
    cluster = await startCluster(3, { work: WORK, verbose: true })
    urls = [...cluster.instances.values()].map(({ url }) => url)
  })

  after(() => cluster?.close())

  /** Waits for late dots: answering three more messages takes longer than the time between two indicators. */
  async function waitForLateDots(from: number): Promise<void> {
    await postAll(from, from + 3, urls)
    await allReplied(cluster, range(from, from + 3), 15_000)
  }

  it(`answers ${MESSAGES} messages once each, with dots before and none after`, async () => {
    const customers = range(0, MESSAGES)
    await postAll(0, MESSAGES, urls)
    await allReplied(cluster, customers, 30_000)
    await waitForLateDots(MESSAGES)
    const requests = cluster.recorder.requests.filter(({ customer }) => customer < MESSAGES)
    const seen = byCustomer(requests)
    assert.deepEqual(
      [...seen.keys()].sort((a, b) => a - b),
      customers,
    )
    for (const [customer, { replies, before, after }] of seen) {
      assert.equal(replies.length, 1, `replies to customer ${customer}`)
      assert.ok(before.length >= 1, `customer ${customer} saw no dots`)
      // A message that was posted again, on a busy machine, is at another instance too: its dots
      // end when the broker tells it.
      const late = after.filter(({ instance }) => instance === replies[0]?.instance)
      assert.deepEqual(late, [], `customer ${customer} saw dots after the reply`)
    }
    // The work does not wait for the dots, so on a busy machine it may be over before a renewal.
    const renewed = [...seen.values()].filter(({ before }) => before.length >= 2)
    assert.ok(renewed.length > MESSAGES / 2, `${renewed.length} customers saw renewed dots`)
    for (const name of cluster.instances.keys()) {
      const share = requests.filter(({ what, instance }) => what === 'reply' && instance === name)
      assert.ok(share.length > MESSAGES / 6, `${name} answered ${share.length}`)
    }
  })

  it('answers a message once that arrives at three instances at once', async () => {
    const customers = range(10_000, 10_060)
    const deliveries = customers.flatMap((customer) => urls.map((url) => post(customer, [url])))
    await Promise.all(deliveries)
    await allReplied(cluster, customers, 15_000)
    await waitForLateDots(10_060)
    const seen = byCustomer(cluster.recorder.requests)
    const several = customers.filter((customer) => {
      const { before = [], replies = [] } = seen.get(customer) ?? {}
      assert.equal(replies.length, 1, `replies to customer ${customer}`)
      return new Set(before.map(({ instance }) => instance)).size > 1
    })
    // Or else it would show nothing: several instances must have been at work on a message.
    assert.ok(several.length > 0)
  })

  it('shows no dots for a message that is repeated after its reply, at any instance', async () => {
    const behind = 20_000 + REPEATED
    const customers = range(20_000, behind)
    // One by one, so that the broker gives each message to another instance each time; and each
    // time through another inbound node, because one that knows the umid does not hand it over.
    const round = async (shift: number) => {
      for (const customer of customers) {
        const taken = cluster.broker.logs(new RegExp(`Received PUBLISH.*${umidOf(customer)}`))
        await post(customer, [urls[(customer + shift) % urls.length] as string])
        await taken
      }
    }
    await round(0)
    await allReplied(cluster, customers, 15_000)
    const before = cluster.recorder.requests.length
    await round(1)
    await round(2)
    // A new message behind them all: once it is answered, they were handled.
    const last = range(behind, behind + 3)
    for (const customer of last) await post(customer, urls)
    await allReplied(cluster, last, 15_000)
    for (const name of cluster.instances.keys()) {
      const given = cluster.broker.deliveredTo(name)
      assert.ok(customers.every((customer) => given.has(umidOf(customer))))
    }
    const later = cluster.recorder.requests.slice(before)
    assert.deepEqual(
      later.filter(({ customer }) => customer < behind),
      [],
    )
  })
})
