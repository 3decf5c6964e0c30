import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { Receiver, type ReceiverOptions } from '../../nodes/inbound/receiver'
import { RefusalLog } from '../../nodes/inbound/refusal-log'
import { RecentUmids } from '../../nodes/lib/typing/recent-umids'
import { closePhones, serve } from '../account/phone/helpers'
import { inboundWebhook } from '../support/webhooks'

describe('a receiver of webhooks', () => {
  afterEach(closePhones)

  const create = (options: Partial<ReceiverOptions>) =>
    new Receiver({
      authorize: () => true,
      subAccounts: undefined,
      recentUmids: new RecentUmids(1000),
      scope: '/',
      refusals: new RefusalLog(() => {}),
      onMessage: () => {},
      onOther: () => {},
      debug: () => {},
      report: () => {},
      ...options,
    })
  /** @returns where it is served */
  const start = (options: Partial<ReceiverOptions>, look = (_response: ServerResponse) => {}) => {
    const receiver = create(options)
    return serve((request, response) => {
      look(response)
      void receiver.receive(request, response)
    })
  }
  const post = (url: string, body: object) =>
    fetch(url, { method: 'POST', body: JSON.stringify(body) })

  it('has sent its answer before it hands a message on, or another event', async () => {
    const left: (number | undefined)[] = []
    let answered: ServerResponse | undefined
    const onMessage = () => {
      // What the socket has not passed to the system yet, which a busy flow would hold up.
      left.push(answered?.headersSent ? answered.socket?.writableLength : undefined)
    }
    const url = await start({ onMessage, onOther: onMessage }, (response) => {
      answered = response
    })
    for (const event of [inboundWebhook(), { eventType: 'x', payload: {} }]) {
      assert.equal((await post(url, event)).status, 200)
    }
    assert.deepEqual(left, [0, 0])
  })

  it('answers 500 and reports a failure of its own, which 8x8 may outlast by a repeat', async () => {
    const reported: Error[] = []
    const failure = new Error('unforeseen')
    const url = await start({
      authorize: () => {
        throw failure
      },
      report: (error) => reported.push(error),
    })
    const response = await post(url, inboundWebhook())
    assert.deepEqual([response.status, await response.text()], [500, ''])
    assert.deepEqual(reported, [failure])
  })

  it('takes a message of the phone as if it was posted, without Authorization', async () => {
    const webhook = inboundWebhook()
    const body = JSON.stringify(webhook)
    const handedOn: unknown[] = []
    const receiver = create({
      authorize: () => false,
      subAccounts: new Set(['webhook_sub']),
      onMessage: (message, bytes) => handedOn.push(message.webhook, bytes),
    })
    assert.deepEqual(receiver.receiveBody(body), { outcome: 'accepted' })
    assert.deepEqual(handedOn, [], 'the flow works later')
    assert.deepEqual(receiver.receiveBody(body), { outcome: 'repeat' })
    const other = JSON.stringify(inboundWebhook({ payload: { subAccountId: 'other_sub' } }))
    assert.deepEqual(receiver.receiveBody(other), { outcome: 'ignored' })
    const receipt = '{"eventType":"x","payload":{"subAccountId":"other_sub"}}'
    assert.deepEqual(receiver.receiveBody(receipt), { outcome: 'ignored' })
    assert.deepEqual(receiver.receiveBody('{}'), { outcome: 'refused', statusCode: 400 })
    await new Promise(setImmediate)
    assert.deepEqual(handedOn, [webhook, Buffer.byteLength(body)])
    receiver.close()
    assert.deepEqual(receiver.receiveBody(body), { outcome: 'refused', statusCode: 503 })
  })

  it('tells the phone of a failure that nobody foresaw as 8x8, and reports it', () => {
    const reported: Error[] = []
    const failure = new Error('unforeseen')
    const receiver = create({
      debug: () => {
        throw failure
      },
      subAccounts: new Set(),
      report: (error) => reported.push(error),
    })
    const body = JSON.stringify(inboundWebhook())
    assert.deepEqual(receiver.receiveBody(body), { outcome: 'refused', statusCode: 500 })
    assert.deepEqual(reported, [failure])
  })
})
