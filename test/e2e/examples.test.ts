import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { basename } from 'node:path'
import { phoneUrlOf } from '../../scripts/demo'
import { EXAMPLES, type FlowNode, inboundPathOf, readExample } from '../../scripts/example'
import { type NodeRed, runFlows } from '../../scripts/node-red'
import { PhoneClient } from '../../scripts/phone'

/** s, in place of those of the examples. */
const WORK = 1
const INTERIM_AFTER = 0.5
const MAX_DURATION = 1

/** Examples 1 to 5 in one real Node-RED, as a user has them who imports them all. */
describe('the examples with region Sandbox, on the phone', function () {
  this.timeout(60_000)
  const examples = new Map<number, FlowNode[]>()
  let nodeRed: NodeRed
  let url: string
  let phone: PhoneClient | undefined

  before(async () => {
    for (const file of readdirSync(EXAMPLES)) {
      const flows = await readExample(basename(file, '.json'))
      const isSandbox = flows.some(({ region }) => region === 'sandbox')
      if (isSandbox) examples.set(Number(file[0]), flows)
    }
    const all = [...examples.values()].flat().map(quicken)
    const flows = [...new Map(all.map((node) => [node.id, node])).values()]
    nodeRed = await runFlows({ flows, credentials: {} }, 22_780)
    url = phoneUrlOf({ flows, credentials: {} }, nodeRed.url)
  })

  after(() => nodeRed?.stop())

  afterEach(async () => {
    await phone?.close()
    phone = undefined
  })

  /** Shorter times, and a log that has what the debug sidebar has. */
  function quicken(node: FlowNode): FlowNode {
    if (node.type === 'delay') return { ...node, timeout: `${WORK}` }
    if (node.type === 'trigger') return { ...node, duration: `${INTERIM_AFTER}` }
    if (node.type === 'debug') return { ...node, console: true }
    return node.maxDuration === 40 ? { ...node, maxDuration: MAX_DURATION } : node
  }

  const nodeOf = (example: number, matches: (node: FlowNode) => boolean) => {
    const found = examples.get(example)?.find(matches)
    assert.ok(found)
    return found
  }

  /** The phone of a customer without a chat, who writes to an example from now on. */
  async function open(customer: string, example: number) {
    const client = await PhoneClient.open(url, {}, customer)
    const post = async (resource: string, body: object) =>
      assert.equal((await client.post(resource, { customer, ...body })).status, 202)
    const { id } = nodeOf(example, ({ type }) => type === '8x8-inbound')
    await client.post('inbound', { inbound: id })
    await post('clear', {})
    await client.close()
    phone = await PhoneClient.open(url, {}, customer)
    return {
      post,
      phone,
      write: (text: string) => post('messages', { text }),
      /** The texts of the chat, when there are so many. */
      async texts(count: number) {
        const { messages } = await (phone as PhoneClient).until(
          (state) => state.messages.length >= count,
        )
        return messages.map(({ text }) => text)
      },
    }
  }

  const press = async (example: number, button: string) => {
    const { id } = nodeOf(example, ({ name }) => name === button)
    assert.equal((await fetch(`${nodeRed.url}/inject/${id}`, { method: 'POST' })).status, 200)
  }

  it('share one account, and have a path each', () => {
    assert.deepEqual([...examples.keys()].sort(), [1, 2, 3, 4, 5])
    const all = [...examples.values()]
    const accounts = all.map((flows) => flows.filter(({ type }) => type === '8x8-account'))
    for (const each of accounts) assert.deepEqual(each, accounts[0])
    const paths = all.map((flows) => inboundPathOf({ flows, credentials: {} }))
    assert.equal(new Set(paths).size, all.length)
  })

  it('have no wire that runs backwards', () => {
    for (const flows of examples.values()) {
      for (const { x, wires = [] } of flows) {
        for (const id of (wires as string[][]).flat()) {
          const target = flows.find((node) => node.id === id)
          assert.ok(Number(target?.x) > Number(x), id)
        }
      }
    }
  })

  for (const customer of ['ana', 'ben', 'chi']) {
    for (const example of [1, 2, 3, 4, 5]) {
      it(`${example} shows the dots to ${customer}, then answers`, async () => {
        const { phone, write, texts } = await open(customer, example)
        await write('Where is my order?')
        await phone.until(({ typingUntil }) => typingUntil !== undefined)
        const expected = example === 4 ? 3 : 2
        const { length } = await texts(expected)
        assert.equal(length, expected)
        if (example === 5) return // the dots were gone before the apology
        await phone.until(
          ({ messages, typingUntil }) => messages.length === expected && typingUntil === undefined,
        )
      })
    }
  }

  it('3 tells in the debug sidebar what 8x8 did, by its kind', async () => {
    const { post, write } = await open('ana', 3)
    try {
      for (const [fault, names] of [
        ['unauthorized', ['no dots', 'the key is wrong']],
        ['error', ['look before you resend']],
      ] as const) {
        await post('fault', { fault })
        const told = names.map((name) => nodeRed.prints(new RegExp(`\\[debug:${name}\\]`)))
        await write('Hello')
        await Promise.all(told)
      }
    } finally {
      await post('fault', { fault: 'none' })
    }
  })

  it('3 apologizes when the work fails', async () => {
    const { write, texts } = await open('ana', 3)
    await write('fail')
    assert.match(`${(await texts(2))[1]}`, /^Sorry/)
  })

  it('4 gives an interim answer, and none after an apology', async () => {
    const { write, texts } = await open('ana', 4)
    await write('fail')
    await texts(2)
    await write('Where is my order?')
    const [, apology, , interim, answer] = await texts(5)
    assert.match(`${apology}`, /^Sorry/)
    assert.deepEqual(
      [interim, answer],
      ['One moment, I am looking it up.', 'Your order is on its way.'],
    )
  })

  it('5 sends what the person answers, also after the apology', async () => {
    const { write, texts } = await open('ana', 5)
    await write('Where is my order?')
    assert.match(`${(await texts(2))[1]}`, /^Sorry/)
    await press(5, 'The person answers')
    assert.equal((await texts(3))[2], 'It is on its way.')
  })

  it('5 does not apologize when somebody answers in another app', async () => {
    const { phone, write, texts } = await open('ana', 5)
    await write('first')
    await phone.until(({ typingUntil }) => typingUntil !== undefined)
    await press(5, 'Answered in another app')
    await write('second')
    // The apology for the first would come before that for the second.
    const [first, second, apology] = await texts(3)
    assert.deepEqual([first, second], ['first', 'second'])
    assert.match(`${apology}`, /^Sorry/)
  })
})
