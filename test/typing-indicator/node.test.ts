import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import helper from 'node-red-node-test-helper'
import type { Kind } from '../../nodes/account/errors'
import { CANARY, UMID } from '../support/events'
import {
  type FlowOptions,
  loadFlow,
  logged,
  type Output,
  reported,
  unloadFlow,
} from '../support/flow'
import { closeServers, refusedPort, startServer } from '../support/server'
import { inboundWebhook } from '../support/webhooks'

const message = () => ({ umid: UMID, channel: 'whatsapp' }) as Record<string, unknown>

describe('8x8-typing-indicator', () => {
  afterEach(async () => {
    await unloadFlow()
    await closeServers()
  })

  /** A flow whose account sends to a local server. */
  async function loadWith(
    answer: Parameters<typeof startServer>[0],
    { account, ...options }: FlowOptions = {},
  ) {
    const server = await startServer(answer)
    const flow = await loadFlow({
      account: { region: 'custom', baseUrl: server.url, timeout: 0.2, deadline: 0.25, ...account },
      ...options,
    })
    return { server, flow }
  }

  const accept: Parameters<typeof startServer>[0] = (response) => response.end()
  const refuse =
    (statusCode: number, body: object | string = '', headers = {}) =>
    (response: import('node:http').ServerResponse) =>
      response
        .writeHead(statusCode, headers)
        .end(typeof body === 'string' ? body : JSON.stringify(body))

  describe('success', () => {
    it('emits the same message on output 1, with what was sent', async () => {
      const { flow, server } = await loadWith(accept)
      const msg: Output = { ...message(), payload: {}, req: {}, res: {}, other: [1] }
      const before = { ...msg }
      const out = await flow.send(msg)
      assert.equal(out.port, 'success')
      assert.equal(out.msg, msg)
      for (const [name, value] of Object.entries(before)) assert.equal(out.msg[name], value)
      const { sentAt, durationMs, ...typing } = out.msg.typing ?? {}
      assert.deepEqual(typing, {
        state: 'sent',
        umid: UMID,
        channel: 'whatsapp',
        subAccountId: 'my_sub',
        attempts: 1,
        statusCode: 200,
      })
      assert.equal(new Date(`${sentAt}`).toISOString(), sentAt)
      assert.equal(Number.isInteger(durationMs), true)
      assert.equal(out.msg.error, undefined)
      assert.equal(server.received[0]?.headers.authorization, `Bearer ${CANARY}`)
      assert.deepEqual(
        flow.completions.map(({ error }) => error),
        [undefined],
      )
      assert.deepEqual(flow.statuses, [
        {},
        { fill: 'blue', shape: 'dot', text: 'status.sending' },
        { fill: 'green', shape: 'dot', text: 'status.sent' },
      ])
    })

    it('replaces msg.typing and keeps msg.error of an earlier node', async () => {
      const { flow } = await loadWith(accept)
      const { msg } = await flow.send({ ...message(), typing: 'old', error: 'old' })
      assert.equal(msg.typing?.state, 'sent')
      assert.equal(msg.error, 'old')
    })

    it('takes all it needs from an inbound webhook', async () => {
      const { flow, server } = await loadWith(accept)
      const payload = inboundWebhook({ payload: { recipient: { channel: 'RCS' } } })
      const { port, msg } = await flow.send({ payload })
      assert.equal(port, 'success')
      assert.equal(msg.typing?.channel, 'rcs')
      assert.equal(server.received[0]?.path, '/api/v1/subaccounts/webhook_sub/events')
      assert.equal(JSON.parse(server.received[0]?.body ?? '').channel, 'rcs')
    })

    it('triggers a Complete node', async () => {
      const { flow } = await loadWith(accept, {
        more: [
          { id: 'completes', type: 'complete', scope: ['typing'], wires: [['completed']] },
          { id: 'completed', type: 'helper' },
        ],
      })
      const completed = new Promise((resolve) => helper.getNode('completed').on('input', resolve))
      await flow.send(message())
      await completed
      assert.deepEqual(flow.outputs.map(({ port }) => port).sort(), ['completed', 'success'])
    })
  })

  describe('typed inputs', () => {
    const inputs: [type: string, node: object][] = [
      ['msg, nested', { umid: 'a.b', umidType: 'msg' }],
      ['flow', { umid: 'umid', umidType: 'flow' }],
      ['global', { umid: 'umid', umidType: 'global' }],
      ['str', { umid: UMID, umidType: 'str' }],
      ['env', { umid: 'SOME_UMID', umidType: 'env' }],
      ['jsonata', { umid: '$lowercase(a.b)', umidType: 'jsonata' }],
    ]
    for (const [what, node] of inputs) {
      it(`reads ${what}`, async () => {
        const { flow, server } = await loadWith(accept, {
          node: { ...node, channel: 'rcs', channelType: 'str' },
          tab: { env: [{ name: 'SOME_UMID', value: UMID, type: 'str' }] },
        })
        const { flow: flowContext, global: globalContext } = helper.getNode('typing').context()
        flowContext.set('umid', UMID)
        globalContext.set('umid', UMID)
        const { port } = await flow.send({ a: { b: UMID } })
        assert.equal(port, 'success')
        const body = { channel: 'rcs', type: 'typing', umid: UMID }
        assert.deepEqual(JSON.parse(server.received[0]?.body ?? ''), body)
      })
    }

    it('reports an expression that fails as invalid-input', async () => {
      const { flow } = await loadWith(accept, {
        node: { umid: '$number("x")', umidType: 'jsonata' },
      })
      const { msg } = await flow.send(message())
      assert.equal(msg.error?.kind, 'invalid-input')
      assert.match(`${msg.error?.message}`, /umid/)
    })

    it('shows an expression that does not parse at deploy', async () => {
      const { flow } = await loadWith(accept, { node: { umid: '$(', umidType: 'jsonata' } })
      assert.deepEqual(flow.statuses, [{ fill: 'red', shape: 'ring', text: 'status.check.umid' }])
      assert.equal((await flow.send(message())).msg.error?.kind, 'not-configured')
    })

    it('sends for another sub-account than that of the account', async () => {
      const { flow, server } = await loadWith(accept, {
        node: { subAccountId: 'sub', subAccountIdType: 'msg' },
      })
      await flow.send({ ...message(), sub: 'a&b.c' })
      const segment = server.received[0]?.path.split('/')[4] ?? ''
      assert.equal(decodeURIComponent(segment), 'a&b.c')
    })
  })

  describe('failure', () => {
    const server400 = refuse(400, { code: 1002, message: 'x', errorId: 'e', timestamp: 't' })

    it('emits the same message on output 2, with plain facts', async () => {
      const { flow } = await loadWith(server400, { node: { name: 'A name' } })
      const msg = message()
      const out = await flow.send(msg)
      assert.equal(out.port, 'error')
      assert.equal(out.msg, msg)
      assert.deepEqual(out.msg.error, {
        message: '8x8 rejected the request (400, code 1002): x',
        kind: 'rejected',
        retryable: false,
        attempts: 1,
        code: 1002,
        statusCode: 400,
        errorId: 'e',
        timestamp: 't',
        umid: UMID,
        channel: 'whatsapp',
        source: { id: 'typing', type: '8x8-typing-indicator', name: 'A name' },
      })
      assert.equal(Object.hasOwn(out.msg, '_error'), false)
      assert.deepEqual(
        flow.completions.map(({ error }) => error),
        [undefined],
      )
      const last = { fill: 'red', shape: 'dot', text: 'status.rejected' }
      assert.deepEqual(flow.statuses.at(-1), last)
    })

    it('keeps an earlier error as _error', async () => {
      const { flow } = await loadWith(server400)
      const earlier = { message: 'earlier' }
      const { msg } = await flow.send({ ...message(), error: earlier })
      assert.equal(msg._error, earlier)
      assert.equal(msg.error?.kind, 'rejected')
    })

    const caught = [
      { id: 'catches', type: 'catch', scope: ['typing'], wires: [['caught']] },
      { id: 'caught', type: 'helper' },
    ]

    it('goes to output 2 only, when that is wired', async () => {
      const { flow } = await loadWith(server400, { more: caught })
      await flow.send(message())
      await flow.send(message())
      assert.deepEqual(
        flow.outputs.map(({ port }) => port),
        ['error', 'error'],
      )
      assert.doesNotMatch(logged(), /8x8 rejected/)
    })

    it('goes to Catch nodes only, with its facts, when output 2 is not wired', async () => {
      const { flow } = await loadWith(server400, { errors: false, more: caught })
      const { port, msg } = await flow.send(message())
      assert.equal(port, 'caught')
      assert.equal(msg.error?.message, '8x8 rejected the request (400, code 1002): x')
      assert.equal(msg.error?.code, 1002)
      const cause = msg.error?.cause as Record<string, unknown>
      assert.equal(cause.kind, 'rejected')
      assert.equal(cause.umid, UMID)
      assert.equal(flow.outputs.length, 1)
      assert.equal(flow.completions.length, 1)
    })

    it('is not lost when the node at output 2 is disabled', async () => {
      const { flow } = await loadWith(server400, {
        more: [...caught, { id: 'off', type: 'helper', d: true }],
        node: { wires: [['success'], ['off']] },
      })
      assert.equal((await flow.send(message())).port, 'caught')
    })

    it('is logged when nothing catches it', async () => {
      const { flow } = await loadWith(server400, { errors: false })
      const error = reported()
      void flow.send(message())
      await error
      assert.match(logged(), /8x8 rejected/)
      assert.equal(flow.completions.length, 1)
    })
  })

  describe('each kind of failure', () => {
    const at = { port: 0 }
    const local = (): string => `http://127.0.0.1:${at.port}`
    before(async () => {
      at.port = await refusedPort()
    })

    const cases: [what: string, kind: Kind, options: () => FlowOptions, msg?: object][] = [
      ['no account', 'not-configured', () => ({ node: { account: '' } })],
      ['no key', 'not-configured', () => ({ apiKey: '' })],
      ['no sub-account', 'not-configured', () => ({ account: { subAccountId: '' } })],
      [
        'an invalid base URL',
        'not-configured',
        () => ({ account: { region: 'custom', baseUrl: 'http://api.example.com' } }),
      ],
      ['no umid', 'invalid-input', () => ({}), { channel: 'rcs' }],
      [
        'a delivery receipt',
        'invalid-input',
        () => ({}),
        { payload: inboundWebhook({ eventType: 'outbound_message_status_changed' }) },
      ],
      ['LINE', 'unsupported-channel', () => ({}), { umid: UMID, channel: 'LINE' }],
      [
        'a message of 3 hours ago',
        'expired',
        () => ({}),
        { ...message(), receivedAt: Date.now() - 3 * 3_600_000 },
      ],
      [
        'a refused port',
        'network',
        () => ({ account: { region: 'custom', baseUrl: local(), deadline: 0.1 } }),
        message(),
      ],
    ]
    for (const [what, kind, options, msg = message()] of cases) {
      it(`reports ${what} as ${kind}`, async () => {
        const flow = await loadFlow(options())
        const out = await flow.send({ ...msg })
        assert.equal(out.port, 'error')
        assert.equal(out.msg.error?.kind, kind)
        assert.equal(flow.completions.length, 1)
        const shape = kind === 'not-configured' ? 'ring' : 'dot'
        assert.equal(flow.statuses.at(-1)?.fill, 'red')
        assert.equal(flow.statuses.at(-1)?.shape, shape)
        if (kind === 'not-configured') assert.equal(flow.statuses[0]?.fill, 'red') // at deploy
      })
    }

    const answers: [what: string, kind: Kind, answer: Parameters<typeof startServer>[0]][] = [
      ['401', 'authentication', refuse(401, { code: 1200 })],
      ['403', 'forbidden', refuse(403)],
      ['400 with 1001', 'forbidden', refuse(400, { code: 1001 })],
      ['a redirect', 'rejected', refuse(302, '', { location: 'http://127.0.0.1:1' })],
      ['429', 'rate-limited', refuse(429, '', { 'retry-after': '2' })],
      ['an HTML 502', 'server', refuse(502, '<html>')],
      ['a reset', 'network', (_response, _request, { socket }) => socket.resetAndDestroy()],
      ['a hang', 'timeout', () => {}],
    ]
    for (const [what, kind, answer] of answers) {
      it(`reports ${what} as ${kind}`, async () => {
        const { flow, server } = await loadWith(answer)
        const { port, msg } = await flow.send(message())
        assert.equal(port, 'error')
        assert.equal(msg.error?.kind, kind)
        assert.equal(msg.error?.umid, UMID)
        assert.equal(msg.error?.attempts, server.received.length)
        assert.equal(flow.completions.length, 1)
      })
    }

    it('retries a 429 with Retry-After, then succeeds', async () => {
      const { flow, server } = await loadWith(
        (response) => {
          if (server.received.length > 1) response.end()
          else response.writeHead(429, { 'retry-after': '1' }).end()
        },
        { account: { deadline: 5 } },
      )
      const { msg } = await flow.send(message())
      assert.equal(msg.typing?.attempts, 2)
    })

    it('survives a message that throws when it is looked at', async () => {
      const { flow } = await loadWith(accept)
      const msg = message()
      Object.defineProperty(msg, 'payload', {
        get() {
          throw new Error('hands off')
        },
      })
      assert.equal((await flow.send(msg)).msg.error?.kind, 'invalid-input')
    })
  })

  describe('a channel without typing indicators', () => {
    it('passes on output 1 with nothing sent, when so configured', async () => {
      const { flow, server } = await loadWith(accept, { node: { unsupported: 'pass' } })
      const payload = inboundWebhook({ payload: { recipient: { channel: 'line' } } })
      const { port, msg } = await flow.send({ payload })
      assert.equal(port, 'success')
      const { durationMs, ...typing } = msg.typing ?? {}
      assert.equal(typeof durationMs, 'number')
      assert.deepEqual(typing, { state: 'skipped', umid: UMID, channel: 'line', attempts: 0 })
      assert.equal(server.received.length, 0)
      assert.equal(flow.statuses.at(-1)?.fill, 'grey')
    })
  })

  describe('redeploy', () => {
    it('ends a message in hand as closed, once', async () => {
      let arrived = () => {}
      const arrival = new Promise<void>((resolve) => {
        arrived = resolve
      })
      const { flow } = await loadWith(() => arrived(), { account: { timeout: 60, deadline: 60 } })
      const ended = flow.send(message())
      await arrival
      await flow.deploy({ node: { name: 'changed' } }, 'nodes')
      const { port, msg } = await ended
      assert.equal(port, 'error')
      assert.equal(msg.error?.kind, 'closed')
      assert.equal(flow.completions.length, 1)
      assert.equal(flow.outputs.length, 1)
      assert.deepEqual(flow.statuses.at(-1), {}) // nothing of the old node stays
    })

    it('calls done even when everything stops at once', async () => {
      let arrived = () => {}
      const arrival = new Promise<void>((resolve) => {
        arrived = resolve
      })
      const { flow } = await loadWith(() => arrived(), { account: { timeout: 60, deadline: 60 } })
      void flow.send(message())
      await arrival
      await helper.clearFlows()
      assert.equal(flow.completions.length, 1)
    })

    it('uses a corrected account', async () => {
      const server = await startServer(accept)
      const flow = await loadFlow({ account: { region: 'custom', baseUrl: 'nonsense' } })
      assert.equal((await flow.send(message())).msg.error?.kind, 'not-configured')
      await flow.deploy({ account: { region: 'custom', baseUrl: server.url } }, 'nodes')
      assert.deepEqual(flow.statuses.at(-1), {})
      assert.equal((await flow.send(message())).port, 'success')
    })
  })

  describe('the API key', () => {
    it('is nowhere but in the Authorization header', async () => {
      const echo: Parameters<typeof startServer>[0] = (response, { headers }) =>
        refuse(401, { code: 1200, message: `refused ${headers.authorization}` })(response)
      const { flow, server } = await loadWith(echo, { errors: false })
      const error = reported()
      void flow.send(message())
      await error
      await flow.deploy({ errors: true }, 'full')
      await flow.send(message())
      assert.equal(server.received[0]?.headers.authorization, `Bearer ${CANARY}`)
      const exported = helper.getNode('account') as object
      const { credentials: _, ...seen } = exported as { credentials: object }
      const left = { ...flow, seen: JSON.stringify(seen, shallow), path: server.received[0]?.path }
      assert.doesNotMatch(inspect(left, { depth: 20, showHidden: true }), new RegExp(CANARY))
      assert.doesNotMatch(logged(), new RegExp(CANARY))
    })
  })
})

function shallow(key: string, value: unknown): unknown {
  return key.startsWith('_') ? undefined : value
}
