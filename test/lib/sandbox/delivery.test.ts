import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import FakeTimers from '@sinonjs/fake-timers'
import type { AnyChannel } from '../../../nodes/lib/sandbox/conversations'
import { SAMPLE_UMID, type Sandbox } from '../../../nodes/lib/sandbox/server'
import { ADDRESSES, forgetHosts, knowHost, startDeadServer } from '../../support/addresses'
import { identify } from '../../support/certificates'
import { closeServers, startServer } from '../../support/server'
import { closeAll, reply, SUB, startSandbox, startTarget } from './helpers'

const AT = Date.UTC(2026, 5, 9, 10, 13, 20)

describe('sandbox: inbound webhooks', () => {
  let sandbox: Sandbox

  beforeEach(async () => {
    sandbox = await startSandbox({ retryDelays: [1, 2, 3, 4] })
  })
  afterEach(closeAll)

  const receive = () => sandbox.receive({ subAccountId: SUB, name: 'Ann', text: 'Hi', at: AT })

  it('writes version 3, and version 2 without version and with channelUserId', () => {
    const { umid, msisdn } = receive()
    const webhook = {
      version: 3,
      namespace: 'ChatApps',
      eventType: 'inbound_message_received',
      description: 'ChatApps inbound message',
      payload: {
        umid,
        subAccountId: SUB,
        timestamp: '2026-06-09T10:13:20.000Z',
        user: { msisdn, name: 'Ann' },
        recipient: { channel: 'whatsapp', channelId: '6500000001' },
        type: 'Text',
        content: { text: 'Hi' },
      },
    }
    assert.deepEqual(sandbox.webhook(umid), webhook)
    assert.deepEqual(sandbox.webhook(umid.toUpperCase(), 3), webhook)
    const { version: _, ...two } = webhook
    const user = { msisdn, channelUserId: msisdn, name: 'Ann' }
    const payload = { ...two.payload, user }
    assert.deepEqual(sandbox.webhook(umid, 2), { ...two, payload })
  })

  it('spells channels as 8x8 does, with the user that each one knows', () => {
    const user = { msisdn: '+6500000000' }
    const cases: [AnyChannel, string, object][] = [
      ['whatsapp', 'whatsapp', { ...user, name: 'Ann' }],
      ['rcs', 'RCS', user],
      ['sms', 'sms', { ...user, name: 'Ann' }],
      ['viber', 'viber', user],
      ['line', 'line', { channelUserId: '+6500000000' }],
      ['zalonotification', 'ZaloNotification', { ...user, name: 'Ann' }],
      ['linenotification', 'LineNotification', { ...user, name: 'Ann' }],
    ]
    for (const [channel, written, who] of cases) {
      const { umid } = sandbox.receive({ subAccountId: SUB, channel, name: 'Ann' })
      const { payload } = sandbox.webhook(umid)
      assert.deepEqual([payload.recipient.channel, payload.user], [written, who])
    }
    const { umid } = sandbox.receive({ subAccountId: SUB })
    assert.deepEqual(sandbox.webhook(umid).payload.user, user)
  })

  it('writes what is known of a customer without a phone number', () => {
    const customer = { channelUserId: 'US.13491208655302741918', name: 'Ann', username: 'ann.b' }
    const users = (message: object) => {
      const { umid } = sandbox.receive({ subAccountId: SUB, ...message })
      return [3, 2].map((version) => sandbox.webhook(umid, version as 2 | 3).payload.user)
    }
    assert.deepEqual(users(customer), [customer, customer])
    const both = { msisdn: '+6591234567', ...customer }
    assert.deepEqual(users(both), [both, { ...both, channelUserId: both.msisdn }])
    const line = { channel: 'line', channelUserId: 'Ua12b345678' }
    assert.deepEqual(users(line)[0], { channelUserId: 'Ua12b345678' })
    assert.deepEqual(users({ ...both, channel: 'rcs' })[0], { msisdn: both.msisdn })
  })

  it('has no webhook for a umid that is unknown or outbound', async () => {
    assert.throws(() => sandbox.webhook(SAMPLE_UMID), RangeError)
    const { umid } = (await (await reply(sandbox, '+6591234567')).json()) as { umid: string }
    assert.throws(() => sandbox.webhook(umid), RangeError)
    await assert.rejects(sandbox.deliver(umid, { url: 'http://127.0.0.1:9' }), RangeError)
  })

  it('posts once to a target that accepts it', async () => {
    const target = await startTarget((_attempt, response) => response.writeHead(204).end())
    const { umid } = receive()
    const delivery = await sandbox.deliver(umid, { url: target.url, authorization: 'Basic xyz' })
    assert.deepEqual(delivery, { umid, attempts: 1, statusCode: 204, delivered: true })
    assert.equal(target.posted.length, 1)
    assert.equal(target.posted[0]?.headers.authorization, 'Basic xyz')
    assert.equal(target.posted[0]?.headers['content-type'], 'application/json')
    assert.deepEqual(target.posted[0]?.body, sandbox.webhook(umid))
  })

  it('posts version 2, without Authorization by default', async () => {
    const target = await startTarget((_attempt, response) => response.end())
    const { umid } = receive()
    await sandbox.deliver(umid, { url: target.url, version: 2 })
    assert.equal(target.posted[0]?.headers.authorization, undefined)
    assert.deepEqual(target.posted[0]?.body, sandbox.webhook(umid, 2))
  })

  it('repeats after 4xx, 5xx, a reset and a time-out, then succeeds', async () => {
    const target = await startTarget((attempt, response) => {
      if (attempt === 1) response.writeHead(404).end()
      else if (attempt === 2) response.writeHead(503).end()
      else if (attempt === 3) response.socket?.resetAndDestroy()
      else if (attempt === 5) response.end()
    })
    const { umid } = receive()
    const delivery = await sandbox.deliver(umid, { url: target.url, timeout: 100 })
    assert.deepEqual(delivery, { umid, attempts: 5, statusCode: 200, delivered: true })
    for (const { body } of target.posted) assert.deepEqual(body, sandbox.webhook(umid))
  })

  it('gives up after the last repeat', async () => {
    const target = await startTarget((_attempt, response) => response.writeHead(500).end())
    const { umid } = receive()
    const delivery = await sandbox.deliver(umid, { url: target.url })
    assert.deepEqual(delivery, { umid, attempts: 5, statusCode: 500, delivered: false })
    assert.equal(target.posted.length, 5)
  })

  it('gives up on a target that is not there, without a status', async () => {
    const gone = await startTarget(() => {})
    await closeAll()
    sandbox = await startSandbox({ retryDelays: [1] })
    const { umid } = receive()
    const delivery = await sandbox.deliver(umid, { url: gone.url })
    assert.deepEqual(delivery, { umid, attempts: 2, delivered: false })
  })

  it('has no status where the last attempt got no answer', async () => {
    const target = await startTarget((attempt, response) => {
      if (attempt === 1) response.writeHead(500).end()
      else response.socket?.resetAndDestroy()
    })
    const { umid } = receive()
    const delivery = await sandbox.deliver(umid, { url: target.url })
    assert.deepEqual(delivery, { umid, attempts: 5, delivered: false })
  })

  it('does not follow a redirect and does not repeat it', async () => {
    const target = await startTarget((_attempt, response) => {
      response.writeHead(302, { location: '/elsewhere' }).end()
    })
    const { umid } = receive()
    const delivery = await sandbox.deliver(umid, { url: target.url })
    assert.deepEqual(delivery, { umid, attempts: 1, statusCode: 302, delivered: false })
  })

  it('takes the status when the rest of the answer never comes or is cut', async () => {
    const target = await startTarget((attempt, response) => {
      response.writeHead(200, { 'content-length': 9 }).write('half')
      if (attempt === 1) setImmediate(() => response.socket?.resetAndDestroy())
    })
    for (const _ of [1, 2]) {
      const { umid } = receive()
      const delivery = await sandbox.deliver(umid, { url: target.url, timeout: 30 })
      assert.deepEqual(delivery, { umid, attempts: 1, statusCode: 200, delivered: true })
    }
  })

  it('gives up on a target that switches protocols', async () => {
    const target = await startTarget((_attempt, response) => {
      response.socket?.end('HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n')
    })
    const { umid } = receive()
    const delivery = await sandbox.deliver(umid, { url: target.url })
    assert.deepEqual(delivery, { umid, attempts: 5, delivered: false })
  })

  it('rejects a URL or header that cannot be used', async () => {
    const { umid } = receive()
    await assert.rejects(sandbox.deliver(umid, { url: 'nowhere' }), TypeError)
    await assert.rejects(sandbox.deliver(umid, { url: 'ftp://127.0.0.1/' }), TypeError)
    const to = { url: 'http://127.0.0.1:9', authorization: 'a\nb' }
    await assert.rejects(sandbox.deliver(umid, to), TypeError)
  })

  it('checks the certificate of a target, whatever the environment says', async () => {
    const hook = await startServer((response) => response.end(), await identify())
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
    try {
      const impatient = await startSandbox({ retryDelays: [] })
      const { umid } = impatient.receive({ subAccountId: SUB })
      const delivery = await impatient.deliver(umid, { url: hook.url, authorization: 'Basic xyz' })
      assert.deepEqual(delivery, { umid, attempts: 1, delivered: false })
    } finally {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
      await closeServers()
    }
    assert.equal(hook.received.length, 0)
  })

  it('reaches a target with a slow address and a dead one', async function () {
    if (process.platform !== 'linux') this.skip()
    const slow = await startDeadServer(ADDRESSES[0])
    const dead = await startDeadServer(ADDRESSES[1], slow.port)
    try {
      const tried = knowHost('dual.test', ADDRESSES)
      const once = await startSandbox({ retryDelays: [] })
      const { umid } = once.receive({ subAccountId: SUB })
      const to = { url: `http://dual.test:${slow.port}`, timeout: 4000 }
      const delivery = once.deliver(umid, to)
      await tried
      slow.wake()
      assert.equal((await delivery).statusCode, 200)
    } finally {
      forgetHosts()
      await Promise.all([slow.close(), dead.close()])
    }
  })

  it('waits 1, 10, 30 and 90 s between attempts', async () => {
    const target = await startTarget((_attempt, response) => response.writeHead(500).end())
    const unhurried = await startSandbox()
    const { umid } = unhurried.receive({ subAccountId: SUB })
    const signs = new EventEmitter()
    const clock = FakeTimers.install({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const attempted = () => void signs.emit('attempted')
      const delivering = unhurried.deliver(umid, { url: target.url, attempted })
      let ended = false
      void delivering.then(() => {
        ended = true
      })
      const waits: number[] = []
      for (let attempt = 1; attempt <= 5; attempt++) {
        // Between two attempts the pause is the only timer.
        while (clock.countTimers() !== 1 && !ended) await new Promise(setImmediate)
        const [began, met] = [clock.now, once(signs, 'attempted')]
        clock.next()
        waits.push(clock.now - began)
        await Promise.race([met, delivering])
        assert.equal(target.posted.length, attempt)
      }
      assert.deepEqual(waits, [0, 1000, 10_000, 30_000, 90_000])
      assert.equal((await delivering).attempts, 5)
    } finally {
      clock.uninstall()
    }
  })

  it('ends immediately when the sandbox closes: between attempts, during one, and after', async () => {
    const waiting = await startSandbox({ retryDelays: [60_000] })
    const one = waiting.receive({ subAccountId: SUB })
    const signs = new EventEmitter()
    const both = Promise.all([once(signs, 'answered'), once(signs, 'met')])
    const failing = await startTarget((_attempt, response) => {
      response
        .on('close', () => signs.emit('answered'))
        .writeHead(500)
        .end()
    })
    const silent = await startTarget(() => signs.emit('met'))
    const between = waiting.deliver(one.umid, { url: failing.url })
    const within = waiting.deliver(one.umid, { url: silent.url })
    await both
    const started = performance.now()
    await waiting.close()
    const ended = { umid: one.umid, attempts: 1, delivered: false }
    const { statusCode: _, ...rest } = await between
    assert.deepEqual(rest, ended)
    assert.deepEqual(await within, ended)
    const after = await waiting.deliver(one.umid, { url: silent.url })
    assert.deepEqual(after, { ...ended, attempts: 0 })
    assert.ok(performance.now() - started < 1000)
  })

  it('ends many deliveries without a warning', async () => {
    const warnings: Error[] = []
    const warn = (warning: Error) => warnings.push(warning)
    process.on('warning', warn)
    const waiting = await startSandbox({ retryDelays: [60_000] })
    let count = 0
    const signs = new EventEmitter()
    const all = once(signs, 'all')
    const failing = await startTarget((_attempt, response) => {
      response.writeHead(500).end()
      if (++count === 50) signs.emit('all')
    })
    const { umid } = waiting.receive({ subAccountId: SUB })
    const deliveries = Array.from({ length: 50 }, () => waiting.deliver(umid, { url: failing.url }))
    await all
    await waiting.close()
    const ended = await Promise.all(deliveries)
    await new Promise(setImmediate)
    process.off('warning', warn)
    assert.ok(ended.every(({ delivered, attempts }) => !delivered && attempts === 1))
    assert.deepEqual(warnings, [])
  })
})
