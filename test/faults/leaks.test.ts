import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MessagingError } from '../../nodes/lib/errors'
import { Sandbox } from '../../nodes/lib/sandbox/server'
import { deployFlows, readAdmin } from '../../scripts/admin'
import { type NodeRed, runFlows } from '../../scripts/node-red'
import { closeClients, createClient } from '../support/client'
import { CANARY, EVENT, rejection, UMID } from '../support/events'
import { logged, unloadFlow } from '../support/flow'
import { type Answer, closeServers, startServer } from '../support/server'
import { CATCH, loadWith, message } from '../support/typing'
import { Evidence } from './evidence'
import { echo } from './scenes'

/** Each shows the key in another way. */
const answers: Answer[] = [
  echo(400, { code: 1002 }),
  echo(401, { code: 1200 }),
  echo(307),
  echo(429),
  echo(500),
  (response) => response.socket?.end(`garbage ${CANARY}\r\n`),
]

describe('faults: the search for the key', () => {
  const SECRET = 'canary+KEY/5f=='
  const circular: Record<string, unknown> = { SECRET }
  circular.self = circular
  const deep = Array.from({ length: 30 }).reduce<object>((inner) => ({ inner }), { SECRET })
  const planted: [where: string, value: unknown][] = [
    ['a text', `Bearer ${SECRET}`],
    ['another case', SECRET.toUpperCase()],
    ['Base64', { header: Buffer.from(SECRET).toString('base64') }],
    ['Base64 without its padding', Buffer.from(SECRET).toString('base64').replace(/=+$/, '')],
    ['Base64 with its scheme', Buffer.from(`Bearer ${SECRET}`).toString('base64')],
    ['a URL in a URL', encodeURIComponent(encodeURIComponent(SECRET))],
    ['a URL', { location: `/x?key=${encodeURIComponent(SECRET)}` }],
    ['the cause of a cause', new Error('a', { cause: new Error('b', { cause: SECRET }) })],
    ['the message of a cause', new Error('a', { cause: new Error(SECRET) })],
    ['a stack', Object.assign(new Error('a'), { stack: SECRET })],
    ['a hidden property', Object.defineProperty({}, 'key', { value: SECRET })],
    ['a getter', Object.defineProperty({}, 'key', { get: () => SECRET })],
    ['what toJSON gives', { toJSON: () => ({ SECRET }) }],
    ['the key of a Map', new Map([[SECRET, 1]])],
    ['something that holds itself', circular],
    ['something deep', deep],
    ['a long array', [...Array(1000).fill(0), SECRET]],
    ['a long text', { text: 'x'.repeat(20_000) + SECRET }],
  ]
  for (const [where, value] of planted) {
    it(`finds it in ${where}`, () => {
      const evidence = new Evidence()
      evidence.add('here', value)
      assert.match(evidence.find(SECRET).join(), /^here: /)
    })
  }

  it('finds nothing without a key', () => {
    const evidence = new Evidence()
    evidence.add('here', { text: 'canary', error: new Error('KEY') })
    assert.deepEqual(evidence.find(SECRET), [])
  })
})

describe('faults: the sandbox', () => {
  afterEach(closeClients)

  it('keeps no key of the requests that it records', async () => {
    const sandbox = await Sandbox.start()
    const evidence = new Evidence()
    sandbox.on('request', (request) => evidence.add('request', request))
    try {
      sandbox.addSubAccount(EVENT.subAccountId, 'another-key')
      await rejection(createClient(sandbox.url).send(EVENT).result, 'authentication')
      const path = `/api/v1/subaccounts/my_sub/events?key=${CANARY}`
      await fetch(sandbox.url + path, { headers: { authorization: CANARY, 'x-key': CANARY } })
      evidence.add('requests', sandbox.requests)
      assert.equal(sandbox.requests.length, 2)
      assert.deepEqual(evidence.find(CANARY), [])
    } finally {
      await sandbox.close()
    }
  })
})

