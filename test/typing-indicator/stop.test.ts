import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import FakeTimers from '@sinonjs/fake-timers'
import helper from 'node-red-node-test-helper'
import { moment, UMID } from '../support/events'
import { type FlowOptions, logged, type Output, unloadFlow } from '../support/flow'
import { stopNode } from '../support/keeping'
import { type Answer, closeServers } from '../support/server'
import { accept, loadWith, message, refuse } from '../support/typing'

const LIMITS = { timeout: 60, deadline: 60 }

const OTHER_UMID = UMID.replace(/.$/, '0')

/** A server that keeps each answer back until a test gives it. */
function holding() {
  const held: ServerResponse[] = []
  const arrivals: (() => void)[] = []
  const answer: Answer = (response) => {
    held.push(response)
    arrivals.shift()?.()
  }
  return {
    answer,
    /** The next request that is there, or comes. */
    async next(): Promise<ServerResponse> {
      while (held.length === 0) await new Promise<void>((resolve) => arrivals.push(resolve))
      return held.shift() as ServerResponse
    },
  }
}

const stop = (msg: object) => helper.getNode('stop').receive(msg as Output)

/** Gives pending outputs the time to come out. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
}

describe('8x8-typing-indicator, stopped while a request is on the wire', () => {
  let api: ReturnType<typeof holding>
  beforeEach(() => {
    api = holding()
  })
  afterEach(async () => {
    await unloadFlow()
    await closeServers()
  })

  async function load(node: object, { account = LIMITS, ...options }: FlowOptions = {}) {
    const { flow, server } = await loadWith(api.answer, {
      account,
      node: { conversation: 'who', ...node },
      more: stopNode(),
      ...options,
    })
    const ports = () => flow.outputs.map(({ port }) => port)
    /** Sends a message in that gets no answer yet; resolves with what 8x8 has of it. */
    async function begin(msg: object): Promise<ServerResponse> {
      void flow.send(msg)
      return api.next()
    }
    return { flow, server, ports, begin }
  }

  /** Answers, and sees that nothing but `before` came out until then. */
  async function answers(response: ServerResponse, ports: () => string[], before: string[]) {
    await settle()
    assert.deepEqual(ports(), before)
    response.end()
  }

  it('lets the reply go when 8x8 has answered a renewal', async () => {
    const { flow, server, ports, begin } = await load({ action: 'start', renewEvery: 0.2 })
    const first = await begin(message())
    first.end()
    const renewal = await api.next()
    const stopped = flow.next('completed')
    stop(message())
    await answers(renewal, ports, ['success'])
    const { typing } = await stopped
    assert.deepEqual([typing?.state, typing?.indicators, typing?.attempts], ['stopped', 2, 2])
    assert.equal(server.received.length, 2)
  })

  it('does not try again what fails while it is awaited', async () => {
    const { flow, server, ports, begin } = await load({ action: 'start' })
    const clock = FakeTimers.install({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const first = await begin(message())
      const stopped = flow.next('completed')
      stop(message())
      await settle()
      assert.deepEqual(ports(), ['success']) // the start: it was stopped
      refuse(503)(first)
      assert.equal((await stopped).typing?.indicators, 0)
      clock.tick(250) // the longest first pause
      await begin({ ...message(), umid: OTHER_UMID })
      const umids = server.received.map(({ body }) => JSON.parse(body).umid)
      assert.deepEqual(umids, [UMID, OTHER_UMID])
    } finally {
      clock.uninstall()
    }
  })

  it('waits no longer than one attempt may take', async () => {
    const { flow, begin } = await load(
      { action: 'start' },
      { account: { timeout: 0.3, deadline: 60 } },
    )
    const stopped = flow.next('completed')
    const first = await begin(message())
    stop(message())
    const { typing } = await stopped
    assert.deepEqual([typing?.indicators, typing?.attempts], [0, 1])
    if (!first.destroyed) await once(first, 'close')
  })

  it('awaits the request of an older message that a newer one took over', async () => {
    const { flow, ports, begin } = await load({ action: 'start' })
    const older = await begin({ ...message(), who: '+65' })
    const newer = await begin({ ...message(), umid: OTHER_UMID, who: '+65' })
    newer.end()
    await settle()
    assert.deepEqual(flow.outputs.map(({ msg }) => msg.typing?.state).sort(), ['active', 'stopped'])
    const stopped = flow.next('completed')
    stop({ umid: OTHER_UMID })
    await answers(older, ports, ['success', 'success'])
    assert.equal((await stopped).typing?.umid, OTHER_UMID)
  })

  it('ends unanswered only when 8x8 has answered the last renewal', async () => {
    const { flow, ports, begin } = await load({
      action: 'start',
      renewEvery: 0.2,
      maxDuration: 0.6,
    })
    const unanswered = flow.next('error')
    const first = await begin(message())
    first.end()
    const renewal = await api.next()
    await sleep(700) // past maxDuration
    await answers(renewal, ports, ['success'])
    const { error } = await unanswered
    assert.deepEqual([error?.kind, error?.indicators], ['unanswered', 2])
    assert.equal(error?.message, 'No stop came within 0.6 s')
  })

  it('awaits a message that is sent once, which comes out as sent', async () => {
    const { flow, ports, begin } = await load({ action: 'send' })
    const response = await begin(message())
    const stopped = flow.next('completed')
    stop({ umid: UMID })
    await answers(response, ports, [])
    assert.equal((await stopped).typing?.indicators, 1)
    assert.equal(flow.outputs.find(({ port }) => port === 'success')?.msg.typing?.state, 'sent')
  })

  it('ends a queued message that is sent once as stopped', async () => {
    const { flow, server, begin } = await load(
      { action: 'send' },
      { account: { ...LIMITS, maxInFlight: 1 } },
    )
    const response = await begin({ ...message(), umid: OTHER_UMID })
    const waiting = flow.send(message())
    const stopped = flow.next('completed')
    stop({ umid: UMID })
    const { port, msg } = await waiting
    assert.equal(port, 'success')
    assert.deepEqual([msg.typing?.state, msg.typing?.attempts], ['stopped', 0])
    assert.equal((await stopped).typing?.indicators, 0)
    response.end()
    await settle()
    assert.equal(server.received.length, 1)
    assert.equal(flow.completions.length, 2)
  })

  it('ends as closed, once and at once, when the stop is deployed again meanwhile', async () => {
    const { flow, begin } = await load({ action: 'start' })
    await begin(message())
    const failed = flow.next('caught')
    stop(message())
    await settle()
    await flow.deploy({ more: stopNode({ name: 'changed' }) }, 'nodes')
    assert.equal((await failed).error?.kind, 'closed')
    const out = flow.outputs.filter(({ port }) => port === 'caught' || port === 'completed')
    assert.equal(out.length, 1)
  })

  it('ends as closed when the account is deployed again meanwhile', async () => {
    const { flow, server, begin } = await load({ action: 'start' })
    await begin(message())
    const failed = flow.next('caught')
    stop(message())
    await settle()
    const account = { region: 'custom', baseUrl: server.url, name: 'changed' }
    await flow.deploy({ account }, 'nodes')
    assert.equal((await failed).error?.kind, 'closed')
  })
})

