import assert from 'node:assert/strict'
import { CANARY } from '../support/events'
import { loadFlow, unloadFlow } from '../support/flow'
import {
  closeServers,
  refusedPort,
  startProxy,
  startServer,
  startTcpServer,
} from '../support/server'
import { message } from '../support/typing'
import { PROXY_PASSWORD } from './evidence'
import { describeFaults, type FaultCase, type Scene } from './matrix'
import { echo } from './scenes'

const sent = { output: 'success', statusCode: 200, attempts: 1 } as const
const refused = { output: 'error', kind: 'network', attempts: 1, requests: 0 } as const
const LOGIN = { username: 'me', password: PROXY_PASSWORD }

/** A server, and a proxy on the way to it. @param refuse the status with which the proxy refuses */
async function behindProxy(
  more: Partial<Scene['proxy']>,
  tunnels: number | undefined,
  refuse?: number,
) {
  const { url, received } = await startServer(echo(200))
  const { url: proxy, connects } = await startProxy(refuse)
  const token = `Basic ${Buffer.from(`me:${PROXY_PASSWORD}`).toString('base64')}`
  const authorization = more?.credentials ? token : undefined
  const target = new URL(url).host
  return {
    url,
    requests: () => received.length,
    proxy: { url: proxy, ...more },
    verify() {
      assert.deepEqual(connects, Array(tunnels ?? connects.length).fill({ target, authorization }))
      assert.doesNotMatch(JSON.stringify(connects), new RegExp(CANARY))
    },
  }
}

/** A server, and on the way to it something that does not work as a proxy. */
async function brokenProxy(url: string): Promise<Scene> {
  const { url: target, received } = await startServer(echo(200))
  return { url: target, requests: () => received.length, proxy: { url } }
}

const cases: FaultCase[] = [
  { name: 'a proxy', provoke: () => behindProxy({}, 1), expect: sent },
  {
    name: 'a proxy with a password',
    provoke: () => behindProxy({ credentials: LOGIN }, 1),
    expect: sent,
  },
  {
    name: 'a proxy that NO_PROXY excludes for this host',
    provoke: () => behindProxy({ noproxy: ['example.com', '127.0.0.1'] }, 0),
    expect: sent,
  },
  {
    name: 'a proxy that NO_PROXY excludes for other hosts',
    provoke: () => behindProxy({ noproxy: ['example.com'] }, 1),
    expect: sent,
  },
  ...[403, 407].map(
    (status): FaultCase => ({
      name: `a proxy that refuses with ${status}`,
      provoke: () => behindProxy({}, 1, status),
      expect: { ...refused, says: new RegExp(`${status}`) },
    }),
  ),
  {
    name: 'a proxy that refuses the password',
    provoke: () => behindProxy({ credentials: LOGIN }, 1, 407),
    expect: { ...refused, says: /407/ },
  },
  {
    name: 'a proxy that fails to reach the server',
    provoke: () => behindProxy({}, undefined, 502),
    expect: { ...refused, attempts: 'retried', says: /502/ },
  },
  {
    name: 'a proxy that hangs',
    provoke: async () => brokenProxy(await startTcpServer((socket) => socket.resume())),
    expect: { ...refused, kind: 'timeout', attempts: 'retried' },
  },
  {
    name: 'a proxy that resets',
    provoke: async () => brokenProxy(await startTcpServer((socket) => socket.resetAndDestroy())),
    expect: { ...refused, attempts: 'retried' },
  },
  {
    name: 'a proxy that does not run',
    provoke: async () => brokenProxy(`http://127.0.0.1:${await refusedPort()}`),
    expect: { ...refused, attempts: 'retried', says: /ECONNREFUSED/ },
  },
]

describeFaults('proxy', cases)

describe('faults: a proxy of the environment', () => {
  afterEach(async () => {
    delete process.env.http_proxy
    delete process.env.no_proxy
    await unloadFlow()
    await closeServers()
  })

  for (const [noProxy, tunnels] of [
    ['example.com', 1],
    ['example.com,127.0.0.1', 0],
    ['*', 0],
  ] as const) {
    it(`is used ${tunnels} times with NO_PROXY=${noProxy}`, async () => {
      const server = await startServer(echo(200))
      const { url, connects } = await startProxy()
      Object.assign(process.env, { http_proxy: url, no_proxy: noProxy })
      const flow = await loadFlow({ account: { region: 'custom', baseUrl: server.url } })
      assert.equal((await flow.send(message())).port, 'success')
      assert.equal(connects.length, tunnels)
      assert.equal(server.received.length, 1)
    })
  }
})
