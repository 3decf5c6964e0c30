import assert from 'node:assert/strict'
import type { NodeDef } from 'node-red'
import helper from 'node-red-node-test-helper'
import account from '../../nodes/account/account'
import typingIndicator from '../../nodes/typing-indicator/typing-indicator'
import { moment, UMID } from '../support/events'
import { type Output, unloadFlow } from '../support/flow'
import { closeServers, startServer } from '../support/server'
import { accept, message } from '../support/typing'

const OTHER_UMID = UMID.replace(/.$/, '0')
/** Anew each time: Node-RED takes out what no node has. */
const credentials = () => ({ account: { apiKey: 'key' } })
const on = (z: string, id: string, type: string, more: object = {}) => ({
  ...{ id, type, z, x: 0, y: 0, wires: [] },
  ...more,
})

/** A subflow whose instance says which account its typing indicator uses. */
function nodesOf(settings: object | undefined, node: object): NodeDef[] {
  const port = (index: number) => ({ wires: [{ id: 'typing', port: index }] })
  const ends = { in: [{ wires: [{ id: 'typing' }] }], out: [port(0), port(1)] }
  const env = (value: string) => [{ name: 'ACCOUNT', type: '8x8-account', value }]
  return [
    { id: 'tab', type: 'tab' },
    { id: 'subflow', type: 'subflow', ...ends, env: env('') },
    on('subflow', 'typing', '8x8-typing-indicator', {
      account: '${ACCOUNT}',
      wires: [[], []],
      ...node,
    }),
    on('tab', 'instance', 'subflow:subflow', {
      env: env('account'),
      wires: [['end'], ['end']],
    }),
    on('tab', 'end', 'helper'),
    ...(settings ? [{ id: 'account', type: '8x8-account', region: 'custom', ...settings }] : []),
  ] as unknown as NodeDef[]
}

/** Node-RED does not start the subflow again with the account: it sees no reference to it there. */
describe('8x8-typing-indicator, with its account as a property of a subflow', () => {
  let settings: object
  beforeEach(async () => {
    const { url } = await startServer(accept)
    settings = { subAccountId: 'my_sub', baseUrl: url }
  })
  afterEach(async () => {
    await unloadFlow()
    await closeServers()
  })

  const load = (first = settings, node: object = {}) =>
    helper.load([account, typingIndicator], nodesOf(first, node), credentials())
  const deploy = (changed?: object, node: object = {}) =>
    helper.setFlows(nodesOf(changed, node), 'nodes', credentials())
  const send = (changes: object = {}) =>
    new Promise<Output>((resolve) => {
      helper.getNode('end').once('input', resolve)
      helper.getNode('instance').receive({ ...message(), ...changes } as Output)
    })

  it('continues with an account that was deployed without it', async () => {
    await load()
    assert.equal((await send()).typing?.subAccountId, 'my_sub')
    await deploy({ ...settings, subAccountId: 'new_sub' })
    assert.equal((await send()).typing?.subAccountId, 'new_sub')
  })

  it('uses a corrected account', async () => {
    await load({ ...settings, subAccountId: '' })
    assert.equal((await send()).error?.kind, 'not-configured')
    await deploy(settings)
    assert.equal((await send()).typing?.state, 'sent')
  })

  it('says that a corrected account is wrong again', async () => {
    await load()
    await deploy({ ...settings, subAccountId: '' })
    assert.equal((await send()).error?.kind, 'not-configured')
  })

  it('ends a message as closed if the account is gone', async () => {
    await load()
    await deploy()
    assert.equal((await send()).error?.kind, 'closed')
  })

  it('stops with the new account what it started with it', async () => {
    const node = { action: 'msg' }
    await load(settings, node)
    await send({ action: 'start' })
    await deploy({ ...settings, timeout: 4 }, node)
    assert.equal((await send({ action: 'stop' })).typing?.indicators, 0)
    assert.equal((await send({ action: 'start', umid: OTHER_UMID })).typing?.state, 'active')
    assert.equal((await send({ action: 'stop', umid: OTHER_UMID })).typing?.indicators, 1)
  })

  it('ends a pending start as closed with its account', async () => {
    const node = { action: 'start', initialDelay: 7200 }
    await load(settings, node)
    const waiting = send()
    await new Promise(setImmediate) // the message is in the subflow
    await deploy({ ...settings, timeout: 4 }, node)
    assert.equal((await waiting).error?.kind, 'closed')
  })

  it('ends a message as closed that was read while the account was deployed', async () => {
    const node = { action: 'start', initialDelay: 7200, umid: 'slowly()', umidType: 'jsonata' }
    const asked = moment()
    const umid = moment<string>()
    await load(settings, node)
    const slowly = () => {
      asked.come()
      return umid.came
    }
    const ended = send({ slowly })
    await asked.came
    await deploy({ ...settings, timeout: 4 }, node)
    umid.come(UMID)
    assert.equal((await ended).error?.kind, 'closed')
  })
})
