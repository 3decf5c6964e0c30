import assert from 'node:assert/strict'
import { nextFreePath, unreachableBecause } from '../../nodes/inbound/endpoint'

describe('the endpoint that the dialog of an inbound node shows', () => {
  it('has the next free path', () => {
    assert.equal(nextFreePath('/8x8/inbound', []), '/8x8/inbound')
    assert.equal(nextFreePath('/8x8/inbound', ['/8x8/inbound']), '/8x8/inbound-2')
    const taken = ['/8x8/inbound-2', '/8x8/inbound', '/other']
    assert.equal(nextFreePath('/8x8/inbound', taken), '/8x8/inbound-3')
  })

  for (const host of [
    ...['localhost', 'flows.localhost', 'node-red', 'raspberry.local', 'nr.internal'],
    ...['127.0.0.1', '10.1.2.3', '172.16.0.1', '172.31.255.1', '192.168.178.20', '169.254.1.1'],
    ...['100.64.0.1', '0.0.0.0', '[::1]', '[::]', '[fd12:3456::1]', '[fe80::1]', '[FC00::1]'],
  ]) {
    it(`cannot be reached at ${host}, by HTTPS either`, () => {
      assert.equal(unreachableBecause(`https://${host}:1880/8x8/inbound`), 'host')
    })
  }

  for (const host of [
    ...['nr.example.com', '8.8.8.8', '172.32.0.1', '100.128.0.1', '192.169.0.1', '11.0.0.1'],
    ...['[2001:db8::1]', '10.example.com', 'local.example.com'],
  ]) {
    it(`can be reached at ${host}, but only by HTTPS`, () => {
      assert.equal(unreachableBecause(`https://${host}/8x8/inbound`), undefined)
      assert.equal(unreachableBecause(`http://${host}/8x8/inbound`), 'http')
    })
  }
})
