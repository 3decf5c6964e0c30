import assert from 'node:assert/strict'
import type { NodeAPI, NodeDef } from 'node-red'
import helper from 'node-red-node-test-helper'
import account from '../../nodes/account/account'
import inbound from '../../nodes/inbound/inbound'
import typingIndicator from '../../nodes/typing-indicator/typing-indicator'
import { type NodeRed, runFlows } from '../../scripts/node-red'
import { UMID } from '../support/events'
import '../support/flow' // sets the helper up
import { hashPassword } from './password'

/** A route of this package, and who may call it. */
interface Row {
  app: 'httpAdmin' | 'httpNode'
  /** As Express has it. */
  route: string
  /** Who may: a permission of adminAuth, or everybody whom `httpNodeAuth` lets in. */
  who: { permission: string } | 'httpNodeAuth'
  /** Requests that it answers, and with which status to those who may. */
  probes: [method: string, path: string, status: number][]
}

/** All routes. A new one has to be added here, with who may call it. */
const ROUTES: Row[] = [
  {
    app: 'httpAdmin',
    route: 'POST /8x8-account/:id/test',
    who: { permission: '8x8-account.write' },
    probes: [['POST', '/8x8-account/account/test', 200]],
  },
  {
    app: 'httpNode',
    // For the paths of all inbound nodes; any other passes through.
    route: 'ALL /^\\//',
    who: 'httpNodeAuth',
    probes: [['POST', '/8x8/inbound', 400]],
  },
  {
    app: 'httpNode',
    route: 'ALL /^\\/8x8-sandbox(?:\\/.*)?$/i',
    who: 'httpNodeAuth',
    probes: [
      ['GET', '/8x8-sandbox/account/', 200],
      ['GET', '/8x8-sandbox/account/page.js', 200],
      ['GET', '/8x8-sandbox/account/page.css', 200],
      ['GET', '/8x8-sandbox/account/icon.svg', 200],
      ['GET', '/8x8-sandbox/account/events', 200],
      ['GET', `/8x8-sandbox/account/webhook?umid=${UMID}`, 404],
      ['POST', '/8x8-sandbox/account/messages', 202],
      ['POST', '/8x8-sandbox/account/deliver', 404],
      ['POST', '/8x8-sandbox/account/inbound', 202],
      ['POST', '/8x8-sandbox/account/clear', 202],
      ['POST', '/8x8-sandbox/account/fault', 202],
      ['GET', '/8x8-sandbox', 404],
      ['GET', '/8x8-sandbox/other/', 404],
    ],
  },
]

const FLOWS = [
  { id: 'tab', type: 'tab', label: 'test' },
  { id: 'account', type: '8x8-account', region: 'sandbox', subAccountId: 'my_sub' },
  {
    id: 'typing',
    type: '8x8-typing-indicator',
    z: 'tab',
    x: 0,
    y: 0,
    wires: [],
    account: 'account',
  },
  {
    id: 'inbound',
    type: '8x8-inbound',
    z: 'tab',
    x: 0,
    y: 0,
    wires: [],
    account: 'account',
    authentication: 'none',
  },
]

/** What the page writes, for any of its resources. */
const WRITTEN = { customer: 'ana', text: 'Hello', fault: 'none', inbound: 'inbound', umid: UMID }

/** A layer of an Express router, version 4 or 5. */
interface Layer {
  name?: string
  regexp?: RegExp
  route?: { path: unknown; methods: Record<string, boolean>; stack: unknown[] }
  handle?: { stack?: Layer[] }
}

/** Everything that an Express app answers to, middleware and routers below it too. */
function routesOf(app: unknown): string[] {
  const { _router } = app as { _router?: { stack: Layer[] } }
  const routes = walk(_router?.stack ?? routerOf(app)?.stack ?? [])
  // Express 4 begins with these of its own, when the first route is added.
  return routes.filter((route) => !/^USE (query|expressInit) /.test(route))
}

/** The router of Express 5; Express 4 throws there, and has none before its first route. */
function routerOf(app: unknown): { stack: Layer[] } | undefined {
  try {
    return (app as { router?: { stack: Layer[] } }).router
  } catch {
    return undefined
  }
}

function walk(stack: Layer[]): string[] {
  return stack.flatMap(({ route, handle, name, regexp }) => {
    if (route) return `${methodsOf(route.methods)} ${route.path}`
    return [`USE ${name} ${regexp}`, ...walk(handle?.stack ?? [])]
  })
}

/** Express 4 lists every method of `all`, Express 5 has `_all`. */
function methodsOf(methods: Record<string, boolean>): string {
  const names = Object.keys(methods)
  return names.includes('_all') || names.length > 20 ? 'ALL' : names.join(',').toUpperCase()
}

