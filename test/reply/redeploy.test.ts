import assert from 'node:assert/strict'
import helper from 'node-red-node-test-helper'
import { moment } from '../support/events'
import { kindOf, unloadFlow } from '../support/flow'
import { answer, loadReply, takeAll } from '../support/reply'
import { closeServers } from '../support/server'

const LIMITS = { timeout: 20, deadline: 20 }

/** What became of a message, as a flow sees it. */
const shown = ({ error }: { error?: Record<string, unknown> }) => [error?.kind, error?.maybeSent]

describe('8x8-reply, deployed again', () => {
  afterEach(async () => {
    await unloadFlow()
    await closeServers()
  })

  for (const what of ['alone', 'with its account']) {
    it(`${what}: ends what was written as perhaps sent, and what waits as closed`, async () => {
      const arrival = moment()
      const { flow, server } = await loadReply(() => arrival.come(), { account: LIMITS })
      const account = helper.getNode('account')
      const written = flow.send(answer())
      const queued = flow.send(answer({ payload: 'two' }))
      await arrival.came
      const changed = { region: 'custom', baseUrl: server.url, timeout: 19 }
      await flow.deploy(
        what === 'alone' ? { node: { name: 'changed' } } : { account: changed },
        'nodes',
      )
      assert.deepEqual(shown((await written).msg), ['closed', true])
      assert.deepEqual(shown((await queued).msg), ['closed', undefined])
      assert.equal(flow.completions.length, 2)
      assert.equal(flow.outputs.length, 2)
      assert.equal(server.received.length, 1)
      assert.equal(helper.getNode('account') === account, what === 'alone')
      assert.deepEqual(flow.statuses.at(-1), {}) // nothing of the old node stays
    })
  }

  it('sends nothing for a message whose properties are read too late', async () => {
    const asked = moment()
    const content = moment<string>()
    const node = { content: 'slowly()', contentType: 'jsonata' }
    const { flow, server } = await loadReply(takeAll(), { node })
    const slowly = () => {
      asked.come()
      return content.came
    }
    const ended = flow.send(answer({ slowly }))
    await asked.came
    await flow.deploy({ node: { ...node, name: 'changed' } }, 'nodes')
    content.come('late')
    assert.deepEqual(shown((await ended).msg), ['closed', undefined])
    assert.equal(server.received.length, 0)
  })

  it('goes on with the next message', async () => {
    const { flow } = await loadReply()
    await flow.deploy({ node: { name: 'changed' } }, 'nodes')
    assert.equal((await flow.send(answer())).port, 'success')
  })

  it('without output 2: reports what was written as perhaps sent', async () => {
    const arrival = moment()
    const { flow } = await loadReply(() => arrival.come(), { account: LIMITS, errors: false })
    void flow.send(answer())
    await arrival.came
    await flow.deploy({ node: { name: 'changed' }, errors: false }, 'nodes')
    const [{ error } = { error: undefined }] = flow.completions
    assert.equal(kindOf(error), 'closed')
    assert.equal((error?.cause as { maybeSent?: boolean } | undefined)?.maybeSent, true)
  })
})
