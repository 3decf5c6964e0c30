import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { inboundWebhook } from '../support/webhooks'
import { load, SECRET, unload } from './helpers'

const fresh = () => inboundWebhook({ payload: { umid: randomUUID() } })

/** An instance of a subflow that has an inbound node in it, with path and account as properties. */
function instance(id: string, path: string, collect = 0) {
  return {
    id,
    type: 'subflow:subflow',
    env: [
      { name: 'ACCOUNT', type: '8x8-account', value: 'account' },
      { name: 'PATH_8X8', type: 'str', value: path },
      { name: 'COLLECT', type: 'num', value: `${collect}` },
    ],
    wires: [['message'], ['event']],
  }
}
const SUBFLOW = {
  configs: [
    {
      id: 'subflow',
      type: 'subflow',
      in: [],
      out: [0, 1].map((port) => ({ wires: [{ id: 'template', port }] })),
      env: [],
    },
    {
      ...{ id: 'template', type: '8x8-inbound', z: 'subflow', x: 0, y: 0, wires: [[], []] },
      ...{ account: '${ACCOUNT}', path: '${PATH_8X8}', collect: '${COLLECT}' },
    },
  ],
}

describe('8x8-inbound, in a subflow', () => {
  afterEach(unload)

  it('has an endpoint for each instance', async () => {
    const more = [instance('a', '/a'), instance('b', '/b')]
    const flow = await load({ ...SUBFLOW, more })
    for (const path of ['/a', '/b', '/8x8/inbound']) {
      assert.equal((await flow.post(fresh(), {}, path)).status, 200, path)
    }
    assert.equal((await flow.until(3)).length, 3)
  })

  it('notices another value of its account, with which Node-RED does not restart it', async () => {
    const more = [instance('a', '/a')]
    const flow = await load({ ...SUBFLOW, more })
    await flow.deploy({ account: { name: 'x' }, authorization: 'new' }, 'nodes')
    assert.equal((await flow.post(fresh(), { authorization: 'new' }, '/a')).status, 200)
    assert.equal((await flow.post(fresh(), { authorization: SECRET }, '/a')).status, 401)
    await flow.deploy({ account: { d: true } }, 'nodes')
    assert.equal((await flow.post(fresh(), { authorization: 'new' }, '/a')).status, 401)
  })

  it('keeps over a deploy what it has received', async () => {
    const more = [instance('a', '/a', 0.2)]
    const flow = await load({ ...SUBFLOW, more })
    const message = fresh()
    await flow.post(message, {}, '/a')
    await flow.deploy({}, 'full')
    assert.equal((await flow.post(message, {}, '/a')).status, 200)
    const [msg] = await flow.until(1)
    assert.equal(msg?.payload, 'Hello')
    assert.equal((msg as unknown as { messages: object[] }).messages.length, 1)
  })
})
