import assert from 'node:assert/strict'
import type { Node, NodeAPI } from 'node-red'
import { loadFlow, unloadFlow } from '../support/flow'
import { message } from '../support/typing'

/** A `tls-config` of another package, which fails in a way of its own. */
function foreignTls(RED: NodeAPI): void {
  RED.nodes.registerType('tls-config', function (this: Node, config) {
    RED.nodes.createNode(this, config)
    Object.assign(this, {
      addTLSOptions() {
        throw new TypeError('its store is locked')
      },
    })
  })
}

describe('8x8-account with a TLS node that throws', () => {
  afterEach(unloadFlow)

  it('is not configured, and says why', async () => {
    const account = { region: 'custom', baseUrl: 'https://127.0.0.1:1', tls: 'tls' }
    const configs = [{ id: 'tls', type: 'tls-config' }]
    const flow = await loadFlow({ account, types: [foreignTls], configs })
    const { msg } = await flow.send(message())
    assert.equal(msg.error?.kind, 'not-configured')
    assert.equal(msg.error?.message, 'The account cannot be used: its store is locked')
  })
})
