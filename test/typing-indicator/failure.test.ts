import assert from 'node:assert/strict'
import type { Kind } from '../../nodes/lib/errors'
import { UMID } from '../support/events'
import { type FlowOptions, loadFlow, logged, reported, unloadFlow } from '../support/flow'
import { type Answer, closeServers, refusedPort } from '../support/server'
import { CATCH, loadWith, message, refuse, reject400 } from '../support/typing'
import { inboundWebhook } from '../support/webhooks'

describe('8x8-typing-indicator, failing', () => {
  afterEach(async () => {
    await unloadFlow()
    await closeServers()
  })

  describe('failure', () => {
    it('emits the same message on output 2, with plain facts', async () => {
      const { flow } = await loadWith(reject400, { node: { name: 'A name' } })
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
      const { flow } = await loadWith(reject400)
      const earlier = { message: 'earlier' }
      const { msg } = await flow.send({ ...message(), error: earlier })
      assert.equal(msg._error, earlier)
      assert.equal(msg.error?.kind, 'rejected')
    })

    it('goes to output 2 only, when that is wired', async () => {
      const { flow } = await loadWith(reject400, { more: CATCH })
      await flow.send(message())
      const { msg } = await flow.send(message())
      // Without a name, which this node does not have.
      assert.deepEqual(msg.error?.source, { id: 'typing', type: '8x8-typing-indicator' })
      assert.deepEqual(
        flow.outputs.map(({ port }) => port),
        ['error', 'error'],
      )
      assert.doesNotMatch(logged(), /8x8 rejected/)
    })

    it('goes to Catch nodes only, with its facts, when output 2 is not wired', async () => {
      const { flow } = await loadWith(reject400, { errors: false, more: CATCH })
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
      const { flow } = await loadWith(reject400, {
        more: [...CATCH, { id: 'off', type: 'helper', d: true }],
        node: { wires: [['success'], ['off']] },
      })
      assert.equal((await flow.send(message())).port, 'caught')
    })

    it('is logged when nothing catches it', async () => {
      const { flow } = await loadWith(reject400, { errors: false })
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
      // As the variable of a subflow that is not set leaves it.
      ['an unknown action', 'not-configured', () => ({ node: { action: '${ACTION}' } })],
      [
        'an unknown choice for other channels',
        'not-configured',
        () => ({ node: { unsupported: '${U}' } }),
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

    for (const [field, value] of [
      ['umid', 'none'],
      ['channel', 'fax'],
      ['subAccountId', '${SUB}'], // as a variable that is not set leaves it
      ['receivedAt', 'noon'],
    ] as const) {
      const wrong = { [field]: value, [`${field}Type`]: 'str' }

      it(`shows an invalid fixed ${field} at deploy`, async () => {
        const flow = await loadFlow({ node: wrong })
        const text = `status.check.${field}`
        assert.deepEqual(flow.statuses, [{ fill: 'red', shape: 'ring', text }])
        const { port, msg } = await flow.send(message())
        assert.equal(port, 'error')
        assert.equal(msg.error?.kind, 'invalid-input')
      })
    }

    it('treats an unset variable as no conversation', async () => {
      const flow = await loadFlow({ node: { conversation: '${PHONE}', conversationType: 'str' } })
      const text = 'status.check.conversation'
      assert.deepEqual(flow.statuses, [{ fill: 'red', shape: 'ring', text }])
      const { msg } = await flow.send(message())
      assert.equal(msg.error?.kind, 'not-configured')
      assert.match(`${msg.error?.message}`, /PHONE/)
    })

    it('stops even if a property that a stop does not need is invalid', async () => {
      const node = { action: 'stop', channel: 'fax', channelType: 'str' }
      const flow = await loadFlow({ node })
      const { msg } = await flow.send(message())
      assert.equal(msg.typing?.state, 'stopped')
      assert.ok(!flow.statuses.some(({ text }) => text === 'status.sending'))
    })

    it('says what an expression threw, which is no Error of JavaScript', async () => {
      const flow = await loadFlow({ node: { umid: '$error("boom")', umidType: 'jsonata' } })
      const { msg } = await flow.send(message())
      assert.equal(msg.error?.message, 'The umid cannot be read: boom')
    })

    const answers: [what: string, kind: Kind, answer: Answer][] = [
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
  })
})