describe('faults: the errors that Catch nodes get', () => {
  afterEach(async () => {
    await unloadFlow()
    await closeServers()
  })

  for (const [index, answer] of answers.entries()) {
    it(`carry no key, nor do their causes (${index + 1})`, async () => {
      const { flow } = await loadWith(answer, { errors: false, more: CATCH })
      const { port, msg } = await flow.send(message())
      assert.equal(port, 'caught')
      const error = flow.completions[0]?.error
      assert.ok(error instanceof MessagingError)
      const evidence = new Evidence()
      evidence.add('error', error)
      evidence.add('caught', msg)
      evidence.add('statuses', flow.statuses)
      evidence.add('log', logged())
      assert.deepEqual(evidence.find(CANARY), [])
    })
  }
})

/** As built, and with the log of every level: what a user could see, print or export. */
describe('faults: the key, in a real Node-RED', function () {
  this.timeout(90_000)
  let answer = echo(200)
  let nodeRed: NodeRed & { userDir: string }

  const on = (id: string, type: string, more: object) => ({
    id,
    type,
    z: 'tab',
    x: 0,
    y: 0,
    ...more,
  })
  const props = [
    { p: 'umid', v: UMID, vt: 'str' },
    { p: 'channel', v: 'rcs', vt: 'str' },
  ]
  const flows = (baseUrl: string) => [
    { id: 'tab', type: 'tab', label: 'test' },
    {
      id: 'account',
      type: '8x8-account',
      subAccountId: 'my_sub',
      region: 'custom',
      baseUrl,
      timeout: 0.3,
      deadline: 0.3,
    },
    on('inject', 'inject', { props, wires: [['wired', 'bare']] }),
    on('wired', '8x8-typing-indicator', { account: 'account', wires: [['seen'], ['seen']] }),
    on('bare', '8x8-typing-indicator', { account: 'account', wires: [['seen'], []] }),
    on('catch', 'catch', { scope: ['bare'], wires: [['seen']] }),
    on('status', 'status', { scope: null, wires: [['shown']] }),
    ...['seen', 'shown'].map((id) =>
      on(id, 'debug', {
        name: id,
        active: true,
        tosidebar: true,
        console: true,
        complete: 'true',
        targetType: 'full',
        wires: [],
      }),
    ),
  ]

  before(async () => {
    const server = await startServer((...args) => answer(...args))
    const logging = { console: { level: 'trace', metrics: true, audit: true } }
    const deployable = { flows: flows(server.url), credentials: { account: { apiKey: CANARY } } }
    nodeRed = await runFlows(deployable, 23_880, { settings: { logging } })
  })

  after(async () => {
    await nodeRed?.stop()
    await closeServers()
  })

  const get = <T = object>(path: string) => readAdmin<T>(nodeRed, path)

  it('is in no log, message, status, export or answer of the admin API', async () => {
    const seen = () => nodeRed.log.filter((line) => /\[debug:seen\]/.test(line)).length
    for (const [index, next] of answers.entries()) {
      answer = next
      const { status } = await fetch(`${nodeRed.url}/inject/inject`, { method: 'POST' })
      assert.equal(status, 200)
      while (seen() < 2 * (index + 1)) await nodeRed.prints(/\[debug:seen\]/)
    }
    const exported = await get<object[]>('/flows')
    await deployFlows(nodeRed, exported)
    const evidence = new Evidence()
    evidence.add('export', exported)
    evidence.add('file', await readFile(join(nodeRed.userDir, 'flows.json'), 'utf8'))
    const credentials = await get('/credentials/8x8-account/account')
    assert.deepEqual(credentials, { has_apiKey: true, has_webhookAuthorization: false })
    for (const path of ['/flow/tab', '/settings', '/diagnostics']) {
      evidence.add(path, await get(path))
    }
    const log = nodeRed.log.join('\n')
    evidence.add('log', log)
    assert.match(log, /8x8 refused the API key \(401, code 1200\)(?!:)/)
    assert.match(log, /8x8 rejected the request \(400, code 1002\): Bearer \*\*\* and \*\*\*/)
    assert.match(log, /\[audit\]/)
    assert.deepEqual(evidence.find(CANARY), [])
  })
})
