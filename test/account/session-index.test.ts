import assert from 'node:assert/strict'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import FakeTimers from '@sinonjs/fake-timers'
import { Memory } from '../../nodes/account/session-index'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

function heapUsed(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed
}

describe('Memory', () => {
  it('keeps nothing for nodes that are gone', () => {
    const clock = FakeTimers.install({ toFake: ['performance'] })
    try {
      const memory = new Memory(1000)
      const before = heapUsed()
      for (let node = 0; node < 200; node++) {
        for (let umid = 0; umid < 1000; umid++) memory.add(`node ${node}`, `umid ${umid}`)
      }
      assert.ok(memory.has('node 0', 'umid 0'))
      const full = heapUsed() - before
      clock.tick(1001)
      memory.add('another', 'umid')
      const left = heapUsed() - before
      assert.ok(left < full / 10, `${left} of ${full} bytes`)
    } finally {
      clock.uninstall()
    }
  })
})
