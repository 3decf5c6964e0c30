import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type IncomingMessage, request, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import FakeTimers from '@sinonjs/fake-timers'
import compression from 'compression'
import express from 'express'
import { routerOf } from '../../../nodes/account/phone/router'
import type { Handler } from '../../../nodes/lib/http/app'
import type { Sandbox } from '../../../nodes/lib/sandbox/server'
import { closeAll, SUB, startSandbox } from '../../lib/sandbox/helpers'
import {
  ANA,
  BEN,
  bare,
  closePhones,
  fakeInbound,
  makePhone,
  post,
  serve,
  watch,
  write,
} from './helpers'

const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

/** A message of Ana. */
const HI = { customer: 'ana', text: 'Hi' }

describe('phone: its page over HTTP', () => {
  let sandbox: Sandbox
  let folder: string

  beforeEach(async () => {
    sandbox = await startSandbox()
    folder = await mkdtemp(join(tmpdir(), 'phone-'))
  })
  afterEach(async () => {
    await closePhones()
    await closeAll()
    await rm(folder, { recursive: true })
  })

  async function open(middleware?: Handler[], below = '/') {
    const app = express()
    const router = routerOf(app, middleware, folder)
    const { phone, inbound, leave } = makePhone(sandbox)
    router.add('a.1', phone)
    const origin = await serve(express().use(below, app))
    return {
      app,
      router,
      phone,
      inbound,
      leave,
      url: `${origin}${below === '/' ? '' : below}/8x8-sandbox/a.1/`,
    }
  }

  it('serves the files of the page, read once, and 503 where they are not built', async () => {
    const { url } = await open()
    const missing = await fetch(url)
    assert.equal(missing.status, 503)
    assert.equal(missing.headers.get('content-type'), 'text/plain')
    for (const [path, type] of [
      ['', 'text/html; charset=utf-8'],
      ['page.css', 'text/css; charset=utf-8'],
      ['icon.svg', 'image/svg+xml'],
      ['page.js', 'text/javascript; charset=utf-8'],
    ] as const) {
      await writeFile(join(folder, path || 'page.html'), `file ${path}`)
      const first = await fetch(url + path)
      assert.deepEqual([first.status, first.headers.get('content-type')], [200, type])
      assert.equal(first.headers.get('content-security-policy'), CSP)
      assert.equal(first.headers.get('x-content-type-options'), 'nosniff')
      assert.equal(first.headers.get('referrer-policy'), 'no-referrer')
      assert.equal(first.headers.get('cache-control'), 'no-store')
      await rm(join(folder, path || 'page.html'))
      assert.equal(await (await fetch(url + path)).text(), `file ${path}`)
    }
    for (const path of ['open.js', '..%2fpage.html', 'constructor', 'a/b', '%ff']) {
      assert.equal((await fetch(url + path)).status, 404, path)
    }
  })

  it('answers 404 unless a node uses the phone, and redirects to the URL with a slash', async () => {
    const { url, phone, router, leave } = await open([], '/below')
    const unused = bare(sandbox)
    router.add('unused', unused)
    assert.equal((await fetch(url.replace('a.1', 'unused'))).status, 404)
    const moved = await fetch(url.slice(0, -1), { redirect: 'manual' })
    const to = new URL(moved.headers.get('location') ?? '', url.slice(0, -1))
    assert.deepEqual([moved.status, to.href], [308, url])
    assert.equal((await fetch(url.replace('a.1', 'b'))).status, 404)
    assert.equal((await post(`${url}events`, {})).status, 405)
    assert.equal((await fetch(`${url}events`, { method: 'HEAD' })).status, 405)
    assert.equal((await fetch(`${url}messages`)).status, 405)
    leave()
    for (const path of ['events', 'page.js', 'webhook']) {
      const gone = await fetch(url + path)
      assert.equal(gone.status, 404)
      assert.equal(gone.headers.get('content-security-policy'), CSP)
      assert.deepEqual(Object.keys((await gone.json()) as object), ['error'])
    }
    const page = await fetch(url)
    assert.deepEqual([page.status, page.headers.get('content-type')], [404, 'text/plain'])
    assert.match(await page.text(), /^No phone is here\. Deploy an 8x8 node/)
    assert.equal((await post(`${url}messages`, HI)).status, 404)
    phone.join(fakeInbound())
    assert.equal((await post(`${url}messages`, HI)).status, 202)
    phone.close()
    assert.equal((await post(`${url}messages`, HI)).status, 404)
  })

  it('runs the middleware of http in before each request, with the path as there', async () => {
    const seen: unknown[] = []
    const log: Handler = ({ url }, _response, next) => {
      seen.push(url)
      next()
    }
    const guard: Handler = ({ headers }, response, next) => {
      if (headers.authorization === 'let me in') return next()
      response.writeHead(401).end()
    }
    const { url, phone } = await open([log, guard])
    assert.equal((await fetch(url)).status, 401)
    assert.equal((await post(`${url}messages`, HI)).status, 401)
    assert.equal(phone.state(ANA).messages.length, 0)
    const authorization = 'let me in'
    assert.equal((await post(`${url}messages`, HI, { authorization })).status, 202)
    assert.deepEqual(seen.slice(0, 2), ['/8x8-sandbox/a.1/', '/8x8-sandbox/a.1/messages'])
  })

  it('accepts a body that a middleware has read', async () => {
    const { url, phone } = await open([express.json()])
    assert.equal((await post(`${url}messages`, { ...HI, text: ' Hi ' })).status, 202)
    assert.equal((await post(`${url}messages`, { ...HI, text: 'x'.repeat(9000) })).status, 413)
    assert.equal(phone.state(ANA).messages[0]?.text, 'Hi')
  })

  it('accepts only JSON from its own origin', async () => {
    const { url, phone } = await open()
    const to = `${url}messages`
    const text = HI
    const refused: Record<string, string>[] = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: new URL(url).origin.replace(/\d+$/, '1') },
      { 'content-type': 'text/plain' },
      { 'content-type': 'application/x-www-form-urlencoded' },
      { 'content-type': 'application/jsonx' },
    ]
    for (const headers of refused) {
      const response = await post(to, text, headers)
      assert.equal(response.status, 403, JSON.stringify(headers))
      assert.ok(((await response.json()) as { error?: string }).error)
    }
    assert.equal(await ask(to, {}, 'Hi'), 403)
    assert.equal(phone.state(ANA).messages.length, 0)
    assert.equal(
      (await post(to, text, { 'content-type': 'application/json; charset=utf-8' })).status,
      202,
    )
  })

  it('trusts Sec-Fetch-Site, also behind a proxy that changes Host', async () => {
    const { url, phone } = await open()
    const own = { origin: 'https://phones.example.com', host: 'localhost:1880' }
    for (const site of ['cross-site', 'same-site', 'none', 'same-origin, cross-site']) {
      const { origin, host } = new URL(url)
      const headers = { origin, host, 'sec-fetch-site': site }
      assert.equal(await ask(`${url}messages`, headers, 'Hi'), 403, site)
    }
    assert.equal(phone.state(ANA).messages.length, 0)
    assert.equal(
      await ask(`${url}messages`, { ...own, 'sec-fetch-site': 'same-origin' }, 'Hi'),
      202,
    )
    assert.equal(await ask(`${url}events`, { ...own, 'sec-fetch-site': 'same-origin' }), 200)
  })

  it('compares Origin with Host where there is no Sec-Fetch-Site', async () => {
    const { url } = await open()
    const cases: [origin: string, host: string, status: number][] = [
      ['https://phones.example.com', 'phones.example.com', 202],
      ['https://phones.example.com', 'phones.example.com:443', 202],
      ['http://phones.example.com', 'Phones.Example.com:80', 202],
      ['http://phones.example.com', 'phones.example.com:443', 403],
      ['https://phones.example.com', 'phones.example.com:8443', 403],
      ['https://phones.example.com', 'localhost:1880', 403],
      ['https://phones.example.com', 'phones example com', 403],
      ['null', 'null', 403],
    ]
    for (const [origin, host, status] of cases) {
      assert.equal(await ask(`${url}messages`, { origin, host }, 'Hi'), status, `${origin} ${host}`)
    }
  })

  it('shows its state to no page of another origin, but opens from a link anywhere', async () => {
    const { url, phone } = await open()
    const umid = write(phone)
    await writeFile(join(folder, 'page.html'), 'page')
    const foreign: Record<string, string>[] = [
      { origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ]
    for (const headers of foreign) {
      assert.equal(await ask(`${url}webhook?umid=${umid}`, headers), 403)
      assert.equal(await ask(`${url}events`, headers), 403, JSON.stringify(headers))
      assert.equal(await ask(url, headers), 200)
    }
    for (const site of ['same-origin', 'none']) {
      assert.equal(await ask(`${url}events`, { 'sec-fetch-site': site }), 200)
    }
  })

  it('removes CORS headers', async () => {
    const cors: Handler = (_request, response, next) => {
      response.setHeader('Access-Control-Allow-Origin', '*')
      response.setHeader('Access-Control-Allow-Credentials', 'true')
      response.setHeader('X-Other', 'stays')
      next()
    }
    const { url } = await open([cors])
    for (const path of ['', 'events', 'nothing', 'messages']) {
      const { headers, body } = await fetch(url + path)
      await body?.cancel()
      assert.equal(headers.get('x-other'), 'stays')
      const left = [...headers.keys()].filter((name) => name.startsWith('access-control-'))
      assert.deepEqual(left, [], path)
    }
  })

  it('refuses malformed and too long messages', async () => {
    const { url, phone } = await open()
    const to = `${url}messages`
    const bad = ['', '[]', 'null', '"Hi"', '{', '{}', '{"customer":"ana"}']
    for (const text of [7, '', '  \n ']) bad.push(JSON.stringify({ ...HI, text }))
    for (const body of bad) assert.equal((await post(to, body)).status, 400, body)
    assert.equal((await post(to, { ...HI, text: 'x'.repeat(1001) })).status, 400)
    assert.equal((await post(to, { ...HI, text: 'x'.repeat(8193) })).status, 413)
    const stream = new Blob(['x'.repeat(100_000)]).stream()
    const headers = { 'content-type': 'application/json', origin: new URL(url).origin }
    const chunked = { method: 'POST', headers, body: stream, duplex: 'half' }
    assert.equal((await fetch(to, chunked as RequestInit)).status, 413)
    assert.equal((await post(to, { ...HI, text: ` ${'x'.repeat(1000)} ` })).status, 202)
    assert.equal(phone.state(ANA).messages[0]?.text.length, 1000)
    for (const customer of ['dan', 7, undefined, 'toString']) {
      assert.equal((await post(to, { ...HI, customer })).status, 400)
      assert.equal((await post(`${url}clear`, { customer })).status, 400)
      assert.equal((await post(`${url}fault`, { customer, fault: 'slow' })).status, 400)
      assert.equal((await fetch(`${url}events?customer=${customer}`)).status, 400)
    }
    for (const fault of ['some', 7, undefined, 'toString']) {
      assert.equal((await post(`${url}fault`, { customer: 'ana', fault })).status, 400)
    }
    assert.equal((await post(`${url}fault`, { customer: 'ana', fault: 'slow' })).status, 202)
    assert.equal(phone.state(ANA).fault, 'slow')
    for (const id of [undefined, 7, null, { toString: 7 }]) {
      assert.equal((await post(`${url}deliver`, { umid: id })).status, 404)
      assert.equal((await post(`${url}inbound`, { inbound: id })).status, 404)
    }
  })

  it('accepts 20 messages in 10 s from each phone', async () => {
    const { url, router } = await open()
    router.add('b', makePhone(sandbox).phone)
    const write = async (id = 'a.1') => {
      const response = await post(`${url.replace('a.1', id)}messages`, HI)
      return [response.status, response.headers.get('retry-after')]
    }
    const clock = FakeTimers.install({ toFake: ['performance'] })
    try {
      clock.tick(60_000)
      assert.deepEqual(await write(), [202, null])
      clock.tick(4000)
      for (let i = 0; i < 19; i++) assert.deepEqual(await write(), [202, null])
      assert.deepEqual(await write(), [429, '6'])
      assert.deepEqual(await write('b'), [202, null])
      clock.tick(5999)
      assert.deepEqual(await write(), [429, '1'])
      clock.tick(1)
      assert.deepEqual(await write(), [202, null])
      assert.deepEqual(await write(), [429, '4'])
    } finally {
      clock.uninstall()
    }
  })

  it('streams each change, with what was typed as data only', async () => {
    const { url, phone } = await open()
    const response = await fetch(`${url}events`)
    assert.equal(response.headers.get('content-type'), 'text/event-stream')
    assert.equal(response.headers.get('content-security-policy'), CSP)
    await response.body?.cancel()
    const client = await watch(url)
    const text = '<img src=x onerror=alert(1)>\n\ndata: {"messages":[]}\r\nevent: state'
    assert.equal((await post(`${url}messages`, { ...HI, text })).status, 202)
    const state = await client.until(({ messages }) => messages[0]?.delivery !== undefined)
    assert.deepEqual(state, { ...phone.state(ANA), now: state.now })
    assert.equal(state.messages[0]?.text, text)
    assert.equal(client.states[0]?.messages.length, 0)
  })

  it('streams through compression(), which keeps back what it may transform', async () => {
    const { url, phone } = await open([compression() as Handler])
    const client = await watch(url)
    await client.until(({ messages }) => messages.length === 0)
    phone.write(ANA, 'Hi')
    await client.until(({ messages }) => messages.length === 1)
  })

  it('sends a heartbeat that a page sees, each 15 s', async () => {
    const clock = FakeTimers.install({ toFake: ['setInterval', 'clearInterval'] })
    try {
      const { url } = await open()
      const { body } = await fetch(`${url}events`)
      const pieces = body?.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]()
      let text = ''
      const heartbeats = async (count: number) => {
        // An event without data is none.
        while (text.split('event: heartbeat\ndata: {}\n\n').length <= count) {
          text += (await pieces?.next())?.value
        }
      }
      for (const count of [1, 2]) {
        clock.tick(15_000)
        await heartbeats(count)
      }
      await pieces?.return?.()
    } finally {
      clock.uninstall()
    }
  })

  it('skips states for a page that does not read, and sends the last one when it does', async () => {
    const responses: ServerResponse[] = []
    const { url, phone } = await open([
      (_request, response, next) => {
        responses.push(response)
        next()
      },
    ])
    const { port, pathname } = new URL(url)
    const socket = connect(Number(port), '127.0.0.1').setEncoding('utf8').pause()
    socket.write(`GET ${pathname}events HTTP/1.1\r\nhost: x\r\n\r\n`)
    while (!responses[0]?.headersSent) await new Promise(setImmediate)
    const [response] = responses
    const clock = FakeTimers.install({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      // More than the system takes in between: 200 states of up to 100 KB.
      for (let i = 0; i < 200; i++) {
        phone.write(ANA, `${i} ${'x'.repeat(900)}`)
        clock.tick(50)
        await new Promise(setImmediate)
        assert.ok(response.writableLength < 1_000_000, `${response.writableLength} bytes`)
      }
      assert.ok(response.writableNeedDrain)
    } finally {
      clock.uninstall()
    }
    let text = ''
    socket.resume().on('data', (chunk) => {
      text += chunk
    })
    while (!text.includes('"199 xxx')) await once(socket, 'data')
    socket.destroy()
  })

  it('ends its streams when no node uses it, and answers again when one does', async () => {
    const { url, phone, leave } = await open()
    const client = await watch(url)
    phone.write(ANA, 'Hi')
    leave()
    await client.ended
    phone.join(fakeInbound({ account: 'changed' }))
    const again = await watch(url)
    const state = await again.until(() => true)
    assert.deepEqual([state.account, state.messages.length], ['changed', 1])
  })

  it('leaves the page as it was when a deploy stops one node after the other', async () => {
    const { url, phone, leave } = await open()
    const others = ['second', 'third'].map((label) => phone.join(fakeInbound({ label })))
    phone.write(ANA, 'Hi')
    const client = await watch(url)
    await client.until(({ messages }) => messages.length === 1)
    for (const stop of [leave, ...others]) stop()
    await client.ended
    const { account, messages, inbounds } = client.states.at(-1) ?? assert.fail()
    assert.deepEqual([account, messages.length, inbounds.length], ['shop', 1, 3])
  })

  it('takes no message whose body arrives when no node uses it any more', async () => {
    const arrivals = new EventEmitter<{ request: [] }>()
    const middleware: Handler = (_request, _response, next) => {
      next()
      arrivals.emit('request')
    }
    const { url, inbound, leave } = await open([middleware])
    const headers = { origin: new URL(url).origin, 'content-type': 'application/json' }
    const writing = request(`${url}messages`, { method: 'POST', headers })
    const arrived = once(arrivals, 'request')
    writing.write('{"customer":"ana",')
    await arrived
    leave()
    writing.end('"text":"Hi"}')
    const [response] = (await once(writing, 'response')) as [IncomingMessage]
    response.resume()
    assert.equal(response.statusCode, 404)
    assert.deepEqual(inbound.received, [])
  })

  it('gives its address to a new phone, whose old one closes later', async () => {
    const { url, phone, router } = await open()
    const client = await watch(url)
    const { phone: other } = makePhone(sandbox)
    other.simulate(ANA, 'slow')
    router.add('a.1', other)
    phone.close()
    await client.ended
    const state = await (await watch(url)).until(() => true)
    assert.equal(state.fault, 'slow')
  })

  it('streams the chat of the customer that is asked for', async () => {
    const { url, phone } = await open()
    const [ana, ben] = [await watch(url), await watch(url, BEN)]
    phone.write(BEN, 'Hi')
    const state = await ben.until(({ messages }) => messages[0]?.delivery !== undefined)
    assert.deepEqual(state, { ...phone.state(BEN), now: state.now })
    phone.simulate(ANA, 'slow')
    const { customer, messages } = await ana.until(({ fault }) => fault === 'slow')
    assert.deepEqual([customer, messages], ['ana', []])
  })

  it('writes a choice, delivers again, shows the webhook, and clears a chat', async () => {
    const { url, phone, inbound } = await open()
    const key = { subAccountId: SUB, channel: 'whatsapp', msisdn: `${ANA.msisdn}` }
    const { umid } = sandbox.reply(key, 'Sure?')
    const choice = { umid, kind: 'button', id: 'y', title: 'Yes' }
    const answer = await post(`${url}messages`, { customer: 'ana', choice })
    assert.deepEqual([answer.status, await answer.text()], [202, ''])
    const pressed = phone.state(ANA).messages[1]
    assert.equal(pressed?.text, 'Yes')
    assert.equal((await post(`${url}deliver`, { umid: pressed?.umid })).status, 202)
    assert.equal(inbound.received.length, 2)
    const webhook = await fetch(`${url}webhook?umid=${pressed?.umid}`)
    assert.equal(webhook.headers.get('content-type'), 'application/json')
    assert.deepEqual(await webhook.json(), inbound.received[0])
    assert.equal((await post(`${url}clear`, { customer: 'ana' })).status, 202)
    assert.deepEqual(phone.state(ANA).messages, [])
    for (const [resource, body] of [
      ['messages', { customer: 'ana', choice }],
      ['deliver', { umid }],
      ['inbound', { inbound: 'gone' }],
    ] as const) {
      assert.equal((await post(url + resource, body)).status, 404, resource)
    }
    assert.equal((await fetch(`${url}webhook?umid=${umid}`)).status, 404)
    assert.equal((await fetch(`${url}webhook`)).status, 404)
    for (const changes of [{ umid: 'x' }, { kind: 'link' }, { id: 7 }, { title: '' }]) {
      const body = { customer: 'ana', choice: { ...choice, ...changes } }
      assert.equal((await post(`${url}messages`, body)).status, 400, JSON.stringify(changes))
    }
  })

  it('writes to the inbound node that is chosen', async () => {
    const { url, phone, inbound } = await open()
    const second = fakeInbound({ label: 'second' })
    phone.join(second)
    assert.equal((await post(`${url}inbound`, { inbound: 'second' })).status, 202)
    assert.equal((await post(`${url}messages`, HI)).status, 202)
    assert.deepEqual([inbound.received.length, second.received.length], [0, 1])
  })

  for (const resource of ['messages', 'deliver', 'inbound', 'clear', 'fault']) {
    it(`lets no page of another origin write to ${resource}`, async () => {
      const { url, phone, inbound } = await open()
      const umid = write(phone)
      const second = fakeInbound({ label: 'second' })
      phone.join(second)
      const body = { ...HI, umid, inbound: 'second', fault: 'slow' }
      const origin = 'https://evil.example'
      assert.equal((await post(url + resource, body, { origin })).status, 403)
      const { messages, fault, inbound: chosen } = phone.state(ANA)
      assert.deepEqual([messages.length, fault, chosen], [1, 'none', '/8x8/inbound'])
      assert.deepEqual([inbound.received.length, second.received.length], [1, 0])
      assert.equal((await post(url + resource, body)).status, 202)
    })
  }

  it('accepts 20 listeners, and another one when one leaves', async () => {
    const { url, phone } = await open()
    const clients = await Promise.all(Array.from({ length: 20 }, () => watch(url)))
    const refused = await fetch(`${url}events`)
    assert.equal(refused.status, 503)
    await refused.body?.cancel()
    await clients[0]?.close()
    await watch(url) // tries until it is let in
    phone.close()
    await Promise.all(clients.map(({ ended }) => ended))
  })

  it('is mounted once for each app', async () => {
    const { app, router } = await open()
    assert.equal(routerOf(app), router)
    assert.notEqual(routerOf(express()), router)
  })
})

/**
 * Asks with headers that fetch of Node.js does not let one set. @param text posted as a message
 * @returns the status
 */
function ask(
  url: string,
  headers: Record<string, string>,
  text?: string,
): Promise<number | undefined> {
  const method = text === undefined ? 'GET' : 'POST'
  const all = { ...headers, ...(text !== undefined && { 'content-type': 'application/json' }) }
  return new Promise((resolve, reject) => {
    const asking = request(url, { method, headers: all }, (response) => {
      resolve(response.statusCode)
      asking.destroy() // a stream does not end
    })
    asking.on('error', reject).end(text === undefined ? undefined : JSON.stringify({ ...HI, text }))
  })
}
