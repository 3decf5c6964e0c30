import assert from 'node:assert/strict'
import type { NodeDef } from 'node-red'
import helper from 'node-red-node-test-helper'
import account from '../../nodes/account/account'
import reply from '../../nodes/reply/reply'
import { CANARY } from '../support/events'
import { type Output, unloadFlow } from '../support/flow'
import { answer, takeAll } from '../support/reply'
import { closeServers, startServer } from '../support/server'

/** A flow with a reply node in a subflow, whose account is a property of the subflow. */
function nodesOf(settings: object | undefined): NodeDef[] {
  const node = (id: string, z: string) => ({ id, z, x: 0, y: 0, wires: [] as string[][] })
  const inside = { ...node('inside', 'sub'), type: '8x8-reply', account: '${ACCOUNT}' }
  const nodes = [
    {
      id: 'sub',
      type: 'subflow',
      name: 'sub',
      in: [{ x: 0, y: 0, wires: [{ id: 'inside' }] }],
      out: [0, 1].map((port) => ({ x: 0, y: 0, wires: [{ id: 'inside', port }] })),
      env: [{ name: 'ACCOUNT', type: '8x8-account', value: '' }],
    },
    inside,
    { id: 'tab', type: 'tab' },
    ...(settings ? [{ id: 'account', type: '8x8-account', ...settings }] : []),
    {
      ...node('instance', 'tab'),
      type: 'subflow:sub',
      wires: [['end'], ['end']],
      env: [{ name: 'ACCOUNT', type: '8x8-account', value: 'account' }],
    },
    { ...node('end', 'tab'), type: 'helper' },
  ]
  return nodes as unknown as NodeDef[]
}

describe('8x8-reply, in a subflow with its account', () => {
  afterEach(async () => {
    await unloadFlow()
    await closeServers()
  })

  const send = () =>
    new Promise<Output>((resolve) => {
      helper.getNode('end').once('input', resolve)
      helper.getNode('instance').receive(answer({ subAccountId: undefined }) as unknown as Output)
    })

  it('goes on with the account that was deployed without it', async () => {
    const { url } = await startServer(takeAll())
    const settings = { subAccountId: 'my_sub', region: 'custom', baseUrl: url }
    // Anew each time: Node-RED takes out what no node has.
    const credentials = () => ({ account: { apiKey: CANARY } })
    await helper.load([account, reply], nodesOf(settings), credentials())
    assert.equal((await send()).reply?.subAccountId, 'my_sub')
    const changed = nodesOf({ ...settings, subAccountId: 'new_sub' })
    await helper.setFlows(changed, 'nodes', credentials())
    assert.equal((await send()).reply?.subAccountId, 'new_sub')
    await helper.setFlows(nodesOf(undefined), 'nodes', credentials())
    assert.equal((await send()).error?.kind, 'closed')
  })
})
