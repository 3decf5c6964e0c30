import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import helper from 'node-red-node-test-helper'
import type { MessagingError } from '../../nodes/lib/errors'
import { moment, UMID } from '../support/events'
import { loadFlow, loggedErrors, unloadFlow } from '../support/flow'
import { closeServers, startServer } from '../support/server'
import { accept, loadWith, message } from '../support/typing'

describe('8x8-typing-indicator, deployed again', () => {
  afterEach(async () => {
    await unloadFlow()
    await closeServers()
  })

  it('ends a pending message as closed, once', async () => {
    const arrival = moment()
    const { flow } = await loadWith(() => arrival.come(), {
      account: { timeout: 60, deadline: 60 },
    })
    const ended = flow.send(message())
    await arrival.came
    await flow.deploy({ node: { name: 'changed' } }, 'nodes')
    const { port, msg } = await ended
    assert.equal(port, 'error')
    assert.equal(msg.error?.kind, 'closed')
    assert.equal(flow.completions.length, 1)
    assert.equal(flow.outputs.length, 1)
    assert.deepEqual(flow.statuses.at(-1), {}) // nothing of the old node stays
  })

  it('aborts a request to 8x8, and does not wait for it', async () => {
    const arrival = moment<ServerResponse>()
    const limits = { timeout: 20, deadline: 20 }
    const { flow } = await loadWith((response) => arrival.come(response), { account: limits })
    const account = helper.getNode('account')
    void flow.send(message())
    const aborted = once(await arrival.came, 'close')
    const deployed = flow.deploy({ node: { name: 'changed' } }, 'nodes')
    await aborted // by the node: the account with its connections lives on
    await deployed
    assert.equal(helper.getNode('account'), account)
  })

  it('sends nothing for a message whose properties are read too late', async () => {
    const asked = moment()
    const umid = moment<string>()
    const { flow, server } = await loadWith(accept, {
      node: { umid: 'slowly()', umidType: 'jsonata' },
    })
    const slowly = () => {
      asked.come()
      return umid.came
    }
    const ended = flow.send({ ...message(), slowly })
    await asked.came
    helper.getNode('typing').on('close', () => umid.come(UMID))
    await flow.deploy({ node: { name: 'changed' } }, 'nodes')
    const { port, msg } = await ended
    assert.equal(port, 'error')
    assert.equal(msg.error?.kind, 'closed')
    assert.equal(server.received.length, 0)
  })

  describe('when everything stops at once', () => {
    for (const errors of [true, false]) {
      it(`calls done once, ${errors ? 'and logs no error' : 'with the error'}`, async () => {
        const arrival = moment()
        const { flow } = await loadWith(() => arrival.come(), {
          account: { timeout: 60, deadline: 60 },
          errors,
        })
        void flow.send(message())
        await arrival.came
        await helper.clearFlows()
        const kinds = flow.completions.map(({ error }) => (error as MessagingError)?.cause.kind)
        assert.deepEqual(kinds, [errors ? undefined : 'closed'])
        assert.equal(loggedErrors().length, errors ? 0 : 1)
      })
    }

    it('shows no status after the close', async () => {
      const { flow } = await loadWith(accept)
      await flow.send(message())
      assert.equal(flow.statuses.at(-1)?.text, 'status.sent')
      await helper.clearFlows()
      assert.deepEqual(flow.statuses.at(-1), {})
    })

    it('shows no status of a node that was never ready', async () => {
      const flow = await loadFlow({ node: { account: '' } })
      assert.equal(flow.statuses.at(-1)?.fill, 'red')
      await helper.clearFlows()
      assert.deepEqual(flow.statuses.at(-1), {})
    })
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
