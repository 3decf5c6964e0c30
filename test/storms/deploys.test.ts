import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { closeServers, startServer } from '../support/server'
import type { Resources } from './figures'
import { Runtime } from './runtime'

const DEPLOYS = 200

/** Messages/s to each of the two nodes. */
const RATE = 300

/** ms until the server answers: at each deploy some 30 messages are in hand. */
const ANSWER_TIME = 50

/** ms between two deploys, in which messages come. */
const RUN_TIME = 100

describe(`${DEPLOYS} deploys under load`, function () {
  this.timeout(300_000)
  const sockets = new Set<Socket>()
  let runtime: Runtime

  before(async () => {
    const server = await startServer((response, _request, { socket }) => {
      server.received.length = 0
      if (!sockets.has(socket)) socket.once('close', () => sockets.delete(socket))
      sockets.add(socket)
      setTimeout(() => response.end(), ANSWER_TIME)
    })
    runtime = await Runtime.start({ baseUrl: server.url }, { renewEvery: 1, maxDuration: 2 })
  })

  after(async () => {
    await runtime?.stop()
    await closeServers()
  })

  async function deployUnderLoad(times: number): Promise<void> {
    await runtime.rate(RATE)
    for (let i = 0; i < times; i++) {
      await runtime.deploy()
      await sleep(RUN_TIME)
    }
    await runtime.rate(0)
  }

  /** What is held by nodes that were just deployed and have sent nothing. */
  async function atRest(): Promise<Resources> {
    await runtime.deploy()
    return runtime.resources()
  }

  it('lose no message, leave nothing open, and take less than a second each', async () => {
    await deployUnderLoad(10) // warms up
    const before = await atRest()
    await deployUnderLoad(DEPLOYS)
    let after = await atRest()
    for (let tries = 0; tries < 20 && moreThan(before, after).length > 0; tries++) {
      await sleep(500)
      after = await runtime.resources()
    }
    const { accepted, made, ends, stops, wrong } = await runtime.figures()
    const inHand = (ends.closed ?? 0) / stops.length
    const longest = Math.max(...stops)
    const heap = ((after.heapUsed ?? 0) - (before.heapUsed ?? 0)) / 1e6
    console.log(`      ${stops.length} stops, the longest ${Math.round(longest)} ms, each with`)
    console.log(
      `      ${inHand.toFixed(1)} of ${accepted} messages in hand; heap ${heap.toFixed(2)} MB more`,
    )
    console.log(`      ${made - accepted} found no node; ended as ${JSON.stringify(ends)}`)
    assert.deepEqual(wrong, [])
    assert.ok(stops.length >= DEPLOYS)
    assert.ok(inHand > 5, `only ${inHand} messages in hand at a deploy`)
    assert.deepEqual(
      Object.keys(ends).filter((end) => !ENDS.includes(end)),
      [],
    )
    assert.ok(longest < 1000, `${longest} ms`)
    assert.deepEqual(moreThan(before, after), [])
    assert.equal(sockets.size, 0)
    assert.ok(heap < 5, `${heap} MB`)
  })
})

/** `unanswered` is what a session may add after the output of its message. */
const ENDS = ['sent', 'active', 'closed', 'unanswered']

/** The handles and listeners that there are more of. */
function moreThan(before: Resources, { heapUsed: _, ...after }: Resources): string[] {
  return Object.entries(after)
    .filter(([type, count]) => count > (before[type] ?? 0))
    .map(([type, count]) => `${count} ${type}, ${before[type] ?? 0} before`)
}
