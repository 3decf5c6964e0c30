import assert from 'node:assert/strict'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import helper from 'node-red-node-test-helper'
import { Sandbox } from '../../nodes/sandbox/server'
import { CANARY } from '../support/events'
import { type Flow, type FlowOptions, loadFlow, unloadFlow } from '../support/flow'

const SUB = 'my_sub'
const MSISDN = '+6590000000'
const PHONE = { subAccountId: SUB, channel: 'whatsapp', msisdn: MSISDN } as const

describe('8x8-typing-indicator, keeping typing', () => {
  let sandbox: Sandbox
  let flow: Flow

  /** A start node (the one at the outputs), and a stop node that leads to `completed`. */
  async function load(node: object = {}, options: FlowOptions = {}) {
    // Phones on which an indicator lives for 1 s.
    sandbox = await Sandbox.start({ lifetimes: { whatsapp: 1000, rcs: 1000 } })
    sandbox.addSubAccount(SUB, CANARY)
    flow = await loadFlow({
      account: { region: 'custom', baseUrl: sandbox.url, timeout: 1, deadline: 1 },
      node: { action: 'start', renewEvery: 0.3, ...node },
      more: [
        {
          id: 'stop',
          type: '8x8-typing-indicator',
          account: 'account',
          action: 'stop',
          wires: [['completed'], ['caught']],
        },
        { id: 'completed', type: 'helper' },
        { id: 'caught', type: 'helper' },
      ],
      ...options,
    })
  }

  afterEach(async () => {
    await unloadFlow()
    await sandbox.close()
  })

  /** A customer writes; the webhook as the flow gets it. */
  const inbound = (message: object = {}) => {
    const { umid } = sandbox.receive({ ...PHONE, ...message })
    return { umid, msg: { payload: sandbox.webhook(umid) } as Record<string, unknown> }
  }

  function stop(msg: Record<string, unknown>): Promise<{ typing?: Record<string, unknown> }> {
    const stopped = flow.next('completed')
    helper.getNode('stop').receive(msg)
    return stopped
  }

  const dots = () => sandbox.conversation(PHONE).typingUntil !== undefined
  const requestsFor = (umid: string) =>
    sandbox.requests.filter(({ body }) => (body as { umid: string }).umid === umid).length

  it('shows the dots all the time until the reply, and never after it', async () => {
    await load()
    const { umid, msg } = inbound()
    const started = await flow.send(msg)
    assert.equal(started.port, 'success')
    assert.equal(started.msg, msg)
    assert.equal(started.msg.typing?.state, 'active')
    assert.equal(started.msg.typing?.attempts, 1)
    const end = performance.now() + 2000
    while (performance.now() < end) {
      assert.ok(dots(), 'the dots are gone while we work')
      await sleep(10)
    }
    const { typing } = await stop({ umid })
    assert.equal(typing?.state, 'stopped')
    const sent = requestsFor(umid)
    assert.ok(sent >= 4, `${sent} indicators in 2 s`)
    assert.equal(typing?.indicators, sent)
    assert.ok(Number(typing?.durationMs) >= 1990)
    await fetch(`${sandbox.url}/api/v1/subaccounts/${SUB}/messages`, {
      method: 'POST',
      headers: { authorization: `Bearer ${CANARY}` },
      body: JSON.stringify({ user: { msisdn: MSISDN }, type: 'text', content: { text: 'Hi' } }),
    })
    const later = performance.now() + 1200
    while (performance.now() < later) {
      assert.ok(!dots(), 'the dots came back after the reply')
      await sleep(10)
    }
    assert.equal(requestsFor(umid), sent)
  })

  it('shows how many it keeps, at most 2 statuses a second, the last one always', async () => {
    await load()
    const umids: string[] = []
    const began = performance.now()
    for (let i = 0; i < 10; i++) {
      const { umid, msg } = inbound({ msisdn: `+659000000${i}` })
      umids.push(umid)
      await flow.send(msg)
    }
    while (flow.statuses.at(-1)?.text !== 'typing (10)') await sleep(20)
    assert.ok(flow.statuses.length <= 1 + 2 * Math.ceil((performance.now() - began) / 1000))
    await Promise.all(umids.map((umid) => stop({ umid })))
    while (flow.statuses.at(-1)?.text !== 'status.stopped') await sleep(20)
  })

  it('takes the umid for a stop from msg.typing, when the payload is another by then', async () => {
    await load()
    const { umid, msg } = inbound()
    const started = await flow.send(msg)
    const { typing } = await stop({ ...started.msg, payload: 'the answer' })
    assert.equal(typing?.umid, umid)
    assert.equal(typing?.indicators, 1)
  })

  it('stops by conversation, and stopping nobody is no error', async () => {
    await load()
    const { umid, msg } = inbound()
    await flow.send(msg)
    await flow.deploy(
      {
        more: [
          {
            id: 'stop',
            type: '8x8-typing-indicator',
            account: 'account',
            action: 'stop',
            conversation: 'payload.to',
            wires: [['completed'], ['caught']],
          },
          { id: 'completed', type: 'helper' },
          { id: 'caught', type: 'helper' },
        ],
      },
      'nodes',
    )
    assert.equal((await stop({ payload: { to: MSISDN } })).typing?.umid, umid)
    const again = await stop({ payload: { to: MSISDN } })
    assert.deepEqual(again.typing, {
      state: 'stopped',
      subAccountId: SUB,
      indicators: 0,
      attempts: 0,
      durationMs: 0,
    })
  })

  it('marks a redelivered webhook as a duplicate, and sends nothing for it', async () => {
    await load()
    const { umid, msg } = inbound()
    await flow.send(msg)
    const again = await flow.send({ payload: sandbox.webhook(umid) })
    assert.equal(again.port, 'success')
    assert.equal(again.msg.typing?.duplicate, true)
    await stop({ umid })
    const late = await flow.send({ payload: sandbox.webhook(umid) })
    assert.equal(late.msg.typing?.state, 'stopped')
    assert.equal(late.msg.typing?.duplicate, true)
    assert.equal(requestsFor(umid), sandbox.requests.length)
  })

  it('ends unanswered on output 2, with the message as it came in', async () => {
    await load({ maxDuration: 0.5 })
    const { umid, msg } = inbound()
    Object.assign(msg, { req: {}, res: {}, topic: 'hello' })
    const unanswered = flow.next('error')
    const started = await flow.send(msg)
    started.msg.payload = 'changed by the flow'
    const excuse = await unanswered
    assert.equal(excuse.error?.kind, 'unanswered')
    assert.equal(excuse.error?.umid, umid)
    assert.equal(excuse.topic, 'hello')
    assert.deepEqual(excuse.payload, sandbox.webhook(umid))
    assert.equal('req' in excuse || 'res' in excuse, false)
    assert.equal(flow.completions.length, 1)
    while (flow.statuses.at(-1)?.text !== 'status.unanswered') await sleep(20)
  })

  it('tells Catch nodes of an end unanswered, when output 2 is not wired', async () => {
    await load(
      { maxDuration: 0.3 },
      {
        errors: false,
        more: [
          { id: 'catches', type: 'catch', scope: ['typing'], wires: [['caught']] },
          { id: 'caught', type: 'helper' },
        ],
      },
    )
    const caught = flow.next('caught')
    await flow.send(inbound().msg)
    const cause = (await caught).error?.cause as Record<string, unknown> | undefined
    assert.equal(cause?.kind, 'unanswered')
    assert.equal(flow.outputs.length, 2)
  })

  it('sends a first indicator that fails to output 2, and keeps nothing', async () => {
    await load()
    sandbox.failNext({ status: 401, code: 1200 })
    const { umid, msg } = inbound()
    const { port, msg: failed } = await flow.send(msg)
    assert.equal(port, 'error')
    assert.equal(failed.error?.kind, 'authentication')
    assert.equal((await stop({ umid })).typing?.indicators, 0)
  })

  it('goes on after a renewal that failed and recovered, without a word', async () => {
    await load()
    const { umid, msg } = inbound()
    await flow.send(msg)
    sandbox.failNext({ status: 500 }, { status: 500 })
    await once(sandbox, 'request')
    while (!dots() || requestsFor(umid) < 4) await sleep(10)
    assert.equal(flow.outputs.length, 1)
  })

  it('counts a stop during the initial delay', async () => {
    await load({ initialDelay: 5 })
    const { umid, msg } = inbound()
    const waiting = flow.send(msg)
    const stopped = await stop({ umid })
    assert.equal(stopped.typing?.indicators, 0)
    assert.equal((await waiting).msg.typing?.state, 'stopped')
    assert.equal(sandbox.requests.length, 0)
  })

  it('reads the action from the message, when so configured', async () => {
    await load({ action: 'msg' })
    const { umid, msg } = inbound()
    assert.equal((await flow.send({ ...msg, action: 'start' })).msg.typing?.state, 'active')
    assert.equal((await flow.send({ umid, action: 'stop' })).msg.typing?.state, 'stopped')
    const other = inbound()
    assert.equal((await flow.send({ ...other.msg, action: 'send' })).msg.typing?.state, 'sent')
    for (const action of [undefined, 'START', 'msg']) {
      const { error } = (await flow.send({ ...other.msg, action })).msg
      assert.equal(error?.kind, 'invalid-input')
      assert.match(`${error?.message}`, /action/)
    }
  })

  for (const [field, value] of [
    ['maxDuration', '7201'],
    ['renewEvery', '0'],
    ['initialDelay', '-1'],
  ]) {
    it(`shows a ${field} of ${value} as bad configuration`, async () => {
      await load({ [`${field}`]: value })
      assert.deepEqual(flow.statuses, [
        { fill: 'red', shape: 'ring', text: `status.check.${field}` },
      ])
    })
  }

  describe('when it is deployed', () => {
    it('ends with its node', async () => {
      await load()
      const { umid, msg } = inbound()
      await flow.send(msg)
      await flow.deploy({ node: { action: 'start', renewEvery: 0.3, name: 'new' } }, 'nodes')
      const sent = requestsFor(umid)
      await sleep(700)
      assert.equal(requestsFor(umid), sent)
      assert.equal(flow.outputs.length, 1)
    })

    it('goes on when another node is', async () => {
      await load()
      const { umid, msg } = inbound()
      await flow.send(msg)
      await flow.deploy({ more: [] }, 'nodes')
      const sent = requestsFor(umid)
      while (requestsFor(umid) < sent + 2) await once(sandbox, 'request')
      assert.ok(dots())
    })

    it('ends a start that waits as closed', async () => {
      await load({ initialDelay: 5 })
      const waiting = flow.send(inbound().msg)
      await flow.deploy({ node: { action: 'start', name: 'new' } }, 'nodes')
      const { port, msg } = await waiting
      assert.equal(port, 'error')
      assert.equal(msg.error?.kind, 'closed')
      assert.equal(flow.completions.length, 1)
    })
  })
})
