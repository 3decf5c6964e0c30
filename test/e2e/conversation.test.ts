import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { EventEmitter, on } from 'node:events'
import {
  type FlowNode,
  INBOUND_PATH,
  loadExample,
  WEBHOOK_AUTHORIZATION,
} from '../../scripts/example'
import { type NodeRed, runFlows } from '../../scripts/node-red'
import { CANARY } from '../support/events'
import { startServer, type TestServer } from '../support/server'
import { inboundWebhook } from '../support/webhooks'

const SUB = 'conversation_sub'
const EVENTS = `/api/v1/subaccounts/${SUB}/events`
const MESSAGES = `/api/v1/subaccounts/${SUB}/messages`

/** ms; long enough for several renewals. */
const WORK = 800

/** s */
const RENEW_EVERY = 0.25

/** A text that the work cannot answer. */
const UNANSWERABLE = 'fail'

/** What 8x8 got from Node-RED. */
interface Call {
  path: string
  authorization: string | undefined
  body: {
    umid?: string
    channel?: string
    user?: object
    type?: string
    content?: { text: string }
    channels?: object[]
  }
}

/** Example 2 in a real Node-RED, between a stand-in for 8x8 and its webhooks. */
describe('example 2, end to end', function () {
  this.timeout(60_000)
  let eight: TestServer
  let nodeRed: NodeRed & { userDir: string }
  const calls: Call[] = []
  const called = new EventEmitter<{ call: [Call] }>().setMaxListeners(0)

  before(async () => {
    eight = await startServer((response, { path, headers, body }) => {
      const call = { path, authorization: headers.authorization, body: JSON.parse(body) }
      calls.push(call)
      called.emit('call', call)
      response.setHeader('content-type', 'application/json')
      const status = { state: 'queued', timestamp: new Date().toISOString() }
      response.end(path === MESSAGES ? JSON.stringify({ umid: randomUUID(), status }) : '')
    })
    const name = '2 Answer customers in production'
    const { flows, credentials } = await loadExample(name, eight, SUB, CANARY)
    nodeRed = await runFlows({ flows: flows.map(quicken), credentials }, 22_980)
  })

  after(async () => {
    await nodeRed?.stop()
    await eight?.close()
  })

  /** Shorter work, which quotes the question or fails, and dots that are renewed more often. */
  function quicken(node: FlowNode): FlowNode {
    if (node.type === 'delay') return { ...node, timeout: `${WORK}`, timeoutUnits: 'milliseconds' }
    if (node.action === 'start') return { ...node, renewEvery: RENEW_EVERY }
    if (node.name !== 'The answer') return node
    const to = `payload = "${UNANSWERABLE}" ? $error("no idea") : "Re: " & payload`
    return { ...node, rules: [{ t: 'set', p: 'payload', pt: 'msg', to, tot: 'jsonata' }] }
  }

  /** Posts a webhook as 8x8 does. @returns the status of the answer */
  async function post(webhook: object, headers: Record<string, string> = {}): Promise<number> {
    const response = await fetch(nodeRed.url + INBOUND_PATH, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: WEBHOOK_AUTHORIZATION,
        ...headers,
      },
      body: JSON.stringify(webhook),
    })
    await response.arrayBuffer()
    return response.status
  }

  /** A message of a customer, with a text that no other has. */
  function inbound(payload: object = {}, version = 3) {
    const umid = randomUUID()
    const text = `question ${umid}`
    const content = { text }
    const fields = { subAccountId: SUB, user: { msisdn: '+6590000000' }, content, ...payload, umid }
    return { umid, text, webhook: inboundWebhook({ version, payload: fields }) }
  }

  /** The reply to a message, once 8x8 has it. */
  async function replyTo(text: string): Promise<Call> {
    const isReply = ({ body }: Call) => body.content?.text === `Re: ${text}`
    const earlier = calls.find(isReply)
    if (earlier) return earlier
    for await (const [call] of on(called, 'call')) if (isReply(call)) return call
    throw new Error('unreachable')
  }

  /** Resolves when all that came in before has been answered, and renewals were due since. */
  async function settled(): Promise<void> {
    // The work takes as long for each: what was posted before the first has ended with the second.
    for (let round = 0; round < 2; round++) {
      const { text, webhook } = inbound({ user: { msisdn: '+6599999999' } })
      assert.equal(await post(webhook), 200)
      await replyTo(text)
    }
  }

  const dotsOf = (umid: string) => calls.filter(({ body }) => body.umid === umid)

  for (const [who, payload, version, user, channel, name] of [
    [
      'a phone number',
      { user: { msisdn: '+6591111111', name: 'Ana' } },
      3,
      { msisdn: '+6591111111' },
      'whatsapp',
      'WhatsApp',
    ],
    [
      'no phone number',
      { user: { channelUserId: 'US.13491208655302741918', username: 'ana' } },
      3,
      { channelUserId: 'US.13491208655302741918' },
      'whatsapp',
      'WhatsApp',
    ],
    [
      'RCS (a version 2 webhook)',
      {
        user: { msisdn: '+6592222222', channelUserId: '+6592222222' },
        recipient: { channel: 'RCS', channelId: 'agent' },
      },
      2,
      undefined,
      'rcs',
      'RCS',
    ],
  ] as const) {
    it(`shows the dots to a customer with ${who}, then answers, and shows none after that`, async () => {
      const { umid, text, webhook } = inbound(payload, version)
      assert.equal(await post(webhook), 200)
      const reply = await replyTo(text)
      const { type, channels } = reply.body
      assert.deepEqual({ type, channels }, { type: 'text', channels: [{ channel: name }] })
      const { msisdn } = (reply.body.user ?? {}) as { msisdn?: string }
      if (user) assert.deepEqual(reply.body.user, user)
      else assert.equal(msisdn, '+6592222222')
      await settled()
      const dots = dotsOf(umid)
      assert.ok(dots.length >= 2, `${dots.length} indicators during the work`)
      for (const { body } of dots) assert.deepEqual(body, { channel, type: 'typing', umid })
      assert.ok(calls.lastIndexOf(dots.at(-1) as Call) < calls.indexOf(reply))
    })
  }

  it('answers once what 8x8 delivers several times', async () => {
    const { umid, text, webhook } = inbound({ user: { msisdn: '+6593333333' } })
    assert.deepEqual(await Promise.all([post(webhook), post(webhook)]), [200, 200])
    await replyTo(text)
    assert.equal(await post(webhook), 200)
    await settled()
    const replies = calls.filter(({ body }) => body.content?.text === `Re: ${text}`)
    assert.equal(replies.length, 1)
    assert.ok(calls.lastIndexOf(dotsOf(umid).at(-1) as Call) < calls.indexOf(replies[0] as Call))
  })

  it('refuses a wrong Authorization, and takes the message when 8x8 sends it', async () => {
    const { umid, text, webhook } = inbound({ user: { msisdn: '+6594444444' } })
    assert.equal(await post(webhook, { authorization: 'Bearer wrong' }), 401)
    assert.equal(await post(webhook, { authorization: '' }), 401)
    await settled()
    assert.deepEqual(dotsOf(umid), [])
    assert.equal(await post(webhook), 200)
    assert.equal((await replyTo(text)).path, MESSAGES)
  })

  it('refuses a page of another site', async () => {
    const { umid, webhook } = inbound()
    const status = await post(webhook, { origin: 'https://evil.example' })
    assert.ok(status >= 400 && status < 500, `${status}`)
    await settled()
    assert.deepEqual(dotsOf(umid), [])
  })

  for (const subAccountId of ['a/../../x', '..', 'a%2f..%2fx', 'a?x=1']) {
    it(`sends nothing for the forged sub-account ${subAccountId}`, async () => {
      const { umid, text, webhook } = inbound({ subAccountId, user: { msisdn: '+6595555555' } })
      assert.equal(await post(webhook, { authorization: 'Bearer forged' }), 401)
      assert.ok([200, 400].includes(await post(webhook)))
      await settled()
      const sent = calls.filter(
        ({ body }) => body.umid === umid || body.content?.text.includes(text),
      )
      assert.deepEqual(sent, [])
    })
  }

  it('apologizes once when the work fails, and shows no dots after it', async () => {
    const user = { msisdn: '+6596666666' }
    const { umid, webhook } = inbound({ user, content: { text: UNANSWERABLE } })
    assert.equal(await post(webhook), 200)
    await settled()
    const replies = calls.filter(({ body }) => JSON.stringify(body.user) === JSON.stringify(user))
    assert.deepEqual(
      replies.map(({ body }) => body.content?.text.startsWith('Sorry')),
      [true],
    )
    assert.ok(calls.lastIndexOf(dotsOf(umid).at(-1) as Call) < calls.indexOf(replies[0] as Call))
  })

  it('takes delivery receipts, and sends nothing for them', async () => {
    const umid = randomUUID()
    for (const state of ['sent', 'delivered', 'read', 'undelivered']) {
      const payload = { umid, subAccountId: SUB, channel: 'whatsapp', status: { state } }
      const receipt = {
        namespace: 'ChatApps',
        eventType: 'outbound_message_status_changed',
        payload,
      }
      assert.equal(await post(receipt), 200)
    }
    await settled()
    assert.deepEqual(dotsOf(umid), [])
  })

  it('sent everything to the two documented paths, with the key', () => {
    assert.ok(calls.length > 20)
    for (const { path, authorization } of calls) {
      assert.ok([EVENTS, MESSAGES].includes(path), path)
      assert.equal(authorization, `Bearer ${CANARY}`)
    }
  })

  it('kept the key and the webhook authorization out of the log and the flow', async () => {
    const response = await fetch(`${nodeRed.url}/flows`, {
      headers: { accept: 'application/json' },
    })
    for (const seen of [nodeRed.log.join('\n'), await response.text()]) {
      assert.ok(seen.length > 0)
      for (const secret of [CANARY, WEBHOOK_AUTHORIZATION]) assert.ok(!seen.includes(secret))
    }
  })
})
