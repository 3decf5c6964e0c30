import assert from 'node:assert/strict'
import { revoked, watchProcess } from '../support/anything'
import { reported, unloadFlow } from '../support/flow'
import { answer, kindOf, loadReply, takeAll } from '../support/reply'
import { type Answer, closeServers } from '../support/server'
import { reject400 } from '../support/typing'

/** A message with a property that is made by hand. */
function withProperty(name: string, property: PropertyDescriptor): object {
  return Object.defineProperty(answer(), name, { enumerable: true, ...property })
}

function throwing(thrown: unknown): () => never {
  return () => {
    throw thrown
  }
}

const frozen = () => Object.freeze({ ...answer(), _msgid: 'frozen' })

const cases: {
  what: string
  msg: () => object
  respond?: Answer
  kind?: string
  /** Whether 8x8 takes the reply before the message fails. */
  sent?: true
  /** Whether an error can be put on the message, for output 2. */
  takesError: boolean
}[] = [
  {
    what: 'a reply that cannot be written',
    msg: () => withProperty('reply', { value: 'mine', writable: false }),
    sent: true,
    takesError: true,
  },
  {
    what: 'a reply that throws what cannot be shown when it is set',
    msg: () => withProperty('reply', { set: throwing(Object.create(null)) }),
    sent: true,
    takesError: true,
  },
  { what: 'nothing that can be written', msg: frozen, sent: true, takesError: false },
  {
    what: 'nothing that can be written, and refused by 8x8',
    msg: frozen,
    respond: reject400,
    kind: 'rejected',
    takesError: false,
  },
  {
    what: 'an error that cannot be written',
    msg: () => withProperty('error', { value: 'mine', writable: false }),
    respond: reject400,
    kind: 'rejected',
    takesError: false,
  },
  {
    what: 'a payload that throws',
    msg: () => withProperty('payload', { get: throwing(new Error('hands off')) }),
    takesError: true,
  },
  {
    what: 'a payload that throws whatever is done with it',
    msg: () => answer({ payload: revoked() }),
    takesError: true,
  },
  {
    what: 'a body that throws when it is sent',
    msg: () => answer({ payload: { type: 'image', content: { toJSON: throwing(new Error()) } } }),
    takesError: true,
  },
  {
    what: 'a body too deep to be sent',
    msg: () => {
      const url = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000))
      return answer({ payload: { type: 'image', content: { url } } })
    },
    takesError: true,
  },
  {
    what: 'a user that throws',
    msg: () => withProperty('user', { get: throwing(new Error('hands off')) }),
    takesError: true,
  },
]

describe('8x8-reply, given a message with', () => {
  watchProcess()
  afterEach(async () => {
    await unloadFlow()
    await closeServers()
  })

  for (const {
    what,
    msg,
    respond = takeAll(),
    kind = 'invalid-input',
    sent,
    takesError,
  } of cases) {
    it(`${what}: has one outcome, with output 2`, async () => {
      const { flow, server } = await loadReply(respond)
      const error = reported()
      const out = flow.send(msg())
      if (takesError) {
        const { port, msg: failed } = await out
        assert.equal(port, 'error')
        assert.equal(failed.error?.kind, kind)
        assert.equal(failed.error?.maybeSent, sent, 'a flow would send it again')
      } else await error
      await new Promise(setImmediate)
      assert.equal(flow.outputs.length, takesError ? 1 : 0)
      assert.deepEqual(
        flow.completions.map(({ error }) => kindOf(error)),
        [takesError ? undefined : kind],
      )
      assert.equal(server.received.length, sent || respond === reject400 ? 1 : 0)
    })

    it(`${what}: has one outcome, without output 2`, async () => {
      const { flow } = await loadReply(respond, { errors: false })
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

  it('a payload that throws: goes on with the next message of the same customer', async () => {
    const { flow } = await loadReply()
    const [failed, sent] = [{ payload: revoked() }, {}].map((each) => flow.send(answer(each)))
    assert.equal((await failed)?.port, 'error')
    assert.equal((await sent)?.port, 'success')
  })
})
