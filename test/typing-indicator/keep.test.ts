import assert from 'node:assert/strict'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { TYPING_INDICATOR_DEFAULTS } from '../../nodes/typing-indicator/options'
import { readTiming } from '../../nodes/typing-indicator/timing'
import { CANARY } from '../support/events'
import { failNext } from '../support/faults'
import type { Output } from '../support/flow'
import { Keeping, MSISDN, SUB, stopNode, unloadKeeping } from '../support/keeping'
import { CATCH } from '../support/typing'

describe('8x8-typing-indicator, keeping typing', () => {
  afterEach(unloadKeeping)

  it('shows the dots all the time until the reply, and never after it', async () => {
    const keep = await Keeping.load()
    const { umid, msg } = keep.inbound()
    const started = await keep.flow.send(msg)
    assert.equal(started.port, 'success')
    assert.equal(started.msg, msg)
    const { sentAt, durationMs, ...facts } = started.msg.typing ?? {}
    assert.deepEqual(facts, {
      state: 'active',
      umid,
      channel: 'whatsapp',
      subAccountId: SUB,
      attempts: 1,
      statusCode: 200,
    })
    assert.equal(new Date(`${sentAt}`).toISOString(), sentAt)
    assert.equal(Number.isInteger(durationMs), true)
    const end = performance.now() + 2000
    while (performance.now() < end) {
      assert.ok(keep.dots(), 'the dots are gone while we work')
      await sleep(10)
    }
    const { typing } = await keep.stop({ umid })
    assert.equal(typing?.state, 'stopped')
    const sent = keep.requestsFor(umid)
    assert.ok(sent >= 4, `${sent} indicators in 2 s`)
    assert.equal(typing?.indicators, sent)
    assert.ok(Number(typing?.durationMs) >= 1990)
    await fetch(`${keep.sandbox.url}/api/v1/subaccounts/${SUB}/messages`, {
      method: 'POST',
      headers: { authorization: `Bearer ${CANARY}` },
      body: JSON.stringify({ user: { msisdn: MSISDN }, type: 'text', content: { text: 'Hi' } }),
    })
    assert.ok(!keep.dots(), 'the dots stayed after the reply')
    await keep.renewed()
    assert.ok(!keep.dots(), 'the dots came back after the reply')
    assert.equal(keep.requestsFor(umid), sent)
  })

  it('shows how many it keeps, at most 2 statuses a second, the last one always', async () => {
    const keep = await Keeping.load()
    const umids: string[] = []
    const began = performance.now()
    for (let i = 0; i < 10; i++) {
      const { umid, msg } = keep.inbound({ msisdn: `+659000000${i}` })
      umids.push(umid)
      await keep.flow.send(msg)
    }
    while (keep.flow.statuses.at(-1)?.text !== 'typing (10)') await sleep(20)
    assert.ok(keep.flow.statuses.length <= 1 + 2 * Math.ceil((performance.now() - began) / 1000))
    await Promise.all(umids.map((umid) => keep.stop({ umid })))
    while (keep.flow.statuses.at(-1)?.text !== 'status.stopped') await sleep(20)
  })

  it('takes the umid for a stop from msg.typing if the payload was replaced', async () => {
    const keep = await Keeping.load()
    const { umid, msg } = keep.inbound()
    const started = await keep.flow.send(msg)
    const { typing } = await keep.stop({ ...started.msg, payload: 'the answer' })
    const { durationMs, ...facts } = typing ?? {}
    assert.equal(typeof durationMs, 'number')
    assert.deepEqual(facts, {
      state: 'stopped',
      umid,
      channel: 'whatsapp',
      subAccountId: SUB,
      indicators: 1,
      attempts: 1,
    })
  })

  it('stops by conversation, and stopping nobody is no error', async () => {
    const keep = await Keeping.load()
    const { umid, msg } = keep.inbound()
    await keep.flow.send(msg)
    await keep.flow.deploy(
      {
        more: stopNode({ conversation: 'payload.to' }),
      },
      'nodes',
    )
    assert.equal((await keep.stop({ payload: { to: MSISDN } })).typing?.umid, umid)
    const again = await keep.stop({ payload: { to: MSISDN } })
    const nobody = { state: 'stopped', indicators: 0, attempts: 0, durationMs: 0 }
    assert.deepEqual(again.typing, { ...nobody, subAccountId: SUB })
    const known = { umid, channel: 'whatsapp', subAccountId: SUB }
    const byWebhook = await keep.stop({ payload: keep.sandbox.webhook(umid) })
    assert.deepEqual(byWebhook.typing, { ...nobody, ...known })
  })

  it('stops all channels of a conversation, when the stop names none', async () => {
    const keep = await Keeping.load({}, { more: stopNode({ conversation: 'to' }) })
    const umids: string[] = []
    for (const channel of ['whatsapp', 'rcs']) {
      const { umid, msg } = keep.inbound({ channel })
      umids.push(umid)
      assert.equal((await keep.flow.send(msg)).msg.typing?.state, 'active')
    }
    const { typing } = await keep.stop({ to: MSISDN })
    assert.deepEqual([typing?.umid, typing?.channel], [umids[1], 'rcs'])
    const sent = keep.sandbox.requests.length
    assert.equal(typing?.indicators, sent)
    assert.equal(typing?.attempts, sent)
    await keep.renewed()
    assert.equal(keep.sandbox.requests.length, sent + 2)
  })

  it('marks a redelivered webhook as a duplicate, and sends nothing for it', async () => {
    const keep = await Keeping.load()
    const { umid, msg } = keep.inbound()
    await keep.flow.send(msg)
    const again = await keep.flow.send({ payload: keep.sandbox.webhook(umid) })
    assert.equal(again.port, 'success')
    assert.equal(again.msg.typing?.duplicate, true)
    assert.equal(again.msg.typing?.attempts, 0)
    await keep.stop({ umid })
    const sent = keep.requestsFor(umid)
    const late = await keep.flow.send({ payload: keep.sandbox.webhook(umid) })
    assert.equal(late.msg.typing?.state, 'stopped')
    assert.equal(late.msg.typing?.duplicate, true)
    assert.equal(keep.requestsFor(umid), sent)
  })

  it('ends with the message itself, but for its request, where output 1 leads nowhere', async () => {
    const keep = await Keeping.load({ maxDuration: 0.4, wires: [[], ['error']] })
    const { msg } = keep.inbound()
    const uncopied = { deep: {} }
    const unanswered = keep.flow.next('error')
    void keep.flow.send(Object.assign(msg, { uncopied, req: {}, res: {} }))
    const ended = (await unanswered) as Output & Record<string, unknown>
    assert.equal(ended.error?.kind, 'unanswered')
    assert.equal(ended.payload, msg.payload)
    assert.equal(ended.uncopied, uncopied)
    assert.deepEqual([ended.req, ended.res], [undefined, undefined])
  })

  it('ends unanswered on output 2, with the message as it was received', async () => {
    const keep = await Keeping.load({ maxDuration: 0.5 })
    const { umid, msg } = keep.inbound()
    Object.assign(msg, { req: {}, res: {}, topic: 'hello' })
    const unanswered = keep.flow.next('error')
    const started = await keep.flow.send(msg)
    const { payload } = started.msg as { payload: { payload: { content: unknown } } }
    payload.payload.content = 'changed by the flow'
    const ended = await unanswered
    assert.equal(ended.error?.kind, 'unanswered')
    assert.equal(ended.error?.indicators, keep.requestsFor(umid))
    assert.equal(ended.error?.umid, umid)
    assert.equal(ended.error?.channel, 'whatsapp')
    assert.equal(ended.error?.attempts, keep.requestsFor(umid))
    assert.equal(ended.topic, 'hello')
    assert.deepEqual(ended.payload, keep.sandbox.webhook(umid))
    assert.equal('req' in ended || 'res' in ended, false)
    assert.equal(keep.flow.completions.length, 1)
    while (keep.flow.statuses.at(-1)?.text !== 'status.unanswered') await sleep(20)
  })

  it('leaves the return address of a link call to the message that goes on', async () => {
    const keep = await Keeping.load({ maxDuration: 0.3 })
    const { msg } = keep.inbound()
    const source = { id: 'call', node: 'link call', event: 'outer' }
    Object.assign(msg, { _linkSource: [source] })
    const unanswered = keep.flow.next('error')
    const started = (await keep.flow.send(msg)).msg as { _linkSource?: object[] }
    started._linkSource?.push({ event: 'inner' }) // as a nested Link Call node does
    const ended = (await unanswered) as { _linkSource?: object[] }
    assert.deepEqual(ended._linkSource, [source])
    assert.equal(ended._linkSource?.pop() === source, false)
    assert.equal(started._linkSource?.length, 2)
  })

  it('reports unanswered to Catch nodes if output 2 is not wired', async () => {
    const keep = await Keeping.load(
      { maxDuration: 0.3 },
      {
        errors: false,
        more: CATCH,
      },
    )
    const caught = keep.flow.next('caught')
    await keep.flow.send(keep.inbound().msg)
    const cause = (await caught).error?.cause as Record<string, unknown> | undefined
    assert.equal(cause?.kind, 'unanswered')
    assert.equal(keep.flow.outputs.length, 2)
  })

  it('sends a first indicator that fails to output 2, and keeps nothing', async () => {
    const keep = await Keeping.load()
    failNext(keep.sandbox, { status: 401, code: 1200 })
    const { umid, msg } = keep.inbound()
    const { port, msg: failed } = await keep.flow.send(msg)
    assert.equal(port, 'error')
    assert.equal(failed.error?.kind, 'authentication')
    assert.equal(failed.error !== undefined && 'indicators' in failed.error, false)
    assert.equal((await keep.stop({ umid })).typing?.indicators, 0)
  })

  it('continues silently after a failed renewal that recovers', async () => {
    const keep = await Keeping.load()
    const { umid, msg } = keep.inbound()
    await keep.flow.send(msg)
    failNext(keep.sandbox, { status: 500 }, { status: 500 })
    await once(keep.sandbox, 'request')
    while (!keep.dots() || keep.requestsFor(umid) < 4) await sleep(10)
    assert.equal(keep.flow.outputs.length, 1)
  })

  it('waits for the initial delay', async () => {
    const keep = await Keeping.load({ initialDelay: 0.3 })
    const { umid, msg } = keep.inbound()
    const began = performance.now()
    assert.equal((await keep.flow.send(msg)).msg.typing?.state, 'active')
    assert.ok(performance.now() - began >= 290)
    assert.equal(keep.requestsFor(umid), 1)
  })

  it('keeps typing for the newer message when an older one arrives late', async () => {
    const keep = await Keeping.load()
    const older = keep.inbound({ at: Date.now() - 1000 })
    const newer = keep.inbound({ at: Date.now() })
    await keep.flow.send(newer.msg)
    const late = await keep.flow.send(older.msg)
    assert.equal(late.msg.typing?.state, 'active')
    assert.equal(keep.requestsFor(older.umid), 0)
    assert.equal((await keep.stop({ umid: newer.umid })).typing?.indicators, 1)
  })

  it('counts a stop during the initial delay', async () => {
    const keep = await Keeping.load({ initialDelay: 5 })
    const { umid, msg } = keep.inbound()
    const waiting = keep.flow.send(msg)
    const stopped = await keep.stop({ umid })
    assert.equal(stopped.typing?.indicators, 0)
    assert.equal((await waiting).msg.typing?.state, 'stopped')
    assert.equal(keep.sandbox.requests.length, 0)
  })

  it('reads the action from the message, when so configured', async () => {
    const keep = await Keeping.load({ action: 'msg' })
    const { umid, msg } = keep.inbound()
    assert.equal((await keep.flow.send({ ...msg, action: 'start' })).msg.typing?.state, 'active')
    assert.equal((await keep.flow.send({ umid, action: 'stop' })).msg.typing?.state, 'stopped')
    const other = keep.inbound()
    assert.equal((await keep.flow.send({ ...other.msg, action: 'send' })).msg.typing?.state, 'sent')
    for (const action of [undefined, 'START', 'msg']) {
      const { error } = (await keep.flow.send({ ...other.msg, action })).msg
      assert.equal(error?.kind, 'invalid-input')
      assert.match(`${error?.message}`, /action/)
    }
  })

  it('renews by channel, unless a time is set', () => {
    const { renewEvery } = readTiming(TYPING_INDICATOR_DEFAULTS)
    assert.deepEqual([renewEvery('whatsapp'), renewEvery('rcs')], [25_500, 15_000])
    const set = readTiming({ ...TYPING_INDICATOR_DEFAULTS, renewEvery: '7' }).renewEvery
    assert.deepEqual([set('whatsapp'), set('rcs')], [7000, 7000])
  })

  for (const [field, value] of [
    ['maxDuration', '7201'],
    ['renewEvery', '0'],
    ['renewEvery', '7201'],
    ['initialDelay', '-1'],
    ['initialDelay', '7201'],
  ]) {
    it(`shows a ${field} of ${value} as bad configuration`, async () => {
      const keep = await Keeping.load({ [`${field}`]: value })
      assert.deepEqual(keep.flow.statuses, [
        { fill: 'red', shape: 'ring', text: `status.check.${field}` },
      ])
    })
  }
})
