import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import helper from 'node-red-node-test-helper'
import { CANARY, moment, UMID } from '../support/events'
import {
  type FlowOptions,
  kindOf,
  logged,
  type Output,
  reported,
  unloadFlow,
} from '../support/flow'
import {
  answer,
  bodiesOf,
  loadReply,
  REPLY,
  reset,
  takeAll,
  textsOf,
  umidOf,
} from '../support/reply'
import { closeServers, type Received } from '../support/server'
import { refuse } from '../support/typing'

const USER = { msisdn: '+6591234567' }

/** A typing indicator that leads to `completed`, for `more` of a flow. */
const TYPING = [
  {
    id: 'typing',
    type: '8x8-typing-indicator',
    account: 'account',
    action: 'start',
    wires: [['completed'], ['caught']],
  },
  { id: 'completed', type: 'helper' },
  { id: 'caught', type: 'helper' },
]

const isReply = ({ path }: Received) => path.endsWith('/messages')

describe('8x8-reply', () => {
  afterEach(async () => {
    await unloadFlow()
    await closeServers()
  })

  it('reports a content that is no JSON although its type says so', async () => {
    const { flow } = await loadReply(takeAll(), { node: { content: '{', contentType: 'json' } })
    const { msg } = await flow.send(answer())
    assert.equal(msg.error?.kind, 'invalid-input')
    assert.match(`${msg.error?.message}`, /^The content cannot be read: .*JSON/)
  })

  it('answers the message of an inbound node, and hands it on with the result', async () => {
    const { flow, server } = await loadReply()
    const sent = answer({ req: {}, topic: 'mine' })
    const { port, msg } = await flow.send(sent)
    assert.equal(port, 'success')
    assert.equal(msg, sent)
    const { sentAt, durationMs, ...reply } = msg.reply ?? {}
    assert.deepEqual(reply, {
      umid: umidOf(1),
      state: 'queued',
      subAccountId: 'my_sub',
      attempts: 1,
      statusCode: 200,
      typing: { indicators: 0, durationMs: 0 },
    })
    assert.match(`${sentAt}`, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    assert.ok(Number.isInteger(durationMs))
    const [request] = server.received
    assert.equal(request?.method, 'POST')
    assert.equal(request?.path, '/api/v1/subaccounts/my_sub/messages')
    assert.equal(request?.headers.authorization, `Bearer ${CANARY}`)
    assert.deepEqual(bodiesOf(server), [
      {
        channels: [{ channel: 'WhatsApp' }],
        type: 'text',
        content: { text: 'It leaves today.' },
        user: USER,
      },
    ])
    const looks = flow.statuses.map(({ fill, shape, text }) => `${fill} ${shape} ${text}`)
    assert.deepEqual(looks.slice(-2), ['blue dot status.replying', 'green dot status.sent'])
    assert.deepEqual(
      flow.completions.map(({ error }) => error),
      [undefined],
    )
  })

  it('takes a property that a flow stores as null for a blank one', async () => {
    const { flow, server } = await loadReply(takeAll(), { node: { channel: null } })
    assert.equal((await flow.send(answer())).port, 'success')
    assert.equal(bodiesOf(server)[0]?.channels, undefined)
  })

  it('names each message of a long text', async () => {
    const { flow, server } = await loadReply()
    const { msg } = await flow.send(answer({ payload: 'All of it. '.repeat(1000) }))
    assert.equal(server.received.length, 3)
    assert.equal(msg.reply?.umid, umidOf(1))
    assert.deepEqual(msg.reply?.umids, [1, 2, 3].map(umidOf))
    assert.equal(msg.reply?.attempts, 3)
  })

  it('is a success without umid where 8x8 answers nothing', async () => {
    const { flow } = await loadReply((response) => response.end())
    const { port, msg } = await flow.send(answer())
    assert.equal(port, 'success')
    assert.ok(msg.reply && !('umid' in msg.reply) && !('state' in msg.reply))
  })

  it('reads all that it is told to read', async () => {
    const node = {
      content: '"Dear " & name & "!"',
      contentType: 'jsonata',
      to: 'customer.phone',
      channel: 'CHANNEL',
      channelType: 'env',
      subAccountId: 'my_other_sub',
      umid: 'question.id',
      quote: true,
    }
    const tab = { env: [{ name: 'CHANNEL', value: 'WhatsApp', type: 'str' }] }
    const { flow, server } = await loadReply(takeAll(), { node, tab })
    const customer = { phone: '+65 9123 4567' }
    const { msg } = await flow.send({ name: 'Ana', customer, question: { id: UMID } })
    assert.equal(msg.error, undefined)
    assert.deepEqual(bodiesOf(server), [
      {
        channels: [{ channel: 'WhatsApp' }],
        context: { umid: UMID },
        type: 'text',
        content: { text: 'Dear Ana!' },
        user: USER,
      },
    ])
    assert.equal(server.received[0]?.path, '/api/v1/subaccounts/my_other_sub/messages')
  })

  it('says on output 2 what 8x8 refused, and for which message', async () => {
    const { flow } = await loadReply(refuse(400, { code: 1002, message: 'x' }))
    const { port, msg } = await flow.send(answer({ error: 'earlier' }))
    assert.equal(port, 'error')
    const { message, ...error } = msg.error ?? {}
    assert.match(`${message}`, /^8x8 rejected the request \(400, code 1002\)/)
    assert.deepEqual(error, {
      kind: 'rejected',
      retryable: false,
      attempts: 1,
      code: 1002,
      statusCode: 400,
      umid: UMID,
      channel: 'whatsapp',
      source: { id: REPLY, type: '8x8-reply' },
    })
    assert.equal(msg._error, 'earlier')
    const { fill, shape, text } = flow.statuses.at(-1) ?? {}
    assert.deepEqual([fill, shape, text], ['red', 'dot', 'status.rejected'])
  })

  for (const [what, respond] of [
    ['resets the connection', reset],
    ['fails', refuse(500)],
    ['says nothing', () => {}],
  ] as const) {
    it(`posts once, and says that it may have been sent, where 8x8 ${what}`, async () => {
      const { flow, server } = await loadReply(respond)
      const { port, msg } = await flow.send(answer())
      assert.equal(port, 'error')
      const { maybeSent, retryable, umid, channel } = msg.error ?? {}
      assert.deepEqual([maybeSent, retryable, umid, channel], [true, false, UMID, 'whatsapp'])
      assert.equal(server.received.length, 1)
      assert.equal(flow.statuses.at(-1)?.text, 'status.maybeSent')
    })
  }

  it('reports an error where output 2 is not wired', async () => {
    const { flow } = await loadReply(refuse(400), { errors: false })
    const error = reported()
    void flow.send(answer())
    await error
    assert.equal(flow.outputs.length, 0)
    assert.equal(kindOf(flow.completions[0]?.error), 'rejected')
  })

  for (const [what, changes, kind, said] of [
    ['no content', { payload: '' }, 'check.content', /^No content: msg\.payload is empty/],
    ['no recipient', { user: 7 }, 'check.to', /^The recipient 7 \(a number\) is not valid/],
    ['a wrong umid', { umid: 'x' }, 'check.umid', /^The umid "x" is not valid/],
    ['a wrong sub-account', { subAccountId: '/' }, 'check.subAccountId', /^The subAccountId "\/"/],
  ] as const) {
    it(`sends nothing for a message with ${what}, and says why`, async () => {
      const { flow, server } = await loadReply()
      const { port, msg } = await flow.send(answer(changes))
      assert.equal(port, 'error')
      assert.equal(msg.error?.kind, 'invalid-input')
      assert.match(`${msg.error?.message}`, said)
      assert.equal(server.received.length, 0)
      assert.equal(flow.statuses.at(-1)?.text, `status.${kind}`)
    })
  }

  it('sends nothing where an expression throws, whatever else it knows', async () => {
    const node = { channel: '$error("no")', channelType: 'jsonata' }
    const { flow, server } = await loadReply(takeAll(), { node })
    const { port, msg } = await flow.send(answer())
    assert.equal(port, 'error')
    const { kind, message, umid } = msg.error ?? {}
    assert.deepEqual(
      [kind, message, umid],
      ['invalid-input', 'The channel cannot be read: no', UMID],
    )
    assert.equal(server.received.length, 0)
  })

  describe('and the dots', () => {
    /** Begins to type for the message of {@link answer}. */
    async function type(node: object = {}, more: FlowOptions = {}) {
      const { flow, server } = await loadReply(takeAll(), { node, more: TYPING, ...more })
      const started = flow.next('completed')
      helper.getNode('typing').receive(answer() as unknown as Output)
      assert.equal((await started).typing?.state, 'active')
      return { flow, server }
    }

    /** What the typing indicator does with another start for the same message. */
    async function startAgain(flow: Awaited<ReturnType<typeof type>>['flow']) {
      const started = flow.next('completed')
      helper.getNode('typing').receive(answer() as unknown as Output)
      const { state, duplicate } = (await started).typing ?? {}
      return { state, duplicate }
    }

    it('end before a reply', async () => {
      const { flow, server } = await type()
      const { msg } = await flow.send(answer())
      assert.equal(indicatorsOf(msg), 1)
      assert.equal(server.received.filter(isReply).length, 1)
      assert.deepEqual(await startAgain(flow), { state: 'stopped', duplicate: true })
    })

    it('end before a reply that knows only the customer', async () => {
      const { flow } = await type()
      const { msg } = await flow.send(answer({ umid: undefined }))
      assert.equal(indicatorsOf(msg), 1)
    })

    for (const [what, node, changes] of [
      ['has no content', {}, { payload: '' }],
      ['has a wrong recipient', { to: 'nobody' }, {}],
      ['has an expression that throws', { content: '$error("no")', contentType: 'jsonata' }, {}],
    ] as [string, object, object][]) {
      it(`end with a reply that ${what}`, async () => {
        const { flow, server } = await type(node)
        const { port } = await flow.send(answer(changes))
        assert.equal(port, 'error')
        assert.equal(server.received.filter(isReply).length, 0)
        assert.deepEqual(await startAgain(flow), { state: 'stopped', duplicate: true })
      })
    }

    it('stay with an interim answer that has no content', async () => {
      const { flow } = await type({ typing: 'keep' })
      await flow.send(answer({ payload: '' }))
      assert.deepEqual(await startAgain(flow), { state: 'active', duplicate: true })
    })

    it('come back after an interim answer', async () => {
      const { flow, server } = await type({ typing: 'keep' })
      const { msg } = await flow.send(answer())
      assert.equal(indicatorsOf(msg), 1)
      while (server.received.length < 3) await new Promise((resolve) => setTimeout(resolve, 5))
      assert.deepEqual(
        server.received.map((request) => (isReply(request) ? 'reply' : 'dots')),
        ['dots', 'reply', 'dots'],
      )
    })
  })

  describe('to one customer', () => {
    it('replies in the order of arrival, however long each is read', async () => {
      const first = moment<string>()
      const { flow, server } = await loadReply(takeAll(), {
        account: { timeout: 5, deadline: 5 },
        node: { content: '$exists(slowly) ? slowly() : payload', contentType: 'jsonata' },
      })
      const one = flow.send(answer({ slowly: () => first.came }))
      const two = flow.send(answer({ payload: 'two' }))
      await new Promise(setImmediate)
      assert.equal(server.received.length, 0)
      first.come('one')
      await Promise.all([one, two])
      assert.deepEqual(textsOf(server), ['one', 'two'])
    })

    it('replies when the reply before it has settled', async () => {
      const arrivals: ServerResponse[] = []
      const arrived = moment()
      const { flow, server } = await loadReply(
        (response) => {
          arrivals.push(response)
          arrived.come()
        },
        { account: { timeout: 5, deadline: 5 } },
      )
      const sent = ['one', 'two'].map((payload) => flow.send(answer({ payload })))
      await arrived.came
      sent.push(flow.send(answer({ payload: 'to another', user: { msisdn: '+6500000000' } })))
      while (arrivals.length < 2) await new Promise(setImmediate)
      assert.deepEqual(textsOf(server), ['one', 'to another'])
      arrivals[0]?.end()
      while (arrivals.length < 3) await new Promise(setImmediate)
      assert.deepEqual(textsOf(server), ['one', 'to another', 'two'])
      for (const response of arrivals.slice(1)) response.end()
      await Promise.all(sent)
    })
  })

  describe('that is wrongly configured shows it at deploy, with', () => {
    for (const [what, node, text, kind] of [
      ['no account', { account: '' }, 'check.account', 'not-configured'],
      ['an unknown typing', { typing: 'later' }, 'check.typing', 'not-configured'],
      ['a wrong phone number', { to: '123', toType: 'str' }, 'check.to', 'invalid-input'],
      [
        'a wrong channel',
        { channel: 'telegram', channelType: 'str' },
        'check.channel',
        'invalid-input',
      ],
      ['a wrong umid', { umid: '123', umidType: 'str' }, 'check.umid', 'invalid-input'],
      [
        'a wrong sub-account',
        { subAccountId: 'a/b', subAccountIdType: 'str' },
        'check.subAccountId',
        'invalid-input',
      ],
      [
        'an expression that does not parse',
        { content: '(', contentType: 'jsonata' },
        'check.content',
        'not-configured',
      ],
      [
        'a variable that is not set',
        { subAccountId: '${NO_SUCH_VARIABLE}', subAccountIdType: 'str' },
        'check.subAccountId',
        'invalid-input',
      ],
    ] as [string, object, string, string][]) {
      it(what, async () => {
        const { flow, server } = await loadReply(takeAll(), { node })
        const { fill, shape, text: shown } = flow.statuses.at(-1) ?? {}
        assert.deepEqual([fill, shape, shown], ['red', 'ring', `status.${text}`])
        const { port, msg } = await flow.send(answer())
        assert.equal(port, 'error')
        assert.equal(msg.error?.kind, kind)
        assert.equal(server.received.length, 0)
      })
    }

    it('an account that is', async () => {
      const { flow } = await loadReply(takeAll(), { account: { subAccountId: '' } })
      assert.equal(flow.statuses.at(-1)?.text, 'status.check.subAccountId')
      assert.equal((await flow.send(answer())).msg.error?.kind, 'not-configured')
    })
  })

  it('never repeats the API key, which may be in the wrong field', async () => {
    for (const changes of [{ user: CANARY }, { umid: CANARY }, { subAccountId: `${CANARY}/` }]) {
      const { flow } = await loadReply(takeAll(), { errors: false })
      const error = reported()
      void flow.send(answer(changes))
      await error
      assert.match(logged(), /\*\*\*/)
      assert.ok(!logged().includes(CANARY))
      await unloadFlow()
    }
  })
})

function indicatorsOf({ reply }: Output): unknown {
  return (reply?.typing as { indicators?: unknown } | undefined)?.indicators
}
