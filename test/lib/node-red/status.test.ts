import assert from 'node:assert/strict'
import { type Clock, install } from '@sinonjs/fake-timers'
import { MessagingError } from '../../../nodes/lib/errors'
import type { NodeAdapter } from '../../../nodes/lib/node-red/node-adapter'
import { Output } from '../../../nodes/lib/node-red/output'
import { StatusThrottle } from '../../../nodes/lib/node-red/status'

describe('StatusThrottle', () => {
  let clock: Clock
  let made: number
  let shown: unknown[]
  let throttle: StatusThrottle

  const make = () => ({ text: `${++made}` })

  beforeEach(() => {
    clock = install({ now: 1 })
    clock.tick(5000)
    made = 0
    shown = []
    throttle = new StatusThrottle(({ text }) => shown.push(text))
  })

  afterEach(() => clock.uninstall())

  it('creates no status that it does not show', () => {
    for (let i = 0; i < 1000; i++) throttle.set(make)
    assert.deepEqual(shown, ['1', '2'])
    clock.tick(1000)
    assert.deepEqual(shown, ['1', '2', '4']) // one was made to see that it is too early
    assert.equal(made, 4)
  })

  it('creates a status only when it shows it', () => {
    let text = 'first'
    throttle.set({ text: 'one' })
    throttle.set({ text: 'two' })
    throttle.set(() => ({ text }))
    text = 'last'
    clock.tick(1000)
    assert.deepEqual(shown, ['one', 'two', 'last'])
  })

  it('shows none twice in a row', () => {
    for (const fill of ['red', 'red', 'blue'] as const) throttle.set({ fill, text: 'same' })
    throttle.set({ fill: 'blue', text: 'same' })
    assert.deepEqual(shown, ['same', 'same'])
    assert.equal(clock.countTimers(), 0)
  })

  it('shows two a second, again and again', () => {
    for (let i = 0; i < 30; i++) {
      throttle.set({ text: `${i}` })
      clock.tick(100)
    }
    assert.deepEqual(shown, ['0', '1', '9', '10', '19', '20', '29'])
  })

  it('drops a waiting status when it closes', () => {
    for (let i = 0; i < 3; i++) throttle.set(make)
    throttle.close()
    clock.tick(5000)
    assert.deepEqual(shown, ['1', '2'])
  })
})

describe('Output: the status', () => {
  let clock: Clock
  beforeEach(() => {
    clock = install()
  })
  afterEach(() => clock.uninstall())

  it('is empty after the close, whatever is waiting or ends then', () => {
    const shown: unknown[] = []
    const node: Partial<NodeAdapter> = {
      status: (status) => shown.push(status),
      isWired: () => true,
      handlesErrors: () => true,
    }
    const output = new Output(node as NodeAdapter, {
      property: 'typing',
      toStatus: (text: string) => ({ text }),
    })
    output.show('status.sending')
    output.fail({ msg: {}, send() {}, done() {} }, new MessagingError('server', 'x'))
    output.show('status.sending') // waits: it is the third in a second
    output.fail({ msg: {}, send() {}, done() {} }, new MessagingError('closed', 'x'))
    output.close()
    clock.tick(5000)
    assert.deepEqual(
      shown.map((status) => (status as { text?: string }).text),
      ['status.sending', 'status.server', undefined],
    )
  })
})
