import assert from 'node:assert/strict'
import { revoked, throwing, watchProcess } from '../support/anything'
import { unloadFlow } from '../support/flow'
import { type HostileCase, testOutcomes, withProperty } from '../support/hostile'
import { answer, loadReply } from '../support/reply'
import { closeServers } from '../support/server'
import { reject400 } from '../support/typing'

const own = (name: string, property: PropertyDescriptor) => withProperty(answer(), name, property)

const frozen = () => Object.freeze({ ...answer(), _msgid: 'frozen' })

interface ReplyCase extends HostileCase {
  /** Whether 8x8 takes the reply before the message fails. */
  sent?: true
}

const cases: ReplyCase[] = [
  {
    what: 'a reply that cannot be written',
    msg: () => own('reply', { value: 'mine', writable: false }),
    sent: true,
    takesError: true,
  },
  {
    what: 'a reply that throws what cannot be shown when it is set',
    msg: () => own('reply', { set: throwing(Object.create(null)) }),
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
    msg: () => own('error', { value: 'mine', writable: false }),
    respond: reject400,
    kind: 'rejected',
    takesError: false,
  },
  {
    what: 'a payload that throws',
    msg: () => own('payload', { get: throwing(new Error('hands off')) }),
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
    msg: () => own('user', { get: throwing(new Error('hands off')) }),
    takesError: true,
  },
]

describe('8x8-reply, given a message with', () => {
  watchProcess()
  afterEach(async () => {
    await unloadFlow()
    await closeServers()
  })

  testOutcomes(cases, loadReply, ({ sent, respond, takesError }, server, error) => {
    if (takesError) assert.equal(error?.maybeSent, sent, 'a flow would send it again')
    assert.equal(server.received.length, sent || respond === reject400 ? 1 : 0)
  })

  it('a payload that throws: goes on with the next message of the same customer', async () => {
    const { flow } = await loadReply()
    const [failed, sent] = [{ payload: revoked() }, {}].map((each) => flow.send(answer(each)))
    assert.equal((await failed)?.port, 'error')
    assert.equal((await sent)?.port, 'success')
  })
})
