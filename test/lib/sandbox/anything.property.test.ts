import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { connect } from 'node:net'
import fc from 'fast-check'
import { PageFiles } from '../../../nodes/account/phone/files'
import { PhoneRouter } from '../../../nodes/account/phone/router'
import { SAMPLE_UMID, type Sandbox } from '../../../nodes/lib/sandbox/server'
import { ANA, closePhones, makePhone, post, serve, watch } from '../../account/phone/helpers'
import { type Anything, anything, watchProcess } from '../../support/anything'
import { call, closeAll, SUB, startSandbox, type } from './helpers'

const PATH = `/api/v1/subaccounts/${SUB}/events`
const event = { channel: 'whatsapp', type: 'typing', umid: SAMPLE_UMID }

/** As JSON; undefined for what has none. Deep values are written by hand, JSON.stringify cannot. */
function json({ what, make }: Anything): string | undefined {
  if (/deep/.test(what)) return what.includes('array') ? nested('[', ']') : nested('{"a":', '}', 1)
  try {
    return JSON.stringify(make())
  } catch {
    return undefined
  }
}

function nested(open: string, close: string, bottom: unknown = '', levels = 10_000): string {
  return open.repeat(levels) + bottom + close.repeat(levels)
}

/** The JSON of an object in which one field is left out, doubled or anything. */
const damaged = (good: object, fields: string[]) =>
  fc
    .record({
      field: fc.constantFrom(...fields, '__proto__', 'constructor', 'extra'),
      how: fc.constantFrom('left out', 'doubled', 'replaced'),
      by: anything,
    })
    .map(({ field, how, by }) => {
      const value = how === 'replaced' ? json(by) : how === 'doubled' ? '[1,1]' : undefined
      const rest = Object.entries(good).filter(([name]) => name !== field)
      const written = rest.map(([name, each]) => `${JSON.stringify(name)}:${JSON.stringify(each)}`)
      if (value !== undefined) written.push(`${JSON.stringify(field)}:${value}`)
      return { field, body: `{${written.join(',')}}` }
    })

describe('sandbox: fuzzing', function () {
  this.timeout(30_000)
  watchProcess()
  let sandbox: Sandbox

  beforeEach(async () => {
    sandbox = await startSandbox()
  })
  afterEach(async () => {
    await closePhones()
    await closeAll()
  })

  it('answers an events or messages request with success, or an error that names the field', async () => {
    makePhone(sandbox)
    const message = { user: { msisdn: '+6500000000' }, type: 'text', content: { text: 'Hi' } }
    const calls = fc.oneof(
      damaged(event, Object.keys(event)).map((each) => ({ ...each, resource: 'events' })),
      damaged(message, Object.keys(message)).map((each) => ({ ...each, resource: 'messages' })),
    )
    await fc.assert(
      fc.asyncProperty(calls, async ({ field, body, resource }) => {
        const path = PATH.replace('events', resource)
        const response = await call(sandbox, body, { path })
        const text = await response.text()
        if (response.status === 200) return
        assert.ok([400, 413].includes(response.status), `${response.status} ${text}`)
        const { message: said = '' } = JSON.parse(text)
        assert.ok(said.length < 500)
        assert.match(said, new RegExp(`\\b(${field}|body)\\b|MSISDN|umid`))
      }),
      { numRuns: 300 },
    )
    assert.equal((await type(sandbox, SAMPLE_UMID)).status, 200)
  })

  it('survives any bytes', async () => {
    const target = fc.oneof(
      fc.constantFrom(
        PATH,
        `${PATH}/../x`,
        '/api/v1/subaccounts/../events',
        '*',
        '//',
        '/%',
        '/%ff',
      ),
      fc.webPath(),
      fc.string({ unit: 'binary-ascii' }),
    )
    const header = fc.tuple(fc.string({ unit: 'binary-ascii' }), fc.string({ unit: 'binary' }))
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('GET', 'POST', 'PUT', 'OPTIONS', 'TRACE', 'X', ''),
        target,
        fc.array(header, { maxLength: 3 }),
        fc.uint8Array({ maxLength: 200 }),
        async (method, path, headers, body) => {
          const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
          const length = `content-length: ${body.length}\r\n`
          const head = `${method} ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${length}`
          await sendRaw(Buffer.concat([Buffer.from(`${head}${lines}\r\n`), body]))
        },
      ),
      { numRuns: 200 },
    )
    assert.equal((await type(sandbox, SAMPLE_UMID)).status, 200)
  })

  /** Writes bytes and half-closes; resolves when the server ends the connection, however. */
  async function sendRaw(bytes: Buffer): Promise<void> {
    const socket = connect(Number(new URL(sandbox.url).port), '127.0.0.1')
    socket.on('error', () => {}) // a reset is an answer too
    socket.resume().end(bytes)
    await once(socket, 'close')
  }

  it('shows a request that is too deep to be written as JSON on the phone of its umid', async () => {
    const { phone } = makePhone(sandbox)
    const body = `{"umid":"${SAMPLE_UMID}","channel":"whatsapp","x":${nested('[', ']')}}`
    assert.equal((await call(sandbox, body)).status, 400)
    assert.deepEqual(sandbox.requests[0]?.target, { umid: SAMPLE_UMID, channel: 'whatsapp' })
    const { requests } = phone.state(ANA)
    assert.equal(requests.length, 1)
    assert.ok(JSON.stringify(requests).length < 10_000)
  })

  it('answers anything on the page of the phone', async () => {
    const { phone } = makePhone(sandbox)
    const router = new PhoneRouter(new PageFiles(__dirname))
    router.add('phone', phone)
    const app: RequestListener = (...request) => void router.handle(...request, () => {})
    const url = `${await serve(app)}/8x8-sandbox/phone/`
    await watch(url)
    const { umid } = sandbox.reply({ ...ANA, subAccountId: SUB }, 'Well?')
    const choice = { umid, kind: 'button', id: 'a', title: 'A' }
    const good: Record<string, object> = {
      messages: { customer: 'ana', text: 'Hi' },
      deliver: { umid },
      inbound: { inbound: '/8x8/inbound' },
      clear: { customer: 'ana' },
      fault: { customer: 'ana', fault: 'none' },
    }
    const writes = fc
      .constantFrom(...Object.entries(good), ['messages', { customer: 'ana', choice }] as const)
      .chain(([name, body]) => damaged(body, Object.keys(body)).map(({ body }) => ({ name, body })))
    const choices = damaged(choice, Object.keys(choice)).map(({ body }) => {
      return { name: 'messages', body: `{"customer":"ana","choice":${body}}` }
    })
    const names = fc.oneof(
      fc.constantFrom('events', 'webhook', '', '..', '__proto__', '%2e%2e%2fpage.html'),
      fc.constantFrom(...Object.keys(good)),
      fc.webSegment(),
    )
    const others = fc.record({ name: names, body: anything.map((each) => json(each) ?? '') })
    await fc.assert(
      fc.asyncProperty(fc.oneof(writes, choices, others), async ({ name, body }) => {
        const response = await post(url + name, body)
        await response.body?.cancel()
        const usual = [202, 308, 400, 403, 404, 405, 413, 429]
        assert.ok(usual.includes(response.status), `${name} ${response.status}`)
      }),
      { numRuns: 300 },
    )
    assert.equal((await post(`${url}fault`, good.fault)).status, 202)
    assert.ok(JSON.stringify(phone.state(ANA)).length > 0)
  })
})
