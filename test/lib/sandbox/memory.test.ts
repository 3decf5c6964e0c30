import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { KEY, SUB } from './helpers'
import type { Order, Report } from './memory-child'

const MB = 1024 * 1024

/** What the sandbox may hold more than at its start, whatever is posted to it. */
const LIMIT = 20 * MB

const EVENTS = `/api/v1/subaccounts/${SUB}/events`
const MESSAGES = `/api/v1/subaccounts/${SUB}/messages`

/** All tests use one sandbox, and unfinished requests stay. */
describe('sandbox: memory', function () {
  this.timeout(60_000)
  let child: ChildProcess
  let url: string
  let page: string
  let agent: Agent
  const sockets: Socket[] = []

  before(async () => {
    const execArgv = ['--expose-gc', '--import', 'tsx']
    child = fork(join(__dirname, 'memory-child.ts'), [], { execArgv })
    const [report] = (await once(child, 'message')) as [Report]
    url = `${report.url}`
    page = `${report.page}`
    agent = new Agent({ keepAlive: true, maxSockets: 16 })
  })
  after(async () => {
    agent.destroy()
    for (const socket of sockets) socket.destroy()
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  })

  /** Carries out an order, and measures. */
  async function assertSmall(order: Order = { measure: true }): Promise<Report> {
    const reported = once(child, 'message')
    child.send(order)
    const [report] = (await reported) as [Report]
    const { bytes = Number.NaN } = report
    assert.ok(bytes < LIMIT, `${(bytes / MB).toFixed(1)} MB`)
    return report
  }

  /** @returns the status */
  function post(path: string, body: string, key = KEY): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${key}`, 'content-length': Buffer.byteLength(body) }
      request(url + path, { method: 'POST', agent, headers }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode))
      })
        .on('error', reject)
        .end(body)
    })
  }

  /** The statuses of many posts, each once. */
  async function postAll(count: number, body: (index: number) => string, path = EVENTS, key = KEY) {
    const posts = Array.from({ length: count }, (_, index) => post(path, body(index), key))
    return [...new Set(await Promise.all(posts))].sort()
  }

  /** Connections that have sent something; the server may close them. */
  async function open(count: number, head: string, to = url): Promise<Socket[]> {
    const opened = Array.from({ length: count }, () =>
      connect({ port: Number(new URL(to).port), host: '127.0.0.1', noDelay: true }),
    )
    sockets.push(...opened)
    await Promise.all(opened.map((socket) => once(socket, 'connect')))
    for (const socket of opened) socket.on('error', () => {}).write(head)
    return opened
  }

  const head = (more = 'content-length: 60000\r\n') =>
    `POST ${MESSAGES} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\n${more}\r\n`

  it('stays below 20 MB with 500 requests of 65 KB without a key', async () => {
    const body = 'x'.repeat(65_000)
    assert.deepEqual(await postAll(500, () => body, EVENTS, 'wrong'), [401])
    await assertSmall()
  })

  it('stays below 20 MB with long messages to 1,000 numbers', async () => {
    const message = (text: string, index: number) =>
      JSON.stringify({
        user: { msisdn: `+65${1e6 + (index % 1000)}` },
        type: 'text',
        content: { text },
        channels: [{ channel: 'RCS' }], // WhatsApp takes 4,096 characters
      })
    const long = 'x'.repeat(35_000)
    assert.deepEqual(await postAll(1200, (index) => message(long, index), MESSAGES), [200])
    // Two bytes a character, once in memory.
    const wide = 'あ'.repeat(20_000)
    assert.deepEqual(await postAll(600, (index) => message(wide, index), MESSAGES), [200])
    await assertSmall()
  })

  it('stays below 20 MB with crowded templates and long recipients', async () => {
    const components = Array.from({ length: 5000 }, () => ({}))
    const template = (index: number) =>
      JSON.stringify({
        user: { channelUserId: `US.${index}${'x'.repeat(120)}` },
        type: 'template',
        content: { template: { components } },
      })
    assert.deepEqual(await postAll(1200, template, MESSAGES), [200])
    await assertSmall()
  })

  it('stays below 20 MB with many messages of customers, and many short ones', async () => {
    await assertSmall({ write: 'あ'.repeat(990), count: 8000, numbers: 1200 })
    await assertSmall({ write: 'Hi', count: 60_000, numbers: 1000 })
  })

  it('stays below 20 MB with many pressed buttons, and receipts of all replies', async () => {
    const text = 'あ'.repeat(500)
    await assertSmall({ write: text, count: 8000, numbers: 1200, press: true })
    await assertSmall({ write: 'Hi', count: 20_000, numbers: 1000, press: true })
    const message = (index: number) =>
      JSON.stringify({
        user: { msisdn: `+65${1e6 + index}`, channelUserId: 'x'.repeat(5000) },
        type: 'text',
        content: { text: 'Hi' },
      })
    // On the phone of Ana, who is shown each request and each receipt.
    const toAna = JSON.stringify({
      user: { msisdn: '+6500000000' },
      type: 'template',
      content: { template: { components: Array.from({ length: 500 }, () => ({})) } },
    })
    assert.deepEqual(await postAll(900, () => toAna, MESSAGES), [200])
    const { receipts: before = 0 } = await assertSmall()
    // In batches: more than 1000 at a time get no receipts.
    for (let batch = 0; batch < 12; batch++) {
      const path = MESSAGES
      assert.deepEqual(await postAll(900, (index) => message(batch * 900 + index), path), [200])
    }
    let report = await assertSmall()
    while ((report.receipts ?? 0) < before + 900 * 3) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      report = await assertSmall()
    }
  })

  it('stays below 20 MB with deep and crowded JSON', async () => {
    const bodies = ['['.repeat(30_000) + ']'.repeat(30_000), `[${'{},'.repeat(20_000)}0]`]
    bodies.push(`[${'{},'.repeat(600)}0]`, `{"a":${'{"b":'.repeat(300)}0${'}'.repeat(301)}`)
    assert.deepEqual(await postAll(400, (index) => `${bodies[index % bodies.length]}`), [400])
    await assertSmall()
  })

  it('stays below 20 MB with long paths', async () => {
    for (const length of [15_000, 3500]) {
      await postAll(600, () => '', `${EVENTS}/${'z'.repeat(length)}`)
    }
    await assertSmall()
  })

  /** Sends 8000 bytes, each as a chunk of its own. */
  async function trickle(to: Socket[]): Promise<void> {
    for (let i = 0; i < 8; i++) {
      for (const socket of to) socket.write('1\r\nx\r\n'.repeat(1000))
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  it('stays below 20 MB with 200 unfinished messages to the page, sent byte by byte', async () => {
    const fields = `origin: ${page}\r\nhost: ${new URL(page).host}\r\ncontent-type: application/json`
    const chunked = 'transfer-encoding: chunked'
    const start = `POST /8x8-sandbox/phone/messages HTTP/1.1\r\n${fields}\r\n${chunked}\r\n\r\n`
    const opened = await open(200, start, page)
    await trickle(opened)
    await assertSmall()
    for (const socket of opened) socket.destroy()
  })

  it('stays below 20 MB with 200 unfinished requests, sent byte by byte', async () => {
    const opened = await open(200, head('transfer-encoding: chunked\r\n'))
    await trickle(opened)
    await assertSmall()
  })

  it('stays below 20 MB with 500 unfinished requests that are almost there', async () => {
    for (const socket of await open(500, head())) socket.write(' '.repeat(59_999))
    await new Promise((resolve) => setTimeout(resolve, 500))
    await assertSmall()
  })

  it('stays below 20 MB with huge heads, finished or not', async () => {
    const lines = (length: number) => `x: ${'y'.repeat(length)}\r\ncontent-length: 60000\r\n`
    for (const length of [15_000, 3500]) {
      await open(200, head(lines(length)))
      await open(200, head(lines(length)).slice(0, -2))
    }
    await assertSmall()
  })
})
