import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import type { ServerResponse } from 'node:http'
import RED from 'node-red'
import helper from 'node-red-node-test-helper'
import type { AccountNode, Connection } from '../../nodes/lib/connection'
import type { Handler } from '../../nodes/lib/http/app'
import { UMID } from '../support/events'
import { logged, loggedErrors } from '../support/flow'
import { bodyOf } from '../support/replies'
import { startServer } from '../support/server'
import { inboundWebhook } from '../support/webhooks'
import { load, SECRET, unload } from './helpers'

const fresh = (payload: object = {}) =>
  inboundWebhook({ payload: { umid: randomUUID(), ...payload } })

/** What was logged as a warning since the flow was loaded. */
const warnings = () =>
  helper
    .log()
    .args.flat()
    .filter((entry) => entry?.level === RED.log.WARN)
    .map(({ msg }) => `${msg}`)

const receipt = {
  eventType: 'outbound_message_status_changed',
  payload: { umid: UMID, subAccountId: 'my_sub', channel: 'WhatsApp', status: { state: 'read' } },
}

describe('8x8-inbound', () => {
  afterEach(unload)

  it('hands on a message, with all that the next nodes need', async () => {
    const flow = await load()
    const webhook = inboundWebhook()
    const response = await flow.post(webhook)
    assert.deepEqual([response.status, await response.text()], [200, ''])
    const [msg] = await flow.until(1)
    const { _msgid, ...rest } = msg ?? {}
    assert.deepEqual(rest, {
      port: 'message',
      payload: 'Hello',
      conversation: '+6500000000',
      umid: UMID,
      channel: 'whatsapp',
      subAccountId: 'webhook_sub',
      receivedAt: webhook.payload.timestamp,
      user: webhook.payload.user,
      messageType: 'Text',
      content: { text: 'Hello' },
      webhook,
    })
    assert.ok(_msgid)
    assert.equal(flow.statuses.filter(({ fill }) => fill).length, 0)
  })

  it('tells its account which ids are of one customer, so that replies leave in order', async () => {
    const held: ServerResponse[] = []
    const arrivals = new EventEmitter()
    const server = await startServer((response) => {
      held.push(response)
      arrivals.emit('arrival')
    })
    const flow = await load({ account: { region: 'custom', baseUrl: server.url } })
    await flow.post(inboundWebhook()) // names both
    await flow.until(1)
    const { connection } = helper.getNode('account') as unknown as AccountNode
    const { replies } = connection as Connection
    const recipients = [{ msisdn: '+6500000000' }, { channelUserId: 'US.13491208655302741918' }]
    const texts = () => server.received.map(({ body }) => JSON.parse(body).content.text)
    const sent = [...recipients, { msisdn: '+6511111111' }].map((recipient, i) =>
      replies.reserve().send({
        subAccountId: 'my_sub',
        recipient,
        bodies: [bodyOf(`${i}`)],
        typing: 'stop',
      }),
    )
    while (held.length < 2) await once(arrivals, 'arrival')
    assert.deepEqual(texts().sort(), ['0', '2'])
    for (const response of held) response.end()
    while (held.length < 3) await once(arrivals, 'arrival')
    held[2]?.end()
    await Promise.all(sent)
    await server.close()
  })

  it('hands on every other event at output 2, without a umid', async () => {
    const flow = await load()
    const business = { eventType: 'template_status_update', eventDetails: { status: 'APPROVED' } }
    for (const event of [receipt, business]) assert.equal((await flow.post(event)).status, 200)
    const received = await flow.until(2)
    const [first, second] = received.map(({ _msgid, ...rest }) => rest)
    assert.deepEqual(first, {
      port: 'event',
      payload: receipt,
      event: 'outbound_message_status_changed',
      subAccountId: 'my_sub',
      channel: 'whatsapp',
    })
    assert.deepEqual(second, {
      port: 'event',
      payload: business,
      event: 'template_status_update',
    })
  })

  it('answers before the flow begins to work', async () => {
    const responses: ServerResponse[] = []
    const httpNodeMiddleware: Handler = (_request, response, next) => {
      responses.push(response)
      next()
    }
    const flow = await load({ settings: { httpNodeMiddleware } })
    const isAnswered: (boolean | undefined)[] = []
    for (const port of ['message', 'event']) {
      const node: NodeJS.EventEmitter = helper.getNode(port)
      node.on('input', () => isAnswered.push(responses.at(-1)?.writableFinished))
    }
    await flow.post(fresh())
    await flow.until(1)
    await flow.post(receipt)
    await flow.until(2)
    assert.deepEqual(isAnswered, [true, true])
  })

  it('lets in nobody without the Authorization, and logs one line without its value', async () => {
    const flow = await load()
    for (const authorization of ['', 'Bearer wrong', 'bearer canary-WEBHOOK-31415926']) {
      const response = await flow.post(fresh(), { authorization })
      assert.deepEqual([response.status, await response.text()], [401, ''])
    }
    assert.equal((await flow.post(fresh())).status, 200)
    await flow.until(1)
    assert.equal(flow.received.length, 1)
    assert.equal(warnings().filter((text) => /Refused/.test(text)).length, 1)
    assert.doesNotMatch(logged(), /canary/)
  })

  it('hands on a message once that 8x8 repeats, but each receipt', async () => {
    const flow = await load()
    const message = fresh()
    for (const event of [message, receipt, message, receipt, receipt]) {
      assert.equal((await flow.post(event)).status, 200)
    }
    const ports = (await flow.until(4)).map(({ port }) => port)
    assert.deepEqual(ports, ['message', 'event', 'event', 'event'])
  })

  it('knows a repeated message after a deploy, in either case of the letters', async () => {
    const flow = await load()
    const message = fresh()
    await flow.post(message)
    await flow.until(1)
    await flow.deploy({}, 'full')
    message.payload.umid = message.payload.umid.toUpperCase()
    assert.equal((await flow.post(message)).status, 200)
    await flow.post(fresh())
    assert.equal((await flow.until(2)).length, 2)
  })

  it('remembers no message of a request that was refused', async () => {
    const flow = await load()
    const message = fresh()
    assert.equal((await flow.post(message, { authorization: 'wrong' })).status, 401)
    assert.equal((await flow.post(message, { origin: 'https://other.example.com' })).status, 403)
    assert.equal((await flow.post(message)).status, 200)
    assert.equal((await flow.until(1)).length, 1)
  })

  it('refuses what is no event of 8x8', async () => {
    const flow = await load()
    for (const body of [
      '',
      '{',
      'null',
      '[]',
      '7',
      '"text"',
      '{}',
      JSON.stringify([inboundWebhook()]),
      '{"eventType":7,"payload":{}}',
      '{"eventType":"","payload":{}}',
      '{"eventType":"inbound_message_received","payload":{}}',
      JSON.stringify(fresh({ umid: '12345' })),
      JSON.stringify(fresh({ subAccountId: 'a/../../x' })),
      JSON.stringify({ ...fresh(), payload: 'text' }),
    ]) {
      assert.equal((await flow.post(body)).status, 400, body)
    }
    assert.equal((await flow.post(`\ufeff${JSON.stringify(fresh())}`)).status, 200)
    assert.equal((await flow.until(1)).length, 1)
    assert.deepEqual(loggedErrors(), [])
  })

  it('takes a body of 1 MB, and not more', async () => {
    const flow = await load()
    const bytes = (length: number) => {
      const bare = JSON.stringify(fresh({ content: { text: '' } })).length
      return fresh({ content: { text: 'x'.repeat(length - bare) } })
    }
    assert.equal((await flow.post(bytes(1024 * 1024))).status, 200)
    assert.equal((await flow.post(bytes(1024 * 1024 + 1))).status, 413)
    const body = new Blob([JSON.stringify(bytes(1024 * 1024 + 1))]).stream()
    const chunked = { method: 'POST', headers: { authorization: SECRET }, body, duplex: 'half' }
    assert.equal((await fetch(`${flow.url}/8x8/inbound`, chunked as RequestInit)).status, 413)
  })

  it('takes only POST, and leaves other paths to others', async () => {
    const flow = await load()
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      const response = await fetch(`${flow.url}/8x8/inbound`, { method })
      assert.deepEqual([response.status, response.headers.get('allow')], [405, 'POST'], method)
    }
    for (const path of ['/8x8/inbound/', '/8X8/Inbound', '/8x8/inbound?a=b']) {
      assert.equal((await flow.post(fresh(), {}, path)).status, 200, path)
    }
    for (const path of ['/', '/8x8', '/8x8/inbound/x', '/8x8/inbound//', '/x/8x8/inbound']) {
      assert.equal((await flow.post(fresh(), {}, path)).status, 404, path)
    }
  })

  it('is there only while it is deployed', async () => {
    const flow = await load()
    await flow.deploy({ node: { path: '/other' } }, 'nodes')
    assert.equal((await flow.post(fresh())).status, 404)
    assert.equal((await flow.post(fresh(), {}, '/other')).status, 200)
    await flow.deploy({ node: { path: '/other', d: true } }, 'nodes')
    assert.equal((await flow.post(fresh(), {}, '/other')).status, 404)
    await flow.deploy({}, 'full')
    assert.equal((await flow.post(fresh())).status, 200)
  })

  it('takes only the sub-accounts of its list', async () => {
    const flow = await load({ node: { subAccounts: ' my_sub , a.b&c ' } })
    for (const subAccountId of ['other', 'my_sub', 'my_su', 'a.b&c', 'MY_SUB']) {
      assert.equal((await flow.post(fresh({ subAccountId }))).status, 200)
    }
    await flow.post({ ...receipt, payload: { ...receipt.payload, subAccountId: 'other' } })
    await flow.post({ eventType: 'x', eventDetails: {} })
    await flow.post(receipt)
    const received = await flow.until(3)
    assert.deepEqual(
      received.map(({ subAccountId }) => subAccountId),
      ['my_sub', 'a.b&c', 'my_sub'],
    )
  })
})
