import assert from 'node:assert/strict'
import type { NodeInitializer } from 'node-red'
import helper from 'node-red-node-test-helper'
import { generate } from 'selfsigned'
import type { AccountNode } from '../../nodes/account/account'
import { acquireSandbox } from '../../nodes/sandbox/shared'
import { CANARY, UMID } from '../support/events'
import { loadFlow, logged, unloadFlow } from '../support/flow'
import { closeServers, startProxy, startServer } from '../support/server'

const core = (file: string): NodeInitializer => require(`@node-red/nodes/core/network/${file}`)
const message = () => ({ umid: UMID, channel: 'whatsapp' })

describe('8x8-account', () => {
  afterEach(async () => {
    await unloadFlow()
    await closeServers()
  })

  it('resolves environment references in key and sub-account', async () => {
    const server = await startServer((response) => response.end())
    process.env.TEST_8X8_KEY = 'key-of-the-environment'
    process.env.TEST_8X8_SUB = 'env_sub'
    try {
      const flow = await loadFlow({
        account: { region: 'custom', baseUrl: server.url, subAccountId: '${TEST_8X8_SUB}' },
        apiKey: '${TEST_8X8_KEY}',
      })
      assert.equal((await flow.send(message())).port, 'success')
    } finally {
      delete process.env.TEST_8X8_KEY
      delete process.env.TEST_8X8_SUB
    }
    assert.equal(server.received[0]?.headers.authorization, 'Bearer key-of-the-environment')
    assert.equal(server.received[0]?.path, '/api/v1/subaccounts/env_sub/events')
  })

  it('names an environment variable that is not set, in the log too', async () => {
    const flow = await loadFlow({ apiKey: '${TEST_8X8_NOT_SET}' })
    const { msg } = await flow.send(message())
    assert.match(`${msg.error?.message}`, /TEST_8X8_NOT_SET/)
    assert.match(logged(), /TEST_8X8_NOT_SET/)
  })

  it('uses a tls-config node', async () => {
    const { private: key, cert } = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
    })
    const server = await startServer((response) => response.end(), { key, cert })
    const account = { region: 'custom', baseUrl: server.url }
    const refusing = await loadFlow({ account })
    assert.equal((await refusing.send(message())).msg.error?.kind, 'network')
    await unloadFlow()
    const flow = await loadFlow({
      account: { ...account, tls: 'tls' },
      types: [core('05-tls.js')],
      configs: [
        { id: 'tls', type: 'tls-config', cert: '', key: '', ca: '', verifyservercert: true },
      ],
      credentials: { tls: { cadata: cert } },
    })
    assert.equal((await flow.send(message())).port, 'success')
  })

  it('uses an http proxy node', async () => {
    const server = await startServer((response) => response.end())
    const { url, connects } = await startProxy()
    const flow = await loadFlow({
      account: { region: 'custom', baseUrl: server.url, proxy: 'proxy' },
      types: [core('06-httpproxy.js')],
      configs: [{ id: 'proxy', type: 'http proxy', url, noproxy: [] }],
      credentials: { proxy: { username: 'u', password: 'p' } },
    })
    assert.equal((await flow.send(message())).port, 'success')
    const authorization = `Basic ${Buffer.from('u:p').toString('base64')}`
    assert.deepEqual(connects, [{ target: new URL(server.url).host, authorization }])
  })

  it("uses the environment's proxy as it is when the node starts", async () => {
    const server = await startServer((response) => response.end())
    const { url, connects } = await startProxy()
    process.env.http_proxy = url
    try {
      const flow = await loadFlow({ account: { region: 'custom', baseUrl: server.url } })
      delete process.env.http_proxy
      assert.equal((await flow.send(message())).port, 'success')
    } finally {
      delete process.env.http_proxy
    }
    assert.equal(connects.length, 1)
  })

  describe('in the sandbox', () => {
    it('needs no key', async () => {
      const flow = await loadFlow({ account: { region: 'sandbox' }, apiKey: '' })
      const { port, msg } = await flow.send(message())
      assert.equal(port, 'success')
      assert.equal(msg.typing?.subAccountId, 'my_sub')
    })

    it('shares one sandbox, which does not know the sub-accounts of others', async () => {
      const flow = await loadFlow({ account: { region: 'sandbox', subAccountId: 'one_sub' } })
      const { sandbox, release } = await acquireSandbox()
      try {
        await flow.send(message())
        assert.equal(sandbox.requests.length, 1)
        const { msg } = await flow.send({ ...message(), umid: undefined, payload: {} })
        assert.equal(msg.error?.kind, 'invalid-input')
        await flow.deploy({ account: { region: 'sandbox', subAccountId: 'two_sub' } }, 'nodes')
        assert.equal((await flow.send(message())).msg.typing?.subAccountId, 'two_sub')
        assert.equal(sandbox.requests.length, 2)
      } finally {
        await release()
      }
    })

    it('sends no key of a user to it', async () => {
      const flow = await loadFlow({ account: { region: 'sandbox' }, apiKey: CANARY })
      const { apiKey, release } = await acquireSandbox()
      await release()
      assert.notEqual(apiKey, CANARY)
      assert.equal((await flow.send(message())).port, 'success')
    })

    it('closes it with the account', async () => {
      const flow = await loadFlow({ account: { region: 'sandbox' } })
      await flow.send(message()) // it is up now
      const { sandbox, release } = await acquireSandbox()
      await release()
      assert.equal((await fetch(sandbox.url)).status, 404)
      await helper.clearFlows()
      await assert.rejects(fetch(sandbox.url))
    })
  })

  it('can be deployed again and again', async () => {
    const server = await startServer((response) => response.end())
    const account = { region: 'custom', baseUrl: server.url }
    const flow = await loadFlow({ account })
    for (let timeout = 1; timeout <= 10; timeout++) {
      await flow.deploy({ account: { ...account, timeout } }, 'nodes')
      assert.equal((await flow.send(message())).port, 'success')
    }
    const { connection } = helper.getNode('account') as AccountNode
    assert.ok('client' in connection)
  })
})
