import assert from 'node:assert/strict'
import {
  ADDRESSES,
  type DeadServer,
  forgetHosts,
  knowHost,
  startDeadServer,
} from '../../support/addresses'
import { closeClients, createClient } from '../../support/client'
import { EVENT } from '../../support/events'

/** ms that Linux waits for an answer to a handshake before it repeats it (RFC 6298). */
const REPEATED = 1000

describe('a host with two addresses, one of which is dead', function () {
  // Only there is it known what becomes of a handshake that nobody accepts.
  if (process.platform !== 'linux') return
  this.timeout(20_000)
  let servers: DeadServer[] = []

  beforeEach(async () => {
    const first = await startDeadServer(ADDRESSES[0])
    servers = [first, await startDeadServer(ADDRESSES[1], first.port)]
  })
  afterEach(async () => {
    forgetHosts()
    await closeClients()
    await Promise.all(servers.map((server) => server.close()))
  })

  const once = { timeout: 5000, deadline: 5000, retries: false }
  for (const [reached, clientOf] of [
    ['reached', (origin: string) => createClient(origin, once)],
    [
      'reached as a proxy',
      (url: string) => createClient('http://127.0.0.1:9', { ...once, proxy: { url, noProxy: '' } }),
    ],
  ] as const) {
    it(`is ${reached} if the other one is slower than Node.js allows`, async () => {
      const tried = knowHost('dual.test', ADDRESSES)
      const client = clientOf(`http://dual.test:${servers[0]?.port}`)
      const began = performance.now()
      const { result } = client.send(EVENT)
      await tried
      servers[0]?.wake()
      assert.equal((await result).statusCode, 200)
      assert.ok(performance.now() - began > REPEATED - 50, 'the handshake was not slow')
    })

    it(`is ${reached} by the second address if the first one is dead`, async () => {
      servers[1]?.wake()
      void knowHost('dual.test', ADDRESSES)
      const client = clientOf(`http://dual.test:${servers[0]?.port}`)
      assert.equal((await client.send(EVENT).result).statusCode, 200)
    })
  }
})
