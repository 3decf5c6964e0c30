import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { Receiver, type ReceiverOptions } from '../../nodes/inbound/receiver'
import { RefusalLog } from '../../nodes/inbound/refusal-log'
import { RecentUmids } from '../../nodes/lib/typing/recent-umids'
import { closePhones, serve } from '../account/phone/helpers'
import { inboundWebhook } from '../support/webhooks'

describe('a receiver of webhooks', () => {
  afterEach(closePhones)

  /** @returns where it is served */
  const start = (options: Partial<ReceiverOptions>, look = (_response: ServerResponse) => {}) => {
    const receiver = new Receiver({
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
    return serve((request, response) => {
      look(response)
      void receiver.receive(request, response)
    })
  }
  const post = (url: string, body: object) =>
    fetch(url, { method: 'POST', body: JSON.stringify(body) })

  it('has written its answer before it hands a message on, or another event', async () => {
    const order: string[] = []
    let resolve: () => void = () => {}
    const onMessage = () => {
      order.push('handed on')
      resolve()
    }
    const url = await start({ onMessage, onOther: onMessage }, (response) => {
      response.once('finish', () => order.push('answered'))
    })
    for (const event of [inboundWebhook(), { eventType: 'x', payload: {} }]) {
      const handedOn = new Promise<void>((done) => {
        resolve = done
      })
      assert.equal((await post(url, event)).status, 200)
      await handedOn
    }
    assert.deepEqual(order, ['answered', 'handed on', 'answered', 'handed on'])
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
})
