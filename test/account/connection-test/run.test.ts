import assert from 'node:assert/strict'
import type { Node, NodeAPI, NodeDef, NodeInitializer } from 'node-red'
import nodeRed from 'node-red'
import { runConnectionTest } from '../../../nodes/account/connection-test/run'
import { CANARY } from '../../support/events'
import { loadFlow, unloadFlow } from '../../support/flow'
import { closeServers, startServer, startTcpServer } from '../../support/server'

const core = (file: string): NodeInitializer => require(`@node-red/nodes/core/network/${file}`)

/** Of Node-RED; some that its types do not know. */
const settings: { envVarExcludes?: string[] } = nodeRed.settings as object

/** A test of a connection, by an account of a running Node-RED. */
describe('test connection', () => {
  let RED: NodeAPI
  const look: NodeInitializer = (api) => {
    RED = api
  }

  before(() => {
    process.env.TEST_8X8_SECRET = '77'
  })

  after(() => {
    delete process.env.TEST_8X8_SECRET
  })

  afterEach(async () => {
    delete settings.envVarExcludes
    await unloadFlow()
    await closeServers()
  })

  const form = (baseUrl: string, more: object = {}) => ({
    ...{ region: 'custom', baseUrl, subAccountId: 'my_sub', apiKey: 'typed', timeout: 1 },
    ...more,
  })

  it('does not build an address around an environment variable', async () => {
    await loadFlow({ types: [look] })
    for (const id of ['account', 'not-deployed']) {
      const answer = await runConnectionTest(
        RED,
        id,
        form('${https://127.0.0.${TEST_8X8_SECRET}:1}'),
      )
      assert.ok(!JSON.stringify(answer).includes('127.0.0.77'), JSON.stringify(answer))
      assert.equal(answer.result, 'unset')
    }
  })

  it('accepts a base URL in an environment variable', async () => {
    const server = await startServer((response) => response.end())
    process.env.TEST_8X8_URL = server.url
    try {
      await loadFlow({ types: [look] })
      for (const id of ['account', 'not-deployed']) {
        assert.equal((await runConnectionTest(RED, id, form('${TEST_8X8_URL}'))).result, 'fine')
      }
    } finally {
      delete process.env.TEST_8X8_URL
    }
  })

  it('resolves no variable that Node-RED hides from flows', async () => {
    settings.envVarExcludes = ['TEST_8X8_SECRET']
    await loadFlow({ types: [look] })
    for (const id of ['account', 'not-deployed']) {
      const body = { region: 'europe', subAccountId: '${TEST_8X8_SECRET}', apiKey: 'typed' }
      const answer = await runConnectionTest(RED, id, body)
      assert.deepEqual(answer, { result: 'unset', name: 'TEST_8X8_SECRET' })
    }
  })

  it('says that a config node is not deployed yet', async () => {
    await loadFlow({ types: [look] })
    const answer = await runConnectionTest(
      RED,
      'new',
      form('https://own.example.com', { tls: 'new' }),
    )
    assert.deepEqual(answer, { result: 'undeployed', field: 'tls' })
  })

  it('sends a typed key only through a node that is a proxy', async () => {
    const server = await startServer((response) => response.end())
    const other = await startServer((response) => response.end())
    const posing: NodeInitializer = (api) => {
      api.nodes.registerType('posing', function (this: Node & { url?: string }, config: NodeDef) {
        api.nodes.createNode(this, config)
        this.url = other.url
      })
    }
    await loadFlow({ types: [look, posing], configs: [{ id: 'poser', type: 'posing' }] })
    const answer = await runConnectionTest(RED, 'account', form(server.url, { proxy: 'poser' }))
    assert.deepEqual(answer, { result: 'invalid', field: 'proxy' })
    assert.equal(other.received.length, 0)
  })

  it('ends in time if a proxy does not answer', async () => {
    const proxy = await startTcpServer(() => {})
    await loadFlow({
      types: [look, core('06-httpproxy.js')],
      configs: [{ id: 'proxy', type: 'http proxy', url: proxy }],
    })
    const began = Date.now()
    const answer = await runConnectionTest(
      RED,
      'account',
      form('https://own.example.com', { proxy: 'proxy', timeout: 0.2, apiKey: CANARY }),
    )
    assert.equal(answer.result, 'timeout')
    assert.ok(Date.now() - began < 5000)
    assert.ok(!JSON.stringify(answer).includes(CANARY))
  })
})
