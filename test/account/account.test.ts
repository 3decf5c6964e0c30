import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { NodeInitializer } from 'node-red'
import helper from 'node-red-node-test-helper'
import { generate } from 'selfsigned'
import { subAccountPath } from '../../nodes/lib/api'
import type { AccountNode } from '../../nodes/lib/connection'
import { MessagingError } from '../../nodes/lib/errors'
import { acquireSandbox, forgetAccount } from '../../nodes/lib/sandbox/shared'
import { identify } from '../support/certificates'
import { CANARY, durationOf, moment, rejection } from '../support/events'
import { loadFlow, logged, unloadFlow } from '../support/flow'
import { closeServers, startProxy, startServer } from '../support/server'
import { CATCH, message } from '../support/typing'

const core = (file: string): NodeInitializer => require(`@node-red/nodes/core/network/${file}`)

/** A `tls-config` node. */
const tlsConfig = (id: string, more: object) => ({
  ...{ id, type: 'tls-config', cert: '', key: '', ca: '', verifyservercert: true },
  ...more,
})

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

  it('uses a tls-config node with files, whatever was uploaded to it before', async () => {
    const { key, cert } = await identify()
    const server = await startServer((response) => response.end(), { key, cert })
    const folder = await mkdtemp(join(tmpdir(), 'tls-'))
    try {
      const ca = join(folder, 'ca.pem')
      await writeFile(ca, `# An authority of our own\n${cert}`)
      const flow = await loadFlow({
        account: { region: 'custom', baseUrl: server.url, tls: 'tls' },
        types: [core('05-tls.js')],
        configs: [tlsConfig('tls', { ca, certname: 'old.pem', keyname: 'old.key' })],
      })
      assert.equal((await flow.send(message())).port, 'success')
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  for (const verifyservercert of [undefined, null, '', 'false', 0]) {
    it(`checks certificates with verifyservercert ${JSON.stringify(verifyservercert)}`, async () => {
      const server = await startServer((response) => response.end(), await identify())
      const flow = await loadFlow({
        account: { region: 'custom', baseUrl: server.url, tls: 'tls' },
        types: [core('05-tls.js')],
        configs: [tlsConfig('tls', { verifyservercert })],
      })
      assert.equal((await flow.send(message())).msg.error?.kind, 'network')
      assert.equal(server.received.length, 0)
    })
  }

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

  describe('with an invalid setting', () => {
    const server = { region: 'custom', baseUrl: 'http://127.0.0.1:1' }
    const configs = [
      { id: 'proxy', type: 'http proxy', url: 'socks5://127.0.0.1:1080', noproxy: [] },
      { id: 'disabled', type: 'http proxy', url: 'http://127.0.0.1:1', noproxy: [], d: true },
      { id: 'sibling', type: '8x8-account', region: 'sandbox', subAccountId: 'my_sub' },
      { id: 'blank', type: 'http proxy', url: '', noproxy: [] },
      { id: 'unset', type: 'http proxy', url: '${TEST_8X8_NOT_SET}', noproxy: [] },
      { id: 'emptied', type: 'http proxy', url: '${TEST_8X8_EMPTY}', noproxy: [] },
      { id: 'locked', type: 'http proxy', url: 'http://127.0.0.1:1', noproxy: [] },
      tlsConfig('no-files', { cert: '/gone/cert.pem', key: '/gone/key.pem' }),
      tlsConfig('no-ca-file', { ca: '/gone/ca.pem' }),
      tlsConfig('path-unset', { ca: '${TEST_8X8_NOT_SET}' }),
      tlsConfig('path-emptied', { ca: '${TEST_8X8_EMPTY}' }),
      tlsConfig('keyless', { certname: 'cert.pem' }),
      tlsConfig('imported', { certname: 'cert.pem', keyname: 'key.pem' }),
      tlsConfig('imported-ca', { caname: 'ca.pem' }),
      tlsConfig('data-emptied', {}),
      tlsConfig('garbled-ca', { caname: 'ca.pem' }),
      tlsConfig('garbled-key', { certname: 'cert.pem', keyname: 'key.pem' }),
      tlsConfig('mismatched', { certname: 'cert.pem', keyname: 'key.pem' }),
    ]
    const credentials: Record<string, object> = {
      locked: { username: 'u', password: '${TEST_8X8_NOT_SET}' },
      keyless: { certdata: 'x' },
      'data-emptied': { cadata: '${TEST_8X8_EMPTY}' },
      'garbled-ca': { cadata: 'not a certificate' },
    }
    const types = [core('05-tls.js'), core('06-httpproxy.js')]
    before(async () => {
      const [one, two] = [await identify(), await identify()]
      credentials['garbled-key'] = { certdata: one.cert, keydata: 'not a key' }
      credentials.mismatched = { certdata: one.cert, keydata: two.key }
      process.env.TEST_8X8_EMPTY = ''
    })
    after(() => {
      delete process.env.TEST_8X8_EMPTY
    })
    for (const [what, field, account, environment] of [
      ['an http_proxy that is not HTTP', 'proxy', {}, { http_proxy: 'ftp://127.0.0.1:21' }],
      ['a proxy node that is not HTTP', 'proxy', { proxy: 'proxy' }, {}],
      ['a node as TLS configuration that is none', 'tls', { tls: 'proxy' }, {}],
      ['a node as proxy that is none', 'proxy', { proxy: 'sibling' }, {}],
      ['a TLS node that is not there', 'tls', { tls: 'gone' }, {}],
      ['a proxy node that is disabled', 'proxy', { proxy: 'disabled' }, {}],
      ['a proxy node without a URL', 'proxy', { proxy: 'blank' }, {}],
      ['a proxy URL in a variable that is not set', 'proxy', { proxy: 'unset' }, {}],
      ['a proxy URL in a variable that is empty', 'proxy', { proxy: 'emptied' }, {}],
      ['a proxy password in a variable that is not set', 'proxy', { proxy: 'locked' }, {}],
      ['a certificate that cannot be read', 'tls', { tls: 'no-files' }, {}],
      ['an authority that cannot be read', 'tls', { tls: 'no-ca-file' }, {}],
      ['an authority in a file whose variable is not set', 'tls', { tls: 'path-unset' }, {}],
      ['an authority in a file whose variable is empty', 'tls', { tls: 'path-emptied' }, {}],
      ['an authority in a variable that is empty', 'tls', { tls: 'data-emptied' }, {}],
      ['a certificate without its key', 'tls', { tls: 'keyless' }, {}],
      ['a certificate that was left behind by an export', 'tls', { tls: 'imported' }, {}],
      ['an authority that was left behind by an export', 'tls', { tls: 'imported-ca' }, {}],
      ['an authority that is no certificate', 'tls', { tls: 'garbled-ca' }, {}],
      ['a key that is none', 'tls', { tls: 'garbled-key' }, {}],
      ['a key of another certificate', 'tls', { tls: 'mismatched' }, {}],
    ] as const) {
      it(`shows ${what} at deploy, and sends nothing`, async () => {
        Object.assign(process.env, environment)
        const flow = await loadFlow({
          account: { ...server, ...account },
          ...{ configs, credentials, types },
        })
        for (const name of Object.keys(environment)) delete process.env[name]
        const ring = { fill: 'red', shape: 'ring', text: `status.check.${field}` }
        assert.deepEqual(flow.statuses, [ring])
        const { connection } = helper.getNode('account') as AccountNode
        assert.ok(connection instanceof MessagingError)
        assert.equal(connection.cause.kind, 'not-configured')
        assert.equal(connection.field, field)
        const { port, msg } = await flow.send(message())
        assert.equal(port, 'error')
        assert.equal(msg.error?.kind, 'not-configured')
        assert.equal(msg.error?.attempts, 0)
        assert.equal(flow.statuses.length, 1, 'the reason is shown no more')
      })
    }

    it('fails each message with facts of its own', async () => {
      const flow = await loadFlow({ apiKey: '', errors: false, more: CATCH })
      const factsOf = async () => {
        const { port, msg } = await flow.send(message())
        assert.equal(port, 'caught')
        return msg.error?.cause as Record<string, unknown>
      }
      const first = await factsOf()
      const before = { ...first }
      Object.assign(first, { kind: 'changed', umid: 'changed', other: 'changed' })
      assert.deepEqual(await factsOf(), before)
      assert.equal(before.kind, 'not-configured')
    })
  })

  describe('in the sandbox', () => {
    it('needs no key', async () => {
      const flow = await loadFlow({ account: { region: 'sandbox' }, apiKey: '' })
      const { port, msg } = await flow.send(message())
      assert.equal(port, 'success')
      assert.equal(msg.typing?.subAccountId, 'my_sub')
    })

    it('shares one sandbox and key; a sub-account is there while an account uses it', async () => {
      const flow = await loadFlow({ account: { region: 'sandbox', subAccountId: 'one_sub' } })
      const { sandbox, apiKey, release } = await acquireSandbox({
        accountId: 'test',
        subAccountId: 'test_sub',
      })
      const statusFor = async (subAccountId: string) => {
        const response = await fetch(`${sandbox.url}${subAccountPath(subAccountId, 'events')}`, {
          method: 'POST',
          headers: { authorization: `Bearer ${apiKey}` },
          body: JSON.stringify({ ...message(), type: 'typing' }),
        })
        return response.status
      }
      const before = sandbox.requests.length // of earlier tests: it stays with the account
      try {
        assert.equal((await flow.send(message())).msg.typing?.subAccountId, 'one_sub')
        assert.equal(sandbox.requests.length, before + 1)
        assert.equal(await statusFor('one_sub'), 200)
        await flow.deploy({ account: { region: 'sandbox', subAccountId: 'two_sub' } }, 'nodes')
        assert.equal((await flow.send(message())).msg.typing?.subAccountId, 'two_sub')
        assert.equal(sandbox.requests.length, before + 3)
        assert.equal(await statusFor('two_sub'), 200)
        assert.equal(await statusFor('one_sub'), 400)
      } finally {
        await release()
        forgetAccount('test')
      }
    })

    it('does not send the user’s key to the sandbox', async () => {
      const flow = await loadFlow({ account: { region: 'sandbox' }, apiKey: CANARY })
      const { apiKey, release } = await acquireSandbox({
        accountId: 'test',
        subAccountId: 'test_sub',
      })
      await release()
      forgetAccount('test')
      assert.notEqual(apiKey, CANARY)
      assert.equal((await flow.send(message())).port, 'success')
    })

    it('closes the sandbox with the account', async () => {
      const flow = await loadFlow({ account: { region: 'sandbox' } })
      await flow.send(message()) // it is up now
      const { sandbox, release } = await acquireSandbox({
        accountId: 'test',
        subAccountId: 'test_sub',
      })
      await release()
      forgetAccount('test')
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

  it('closes its connections when it is deployed again', async () => {
    const sockets = new Set<Socket>()
    const gone = moment()
    const server = await startServer((response, _request, { socket }) => {
      sockets.add(
        socket.once('close', () => sockets.delete(socket) && !sockets.size && gone.come()),
      )
      response.end()
    })
    const account = { region: 'custom', baseUrl: server.url }
    const flow = await loadFlow({ account })
    await flow.send(message())
    assert.equal(sockets.size, 1)
    // Sooner than an idle connection ends by itself (3 s).
    const duration = durationOf(gone.came)
    await flow.deploy({ account: { ...account, timeout: 4 } }, 'nodes')
    assert.ok((await duration) < 2000, `after ${await duration} ms`)
  })

  it('ends its replies as closed when it is deployed again, and says which may have been sent', async () => {
    const arrival = moment()
    const server = await startServer(() => arrival.come())
    await loadFlow({ account: { region: 'custom', baseUrl: server.url } })
    const { connection } = helper.getNode('account') as unknown as AccountNode
    assert.ok(!(connection instanceof MessagingError))
    const [written, queued] = ['one', 'two'].map((body) =>
      connection.replies.reserve().send({
        subAccountId: 'my_sub',
        recipient: { msisdn: '+6590000000' },
        bodies: [body],
        typing: 'stop',
      }),
    )
    assert.ok(written && queued)
    const ended = [rejection(written, 'closed'), rejection(queued, 'closed')]
    await arrival.came
    await unloadFlow()
    const facts = (await Promise.all(ended)).map(({ cause }) => cause.maybeSent)
    assert.deepEqual(facts, [true, undefined])
    assert.deepEqual(
      server.received.map(({ body }) => body),
      ['one'],
    )
  })

  describe('testing the connection', () => {
    const CUSTOM = { region: 'custom', subAccountId: 'my_sub' }
    const ask = async (id: string, form: object): Promise<unknown> =>
      (await helper.request().post(`/8x8-account/${id}/test`).send(form).expect(200)).body

    it('uses the stored key only for the deployed address', async () => {
      const own = await startServer((response) => response.end())
      const other = await startServer((response) => response.end())
      await loadFlow({ account: { ...CUSTOM, baseUrl: own.url } })
      const form = { ...CUSTOM, baseUrl: own.url, apiKey: '__PWRD__' }
      assert.deepEqual(await ask('account', form), {
        result: 'fine',
        host: new URL(own.url).host,
      })
      assert.equal(own.received[0]?.headers.authorization, `Bearer ${CANARY}`)
      for (const [id, changes] of [
        ['account', { baseUrl: other.url }],
        ['typing', {}],
        ['nobody', { baseUrl: other.url }],
      ] as const) {
        const answer = (await ask(id, { ...form, ...changes })) as { result: string }
        assert.ok(['keyNeeded', 'invalid'].includes(answer.result), answer.result)
      }
      assert.equal(own.received.length, 1)
      assert.equal(other.received.length, 0)
    })

    it('resolves environment variables, also for a node that is not deployed', async () => {
      const server = await startServer((response) => response.end())
      await loadFlow({ account: { ...CUSTOM, baseUrl: server.url } })
      process.env.TEST_8X8_SUB = 'env_sub'
      try {
        const form = { region: 'custom', baseUrl: server.url, subAccountId: '${TEST_8X8_SUB}' }
        await ask('account', form)
        const unset = { ...form, region: 'europe', apiKey: '${TEST_8X8_NOT_SET}' }
        assert.deepEqual(await ask('new', unset), { result: 'unset', name: 'TEST_8X8_NOT_SET' })
      } finally {
        delete process.env.TEST_8X8_SUB
      }
      assert.equal(server.received[0]?.path, '/api/v1/subaccounts/env_sub/events')
    })
  })
})
