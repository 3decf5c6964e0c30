import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Sandbox } from '../../nodes/lib/sandbox/server'
import { type FlowNode, readExample } from '../../scripts/example'
import { ROOT } from '../../scripts/node-red'
import { CANARY } from '../support/events'
import { endFlowFile, type RunningFlow, runFlowFile } from '../support/flow-file'

const PATH = '/8x8/measure'
const SUB_ACCOUNT = 'my_subaccount' // that of the example
const HOUR = 3_600_000

describe('example 8, measure on your account', () => {
  let sandbox: Sandbox
  let nodes: FlowNode[]
  let flow: RunningFlow

  beforeEach(async () => {
    sandbox = await Sandbox.start()
    sandbox.addSubAccount(SUB_ACCOUNT, CANARY)
    nodes = await readExample('8 Measure on your account')
    // Without its pauses, which msg.delay still tells.
    const quick = nodes.map((node) =>
      node.type === 'delay' ? { ...node, pauseType: 'delay' } : node,
    )
    flow = await runFlowFile(quick, sandbox.url)
  })

  afterEach(async () => {
    await endFlowFile()
    await sandbox.close()
  })

  function idOf(name: string): string {
    const [node, ...more] = nodes.filter((each) => each.name === name)
    assert.ok(node && more.length === 0, name)
    return node.id
  }

  /** The customer writes. @returns the umid, and the line that shows it */
  async function write(at: number): Promise<{ umid: string; line: unknown }> {
    const { umid } = sandbox.receive({ subAccountId: SUB_ACCOUNT, at })
    assert.equal(await flow.post(PATH, sandbox.webhook(umid)), 200)
    const [message] = await flow.received(idOf('received'), 1)
    return { umid, line: message?.payload }
  }

  /** Presses a button. @returns the lines of the sidebar, with their delays in ms */
  async function press(name: string, lines: number): Promise<[line: string, delay: unknown][]> {
    flow.press(idOf(name))
    const messages = await flow.received(idOf('answers'), lines)
    return messages.map((msg) => [`${msg.payload}`, (msg as { delay?: unknown }).delay])
  }

  const ACCEPTED =
    /whatsapp [\da-f-]{36}, sent \d{4}-.*Z, answered \d{4}-.*Z: accepted, 200, attempts: 1$/

  it('has the buttons that docs/measure.md explains', async () => {
    const page = await readFile(join(ROOT, 'docs', 'measure.md'), 'utf8')
    const buttons = nodes.filter(({ type }) => type === 'inject')
    assert.equal(buttons.length, 4)
    for (const { name } of buttons) assert.ok(page.includes(`| ${name} |`), `${name}`)
  })

  it('shows the message that was written from the phone', async () => {
    const { umid, line } = await write(Date.now())
    assert.match(`${line}`, new RegExp(`^Message received at .*: whatsapp ${umid}$`))
  })

  it('asks for a message first', async () => {
    const [[line] = []] = await press('4 Burst of 10', 1)
    assert.match(`${line}`, /first write a message/)
    assert.deepEqual(sandbox.requests, [])
  })

  it('sends an indicator twice, 15 s apart, then asks what the phone shows', async () => {
    await write(Date.now())
    const lines = await press('1 Repeat', 3)
    const look = lines.find(([line]) => line.startsWith('Look at your phone'))
    assert.equal(look?.[1], 32_000)
    const indicators = lines.filter((each) => each !== look)
    assert.deepEqual(indicators.map(([, delay]) => delay).sort(), [0, 15_000])
    for (const [line] of indicators) assert.match(line, ACCEPTED)
  })

  it('shows the status, the code and the errorId for an unknown umid', async () => {
    await write(Date.now())
    const [[line] = []] = await press('2 Unknown umid', 1)
    assert.match(`${line}`, /^Unknown umid: whatsapp 0{8}-.*: rejected, .*400, code 1300.*errorId/)
  })

  it('sends an indicator for a message older than 2 hours', async () => {
    const { umid } = await write(Date.now() - 3 * HOUR)
    const [[line] = []] = await press('3 Older than 2 hours', 1)
    assert.match(`${line}`, new RegExp(`^Message older than 2 hours: whatsapp ${umid}.*code 1300`))
    assert.equal(sandbox.requests.length, 1)
  })

  it('says when a message will be older than 2 hours, and sends nothing before', async () => {
    const at = Date.now() - HOUR
    await write(at)
    const [[line] = []] = await press('3 Older than 2 hours', 1)
    const when = new Date(at + 2 * HOUR).toISOString()
    assert.equal(line, `Nothing sent: press again after ${when}.`)
    assert.deepEqual(sandbox.requests, [])
  })

  it('sends 10 indicators at once', async () => {
    await write(Date.now())
    const lines = await press('4 Burst of 10', 10)
    for (const [line] of lines) assert.match(line, ACCEPTED)
    assert.equal(sandbox.requests.length, 10)
  })

  it('shows other events, such as a message that was written in another app', async () => {
    const event = { namespace: 'ChatApps', eventType: 'external_app_message', payload: {} }
    assert.equal(await flow.post(PATH, event), 200)
    const [message] = await flow.received(idOf('other events'), 1)
    assert.deepEqual(message?.payload, event)
  })
})