describe('the HTTP routes of the package', function () {
  this.timeout(60_000)

  it('are those of the list, and no other', async () => {
    const before: Record<string, string[]> = {}
    let RED: NodeAPI | undefined
    const look = (api: NodeAPI) => {
      RED = api
      before.httpAdmin = routesOf(api.httpAdmin)
      before.httpNode = routesOf(api.httpNode)
    }
    try {
      const types = [look, account, inbound, typingIndicator]
      await helper.load(types, FLOWS as unknown as NodeDef[], {})
      const added = () =>
        (['httpAdmin', 'httpNode'] as const).flatMap((app) =>
          routesOf(RED?.[app])
            .slice(before[app]?.length)
            .map((route) => ({ app, route })),
        )
      // The sandbox starts while the flows run, and adds the last one.
      while (added().length < ROUTES.length) await new Promise(setImmediate)
      const listed = ROUTES.map(({ app, route }) => ({ app, route }))
      assert.deepEqual(added(), listed)
    } finally {
      await helper.unload()
    }
  })

  describe('in a real Node-RED with users', () => {
    let nodeRed: NodeRed
    const tokens: Record<string, string> = {}
    const pass = hashPassword('secret')
    const guest = `Basic ${Buffer.from('guest:secret').toString('base64')}`

    before(async () => {
      const permissions = new Set(['*', 'read', '8x8-other.write'])
      for (const { who } of ROUTES) {
        if (typeof who === 'object') permissions.add(who.permission)
      }
      const users = [...permissions].map((permission) => ({
        username: permission,
        password: pass,
        permissions: [permission],
      }))
      const settings = {
        adminAuth: { type: 'credentials', users },
        httpNodeAuth: { user: 'guest', pass },
      }
      nodeRed = await runFlows({ flows: FLOWS, credentials: {} }, 23_880, { settings })
      for (const permission of permissions) tokens[permission] = await tokenOf(permission)
    })

    after(() => nodeRed?.stop())

    async function tokenOf(username: string): Promise<string> {
      const response = await fetch(`${nodeRed.url}/auth/token`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          client_id: 'node-red-admin',
          grant_type: 'password',
          scope: username,
          username,
          password: 'secret',
        }),
      })
      assert.equal(response.status, 200, `no token for ${username}`)
      return ((await response.json()) as { access_token: string }).access_token
    }

    async function statusOf(method: string, path: string, authorization?: string) {
      const response = await fetch(nodeRed.url + path, {
        method,
        headers: {
          ...(authorization && { authorization }),
          'content-type': 'application/json',
          origin: nodeRed.url,
        },
        ...(method === 'POST' && { body: JSON.stringify(WRITTEN) }),
      })
      await response.body?.cancel()
      return response.status
    }

    it('tests no connection for a form, which a page can send without being asked', async () => {
      const authorization = `Bearer ${tokens['*']}`
      for (const type of ['application/x-www-form-urlencoded', 'text/plain']) {
        for (const [origin, status] of [
          ['https://other.example.com', 403],
          [nodeRed.url, 415],
        ] as const) {
          const response = await fetch(`${nodeRed.url}/8x8-account/account/test`, {
            method: 'POST',
            headers: { authorization, origin, 'content-type': type },
            body: 'region=custom&baseUrl=http://127.0.0.1:1&subAccountId=my_sub&apiKey=typed',
          })
          assert.equal(response.status, status)
        }
      }
    })

    for (const { app, who, probes } of ROUTES) {
      for (const [method, path, status] of probes) {
        it(`${method} ${path}: nobody without a password`, async () => {
          assert.equal(await statusOf(method, path), 401)
          assert.equal(await statusOf(method, path, 'Bearer wrong'), 401)
          assert.equal(await statusOf(method, path, 'Basic d3Jvbmc6d3Jvbmc='), 401)
        })

        it(`${method} ${path}: ${JSON.stringify(who)}`, async () => {
          for (const [permission, token] of Object.entries(tokens)) {
            const may = typeof who === 'object' && ['*', who.permission].includes(permission)
            const expected = may ? status : 401
            assert.equal(await statusOf(method, path, `Bearer ${token}`), expected, permission)
          }
          assert.equal(await statusOf(method, path, guest), app === 'httpNode' ? status : 401)
        })
      }
    }
  })

  /** Node-RED 4 lets every page of any origin call and read what it serves; these routes do not. */
  describe('in a real Node-RED that admits all origins, asked by a page of another origin', () => {
    const foreign = { origin: 'http://other.example.com', 'content-type': 'application/json' }
    let nodeRed: NodeRed

    before(async () => {
      const settings = { httpAdminCors: { origin: '*' } } // Node-RED 4 does it by itself
      nodeRed = await runFlows({ flows: FLOWS, credentials: {} }, 23_880, { settings })
    })
    after(() => nodeRed?.stop())

    for (const { probes } of ROUTES) {
      for (const [method, path, status] of probes) {
        const isFile = method === 'GET' && !/\/(events|webhook)\b/.test(path)
        it(`${isFile ? 'serves' : 'refuses'} ${method} ${path}, which that page cannot read`, async () => {
          const url = nodeRed.url + path
          const asks = { 'access-control-request-method': method }
          const preflight = await fetch(url, {
            method: 'OPTIONS',
            headers: { ...foreign, ...asks },
          })
          assert.equal(preflight.status, 204) // of Node-RED itself, which stands before us
          const body = method === 'POST' ? JSON.stringify(WRITTEN) : null
          const response = await fetch(url, { method, headers: foreign, body })
          await response.body?.cancel()
          assert.equal(response.status, isFile ? status : 403)
          assert.equal(response.headers.get('access-control-allow-origin'), null)
          const own = { ...foreign, origin: nodeRed.url }
          const usual = await fetch(url, { method, headers: own, body })
          await usual.body?.cancel()
          assert.equal(usual.status, status)
          assert.equal(usual.headers.get('access-control-allow-origin'), null)
        })
      }
    }
  })
})