describe('8x8-typing-indicator, stopped before it starts', () => {
  afterEach(async () => {
    await unloadFlow()
    await closeServers()
  })

  it('sends nothing for a start whose umid is still being read', async () => {
    const asked = moment()
    const umid = moment<string>()
    const { flow, server } = await loadWith(accept, {
      account: LIMITS,
      node: { action: 'start', umid: 'slowly()', umidType: 'jsonata' },
      more: stopNode(),
    })
    const slowly = () => {
      asked.come()
      return umid.came
    }
    const started = flow.send({ ...message(), slowly })
    await asked.came
    const stopped = flow.next('completed')
    stop({ umid: UMID })
    await stopped
    umid.come(UMID)
    const { typing } = (await started).msg
    assert.deepEqual([typing?.state, typing?.duplicate, typing?.attempts], ['stopped', true, 0])
    assert.equal(server.received.length, 0)
  })

  it('sends nothing for a message that is to be sent once', async () => {
    const { flow, server } = await loadWith(accept, { more: stopNode() })
    const stopped = flow.next('completed')
    stop({ umid: UMID })
    await stopped
    const { port, msg } = await flow.send(message())
    assert.equal(port, 'success')
    assert.deepEqual(
      { ...msg.typing, durationMs: 0 },
      {
        state: 'stopped',
        duplicate: true,
        ...message(),
        subAccountId: 'my_sub',
        attempts: 0,
        durationMs: 0,
      },
    )
    assert.equal(server.received.length, 0)
  })
})

describe('8x8-typing-indicator, a stop that ends nothing', () => {
  afterEach(async () => {
    await unloadFlow()
    await closeServers()
  })

  it('shows in grey that nobody was typing', async () => {
    const { flow } = await loadWith(accept, { node: { action: 'msg' } })
    await flow.send({ ...message(), action: 'stop' })
    assert.deepEqual(flow.statuses.at(-1), { fill: 'grey', shape: 'dot', text: 'status.notTyping' })
  })

  it('shows in green that it ended something', async () => {
    const { flow } = await loadWith(accept, { node: { action: 'msg' } })
    await flow.send({ ...message(), action: 'start' })
    await flow.send({ ...message(), action: 'stop' })
    while (flow.statuses.at(-1)?.text !== 'status.stopped') await sleep(20)
    assert.deepEqual(flow.statuses.at(-1), { fill: 'green', shape: 'dot', text: 'status.stopped' })
  })

  it('says which other account keeps typing, and warns once', async () => {
    const { flow, server } = await loadWith(accept, {
      account: { name: 'Mine' },
      node: { action: 'stop' },
      configs: [
        {
          id: 'sales',
          type: '8x8-account',
          name: 'Sales',
          subAccountId: 'my_sub',
          region: 'sandbox',
        },
      ],
      more: stopNode({ account: 'sales', action: 'start' }),
    })
    const started = flow.next('completed')
    stop(message())
    assert.equal((await started).typing?.state, 'active')
    for (let i = 0; i < 2; i++) await flow.send(message())
    assert.deepEqual(flow.statuses.at(-1), {
      fill: 'grey',
      shape: 'ring',
      text: 'status.otherAccount',
    })
    assert.equal(logged().split('the account "Sales" is typing').length - 1, 1)
    assert.equal(server.received.length, 0)
  })
})
