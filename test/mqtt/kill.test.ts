import assert from 'node:assert/strict'
import { allReplied, type Cluster, postAll, startCluster } from '../../scripts/mqtt/cluster'
import { range, umidOf } from '../../scripts/mqtt/recorder'
import { byCustomer } from './helpers'

const MESSAGES = 1500

/** Replies after which the instance hangs. */
const MIDDLE = 300

/** Messages posted only then: a quick machine may be through with all before these. */
const LATE = 500

const VICTIM = 'instance-3'

/** Mosquitto's default for messages sent to a client and not acknowledged. */
const IN_FLIGHT = 20

/** What the broker keeps for an instance that is killed, by its session; see docs/scaling.md. */
describe('example 6, when an instance is killed', function () {
  this.timeout(300_000)
  let cluster: Cluster | undefined

  afterEach(() => cluster?.close())

  /** Resolves when the API has seen so many replies. */
  function replies({ recorder }: Cluster, count: number): Promise<void> {
    let seen = 0
    return new Promise((resolve) => {
      recorder.on('request', ({ what }) => what === 'reply' && ++seen === count && resolve())
    })
  }

  /** Kills the victim in the middle of a batch. It hangs first, so that the broker waits for it. */
  async function killInTheMiddle(running: Cluster, urls: string[]) {
    const { instances, broker } = running
    // A broker waits for a hanging client for 15 s, which a busy machine may need to get here.
    const gone = broker.logs(new RegExp(`Client ${VICTIM} (closed|disconnected|has exceeded)`))
    const killed = replies(running, MIDDLE).then(async () => {
      instances.get(VICTIM)?.signal('SIGSTOP')
      const late = postAll(MESSAGES - LATE, MESSAGES, urls)
      await Promise.race([untilInFlight(running), gone])
      await instances.get(VICTIM)?.stop('SIGKILL')
      await gone
      const inHand = new Map(broker.deliveredTo(VICTIM))
      await late
      return inHand
    })
    await postAll(0, MESSAGES - LATE, urls)
    return killed
  }

  async function untilInFlight({ broker }: Cluster): Promise<void> {
    while (broker.inFlight(VICTIM) < IN_FLIGHT) await broker.logs(/Sending PUBLISH/)
  }

  function unanswered({ recorder }: Cluster): string[] {
    const seen = byCustomer(recorder.requests)
    for (const [customer, { replies }] of seen) {
      assert.ok(replies.length <= 1, `customer ${customer} got ${replies.length} replies`)
    }
    return range(0, MESSAGES)
      .filter((customer) => !seen.get(customer)?.replies.length)
      .map(umidOf)
  }

  it('loses only the messages of the killed instance where it has no session', async () => {
    cluster = await startCluster(3, { work: 1500, verbose: true })
    const urls = [...cluster.instances.values()].slice(0, 2).map(({ url }) => url)
    const inHand = await killInTheMiddle(cluster, urls)
    // The broker delivers in order: once these are answered, the others have received all of theirs.
    await postAll(MESSAGES, MESSAGES + 4, urls)
    await allReplied(cluster, range(MESSAGES, MESSAGES + 4), 90_000)
    const { broker } = cluster
    const delivered = new Set(
      ['instance-1', 'instance-2'].flatMap((it) => [...broker.deliveredTo(it).keys()]),
    )
    // A message that was posted twice may be with the victim, too, whose stop was the first.
    const taken = (umid: string) => inHand.get(umid)?.acknowledged
    const others = range(0, MESSAGES)
      .map(umidOf)
      .flatMap((umid, customer) => (delivered.has(umid) && !taken(umid) ? [customer] : []))
    await allReplied(cluster, others, 90_000)
    const lost = unanswered(cluster)
    const names = new Set(broker.unstopped())
    assert.ok(lost.length > 0)
    // What no stop names had one, but the instance died before the reply.
    const unnamed = lost.filter((umid) => !names.has(umid))
    assert.deepEqual(
      unnamed.filter((umid) => !taken(umid)),
      [],
    )
    assert.deepEqual(
      [...names].filter((umid) => !lost.includes(umid)),
      [],
    )
    assert.equal(broker.deliveredTo(VICTIM).size, inHand.size)
  })

  it('answers what a restarted instance had not acknowledged where it has a session', async () => {
    cluster = await startCluster(3, { work: 1500, verbose: true, sessionExpiry: 300 })
    const urls = [...cluster.instances.values()].slice(0, 2).map(({ url }) => url)
    const inHand = await killInTheMiddle(cluster, urls)
    await cluster.restart(VICTIM)
    const taken = (umid: string) => inHand.get(umid)?.acknowledged
    const others = range(0, MESSAGES).filter((customer) => !taken(umidOf(customer)))
    await allReplied(cluster, others, 90_000)
    const handed = cluster.broker.deliveredTo(VICTIM)
    const kept = [...handed].filter(([umid, message]) => message !== inHand.get(umid))
    assert.ok(kept.length > 0)
    const inFlight = [...inHand].filter(([, message]) => !message.acknowledged)
    assert.deepEqual(
      inFlight.filter(([umid, message]) => message === handed.get(umid)),
      [],
    )
    const lost = unanswered(cluster)
    assert.ok(lost.length > 0)
    assert.deepEqual(
      lost.filter((umid) => !taken(umid)),
      [],
    )
  })
})
