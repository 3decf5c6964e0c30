import assert from 'node:assert/strict'
import { type Clock, install } from '@sinonjs/fake-timers'
import { MessagingError } from '../../../nodes/lib/errors'
import { type NodeAdapter, Output } from '../../../nodes/lib/node-red/outcome'
import { StatusThrottle } from '../../../nodes/lib/node-red/status'

describe('StatusLine', () => {
  let clock: Clock
  let made: number
  let shown: unknown[]
  let line: StatusThrottle

  const make = () => ({ text: `${++made}` })

  beforeEach(() => {
    clock = install({ now: 1 })
    clock.tick(5000)
    made = 0
    shown = []
    line = new StatusThrottle(({ text }) => shown.push(text))
  })

  afterEach(() => clock.uninstall())

  it('makes no status that it does not show', () => {
    for (let i = 0; i < 1000; i++) line.set(make)
    assert.deepEqual(shown, ['1', '2'])
    clock.tick(1000)
    assert.deepEqual(shown, ['1', '2', '4']) // one was made to see that it is too early
    assert.equal(made, 4)
  })

  it('makes a status when it shows it, and not before', () => {
    let text = 'first'
    line.set({ text: 'one' })
    line.set({ text: 'two' })
    line.set(() => ({ text }))
    text = 'last'
    clock.tick(1000)
    assert.deepEqual(shown, ['one', 'two', 'last'])
  })

  it('shows none twice in a row', () => {
    for (const fill of ['red', 'red', 'blue'] as const) line.set({ fill, text: 'same' })
    line.set({ fill: 'blue', text: 'same' })
    assert.deepEqual(shown, ['same', 'same'])
    assert.equal(clock.countTimers(), 0)
  })

  it('shows two a second, again and again', () => {
    for (let i = 0; i < 30; i++) {
      line.set({ text: `${i}` })
      clock.tick(100)
    }
    assert.deepEqual(shown, ['0', '1', '9', '10', '19', '20', '29'])
  })

  it('drops a status that waits when it closes', () => {
    for (let i = 0; i < 3; i++) line.set(make)
    line.close()
    clock.tick(5000)
    assert.deepEqual(shown, ['1', '2'])
  })
})

describe('Outcome: the status', () => {
  let clock: Clock
  beforeEach(() => {
    clock = install()
  })
  afterEach(() => clock.uninstall())

  it('is nothing from the close on, whatever waits to be shown or comes to an end', () => {
    const shown: unknown[] = []
    const outcome = new Output({
      status: (status) => shown.push(status),
      handlesErrors: () => true,
    } as Partial<NodeAdapter> as NodeAdapter)
    outcome.sending()
    outcome.fail({ msg: {}, send() {}, done() {} }, new MessagingError('server', 'x'))
    outcome.sending() // waits: it is the third in a second
    outcome.fail({ msg: {}, send() {}, done() {} }, new MessagingError('closed', 'x'))
    outcome.close()
    clock.tick(5000)
    assert.deepEqual(
      shown.map((status) => (status as { text?: string }).text),
      ['status.sending', 'status.server', undefined],
    )
  })
})
