import type { Fault } from '../../nodes/lib/sandbox/faults'
import type { Sandbox } from '../../nodes/lib/sandbox/server'

/** Makes the next API requests fail, in order, one fault each. */
export function failNext(sandbox: Sandbox, ...faults: Fault[]): void {
  const remove = sandbox.addFault(() => {
    const fault = faults.shift()
    if (!fault) remove()
    return fault
  })
}
