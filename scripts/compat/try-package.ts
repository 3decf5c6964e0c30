import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PhoneState } from '../../nodes/account/phone/state'
import { PHONES_PATH } from '../../nodes/lib/rules'
import { deployFlows, readAdmin } from '../admin'
import { EXAMPLES, type FlowNode } from '../example'
import {
  findPort,
  makeUserDir,
  type NodeRed,
  PACKAGE,
  type Runtime,
  removeUserDir,
  startNodeRed,
} from '../node-red'
import { PhoneClient } from '../phone'
import { within } from '../within'

/** What the package brings. */
const TYPES = ['8x8-account', '8x8-inbound', '8x8-reply', '8x8-typing-indicator']

/** ms between two looks at a file. */
const LOOK_EVERY = 50

/** A customer who writes to an example. */
interface Talk {
  /** How the example's name begins. */
  example: string
  customer: string
  /** Another text each time: the chats go on. */
  text: string
  /** The inject node that answers. */
  press?: string
  /** The answer comes so soon that no dots need to be seen. */
  atOnce?: true
}

/** Examples that answer on the phone, and customers who write to them at the same time. */
const CONVERSATIONS: readonly (readonly Talk[])[] = [
  [
    { example: '1', customer: 'ana', text: 'Hello' },
    { example: '2', customer: 'ben', text: 'Hello' },
    { example: '3', customer: 'chi', text: 'Hello' },
  ],
  [
    { example: '4', customer: 'ana', text: 'fail', atOnce: true },
    { example: '5', customer: 'ben', text: 'Are you there?', press: 'The person answers' },
  ],
]

/**
 * Uploads the package to the palette of a new Node-RED, imports all examples, has the customers of
 * the sandbox write to them, and removes the package.
 * @param tarball its file
 * @param port the first to try
 * @throws {Error} what is not as it should be
 */
export async function tryPackage(tarball: string, runtime: Runtime, port: number): Promise<void> {
  const userDir = await makeUserDir()
  try {
    const nodeRed = await startNodeRed(userDir, await findPort(port), { runtime })
    try {
      await upload(nodeRed, tarball)
      const flows = await importExamples(nodeRed)
      for (const talks of CONVERSATIONS) {
        await converse(nodeRed, flows, talks)
      }
      await remove(nodeRed, userDir)
    } finally {
      await nodeRed.stop()
    }
  } finally {
    await removeUserDir(userDir)
  }
}

async function upload(nodeRed: NodeRed, tarball: string): Promise<void> {
  const form = new FormData()
  form.append('tarball', new Blob([await readFile(tarball)]), basename(tarball))
  const response = await fetch(`${nodeRed.url}/nodes`, { method: 'POST', body: form })
  assert.equal(response.status, 200, `the upload: ${await response.clone().text()}`)
  const { nodes } = (await response.json()) as { nodes: { types: string[]; err?: unknown }[] }
  assert.deepEqual(nodes.flatMap(({ types }) => types).sort(), TYPES)
  assert.ok(
    nodes.every(({ err }) => !err),
    'a node does not load',
  )
}

/** All examples in one deploy; the account that several of them share, once. */
async function importExamples(nodeRed: NodeRed): Promise<FlowNode[]> {
  const library = `/library/examples/flows/${PACKAGE}/`
  const offered = await readAdmin<{ fn: string }[]>(nodeRed, library)
  assert.equal(offered.length, (await readdir(EXAMPLES)).length, 'not all examples are offered')
  const nodes = new Map<string, FlowNode>()
  for (const { fn } of offered) {
    const flow = await readAdmin<FlowNode[]>(nodeRed, library + encodeURIComponent(fn))
    const label = { label: fn }
    for (const node of flow) nodes.set(node.id, node.type === 'tab' ? { ...node, ...label } : node)
  }
  const flows = [...nodes.values()]
  await deployFlows(nodeRed, flows)
  return flows
}

/** One after the other they write, because the phone writes to one inbound node at a time. */
async function converse(
  nodeRed: NodeRed,
  flows: FlowNode[],
  talks: readonly Talk[],
): Promise<void> {
  const answers: Promise<void>[] = []
  for (const talk of talks) {
    const { example, customer, text } = talk
    const tab = flows.find(({ type, label }) => type === 'tab' && `${label}`.startsWith(example))
    const inbound = flows.find(({ type, z }) => type === '8x8-inbound' && z === tab?.id)
    assert.ok(tab && inbound, `example ${example} has no inbound node`)
    const url = `${nodeRed.url}${PHONES_PATH}/${inbound.account}/`
    const phone = await PhoneClient.open(url, {}, customer)
    for (const [resource, body] of [
      ['inbound', { inbound: inbound.id }],
      ['messages', { customer, text }],
    ] as const) {
      const { status } = await phone.post(resource, body)
      assert.equal(status, 202, `example ${example}: ${resource}`)
    }
    answers.push(within(`the answer of example ${example}`, answered(nodeRed, flows, talk, phone)))
  }
  await Promise.all(answers)
}

/** Resolves when the customer has seen the dots and then, without them, an answer. */
async function answered(
  nodeRed: NodeRed,
  flows: FlowNode[],
  talk: Talk,
  phone: PhoneClient,
): Promise<void> {
  try {
    const asked = ({ messages }: PhoneState) =>
      messages.findLastIndex(({ from, text }) => from === 'customer' && text === talk.text)
    if (!talk.atOnce) {
      await phone.until((state) => asked(state) >= 0 && state.typingUntil !== undefined)
    }
    if (talk.press) await press(nodeRed, flows, talk.press)
    await phone.until((state) => {
      const isAnswered = asked(state) >= 0 && asked(state) < state.messages.length - 1
      return isAnswered && state.typingUntil === undefined
    })
  } finally {
    await phone.close()
  }
}

async function press(nodeRed: NodeRed, flows: FlowNode[], name: string): Promise<void> {
  const inject = flows.find((node) => node.type === 'inject' && node.name === name)
  const response = await fetch(`${nodeRed.url}/inject/${inject?.id}`, { method: 'POST' })
  assert.equal(response.status, 200, `the button ${name}`)
}

/** Removes the package and checks that nothing is left. */
async function remove(nodeRed: NodeRed, userDir: string): Promise<void> {
  await deployFlows(nodeRed, [])
  const response = await fetch(`${nodeRed.url}/nodes/${PACKAGE}`, { method: 'DELETE' })
  assert.equal(response.status, 204, `the removal: ${await response.text()}`)
  const sets = await readAdmin<{ module: string }[]>(nodeRed, '/nodes')
  assert.ok(
    sets.every(({ module }) => module !== PACKAGE),
    'it is still in the palette',
  )
  for (const name of [PACKAGE, 'undici', 'zod']) {
    assert.ok(!existsSync(join(userDir, 'node_modules', name)), `${name} is still there`)
  }
  // Node-RED writes its files after it has answered.
  for (const file of ['package.json', '.config.nodes.json']) {
    await within(`the removal from ${file}`, unnamed(join(userDir, file)))
  }
}

/** Resolves when a file does not name us any more. */
async function unnamed(file: string): Promise<void> {
  while ((await readFile(file, 'utf8')).includes(PACKAGE)) await sleep(LOOK_EVERY)
}
