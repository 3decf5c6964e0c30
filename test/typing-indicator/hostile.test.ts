import assert from 'node:assert/strict'
import { revoked, throwing, watchProcess } from '../support/anything'
import { UMID } from '../support/events'
import { type FlowOptions, reported, unloadFlow } from '../support/flow'
import { type HostileCase, testOutcomes, withProperty } from '../support/hostile'
import { closeServers } from '../support/server'
import { accept, CATCH, loadWith, message, reject400 } from '../support/typing'

const own = (name: string, property: PropertyDescriptor) => withProperty(message(), name, property)

const OTHER_UMID = UMID.replace(/.$/, '0')

/** Something that cannot even be shown as a text. */
const unprintable = Object.create(null)

const cases: HostileCase[] = [
  {
    what: 'a typing that cannot be written',
    msg: () => own('typing', { value: 'mine', writable: false }),
    takesError: true,
  },
  {
    what: 'a typing that throws when it is set',
    msg: () => own('typing', { get: () => 'mine', set: throwing(new Error('no')) }),
    takesError: true,
  },
  {
    what: 'a typing that throws what cannot be shown when it is set',
    msg: () => own('typing', { get: () => 'mine', set: throwing(unprintable) }),
    takesError: true,
  },
  {
    what: 'an error that throws when it is read',
    msg: () => own('error', { get: throwing(new Error('no')) }),
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
    what: 'nothing that can be written',
    msg: () => Object.freeze({ ...message(), _msgid: 'frozen' }),
    takesError: false,
  },
  {
    what: 'nothing that can be written, and refused by 8x8',
    msg: () => Object.freeze({ ...message(), _msgid: 'frozen' }),
    respond: reject400,
    kind: 'rejected',
    takesError: false,
  },
  {
    what: 'a user whose number throws',
    msg: () => ({
      ...message(),
      user: Object.defineProperty({}, 'msisdn', { get: throwing(unprintable) }),
    }),
    takesError: true,
  },
  {
    what: 'a payload that throws',
    msg: () => own('payload', { get: throwing(new Error('hands off')) }),
    takesError: true,
  },
  {
    what: 'a payload that throws what cannot be shown',
    msg: () => own('payload', { get: throwing(unprintable) }),
    takesError: true,
  },
  {
    what: 'a payload that throws whatever is done with it',
    msg: () => ({ ...message(), payload: revoked() }),
    takesError: true,
  },
]

/** What anybody can post to an `http in`, and no recursion can copy. */
function deep(): object {
  return JSON.parse('['.repeat(100_000) + ']'.repeat(100_000))
}

describe('8x8-typing-indicator, given a message with', () => {
  afterEach(async () => {
    await unloadFlow()
    await closeServers()
  })
  watchProcess() // also what the unloading leaves

  testOutcomes(cases, (respond = accept, options) => loadWith(respond, options))

  it('nothing that can be written: does not keep typing for it', async () => {
    const { flow } = await loadWith(accept, { node: { action: 'msg' } })
    const failed = reported()
    void flow.send(Object.freeze({ ...message(), action: 'start', _msgid: 'frozen' }))
    await failed
    const { msg } = await flow.send({ ...message(), action: 'stop' })
    assert.equal(msg.typing?.indicators, 0)
  })

  for (const action of ['start', 'send']) {
    it(`nothing that can be written, ${action}: leaves alone what an earlier message started`, async () => {
      const { flow } = await loadWith(accept, { node: { action: 'msg' } })
      await flow.send({ ...message(), action: 'start' })
      const failed = reported()
      void flow.send(Object.freeze({ ...message(), action, _msgid: 'frozen' }))
      await failed
      const { msg } = await flow.send({ ...message(), action: 'stop' })
      assert.equal(msg.typing?.indicators, 1)
    })
  }

  it('a property called __proto__: keeps it as one, for an end without an answer too', async () => {
    const { flow } = await loadWith(accept, { node: { action: 'start', maxDuration: 0.1 } })
    const ended = flow.next('error')
    await flow.send(JSON.parse(JSON.stringify(message()).replace('{', '{"__proto__":{"mine":1},')))
    const msg = await ended
    assert.equal(msg.error?.kind, 'unanswered')
    assert.equal(Object.getPrototypeOf(msg), Object.prototype)
    assert.ok(Object.hasOwn(msg, '__proto__'))
  })

  for (const [what, payload] of [
    ['too deep to be copied', deep()],
    ['that throws when it is copied', { inner: revoked() }],
  ] as const) {
    it(`a payload ${what}: fails at its start, and types for nobody`, async () => {
      const { flow, server } = await loadWith(accept, { node: { action: 'start' } })
      const [req, res] = [{}, {}]
      const { port, msg } = await flow.send({ ...message(), payload, req, res })
      assert.equal(port, 'error')
      assert.equal(msg.error?.kind, 'invalid-input')
      assert.match(`${msg.error?.message}`, /^msg\.payload cannot be copied: /)
      assert.equal(msg.error?.umid, message().umid)
      const { req: request, res: response } = msg as { req?: unknown; res?: unknown }
      assert.ok(request === req && response === res, 'its HTTP request can be answered no more')
      assert.equal(flow.completions.length, 1)
      assert.equal(server.received.length, 0)
    })
  }

  for (const [where, options] of [
    ['two nodes at output 2', { node: { wires: [['success'], ['error', 'success']] } }],
    ['a Catch node', { errors: false, more: CATCH }],
  ] as [string, FlowOptions][]) {
    it(`a payload too deep to be copied: survives a start, with ${where}`, async () => {
      const node = { action: 'start', maxDuration: 0.1, ...options.node }
      const { flow } = await loadWith(accept, { ...options, node })
      const logged = reported(/could not pass on a message/)
      void flow.send({ ...message(), payload: deep() })
      await logged
      const { msg } = await flow.send({ ...message(), umid: OTHER_UMID })
      assert.equal(msg.typing?.state, 'active')
    })
  }

  it('a payload too deep to be copied: logs that, with two nodes at output 1', async () => {
    const { flow } = await loadWith(accept, { node: { wires: [['success', 'error'], []] } })
    const logged = reported(/could not pass on a message/)
    void flow.send({ ...message(), payload: deep() })
    await logged
    assert.equal((await flow.send(message())).msg.typing?.state, 'sent')
  })

  it('a payload too deep to be copied: survives a node without an account, with a Catch node', async () => {
    const { flow } = await loadWith(accept, { errors: false, more: CATCH, node: { account: '' } })
    const logged = reported(/could not pass on a message/)
    void flow.send({ ...message(), payload: deep() })
    await logged
    assert.equal((await flow.send(message())).msg.error?.message, 'No 8x8 account is set')
  })

  it('a payload that throws: goes on with the next message', async () => {
    const { flow } = await loadWith(accept, { errors: false, more: CATCH })
    const error = reported()
    void flow.send(own('payload', { get: throwing(unprintable) }))
    await error
    assert.equal((await flow.send(message())).port, 'success')
  })
})
