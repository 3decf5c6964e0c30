import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { type EventEmitter, once } from 'node:events'
import { request } from 'node:http'
import { inboundWebhook } from '../support/webhooks'
import { load, SECRET, unload } from './helpers'

const fresh = (text: string, msisdn = '+6500000000') =>
  inboundWebhook({ payload: { umid: randomUUID(), user: { msisdn }, content: { text } } })

describe('8x8-inbound: collected messages', () => {
  afterEach(unload)

  it('come out as one when the customer is silent', async () => {
    const flow = await load({ node: { collect: 0.05 } })
    const webhooks = ['Hi', 'are you open', 'today?'].map((text) => fresh(text))
    for (const webhook of webhooks) assert.equal((await flow.post(webhook)).status, 200)
    const [msg] = await flow.until(1)
    assert.equal(msg?.payload, 'Hi\nare you open\ntoday?')
    assert.equal(msg?.umid, webhooks[2]?.payload.umid)
    const { messages } = msg as unknown as { messages: { umid: string; payload: string }[] }
    assert.deepEqual(
      messages.map(({ umid, payload }) => [umid, payload]),
      webhooks.map(({ payload }) => [payload.umid, payload.content.text]),
    )
  })

  for (const type of ['full', 'flows', 'nodes'] as const) {
    it(`survive a deploy (${type})`, async () => {
      const flow = await load({ node: { collect: 1 } })
      await flow.post(fresh('one'))
      await flow.deploy({ node: { collect: 1, name: 'changed' } }, type)
      assert.equal(flow.received.length, 0)
      await flow.post(fresh('two'))
      await flow.post(fresh('other', '+6500000001'))
      const texts = (await flow.until(2)).map(({ payload }) => payload)
      assert.deepEqual(texts.sort(), ['one\ntwo', 'other'])
    })
  }

  it('come out where collecting is switched off, or the path changes', async () => {
    for (const node of [{ collect: 0 }, { collect: 0.2, path: '/other' }]) {
      const flow = await load({ node: { collect: 0.2 } })
      await flow.post(fresh('one'))
      await flow.deploy({ node }, 'full')
      assert.equal((await flow.until(1))[0]?.payload, 'one')
      await unload()
    }
  })

  it('come out at once when the node is removed', async () => {
    const flow = await load({ node: { collect: 300 } })
    await flow.post(fresh('one'))
    await flow.post(fresh('two', '+6500000001'))
    await flow.deploy({ node: { d: true } }, 'nodes')
    const texts = (await flow.until(2)).map(({ payload }) => payload)
    assert.deepEqual(texts, ['one', 'two'])
  })

  it('do not hold up other events', async () => {
    const flow = await load({ node: { collect: 300 } })
    await flow.post(fresh('one'))
    await flow.post({ eventType: 'short_url_clicked', payload: {} })
    assert.equal((await flow.until(1))[0]?.port, 'event')
  })
})

describe('8x8-inbound: a message that is still arriving during a deploy', () => {
  afterEach(unload)

  for (const type of ['full', 'flows', 'nodes'] as const) {
    it(`is refused, so that 8x8 sends it again, and then it comes out (${type})`, async () => {
      const flow = await load()
      const webhook = fresh('one')
      const [head, tail] = [JSON.stringify(webhook).slice(0, 50), JSON.stringify(webhook).slice(50)]
      const headers = { authorization: SECRET, expect: '100-continue' }
      const outgoing = request(`${flow.url}/8x8/inbound`, { method: 'POST', headers })
      outgoing.flushHeaders()
      await once(outgoing, 'continue')
      outgoing.write(head)
      await flow.deploy({ node: { name: 'changed' } }, type)
      outgoing.end(tail)
      const [response] = await once(outgoing, 'response')
      response.resume()
      assert.equal(response.statusCode, 503)
      assert.equal((await flow.post(webhook)).status, 200)
      assert.deepEqual(
        (await flow.until(1)).map(({ payload }) => payload),
        ['one'],
      )
    })
  }
})

describe('8x8-inbound: many nodes', () => {
  afterEach(unload)

  it('are no leak to Node.js, and leave no listener', async () => {
    const warnings: string[] = []
    const onWarning = ({ message }: Error) => warnings.push(message)
    process.on('warning', onWarning)
    const more = Array.from({ length: 15 }, (_, i) => ({
      id: `inbound ${i}`,
      type: '8x8-inbound',
      account: 'account',
      path: `/path/${i}`,
    }))
    const flow = await load({ more })
    const events = flow.RED.events as EventEmitter
    const before = events.listenerCount('flows:started')
    await flow.deploy({ node: { name: 'changed' } }, 'full')
    process.off('warning', onWarning)
    assert.deepEqual(warnings, [])
    assert.equal(events.listenerCount('flows:started'), before)
  })
})
