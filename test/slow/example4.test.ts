import assert from 'node:assert/strict'
import { Sandbox } from '../../nodes/lib/sandbox/server'
import { type FlowNode, loadExample } from '../../scripts/example'
import { type NodeRed, runFlows } from '../../scripts/node-red'
import { CANARY, UMID } from '../support/events'

const SUB_ACCOUNT = 'slow_sub'
const PHONE = { subAccountId: SUB_ACCOUNT, channel: 'whatsapp', msisdn: '+6500000000' } as const

/** Example 4 for its full minute, in a real Node-RED, in real time, with the lifetimes of 8x8. */
describe('example 4, in real time', function () {
  this.timeout(120_000)
  let nodeRed: NodeRed
  let sandbox: Sandbox
  let flows: FlowNode[]

  before(async () => {
    sandbox = await Sandbox.start()
    sandbox.addSubAccount(SUB_ACCOUNT, CANARY)
    const name = '4 Keep typing while an AI agent works'
    const example = await loadExample(name, sandbox, SUB_ACCOUNT, CANARY)
    flows = example.flows
    addReply(flows)
    nodeRed = await runFlows(example, 21_880)
  })

  after(async () => {
    await nodeRed?.stop()
    await sandbox?.close()
  })

  /** Adds the reply that the example leaves to its reader, behind the stop. */
  function addReply(flows: FlowNode[]): void {
    const stop = flows.find(({ action }) => action === 'stop')
    assert.ok(stop)
    const { account, z } = stop
    const to = { to: PHONE.msisdn, toType: 'str' }
    flows.push({ id: 'reply', type: '8x8-reply', z, x: 0, y: 0, account, ...to, wires: [[], []] })
    stop.wires = [['reply'], []]
  }

  it('shows the dots for a minute, renews them twice, and sends nothing after the reply', async () => {
    const replied = new Promise<number>((resolve) => {
      sandbox.on('message', ({ message }) => message.from === 'brand' && resolve(message.at))
    })
    let gaps = 0
    const began = Date.now()
    const response = await fetch(`${nodeRed.url}/inject/8c40000000000003`, { method: 'POST' })
    assert.equal(response.status, 200)
    await new Promise<void>((resolve) => sandbox.once('typing', () => resolve()))
    const watch = setInterval(() => {
      if (sandbox.conversation(PHONE).typingUntil === undefined) gaps++
    }, 50)
    const at = await replied
    clearInterval(watch)
    const events = () => sandbox.requests.filter(({ path }) => path.endsWith('/events'))
    assert.ok(at - began >= 60_000)
    assert.equal(events().length, 3) // 0, 25.5 and 51 s
    for (const { body, status } of events()) {
      assert.equal(status, 200)
      assert.deepEqual(body, { channel: 'whatsapp', type: 'typing', umid: UMID })
    }
    // An indicator lives for 25 s, and the next may come only after that.
    assert.ok(gaps * 50 < 2 * 1500, `${gaps * 50} ms without dots`)
    const { messages, typingUntil } = sandbox.conversation(PHONE)
    assert.equal(typingUntil, undefined)
    assert.equal(messages.at(-1)?.text, 'Your order is on its way.')
    // The next renewal would have come at 76.5 s.
    await new Promise((resolve) => setTimeout(resolve, began + 80_000 - Date.now()))
    assert.equal(events().length, 3)
    assert.equal(sandbox.conversation(PHONE).typingUntil, undefined)
  })

  it('does not ask the agent a second time when the dots end before it answers', async () => {
    const started = nodeRed.deployed()
    const deployed = await fetch(`${nodeRed.url}/flows`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(
        flows.map((node) => {
          if (node.action === 'start') return { ...node, maxDuration: 1 }
          return node.type === 'delay' ? { ...node, timeout: '2' } : node
        }),
      ),
    })
    assert.equal(deployed.status, 204)
    await started
    const replies: number[] = []
    const replied = new Promise<void>((resolve) => {
      sandbox.on('message', ({ message }) => {
        if (message.from === 'brand') replies.push(message.at)
        resolve()
      })
    })
    await fetch(`${nodeRed.url}/inject/8c40000000000003`, { method: 'POST' })
    await replied
    await new Promise((resolve) => setTimeout(resolve, 3000)) // a second one would come after 1 s
    assert.equal(replies.length, 1)
  })
})
