import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { EventEmitter, on } from 'node:events'
import { loadExample, readExample, WEBHOOK_AUTHORIZATION } from '../../scripts/example'
import { type NodeRed, runFlows } from '../../scripts/node-red'
import { CANARY } from '../support/events'
import { type Received, startServer, type TestServer } from '../support/server'
import { inboundWebhook } from '../support/webhooks'

const NAME = '7 With core nodes around the indicator'
const SUB = 'core_sub'
const EVENTS = `/api/v1/subaccounts/${SUB}/events`
const MESSAGES = `/api/v1/subaccounts/${SUB}/messages`

/** Example 7 in a real Node-RED, between a stand-in for 8x8 and its webhooks. */
describe('example 7, with core nodes, end to end', function () {
  this.timeout(60_000)
  let eight: TestServer
  let nodeRed: NodeRed
  const called = new EventEmitter<{ call: [Received] }>()

  before(async () => {
    eight = await startServer((response, request) => {
      called.emit('call', request)
      response.setHeader('content-type', 'application/json')
      response.end(request.path === MESSAGES ? JSON.stringify({ umid: randomUUID() }) : '')
    })
    const { flows, credentials } = await loadExample(NAME, eight, SUB, CANARY)
    for (const node of flows) if (node.type === 'delay') node.timeout = '0.3'
    nodeRed = await runFlows({ flows, credentials }, 22_680)
  })

  after(async () => {
    await nodeRed?.stop()
    await eight?.close()
  })

  const message = (payload: object = {}) =>
    inboundWebhook({ payload: { umid: randomUUID(), subAccountId: SUB, ...payload } })

  /** @returns the status and the body of the response */
  async function post(
    webhook: unknown,
    headers: Record<string, string> = { authorization: WEBHOOK_AUTHORIZATION },
    { url } = nodeRed,
  ): Promise<[number, string]> {
    const response = await fetch(`${url}/8x8/core-nodes`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(webhook),
    })
    return [response.status, await response.text()]
  }

  /** Sends a message, and all that 8x8 got until its reply came. */
  async function replyTo(webhook: { payload: { user: object } }): Promise<object[]> {
    const before = eight.received.length
    const calls = on(called, 'call')
    assert.deepEqual(await post(webhook), [200, ''])
    for await (const [{ path }] of calls) if (path === MESSAGES) break
    return eight.received.slice(before).map(({ path, body }) => ({ path, ...JSON.parse(body) }))
  }

  for (const [who, user, to, channel, name] of [
    ['a phone number', { msisdn: '+6591111111' }, undefined, 'whatsapp', 'WhatsApp'],
    [
      'no phone number',
      { channelUserId: 'US.13491208655302741918', username: 'chi' },
      { channelUserId: 'US.13491208655302741918' },
      'whatsapp',
      'WhatsApp',
    ],
    ['RCS', { msisdn: '+6592222222' }, undefined, 'rcs', 'RCS'],
  ] as const) {
    it(`shows the dots to a customer with ${who}, then replies`, async () => {
      const webhook = message({ user, recipient: { channel: name } })
      const { umid } = webhook.payload
      assert.deepEqual(await replyTo(webhook), [
        { path: EVENTS, channel, type: 'typing', umid },
        {
          path: MESSAGES,
          user: to ?? user,
          type: 'text',
          content: { text: 'Thank you, your order is on its way.' },
          channels: [{ channel: name }],
        },
      ])
    })
  }

  it('sends nothing without the right Authorization, and answers 401', async () => {
    const before = eight.received.length
    for (const authorization of [undefined, '', 'Bearer wrong']) {
      const headers: Record<string, string> = authorization === undefined ? {} : { authorization }
      assert.deepEqual(await post(message(), headers), [401, ''])
    }
    await replyTo(message())
    assert.equal(eight.received.length, before + 2)
  })

  it('answers 401 to everybody as long as no Authorization is set', async () => {
    const unset = await runFlows({ flows: await readExample(NAME), credentials: {} }, 22_680)
    try {
      for (const authorization of ['', 'undefined', 'null']) {
        assert.deepEqual(await post(message(), { authorization }, unset), [401, ''])
      }
      assert.deepEqual(await post(message(), {}, unset), [401, ''])
    } finally {
      await unset.stop()
    }
  })

  it('answers 200, and sends nothing, for a repeat and what is no message to its sub-account', async () => {
    const first = message()
    await replyTo(first)
    const before = eight.received.length
    for (const webhook of [
      first,
      message({ subAccountId: 'other_sub' }),
      message({ subAccountId: `${SUB}/../other_sub` }),
      message({ user: {} }),
      inboundWebhook({
        eventType: 'outbound_message_status_changed',
        payload: { subAccountId: SUB },
      }),
      {},
      [],
    ]) {
      assert.deepEqual(await post(webhook), [200, ''])
    }
    await replyTo(message())
    assert.equal(eight.received.length, before + 2)
  })

  it('sends the key to 8x8, and nowhere else', () => {
    for (const { headers } of eight.received) {
      assert.equal(headers.authorization, `Bearer ${CANARY}`)
    }
    assert.ok(!nodeRed.log.join('\n').includes(CANARY))
  })
})
