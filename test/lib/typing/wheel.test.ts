import assert from 'node:assert/strict'
import FakeTimers from '@sinonjs/fake-timers'
import { Wheel } from '../../../nodes/lib/typing/wheel'

describe('wheel', () => {
  let clock: ReturnType<typeof FakeTimers.install>
  beforeEach(() => {
    clock = FakeTimers.install({ toFake: ['setInterval', 'clearInterval', 'performance'] })
    clock.tick(10_000)
  })
  afterEach(() => {
    assert.equal(clock.countTimers(), 0, 'a timer is left')
    clock.uninstall()
  })

  it('is due at the next tick for what is late already', () => {
    const due: string[] = []
    const wheel = new Wheel<{ name: string; slot?: number }>(({ name }) => due.push(name))
    wheel.add({ name: 'in time' }, 10_500)
    clock.tick(250)
    for (const at of [0, 9000, 10_100, 10_200]) wheel.add({ name: `${at}` }, at)
    clock.tick(100)
    assert.deepEqual(due, ['0', '9000', '10100', '10200'])
    clock.tick(200)
    assert.equal(due.pop(), 'in time')
  })

  it('is due once for what is added again', () => {
    const due: number[] = []
    const wheel = new Wheel<{ slot?: number }>(() => due.push(performance.now()))
    const item = {}
    for (const at of [10_500, 10_100, 10_300]) wheel.add(item, at)
    clock.tick(1000)
    assert.deepEqual(due, [10_300])
  })
})
