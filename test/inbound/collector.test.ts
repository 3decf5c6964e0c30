import assert from 'node:assert/strict'
import FakeTimers from '@sinonjs/fake-timers'
import { Collector } from '../../nodes/inbound/collector'
import { Handover } from '../../nodes/inbound/handover'
import type { CollectedMessage, InboundMessage } from '../../nodes/lib/message/event'

describe('collecting messages', () => {
  let clock: ReturnType<typeof FakeTimers.install>
  let emitted: CollectedMessage[]
  let count: number

  beforeEach(() => {
    clock = FakeTimers.install({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    emitted = []
    count = 0
  })
  afterEach(() => {
    assert.equal(clock.countTimers(), 0, 'a timer is left')
    clock.uninstall()
  })

  const collect = (silence: number) => new Collector(silence, (message) => emitted.push(message))
  const texts = () => emitted.map(({ payload }) => payload)

  function message(payload: string, more: Partial<InboundMessage> = {}): InboundMessage {
    return {
      payload,
      umid: `${++count}`,
      channel: 'whatsapp',
      subAccountId: 'my_sub',
      conversation: '+6500000000',
      receivedAt: '2026-06-09T10:13:20.00Z',
      user: {},
      webhook: {},
      ...more,
    }
  }

  it('lets one message out when the customer has been silent, with all before it', () => {
    const collector = collect(2000)
    const messages = ['Hello', '', 'are you open', 'today?'].map((text) =>
      message(text, { content: { text } }),
    )
    for (const one of messages) {
      collector.add(one, 1)
      clock.tick(1999)
    }
    assert.deepEqual(emitted, [])
    clock.tick(1)
    const newest = messages.at(-1)
    assert.deepEqual(emitted, [{ ...newest, payload: 'Hello\nare you open\ntoday?', messages }])
  })

  it('lets a single message out alike', () => {
    const only = message('Hello')
    collect(10).add(only, 1)
    clock.tick(10)
    assert.deepEqual(emitted, [{ ...only, messages: [only] }])
  })

  it('keeps customers, channels and sub-accounts apart', () => {
    const collector = collect(10)
    for (const more of [
      {},
      { conversation: '+6500000001' },
      { channel: 'rcs' },
      { subAccountId: 'other' },
    ]) {
      collector.add(message('a', more), 1)
      collector.add(message('b', more), 1)
    }
    clock.tick(10)
    assert.deepEqual(texts(), ['a\nb', 'a\nb', 'a\nb', 'a\nb'])
  })

  it('holds nobody back who is not known', () => {
    const { conversation: _, ...unknown } = message('Hello')
    collect(10).add(unknown, 1)
    assert.deepEqual(emitted, [{ ...unknown, messages: [unknown] }])
  })

  for (const [silence, most] of [
    [2000, 20_000],
    [10_000, 60_000],
    [90_000, 90_000],
  ] as const) {
    it(`lets out what a customer writes without a pause after ${most / 1000} s, with ${silence / 1000} s`, () => {
      const collector = collect(silence)
      let waited = 0
      for (; emitted.length === 0 && waited <= 120_000; waited += silence / 2) {
        collector.add(message('a'), 1)
        clock.tick(silence / 2)
      }
      assert.equal(waited, most)
      collector.flush()
    })
  }

  it('holds back 100 messages of a customer, and 16 MB of all, at most', () => {
    const collector = collect(1000)
    for (let i = 0; i < 100; i++) collector.add(message('a'), 1)
    assert.equal(emitted[0]?.messages.length, 100)
    for (let i = 0; i < 17; i++) {
      collector.add(message(`${i}`, { conversation: `${i}` }), 1024 * 1024)
    }
    assert.deepEqual(texts().slice(1), ['0'])
    clock.tick(1000)
    assert.equal(emitted.length, 18)
    collector.add(message('huge'), 17 * 1024 * 1024)
    assert.equal(emitted.length, 19)
  })

  it('goes on after a deploy, with the time that was left and what came meanwhile', () => {
    const handover = new Handover()
    const before = collect(2000)
    before.add(message('one'), 1)
    before.add(message('other', { conversation: '+6500000001' }), 1)
    clock.tick(500)
    handover.put('a', '/path', before.close())
    const after = collect(2000)
    clock.tick(500)
    after.add(message('two'), 1)
    after.resume(handover.take('a', '/path'))
    clock.tick(1000)
    assert.deepEqual(texts(), ['other'])
    clock.tick(1000)
    assert.deepEqual(texts(), ['other', 'one\ntwo'])
    assert.deepEqual(handover.take('a', '/path'), [])
  })

  it('is handed over to the node of the same id or path, within a minute', () => {
    const handover = new Handover()
    const waiting = () => {
      const collector = collect(2000)
      collector.add(message('a'), 1)
      return collector.close()
    }
    const takers: [id: string, path: string, taken: number][] = [
      ['b', '/other', 0],
      ['b', '/path', 1],
      ['a', '/other', 1],
    ]
    for (const [id, path, taken] of takers) {
      handover.put('a', '/path', waiting())
      assert.equal(handover.take(id, path).length, taken)
      handover.take('a', '/path')
    }
    handover.put('a', '/path', waiting())
    clock.tick(60_000)
    assert.deepEqual(handover.take('a', '/path'), [])
  })
})
