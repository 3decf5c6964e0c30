import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import fc from 'fast-check'
import RED, { type NodeAPI, type NodeMessage } from 'node-red'
import helper from 'node-red-node-test-helper'
import { SAMPLE_UMID, type Sandbox } from '../../../nodes/lib/sandbox/server'
import register from '../../../nodes/sandbox/sandbox'
import { closePhones, makePhone, post, serve, watch } from '../../sandbox/phone-helpers'
import {
  type Anything,
  anyProperty,
  anything,
  setProperty,
  watchProcess,
} from '../../support/anything'
import { loadFlow, unloadFlow } from '../../support/flow'
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
    await unloadFlow()
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
    const phone = makePhone(sandbox)
    const body = `{"umid":"${SAMPLE_UMID}","channel":"whatsapp","x":${nested('[', ']')}}`
    assert.equal((await call(sandbox, body)).status, 400)
    assert.equal(phone.state().requests.length, 1)
    assert.ok(JSON.stringify(phone.state()).length < 10_000)
  })

  describe('through its node', () => {
    let api: NodeAPI
    let completed = (_error: unknown) => {}
    const types = [
      (nodeApi: NodeAPI) => {
        api = nodeApi
        register(nodeApi)
      },
    ]

    async function load(): Promise<void> {
      const node = { id: 'phone', type: '8x8-sandbox', subAccountId: 'my_sub', wires: [[]] }
      await loadFlow({ types, account: { region: 'sandbox' }, more: [node] })
      RED.hooks.add('onComplete.anything', (done: { node: { id: string }; error?: unknown }) => {
        if (done.node.id === 'phone') completed(done.error)
      })
    }
    afterEach(() => RED.hooks.remove('*.anything'))

    it('ends each input once, with an error that names the payload', async () => {
      await load()
      const good = { type: 'text', content: { text: 'Hi' } }
      const payload = fc.oneof(
        anyProperty,
        fc
          .tuple(fc.constantFrom('type', 'content', 'user', '__proto__'), anyProperty)
          .map(([name, value]) => ({
            what: `${name}: ${value.what}`,
            getter: false,
            make() {
              const body = { ...good }
              setProperty(body, name, value)
              return body
            },
          })),
        anyProperty.map((value) => ({
          what: `text: ${value.what}`,
          getter: false,
          make() {
            const content = {}
            setProperty(content, 'text', value)
            return { ...good, content }
          },
        })),
      )
      await fc.assert(
        fc.asyncProperty(payload, async (value) => {
          const msg = { _msgid: 'any' }
          setProperty(msg, 'payload', value)
          const ends: unknown[] = []
          const done = new Promise<void>((resolve) => {
            completed = (error) => {
              ends.push(error)
              resolve()
            }
          })
          helper.getNode('phone').receive(msg as NodeMessage)
          await done
          await new Promise(setImmediate)
          assert.equal(ends.length, 1)
          const [error] = ends
          if (value.getter) assert.ok(error, 'a payload that throws is no reply')
          if (!error) return
          assert.ok(error instanceof Error)
          assert.match(error.message, /msg\.payload|The reply is for/)
          assert.ok(error.message.length < 500, 'an endless error')
        }),
        { numRuns: 400 },
      )
    })

    it('answers anything on its page', async () => {
      await load()
      const url = `${await serve(api.httpNode)}/8x8-sandbox/phone/`
      await watch(url)
      const name = fc.oneof(
        { weight: 2, arbitrary: fc.constantFrom('messages', 'fault') }, // what takes a body
        fc.constantFrom('events', '', '..', '__proto__', '%2e%2e%2fpage.html'),
        fc.webSegment(),
      )
      const body = fc.oneof(
        damaged({ text: 'Hi' }, ['text']),
        damaged({ fault: 'none' }, ['fault']),
        anything.map((each) => ({ field: '', body: json(each) ?? '' })),
      )
      await fc.assert(
        fc.asyncProperty(name, body, async (resource, { body: sent }) => {
          const response = await post(url + resource, sent)
          await response.body?.cancel()
          const usual = [202, 308, 400, 403, 404, 405, 413, 429]
          assert.ok(usual.includes(response.status), `${response.status}`)
        }),
        { numRuns: 200 },
      )
      assert.equal((await post(`${url}fault`, { fault: 'none' })).status, 202)
    })
  })
})
