import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { SAMPLE_UMID, Sandbox, type SandboxRequest } from '../../../nodes/lib/sandbox/server'
import { failNext } from '../../support/faults'
import { call, closeAll, type ErrorBody, KEY, SUB, startSandbox, type } from './helpers'

const event = { channel: 'whatsapp', type: 'typing', umid: SAMPLE_UMID }
const path = `/api/v1/subaccounts/${SUB}/events`

describe('sandbox: HTTP and faults', () => {
  let sandbox: Sandbox

  beforeEach(async () => {
    sandbox = await startSandbox()
  })
  afterEach(closeAll)

  const key = { subAccountId: SUB, channel: 'whatsapp', msisdn: '+6500000000' }
  const dots = () => sandbox.conversation(key).typingUntil

  it('simulates the first fault that a function returns, in the order of addition, else answers', async () => {
    const asked: SandboxRequest[] = []
    failNext(sandbox, { status: 500 })
    failNext(sandbox, { status: 503 }, { status: 429 })
    const statuses = []
    for (let i = 0; i < 3; i++) statuses.push((await type(sandbox, SAMPLE_UMID)).status)
    sandbox.addFault((request) => {
      asked.push({ ...request })
      return asked.length === 1 ? { status: 418 } : undefined
    })
    for (let i = 0; i < 2; i++) statuses.push((await type(sandbox, SAMPLE_UMID)).status)
    assert.deepEqual(statuses, [500, 503, 429, 418, 200])
    assert.deepEqual(asked[0]?.body, event)
    assert.equal(asked[0]?.subAccountId, SUB)
  })

  it('changes nothing for a request that gets a simulated error', async () => {
    const { umid } = sandbox.receive({ subAccountId: SUB })
    failNext(sandbox, { status: 200 }, { status: 500 }, { action: 'reset' })
    const first = await type(sandbox, umid)
    assert.deepEqual([first.status, await first.text()], [200, ''])
    await type(sandbox, umid)
    await assert.rejects(type(sandbox, umid))
    assert.equal(dots(), undefined)
  })

  /** Sends a whole request, and goes away at once. */
  async function sendAndGo(body: string): Promise<void> {
    const socket = connect(Number(new URL(sandbox.url).port), '127.0.0.1')
    await once(socket, 'connect')
    const head = `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\n`
    socket.write(`${head}content-length: ${body.length}\r\n\r\n${body}`, () => socket.destroy())
  }

  it('carries out a request that it received in full, even if its client has gone', async () => {
    const shown = once(sandbox, 'typing')
    await sendAndGo(JSON.stringify(event))
    await shown
    assert.ok(dots())
  })

  it('carries out a delayed request even if its client has gone, and records it as cut', async () => {
    failNext(sandbox, { delay: 100 })
    const cut = once(sandbox, 'request')
    const shown = once(sandbox, 'typing')
    await sendAndGo(JSON.stringify(event))
    const [{ status, durationMs }] = (await cut) as [SandboxRequest]
    assert.equal(status, undefined)
    assert.ok(durationMs !== undefined && durationMs < 100)
    assert.equal(dots(), undefined)
    await shown
    assert.ok(dots())
    assert.equal(sandbox.requests[0]?.status, undefined)
  })

  it('does not carry out an incomplete request', async () => {
    const body = JSON.stringify(event)
    const cut = once(sandbox, 'request')
    const socket = connect(Number(new URL(sandbox.url).port), '127.0.0.1')
    const head = `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\n`
    socket.write(`${head}content-length: ${body.length + 1}\r\n\r\n${body}`)
    while (sandbox.requests.length < 1) await new Promise(setImmediate)
    socket.destroy()
    await cut
    await call(sandbox, 'later')
    assert.equal(dots(), undefined)
  })

  /** Sends pieces of requests, each when the answer to the one before is there. */
  async function converse(...pieces: string[]): Promise<string[]> {
    const socket = connect(Number(new URL(sandbox.url).port), '127.0.0.1')
    const answers: string[] = []
    for (const piece of pieces) {
      socket.write(piece)
      answers.push(`${(await once(socket, 'data'))[0]}`)
    }
    socket.destroy()
    return answers
  }

  it('refuses a wrong key from the head, and goes on when the rest of the body is there', async () => {
    const head = (key: string, length: number) =>
      `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\ncontent-length: ${length}\r\n\r\n`
    const body = JSON.stringify(event)
    const answers = await converse(
      head('wrong', 1_000_000),
      'x'.repeat(1_000_000) + head(KEY, body.length) + body,
    )
    assert.match(answers[0] ?? '', /^HTTP\/1\.1 401 /)
    assert.match(answers[1] ?? '', /^HTTP\/1\.1 200 /)
    assert.equal(sandbox.requests[0]?.body, undefined)
  })

  it('refuses another path, method or sub-account from the head, and a body that is too large', async () => {
    const start = (line: string) =>
      converse(
        `${line} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\ncontent-length: 140000\r\n\r\n`,
      )
    const lines: [string, number][] = [
      ['POST /api/v1/other', 404],
      [`PUT ${path}`, 405],
      ['POST /api/v1/subaccounts/other/events', 400],
      [`POST ${path}`, 413],
    ]
    for (const [line, status] of lines) {
      assert.match((await start(line))[0] ?? '', new RegExp(`^HTTP/1\\.1 ${status} `))
    }
  })

  it('answers 503 beyond 4 MB of unfinished requests, until they end', async () => {
    const sockets = Array.from({ length: 80 }, () =>
      connect(Number(new URL(sandbox.url).port), '127.0.0.1').on('error', () => {}),
    )
    const head = `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\n`
    const refused = sockets.map((socket) => once(socket, 'data'))
    for (const socket of sockets) {
      socket.write(`${head}content-length: 60000\r\n\r\n${' '.repeat(59_999)}`)
    }
    const [first] = await Promise.race(refused)
    assert.match(`${first}`, /^HTTP\/1\.1 503 .*\r\nretry-after: 1\r\n/is)
    for (const socket of sockets) socket.destroy()
    while (sandbox.requests.filter(({ durationMs }) => durationMs === undefined).length > 0) {
      await once(sandbox, 'request')
    }
    assert.equal((await type(sandbox, SAMPLE_UMID)).status, 200)
  })

  it('answers simulated errors with a code that fits the status, or a given one', async () => {
    const cases: [number, number | undefined][] = [
      [400, 1000],
      [401, 1200],
      [403, 1201],
      [404, 1300],
      [429, undefined],
      [500, 2000],
    ]
    for (const [status, code] of cases) {
      failNext(sandbox, { status })
      const response = await type(sandbox, SAMPLE_UMID)
      const error = (await response.json()) as ErrorBody
      assert.deepEqual([response.status, error.code], [status, code])
      assert.ok(error.errorId && Date.parse(error.timestamp))
    }
    failNext(sandbox, { status: 401, code: 1001, message: 'Not yours' })
    const error = (await (await type(sandbox, SAMPLE_UMID)).json()) as ErrorBody
    assert.deepEqual([error.code, error.message], [1001, 'Not yours'])
    failNext(sandbox, { code: 2001 })
    assert.equal((await type(sandbox, SAMPLE_UMID)).status, 500)
  })

  it('sends Retry-After, headers and raw bodies as they are', async () => {
    const page = '<html>Bad gateway</html>'
    failNext(
      sandbox,
      { status: 429, retryAfter: 3 },
      { status: 503, retryAfter: 'Tue, 09 Jun 2026 10:00:00 GMT' },
      { status: 502, body: page, headers: { 'content-type': 'text/html' } },
      { status: 200, body: Buffer.from([0xff, 0xfe, 0x00]) },
      { status: 500, body: '' },
      { status: 302, headers: { location: 'http://127.0.0.1:9/' } },
    )
    assert.equal((await type(sandbox, SAMPLE_UMID)).headers.get('retry-after'), '3')
    const date = (await type(sandbox, SAMPLE_UMID)).headers.get('retry-after')
    assert.equal(date, 'Tue, 09 Jun 2026 10:00:00 GMT')
    const html = await type(sandbox, SAMPLE_UMID)
    assert.deepEqual([html.headers.get('content-type'), await html.text()], ['text/html', page])
    const garbage = await (await type(sandbox, SAMPLE_UMID)).arrayBuffer()
    assert.deepEqual([...new Uint8Array(garbage)], [0xff, 0xfe, 0x00])
    assert.equal(await (await type(sandbox, SAMPLE_UMID)).text(), '')
    const redirect = await fetch(sandbox.url, { redirect: 'manual' })
    assert.equal(redirect.headers.get('location'), 'http://127.0.0.1:9/')
  })

  it('delays the real answer with only a delay', async () => {
    failNext(sandbox, { delay: 60, status: undefined })
    const started = performance.now()
    assert.equal((await type(sandbox, SAMPLE_UMID)).status, 200)
    // Timers may fire 1 ms early.
    assert.ok(performance.now() - started >= 58)
    assert.ok(dots())
    assert.ok((sandbox.requests[0]?.durationMs ?? 0) >= 58)
  })

  it('resets the connection, after a delay if there is one', async () => {
    failNext(sandbox, { action: 'reset' }, { action: 'reset', delay: 30 })
    const cut = once(sandbox, 'request')
    await assert.rejects(type(sandbox, SAMPLE_UMID), hasCode('ECONNRESET'))
    const [{ status, durationMs }] = (await cut) as [SandboxRequest]
    assert.equal(status, undefined)
    assert.equal(typeof durationMs, 'number')
    const started = performance.now()
    await assert.rejects(type(sandbox, SAMPLE_UMID), hasCode('ECONNRESET'))
    assert.ok(performance.now() - started >= 28)
  })

  it('ends a hanging or delayed request when its client goes away', async () => {
    failNext(sandbox, { action: 'hang' }, { delay: 60_000 })
    const body = JSON.stringify(event)
    const headers = { authorization: `Bearer ${KEY}` }
    for (let i = 0; i < 2; i++) {
      const cut = once(sandbox, 'request')
      const signal = AbortSignal.timeout(50)
      await assert.rejects(fetch(sandbox.url + path, { method: 'POST', body, headers, signal }))
      const [met] = (await cut) as [SandboxRequest]
      assert.equal(met.status, undefined)
    }
    assert.equal(dots(), undefined)
  })

  it('answers 500 when a fault function or a listener throws', async () => {
    const remove = sandbox.addFault(() => {
      throw new Error('my fault')
    })
    const response = await type(sandbox, SAMPLE_UMID)
    const error = (await response.json()) as ErrorBody
    assert.deepEqual([response.status, error.code, error.message], [500, 2000, 'my fault'])
    remove()
    sandbox.on('typing', () => {
      throw new Error('my listener')
    })
    assert.equal((await type(sandbox, SAMPLE_UMID)).status, 500)
  })

  it('records 2000 bytes of a body, and the customer or message that it names', async () => {
    const body = { content: { text: 'x'.repeat(5000) }, user: { msisdn: '+6501234567' } }
    await call(sandbox, { ...body, umid: 'none', channel: 'sms' })
    await call(sandbox, `{"umid":"${'y'.repeat(3000)}`, { path: `${path}?${'z'.repeat(400)}` })
    await call(sandbox, '', { path: `/${'z'.repeat(400)}` })
    const [first, second, third] = sandbox.requests
    assert.equal(first?.body, `${JSON.stringify(body).slice(0, 2000)}…`)
    assert.deepEqual(first?.target, { msisdn: '+6501234567' })
    assert.deepEqual([second?.path, second?.target], [path, undefined])
    assert.equal(third?.path.length, 300)
  })

  it('records 2000 bytes of an answer, and the message that a request sent', async () => {
    const messages = `/api/v1/subaccounts/${SUB}/messages`
    const body = { user: { msisdn: '+6501234567' }, type: 'text', content: { text: 'Hi' } }
    const answer = (await (await call(sandbox, body, { path: messages })).json()) as object
    const long = '<p>あ</p>'.repeat(1000)
    failNext(sandbox, { status: 502, body: long }, { status: 502, body: 'no JSON' })
    for (let i = 0; i < 2; i++) await call(sandbox, body, { path: messages })
    const refused = await (await call(sandbox, {}, { path: messages })).json()
    await type(sandbox, SAMPLE_UMID)
    const [sent, page, words, bad, dots] = sandbox.requests
    assert.deepEqual(sent?.response, answer)
    assert.equal(sent?.umid, sandbox.conversation({ ...key, ...body.user }).messages[0]?.umid)
    assert.match(`${page?.response}`, /^(<p>あ<\/p>){200}.{0,8}…$/)
    assert.equal(words?.response, 'no JSON')
    assert.deepEqual(bad?.response, refused)
    assert.ok(dots && !('response' in dots))
    for (const request of [page, words, bad, dots]) assert.ok(request && !('umid' in request))
  })

  it('remembers the last 500 requests, without the key', async () => {
    const seen: SandboxRequest[] = []
    sandbox.on('request', (met) => seen.push(met))
    await call(sandbox, '{"half', { path: `${path}?a=b` })
    await call(sandbox, '', { path: '/nowhere', method: 'GET' })
    await type(sandbox, SAMPLE_UMID)
    assert.deepEqual(seen, sandbox.requests)
    const [half, nowhere, good] = sandbox.requests.map(({ at, durationMs, response, ...rest }) => {
      assert.ok(Math.abs(at - Date.now()) < 5000 && durationMs !== undefined)
      assert.equal(response !== undefined, rest.status !== 200)
      return rest
    })
    assert.deepEqual(half, { method: 'POST', path, subAccountId: SUB, status: 400, body: '{"half' })
    assert.deepEqual(nowhere, { method: 'GET', path: '/nowhere', status: 404 })
    const target = { umid: SAMPLE_UMID, channel: 'whatsapp' }
    const known = { method: 'POST', path, subAccountId: SUB, target }
    assert.deepEqual(good, { ...known, status: 200, body: event })
    for (let i = 0; i < 500; i++) await type(sandbox, SAMPLE_UMID)
    assert.equal(sandbox.requests.length, 500)
    assert.ok(sandbox.requests.every(({ status }) => status === 200))
    assert.ok(!JSON.stringify(sandbox.requests).includes(KEY))
  })

  it('keeps connections alive, and closes without waiting for them', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const ports = []
    for (let i = 0; i < 2; i++) {
      const headers = { authorization: `Bearer ${KEY}` }
      const posting = request(sandbox.url + path, { method: 'POST', agent, headers })
      posting.end(JSON.stringify(event))
      const [answer] = await once(posting, 'response')
      ports.push(answer.socket.localPort)
      await once(answer.resume(), 'end')
    }
    assert.equal(ports[0], ports[1])
    const started = performance.now()
    await sandbox.close()
    assert.ok(performance.now() - started < 1000)
    await sandbox.close()
    await assert.rejects(type(sandbox, SAMPLE_UMID), hasCode('ECONNREFUSED'))
    agent.destroy()
  })

  it('closes at once with hanging, delayed and half-sent requests', async () => {
    sandbox.addFault(({ body }) => (body === 1 ? { action: 'hang' } : { delay: 60_000 }))
    const hanging = assert.rejects(call(sandbox, 1))
    const delayed = assert.rejects(call(sandbox, 2))
    const half = connect(Number(new URL(sandbox.url).port), '127.0.0.1')
    const cut = once(
      half.on('error', () => {}),
      'close',
    )
    half.write(`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{`)
    while (sandbox.requests.length < 3) await new Promise(setImmediate)
    const started = performance.now()
    await sandbox.close()
    await Promise.all([hanging, delayed, cut])
    assert.ok(performance.now() - started < 1000)
  })

  it('survives malformed HTTP', async () => {
    for (const bytes of ['\0\x01garbage\r\n\r\n', 'POST / HTTP/1.1\r\ncontent-length: x\r\n\r\n']) {
      const socket = connect(Number(new URL(sandbox.url).port), '127.0.0.1')
      let answer = ''
      socket.on('data', (data) => {
        answer += data
      })
      socket.write(bytes)
      await once(socket, 'close')
      assert.match(answer, /^HTTP\/1.1 400 /)
    }
    assert.equal((await type(sandbox, SAMPLE_UMID)).status, 200)
  })

  it('takes 2,000 events at once', async function () {
    this.timeout(60_000) // that many connections take a busy machine longer than the default
    const umids = Array.from({ length: 2000 }, () => sandbox.receive({ subAccountId: SUB }).umid)
    const statuses = await Promise.all(
      umids.map(async (umid) => (await type(sandbox, umid)).status),
    )
    assert.ok(statuses.every((status) => status === 200))
    assert.equal(sandbox.requests.length, 500)
  })

  it('listens again after it was closed, with all that it knew', async () => {
    const { umid } = sandbox.receive({ subAccountId: SUB })
    const { url } = sandbox
    await sandbox.close()
    assert.equal(sandbox.url, url)
    await sandbox.listen()
    assert.equal((await type(sandbox, umid)).status, 200)
    assert.equal(sandbox.conversation(key).messages.length, 1)
    assert.equal(sandbox.requests.length, 1)
    assert.equal(new Sandbox().url, '')
  })

  it('listens on a given port, and fails to start when it is in use', async () => {
    const port = Number(new URL(sandbox.url).port)
    await assert.rejects(Sandbox.start({ port }), { code: 'EADDRINUSE' })
    await sandbox.close()
    assert.equal((await startSandbox({ port })).url, `http://127.0.0.1:${port}`)
  })
})

/** For fetch, whose errors have the reason as their cause. */
function hasCode(code: string) {
  return ({ cause }: Error) => (cause as { code?: string }).code === code
}
