import assert from 'node:assert/strict'
import type http from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from '../../../nodes/lib/client/client'
import { answerArrived, closeClients, createClient } from '../../support/client'
import { durationOf, EVENT, moment, rejection } from '../../support/events'
import { startServer } from '../../support/server'

describe('client: rate limits', () => {
  afterEach(closeClients)

  const sendMany = (client: Client, count: number) =>
    Array.from({ length: count }, () => client.send(EVENT))

  /** A server that refuses the first request, and the times of all, in ms. */
  async function startRefusing(headers: http.OutgoingHttpHeaders) {
    const times: number[] = []
    const server = await startServer((response) => {
      times.push(performance.now())
      if (times.length > 1) response.end()
      else response.writeHead(429, headers).end()
    })
    return { ...server, times }
  }

  it('sends nothing of the account until Retry-After is over', async () => {
    const { url, times } = await startRefusing({ 'retry-after': '1' })
    const client = createClient(url)
    const refused = answerArrived()
    const first = client.send(EVENT).result
    await refused
    const others = sendMany(client, 100)
    await Promise.all([first, ...others.map(({ result }) => result)])
    assert.equal(times.length, 102)
    assert.ok((times[1] ?? 0) - (times[0] ?? 0) >= 990)
    for (const { result } of others) assert.equal((await result).attempts, 1)
  })

  it('begins again with one request, and with no more than one more for each success', async () => {
    let arrived = 0
    let underWay = 0
    let succeeded = 0
    let most = 0
    const server = await startServer((response) => {
      if (arrived++ === 0) {
        response.writeHead(429, { 'retry-after': '1' }).end()
        return
      }
      underWay++
      most = Math.max(most, underWay)
      assert.ok(underWay <= succeeded + 1, `${underWay} at once after ${succeeded} successes`)
      setTimeout(() => {
        underWay--
        succeeded++
        response.end()
      }, 5)
    })
    const client = createClient(server.url, { maxInFlight: 16 })
    const refused = answerArrived()
    const first = client.send(EVENT)
    await refused
    const others = sendMany(client, 500)
    for (const { result } of [first, ...others]) assert.equal((await result).statusCode, 200)
    assert.equal(arrived, 502)
    assert.ok(most > 8 && most <= 16, `${most} at once`)
  })

  for (const [what, headers] of [
    ['no Retry-After', {}],
    ['a Retry-After that says nothing', { 'retry-after': 'soon' }],
    ['a negative Retry-After', { 'retry-after': '-5' }],
    ['a Retry-After in the past', { 'retry-after': 'Thu, 01 Jan 2015 00:00:10 GMT' }],
  ] as const) {
    it(`backs off after ${what}`, async () => {
      const { url, times } = await startRefusing(headers)
      const sent = await createClient(url).send(EVENT).result
      assert.equal(sent.attempts, 2)
      const pause = (times[1] ?? 0) - (times[0] ?? 0)
      assert.ok(pause >= 120, `after ${pause} ms`) // 125 ms: the first pause without its jitter
    })
  }

  it('does not freeze after an absurd Retry-After', async () => {
    const { url, times } = await startRefusing({ 'retry-after': '99999999999999999999' })
    const client = createClient(url, { deadline: 400 })
    const refused = rejection(client.send(EVENT).result, 'rate-limited')
    assert.ok((await durationOf(refused)) < 300)
    assert.equal((await refused).cause.attempts, 1)
    await delay(100) // into the block; just behind the first message, the deadline ends with it
    assert.equal((await client.send(EVENT).result).attempts, 1)
    assert.ok((times[1] ?? 0) - (times[0] ?? 0) >= 390)
  })

  it('refuses further messages at once when the queue is full', async () => {
    const server = await startServer(() => {})
    const client = createClient(server.url, { maxInFlight: 2, maxWaiting: 3 })
    const ended = sendMany(client, 5).map(({ result }) => rejection(result, 'closed'))
    const error = await rejection(client.send(EVENT).result, 'overloaded')
    assert.match(error.message, /\b3\b/)
    assert.equal(error.cause.retryable, false)
    assert.equal(error.cause.attempts, 0)
    await client.close()
    await Promise.all(ended)
  })

  it('counts the time in the queue for the deadline, not for the timeout', async () => {
    const server = await startServer((response) => setTimeout(() => response.end(), 150))
    const client = createClient(server.url, { maxInFlight: 1, timeout: 400 })
    for (const { result } of sendMany(client, 5)) assert.equal((await result).attempts, 1)
  })

  it('reports a message that is still queued at the deadline as timeout', async () => {
    const server = await startServer(() => {})
    const client = createClient(server.url, { maxInFlight: 1, deadline: 200 })
    const [first, second] = sendMany(client, 2)
    assert.ok(first && second)
    const ended = rejection(first.result, 'timeout')
    const error = await rejection(second.result, 'timeout')
    assert.match(error.message, /still queued after 0\.2 s\. Max\. in flight/)
    assert.equal(error.cause.attempts, 0)
    await ended
    assert.equal(server.received.length, 1)
  })

  it('reports it as rate-limited after a 429', async () => {
    const server = await startServer((response) =>
      setTimeout(() => response.writeHead(429, { 'retry-after': '60' }).end(), 150),
    )
    const client = createClient(server.url, { maxInFlight: 1, deadline: 300 })
    const [first, second] = sendMany(client, 2)
    assert.ok(first && second)
    const refused = rejection(first.result, 'rate-limited')
    const error = await rejection(second.result, 'rate-limited')
    assert.equal(error.cause.attempts, 0)
    assert.equal(error.cause.retryable, true)
    assert.equal((await refused).cause.attempts, 1)
    assert.equal(server.received.length, 1)
  })

  it('reports the earlier failure if the retry is still queued at the deadline', async () => {
    const server = await startServer((response, { body }) => {
      if (body.includes('rcs')) response.writeHead(500).end()
    })
    const client = createClient(server.url, { maxInFlight: 1, timeout: 5000, deadline: 600 })
    const failed = rejection(client.send({ ...EVENT, channel: 'rcs' }).result, 'server')
    const hanging = rejection(client.send(EVENT).result, 'timeout')
    assert.equal((await failed).cause.attempts, 1)
    await hanging
  })

  it('ends all queued messages as closed at once, and sends none of them', async () => {
    const arrival = moment()
    const server = await startServer(() => arrival.come())
    const client = createClient(server.url, { maxInFlight: 1 })
    const requests = sendMany(client, 1000)
    const ended = requests.map(({ result }) => rejection(result, 'closed'))
    await arrival.came
    const duration = await durationOf(client.close())
    assert.ok(duration < 500, `after ${duration} ms`)
    const errors = await Promise.all(ended)
    assert.deepEqual(
      errors.map(({ cause }) => cause.attempts),
      [1, ...Array(999).fill(0)],
    )
    assert.equal(server.received.length, 1)
  })

  it('sends none of those that are cancelled in their order', async () => {
    const arrival = moment()
    const server = await startServer((response) => {
      if (server.received.length > 1) response.end()
      arrival.come()
    })
    const client = createClient(server.url, { maxInFlight: 1 })
    const requests = sendMany(client, 100)
    const ended = requests.map(({ result }) => rejection(result, 'closed'))
    await arrival.came
    for (const request of requests) request.cancel()
    await Promise.all(ended)
    await client.send(EVENT).result
    assert.equal(server.received.length, 2)
  })

  it('gives each of 1,000 messages one end under faults of all kinds', async () => {
    let count = 0
    const server = await startServer((response, _request, { socket }) => {
      const fault = count++ % 200
      if (fault === 20) response.writeHead(429).end()
      else if (fault === 50) response.writeHead(500).end()
      else if (fault === 80) socket.resetAndDestroy()
      else if (fault === 110) response.writeHead(200, { 'content-length': 9 }).flushHeaders()
      else if (fault !== 140) response.end()
    })
    const limits = { maxInFlight: 32, timeout: 200, deadline: 20_000, random: Math.random }
    const client = createClient(server.url, limits)
    const requests = sendMany(client, 1000)
    // Each fault passes, and the deadline is far: all of them succeed, and no request is one too many.
    const ends = await Promise.all(requests.map(({ result }) => result))
    assert.ok(ends.every(({ statusCode }) => statusCode === 200))
    const attempts = ends.reduce((sum, end) => sum + end.attempts, 0)
    assert.ok(count > 1000 && count <= attempts, `${count} requests in ${attempts} attempts`)
    while (requests.some(({ pending }) => pending)) await delay(10)
  })
})
