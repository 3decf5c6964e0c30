import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { SAMPLE_UMID, Sandbox, type SandboxRequest } from '../../nodes/sandbox/server'
import { call, closeAll, type ErrorBody, KEY, SUB, startSandbox, type } from './helpers'

const event = { channel: 'whatsapp', type: 'typing', umid: SAMPLE_UMID }
const path = `/api/v1/subaccounts/${SUB}/events`

describe('sandbox: HTTP and faults', () => {
  let sandbox: Sandbox

  beforeEach(async () => {
    sandbox = await startSandbox()
  })
  afterEach(closeAll)

  const dots = () =>
    sandbox.conversation({ subAccountId: SUB, channel: 'whatsapp', msisdn: '+6500000000' })
      .typingUntil

  it('meets failNext in order, one each, then the fault function, then the real answer', async () => {
    const asked: SandboxRequest[] = []
    sandbox.failNext({ status: 500 })
    sandbox.failNext({ status: 503 }, { status: 429 })
    const statuses = []
    for (let i = 0; i < 3; i++) statuses.push((await type(sandbox, SAMPLE_UMID)).status)
    sandbox.fault = (met) => {
      asked.push({ ...met })
      return asked.length === 1 ? { status: 418 } : undefined
    }
    for (let i = 0; i < 2; i++) statuses.push((await type(sandbox, SAMPLE_UMID)).status)
    assert.deepEqual(statuses, [500, 503, 429, 418, 200])
    assert.deepEqual(asked[0]?.body, event)
    assert.equal(asked[0]?.subAccountId, SUB)
  })

  it('a faulted request changes nothing', async () => {
    const { umid } = sandbox.receive({ subAccountId: SUB })
    sandbox.failNext({ status: 200 }, { status: 500 }, { action: 'reset' })
    const first = await type(sandbox, umid)
    assert.deepEqual([first.status, await first.text()], [200, ''])
    await type(sandbox, umid)
    await assert.rejects(type(sandbox, umid))
    assert.equal(dots(), undefined)
  })

  it('a delayed request whose client has gone changes nothing', async () => {
    sandbox.fault = () => ({ delay: 50 })
    const sending = request(sandbox.url + path, { method: 'POST' })
    sending.on('error', () => {}).setHeader('authorization', `Bearer ${KEY}`)
    sending.end(JSON.stringify(event))
    while (sandbox.requests[0]?.body === undefined) await new Promise(setImmediate)
    sending.destroy()
    await call(sandbox, 'later') // delayed too, so the time of the first one is over
    assert.equal(dots(), undefined)
    assert.equal(sandbox.requests[0]?.status, undefined)
  })

  it('makes error bodies with a code that fits, or the one asked for', async () => {
    const cases: [number, number | undefined][] = [
      [400, 1000],
      [401, 1200],
      [403, 1201],
      [404, 1300],
      [429, undefined],
      [500, 2000],
    ]
    for (const [status, code] of cases) {
      sandbox.failNext({ status })
      const response = await type(sandbox, SAMPLE_UMID)
      const error = (await response.json()) as ErrorBody
      assert.deepEqual([response.status, error.code], [status, code])
      assert.ok(error.errorId && Date.parse(error.timestamp))
    }
    sandbox.failNext({ status: 401, code: 1001, message: 'Not yours' })
    const error = (await (await type(sandbox, SAMPLE_UMID)).json()) as ErrorBody
    assert.deepEqual([error.code, error.message], [1001, 'Not yours'])
    sandbox.failNext({ code: 2001 })
    assert.equal((await type(sandbox, SAMPLE_UMID)).status, 500)
  })

  it('sends Retry-After, headers and raw bodies as they are', async () => {
    const page = '<html>Bad gateway</html>'
    sandbox.failNext(
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

  it('only delay: the real answer, later', async () => {
    sandbox.failNext({ delay: 60, status: undefined })
    const started = performance.now()
    assert.equal((await type(sandbox, SAMPLE_UMID)).status, 200)
    // Timers may fire 1 ms early.
    assert.ok(performance.now() - started >= 58)
    assert.ok(dots())
    assert.ok((sandbox.requests[0]?.durationMs ?? 0) >= 58)
  })

  it('reset: ECONNRESET, after the delay', async () => {
    sandbox.failNext({ action: 'reset' }, { action: 'reset', delay: 30 })
    const cut = once(sandbox, 'request')
    await assert.rejects(type(sandbox, SAMPLE_UMID), hasCode('ECONNRESET'))
    const [{ status, durationMs }] = (await cut) as [SandboxRequest]
    assert.equal(status, undefined)
    assert.equal(typeof durationMs, 'number')
    const started = performance.now()
    await assert.rejects(type(sandbox, SAMPLE_UMID), hasCode('ECONNRESET'))
    assert.ok(performance.now() - started >= 28)
  })

  it('hang and delay: a client that goes away ends the request without effect', async () => {
    sandbox.failNext({ action: 'hang' }, { delay: 60_000 })
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

  it('a fault function or listener that throws is a 500', async () => {
    sandbox.fault = () => {
      throw new Error('my fault')
    }
    const response = await type(sandbox, SAMPLE_UMID)
    const error = (await response.json()) as ErrorBody
    assert.deepEqual([response.status, error.code, error.message], [500, 2000, 'my fault'])
    sandbox.fault = undefined
    sandbox.on('typing', () => {
      throw new Error('my listener')
    })
    assert.equal((await type(sandbox, SAMPLE_UMID)).status, 500)
  })

  it('remembers the last 500 requests, without the key', async () => {
    const seen: SandboxRequest[] = []
    sandbox.on('request', (met) => seen.push(met))
    await call(sandbox, '{"half', { path: `${path}?a=b` })
    await call(sandbox, '', { path: '/nowhere', method: 'GET' })
    await type(sandbox, SAMPLE_UMID)
    assert.deepEqual(seen, sandbox.requests)
    const [half, nowhere, good] = sandbox.requests.map(({ at, durationMs, ...rest }) => {
      assert.ok(Math.abs(at - Date.now()) < 5000 && durationMs !== undefined)
      return rest
    })
    assert.deepEqual(half, { method: 'POST', path, subAccountId: SUB, status: 400, body: '{"half' })
    assert.deepEqual(nowhere, { method: 'GET', path: '/nowhere', status: 404 })
    assert.deepEqual(good, { method: 'POST', path, subAccountId: SUB, status: 200, body: event })
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
    sandbox.fault = ({ body }) => (body === 1 ? { action: 'hang' } : { delay: 60_000 })
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

  it('start: takes a port, and fails when it is taken', async () => {
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
