import assert from 'node:assert/strict'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import FakeTimers from '@sinonjs/fake-timers'
import { RecentUmids } from '../../../nodes/lib/typing/recent-umids'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

function heapUsed(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed
}

describe('recent umids', () => {
  for (const [what, nodes, umids] of [
    ['for nodes that are gone', 200, 1000],
    ['of what is over for a node that goes on', 1, 200_000],
  ] as const) {
    it(`keeps nothing ${what}`, () => isForgotten(nodes, umids))
  }

  function isForgotten(nodes: number, umids: number): void {
    const clock = FakeTimers.install({ toFake: ['performance'] })
    try {
      const recent = new RecentUmids(1000)
      const before = heapUsed()
      for (let node = 0; node < nodes; node++) {
        for (let umid = 0; umid < umids; umid++) recent.add(`umid ${umid}`, `node ${node}`)
      }
      assert.ok(recent.has('umid 0', 'node 0'))
      const full = heapUsed() - before
      clock.tick(1001)
      recent.add('umid', nodes === 1 ? 'node 0' : 'another')
      const left = heapUsed() - before
      assert.ok(left < full / 10, `${left} of ${full} bytes`)
    } finally {
      clock.uninstall()
    }
  }
})
