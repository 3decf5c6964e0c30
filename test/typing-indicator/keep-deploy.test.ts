import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Keeping, unloadKeeping } from '../support/keeping'

describe('8x8-typing-indicator, keeping typing when it is deployed', () => {
  afterEach(unloadKeeping)

  it('ends with its node', async () => {
    const keep = await Keeping.load()
    const { umid, msg } = keep.inbound()
    await keep.flow.send(msg)
    await keep.flow.deploy({ node: { action: 'start', renewEvery: 0.3, name: 'new' } }, 'nodes')
    const sent = keep.requestsFor(umid)
    await keep.renewed()
    assert.equal(keep.requestsFor(umid), sent)
    assert.equal(keep.flow.outputs.length, 2) // with that of the other
  })

  it('continues when another node is deployed', async () => {
    const keep = await Keeping.load()
    const { umid, msg } = keep.inbound()
    await keep.flow.send(msg)
    await keep.stop({ umid: keep.inbound().umid }) // the other uses the account, too
    await keep.flow.deploy({ more: [] }, 'nodes')
    const sent = keep.requestsFor(umid)
    while (keep.requestsFor(umid) < sent + 2) await once(keep.sandbox, 'request')
    assert.ok(keep.dots())
  })

  it('ends a pending start as closed', async () => {
    const keep = await Keeping.load({ initialDelay: 5 })
    const waiting = keep.flow.send(keep.inbound().msg)
    await keep.flow.deploy({ node: { action: 'start', name: 'new' } }, 'nodes')
    const { port, msg } = await waiting
    assert.equal(port, 'error')
    assert.equal(msg.error?.kind, 'closed')
    assert.equal(keep.flow.completions.length, 1)
  })
})
