import assert from 'node:assert/strict'
import { type Flow, type FlowOptions, kindOf, reported } from './flow'
import type { Answer, TestServer } from './server'

/** A message that throws, or cannot be changed. */
export interface HostileCase {
  what: string
  msg: () => object
  /** Default: 8x8 accepts it. */
  respond?: Answer
  /** Of the failure; default `invalid-input`. */
  kind?: string
  /** Whether an error can be put on the message, for output 2. */
  takesError: boolean
}

interface Loaded {
  flow: Flow
  server: TestServer
}

/**
 * The tests that each of these messages has one outcome, with output 2 and without.
 * @param load loads the flow with the tested node
 * @param check what else holds with output 2; the error is that on the message, if it takes one
 */
export function testOutcomes<T extends HostileCase>(
  cases: T[],
  load: (respond: Answer | undefined, options?: FlowOptions) => Promise<Loaded>,
  check: (
    each: T,
    server: TestServer,
    error: Record<string, unknown> | undefined,
  ) => void = () => {},
): void {
  for (const each of cases) {
    const { what, msg, respond, kind = 'invalid-input', takesError } = each

    it(`${what}: has one outcome, with output 2`, async () => {
      const { flow, server } = await load(respond)
      const error = reported()
      const out = flow.send(msg())
      let failed: Record<string, unknown> | undefined
      if (takesError) {
        const { port, msg } = await out
        failed = msg.error
        assert.equal(port, 'error')
        assert.equal(failed?.kind, kind)
      } else await error
      await new Promise(setImmediate)
      assert.equal(flow.outputs.length, takesError ? 1 : 0)
      assert.deepEqual(
        flow.completions.map(({ error }) => kindOf(error)),
        [takesError ? undefined : kind],
      )
      check(each, server, failed)
    })

    it(`${what}: has one outcome, without output 2`, async () => {
      const { flow } = await load(respond, { errors: false })
      const error = reported()
      void flow.send(msg())
      await error
      await new Promise(setImmediate)
      assert.equal(flow.outputs.length, 0)
      assert.deepEqual(
        flow.completions.map(({ error }) => kindOf(error)),
        [kind],
      )
    })
  }
}

/** A message with a property that is made by hand. */
export function withProperty(msg: object, name: string, property: PropertyDescriptor): object {
  return Object.defineProperty(msg, name, { enumerable: true, ...property })
}
