import assert from 'node:assert/strict'
import { Sandbox } from '../../nodes/lib/sandbox/server'
import { deployFlows } from '../../scripts/admin'
import {
  type Deployable,
  inboundPathOf,
  loadExample,
  WEBHOOK_AUTHORIZATION,
} from '../../scripts/example'
import { type NodeRed, runFlows } from '../../scripts/node-red'
import { postWebhook } from '../../scripts/webhooks'
import { CANARY } from '../support/events'

const SUB_ACCOUNT = 'slow_sub'
const PHONE = { subAccountId: SUB_ACCOUNT, channel: 'whatsapp', msisdn: '+6500000000' } as const

/** Example 4 for its full minute, in a real Node-RED, in real time, with the lifetimes of 8x8. */
describe('example 4, in real time', function () {
  this.timeout(120_000)
  let nodeRed: NodeRed
  let sandbox: Sandbox
  let example: Deployable

  before(async () => {
    sandbox = await Sandbox.start()
    sandbox.addSubAccount(SUB_ACCOUNT, CANARY)
    const name = '4 Keep typing while an AI agent works'
    example = await loadExample(name, sandbox, SUB_ACCOUNT, CANARY)
    nodeRed = await runFlows(example, 21_880)
  })

  after(async () => {
    await nodeRed?.stop()
    await sandbox?.close()
  })

  /** The customer asks. @returns the umid of the question */
  async function ask(): Promise<string> {
    const { umid } = sandbox.receive(PHONE)
    const url = nodeRed.url + inboundPathOf(example)
    assert.equal(await postWebhook(url, sandbox.webhook(umid), WEBHOOK_AUTHORIZATION), 200)
    return umid
  }

  /** Resolves with the time of the next reply that is so. */
  function replied(matches: (text: string) => boolean = () => true): Promise<number> {
    return new Promise((resolve) => {
      sandbox.on('message', ({ message: { from, text, at } }) => {
        if (from === 'business' && matches(text)) resolve(at)
      })
    })
  }

  it('shows the dots for a minute, with an interim answer, and none after the reply', async () => {
    const answered = replied((text) => text === 'Your order is on its way.')
    const shown = new Promise<void>((resolve) => sandbox.once('typing', () => resolve()))
    let gaps = 0
    const began = Date.now()
    const umid = await ask()
    await shown
    const watch = setInterval(() => {
      if (sandbox.conversation(PHONE).typingUntil === undefined) gaps++
    }, 50)
    const at = await answered
    clearInterval(watch)
    const events = () => sandbox.requests.filter(({ path }) => path.endsWith('/events'))
    assert.ok(at - began >= 60_000)
    assert.equal(events().length, 3) // 0, 20 (after the interim answer) and 45.5 s
    for (const { body, status } of events()) {
      assert.equal(status, 200)
      assert.deepEqual(body, { channel: 'whatsapp', type: 'typing', umid })
    }
    // An indicator lives for 25 s, and the next may come only after that, or after a reply.
    assert.ok(gaps * 50 < 2 * 1500, `${gaps * 50} ms without dots`)
    const { messages, typingUntil } = sandbox.conversation(PHONE)
    assert.equal(typingUntil, undefined)
    assert.deepEqual(
      messages.map(({ text }) => text),
      ['Hello', 'One moment, I am looking it up.', 'Your order is on its way.'],
    )
    // The next renewal would have come at 71 s.
    await new Promise((resolve) => setTimeout(resolve, began + 75_000 - Date.now()))
    assert.equal(events().length, 3)
    assert.equal(sandbox.conversation(PHONE).typingUntil, undefined)
  })

  it('does not ask the agent a second time when the dots end before it answers', async () => {
    const changed = example.flows.map((node) => {
      if (node.action === 'start') return { ...node, maxDuration: 1 }
      return node.type === 'delay' ? { ...node, timeout: '2' } : node
    })
    await deployFlows(nodeRed, changed)
    const before = sandbox.conversation(PHONE).messages.length
    const answered = replied()
    await ask()
    await answered
    await new Promise((resolve) => setTimeout(resolve, 3000)) // a second one would come after 1 s
    assert.equal(sandbox.conversation(PHONE).messages.length, before + 2)
  })
})
