import assert from 'node:assert/strict'
import { MessagingError } from '../../../nodes/lib/errors'
import { closeClients } from '../../support/client'
import { RepliesBench } from '../../support/replies'

const MESSAGES = 400
const CUSTOMERS = 25

/** A generator of numbers from 0 to 1, the same in each run. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

describe('replies, before an 8x8 that fails in all ways', () => {
  it('reach each customer at most once, in order, without dots after them', async function () {
    this.timeout(60_000)
    const random = seeded(7)
    /** Replies that the server has carried out, or may have. */
    const taken: string[] = []
    const t = await RepliesBench.open(
      true,
      { timeout: 400, deadline: 4000, maxInFlight: 16 },
      (response, { body }, { socket }) => {
        const name: string = JSON.parse(body).content.text
        const fate = random()
        if (fate < 0.02) return void response.writeHead(429, { 'retry-after': '0.05' }).end()
        if (fate < 0.08) return void response.writeHead(421).end()
        taken.push(name)
        if (fate < 0.13) response.writeHead(500).end()
        else if (fate < 0.18) response.writeHead(408).end()
        else if (fate < 0.23) socket.resetAndDestroy()
        else if (fate < 0.26)
          return // silence
        else if (fate < 0.4) setTimeout(() => response.end('{"umid":"slow"}'), 100)
        else response.end('{"umid":"x"}')
      },
    )
    const arrivals: string[][] = Array.from({ length: CUSTOMERS }, () => [])
    let outcomes = 0
    try {
      await Promise.all(
        Array.from({ length: MESSAGES }, async (_, i) => {
          const customer = i % CUSTOMERS
          const umid = `${i}`
          await new Promise((resolve) => setTimeout(resolve, random() * 3000))
          const place = t.replies.reserve()
          arrivals[customer]?.push(`${customer} ${umid}`)
          void t.start(umid, { conversation: `${customer}` }).catch(() => {})
          await new Promise((resolve) => setTimeout(resolve, random() * 20))
          const request = t.request(`${customer} ${umid}`, `+65${customer}`, { umid })
          const outcome = await place.send(request).catch((error: MessagingError) => error)
          outcomes++
          const times = taken.filter((name) => name === `${customer} ${umid}`).length
          if (!(outcome instanceof MessagingError)) assert.equal(times, 1)
          else if (outcome.cause.maybeSent) assert.ok(times <= 1, `sent ${times} times`)
          else assert.equal(times, 0, `${outcome.cause.kind}, although it was sent`)
        }),
      )
      assert.equal(outcomes, MESSAGES)
      for (const arrived of arrivals) {
        const reached = new Set(arrived)
        assert.deepEqual(
          taken.filter((name) => reached.has(name)),
          arrived.filter((name) => taken.includes(name)),
        )
      }
      const replied = new Set<string>()
      for (const { what, name } of t.calls) {
        if (what === 'reply') replied.add(name.split(' ')[1] ?? '')
        else assert.ok(!replied.has(name), `dots for ${name} after its reply`)
      }
    } finally {
      t.close()
      await closeClients()
    }
  })
})
