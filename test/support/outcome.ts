import assert from 'node:assert/strict'
import RED, { type NodeMessage } from 'node-red'
import helper from 'node-red-node-test-helper'
import type { Flow } from './flow'

/** Plays messages to the tested node of a flow, one after the other. Ends with {@link close}. */
export class OutcomeWatch {
  readonly #flow: Flow
  readonly #id: string
  #completed = () => {}

  /** @param id of the tested node */
  constructor(flow: Flow, id: string) {
    this.#flow = flow
    this.#id = id
    RED.hooks.add('onComplete.outcome', ({ node }: { node: { id: string } }) => {
      if (node.id === id) this.#completed()
    })
  }

  /** Resolves when `done` was called for the message. */
  complete(msg: object): Promise<void> {
    const done = new Promise<void>((resolve) => {
      this.#completed = resolve
    })
    helper.getNode(this.#id).receive(msg as NodeMessage)
    return done
  }

  /**
   * Sends a message, and sees that it has one outcome.
   * @param errors whether output 2 is wired
   * @returns the error, if it was one
   */
  async play(msg: object, errors: boolean): Promise<Record<string, unknown> | undefined> {
    const { outputs, completions } = this.#flow
    outputs.length = 0
    completions.length = 0
    await this.complete(msg)
    // An output is handed on in the next turn; a second one would come then too.
    for (let i = 0; i < 3; i++) await new Promise(setImmediate)
    assert.equal(completions.length, 1, 'done was not called exactly once')
    const failed = completions[0]?.error
    const [output] = outputs
    assert.equal(outputs.length, failed ? 0 : 1, 'one output or one error')
    if (failed) return { ...(failed.cause as object), message: failed.message }
    assert.equal(output?.msg, msg, 'another message')
    if (output?.port === 'success') return undefined
    assert.ok(errors, 'an output that is not wired')
    return output?.msg.error
  }

  close(): void {
    RED.hooks.remove('*.outcome')
  }
}
