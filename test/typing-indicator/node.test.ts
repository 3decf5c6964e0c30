import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import helper from 'node-red-node-test-helper'
import { CANARY, UMID } from '../support/events'
import { logged, type Output, reported, unloadFlow } from '../support/flow'
import { type Answer, closeServers } from '../support/server'
import { accept, loadWith, message, refuse, reject400 } from '../support/typing'
import { inboundWebhook } from '../support/webhooks'

describe('8x8-typing-indicator', () => {
  afterEach(async () => {
    await unloadFlow()
    await closeServers()
  })

  describe('success', () => {
    it('emits the same message on output 1, with what was sent', async () => {
      const { flow, server } = await loadWith(accept)
      const msg: Output = { ...message(), payload: {}, req: {}, res: {}, other: [1] }
      const before = { ...msg }
      const sentFrom = Date.now()
      const out = await flow.send(msg)
      const sentUntil = Date.now()
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
      assert.ok(Date.parse(`${sentAt}`) >= sentFrom && Date.parse(`${sentAt}`) <= sentUntil)
      assert.equal(Number.isInteger(durationMs), true)
      assert.ok(Number(durationMs) >= 0 && Number(durationMs) <= sentUntil - sentFrom + 1)
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

    it('reports a place in the context that cannot be read as invalid-input', async () => {
      const { flow } = await loadWith(accept, { node: { umid: 'a b[', umidType: 'flow' } })
      const { msg } = await flow.send(message())
      assert.equal(msg.error?.kind, 'invalid-input')
      assert.match(`${msg.error?.message}`, /umid/)
    })

    for (const [umidType, umid] of [
      ['jsonata', '$('],
      ['msg', 'a b['],
    ]) {
      it(`shows ${umidType} that does not parse at deploy`, async () => {
        const { flow } = await loadWith(accept, { node: { umid, umidType } })
        assert.deepEqual(flow.statuses, [{ fill: 'red', shape: 'ring', text: 'status.check.umid' }])
        assert.equal((await flow.send(message())).msg.error?.kind, 'not-configured')
      })
    }

    it('sends for another sub-account than that of the account', async () => {
      const { flow, server } = await loadWith(accept, {
        node: { subAccountId: 'sub', subAccountIdType: 'msg' },
      })
      await flow.send({ ...message(), sub: 'a&b.c' })
      const segment = server.received[0]?.path.split('/')[4] ?? ''
      assert.equal(decodeURIComponent(segment), 'a&b.c')
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
      const subAccountId = payload.payload.subAccountId
      assert.deepEqual(typing, {
        state: 'skipped',
        umid: UMID,
        channel: 'line',
        subAccountId,
        attempts: 0,
      })
      assert.equal(server.received.length, 0)
      assert.equal(flow.statuses.at(-1)?.fill, 'grey')
    })

    it('passes nothing else that fails', async () => {
      const { flow } = await loadWith(reject400, { node: { unsupported: 'pass' } })
      const rejected = await flow.send(message())
      assert.deepEqual([rejected.port, rejected.msg.error?.kind], ['error', 'rejected'])
      const wrong = await flow.send({ channel: 'whatsapp' })
      assert.deepEqual([wrong.port, wrong.msg.error?.kind], ['error', 'invalid-input'])
    })

    it('leaves out a umid that is not known', async () => {
      const { flow } = await loadWith(accept, { node: { unsupported: 'pass' } })
      const { msg } = await flow.send({ channel: 'line' })
      const keys = ['attempts', 'channel', 'durationMs', 'state', 'subAccountId']
      assert.deepEqual(Object.keys(msg.typing ?? {}).sort(), keys)
    })
  })

  describe('the API key', () => {
    it('is nowhere but in the Authorization header', async () => {
      const echo: Answer = (response, { headers }) =>
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
