import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { identify } from '../../support/certificates'
import { answerArrived, closeClients, createClient } from '../../support/client'
import { durationOf, EVENT, moment, rejection } from '../../support/events'
import { startProxy, startServer, startTcpServer } from '../../support/server'

describe('client: closing', () => {
  afterEach(closeClients)

  it('ends a request in flight as closed', async () => {
    const arrival = moment()
    const server = await startServer(() => arrival.come())
    const client = createClient(server.url)
    const ended = rejection(client.send(EVENT).result, 'closed')
    await arrival.came
    await client.close()
    assert.equal((await ended).cause.attempts, 1)
  })

  it('ends a pause before a retry as closed', async () => {
    const server = await startServer((response) =>
      response.writeHead(429, { 'retry-after': '3' }).end(),
    )
    const client = createClient(server.url)
    const answered = answerArrived()
    const ended = rejection(client.send(EVENT).result, 'closed')
    await answered
    await client.close()
    const duration = await durationOf(ended)
    assert.ok(duration < 1000, `after ${duration} ms`)
    assert.equal((await ended).cause.attempts, 1)
  })

  it('does not pause after an answer that it aborts', async () => {
    const headers = moment()
    const server = await startServer((response) =>
      response.writeHead(429, { 'retry-after': '3' }).flushHeaders(),
    )
    const onHeaders = () => headers.come()
    subscribe('undici:request:headers', onHeaders)
    try {
      const client = createClient(server.url, { timeout: 60_000, deadline: 60_000 })
      const closed = rejection(client.send(EVENT).result, 'closed')
      await headers.came
      await client.close()
      const duration = await durationOf(closed)
      assert.ok(duration < 1000, `after ${duration} ms`)
      assert.equal((await closed).cause.attempts, 1)
    } finally {
      unsubscribe('undici:request:headers', onHeaders)
    }
  })

  it('sends nothing afterwards', async () => {
    const server = await startServer((response) => response.end())
    const client = createClient(server.url)
    await client.close()
    await rejection(client.send(EVENT).result, 'closed')
    assert.equal(server.received.length, 0)
  })

  it('keeps the connection whose request was stopped before it was written', async () => {
    const ports = new Set<number | undefined>()
    const server = await startServer((response, _request, { socket }) => {
      ports.add(socket.remotePort)
      response.end()
    })
    const client = createClient(server.url)
    const turn = () => new Promise(setImmediate) // undici notes what became of a request
    await client.send(EVENT).result
    await turn()
    const stopped = client.send(EVENT)
    stopped.drain()
    await rejection(stopped.result, 'closed')
    for (let i = 0; i < 3; i++) await turn()
    await client.send(EVENT).result
    assert.deepEqual([ports.size, server.received.length], [1, 2])
  })

  it('sends nothing for a request that was cancelled while it was connecting', async () => {
    const met = moment()
    const ready = moment()
    const server = await startServer((response) => response.end(), await identify())
    const url = await startTcpServer((socket) => {
      met.come()
      void ready.came.then(() => {
        const upstream = connect(Number(new URL(server.url).port), '127.0.0.1')
        upstream.on('error', () => {})
        socket.pipe(upstream).pipe(socket)
      })
    })
    const tls = { rejectUnauthorized: false }
    // One connection, so that the second event comes behind the first.
    const client = createClient(url.replace('http', 'https'), { tls, maxInFlight: 1 })
    const request = client.send({ ...EVENT, subAccountId: 'cancelled' })
    const closed = rejection(request.result, 'closed')
    await met.came
    request.cancel()
    await closed
    const next = client.send({ ...EVENT, subAccountId: 'next' })
    ready.come()
    await next.result
    assert.deepEqual(
      server.received.map(({ path }) => path),
      ['/api/v1/subaccounts/next/events'],
    )
  })

  for (const proxied of [false, true]) {
    const through = proxied ? ', through a proxy' : ''

    it(`drains a request on the wire: its answer counts, and no retry follows${through}`, async () => {
      const arrivals: ServerResponse[] = []
      const arrived = [moment(), moment()]
      const server = await startServer((response) => {
        arrived[arrivals.push(response) - 1]?.come()
      })
      const slow = { timeout: 60_000, deadline: 60_000 }
      const proxy = proxied ? { url: (await startProxy()).url, noProxy: '' } : undefined
      const client = createClient(server.url, { ...slow, proxy })
      const accepted = client.send(EVENT)
      await arrived[0]?.came
      accepted.drain()
      await new Promise(setImmediate)
      assert.equal(accepted.settled, false)
      arrivals[0]?.end()
      assert.equal((await accepted.result).attempts, 1)
      const failing = client.send(EVENT)
      await arrived[1]?.came
      failing.drain()
      arrivals[1]?.writeHead(503).end()
      assert.equal((await rejection(failing.result, 'closed')).cause.attempts, 1)
      assert.equal(arrivals.length, 2)
    })

    it(`drains at once a request that is still connecting${through}`, async () => {
      const met = moment()
      const url = await startTcpServer(() => met.come())
      const slow = { timeout: 60_000, deadline: 60_000 }
      const proxy = proxied ? { url, noProxy: '' } : undefined
      const client = createClient(url.replace('http', 'https'), { ...slow, proxy })
      const request = client.send(EVENT)
      await met.came
      request.drain()
      await rejection(request.result, 'closed')
      assert.equal(request.cancelled, false)
    })

    it(`aborts a pending connection${proxied ? ', through a proxy' : ''}`, async () => {
      const met = moment()
      const gone = moment()
      const url = await startTcpServer((socket) => {
        // Reads, so that it sees the end, and says nothing to the handshake.
        socket.resume().on('close', () => gone.come())
        met.come()
      })
      const slow = { timeout: 60_000, deadline: 60_000 }
      const proxy = { url: url.replace('http', 'https'), noProxy: '' }
      const client = createClient(url.replace('http', 'https'), proxied ? { ...slow, proxy } : slow)
      const closed = rejection(client.send(EVENT).result, 'closed')
      await met.came
      await client.close()
      await closed
      await gone.came
    })
  }
})
