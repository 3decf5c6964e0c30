import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { SAMPLE_UMID, Sandbox } from '../../../nodes/lib/sandbox/server'
import { acquireSandbox, forgetAccount, type SandboxLease } from '../../../nodes/lib/sandbox/shared'
import { call } from './helpers'

describe('sandbox: shared by all accounts', () => {
  const leases = new Map<SandboxLease, string>()

  async function acquire(accountId: string, subAccountId = `sub_${accountId}`) {
    const lease = await acquireSandbox({ accountId, subAccountId })
    leases.set(lease, accountId)
    return lease
  }
  const stop = (lease: SandboxLease) => lease.release()
  const remove = async (lease: SandboxLease) => {
    await lease.release()
    forgetAccount(`${leases.get(lease)}`)
  }

  afterEach(async () => {
    await Promise.all([...leases.keys()].map(remove))
    leases.clear()
  })

  const status = async ({ sandbox, apiKey: key }: SandboxLease, subAccountId: string) => {
    const path = `/api/v1/subaccounts/${subAccountId}/events`
    const body = { channel: 'rcs', type: 'typing', umid: SAMPLE_UMID }
    return (await call(sandbox, body, { key, path })).status
  }

  /** A customer writes to a sub-account. @returns tells whether the message is still there */
  function write({ sandbox }: SandboxLease, subAccountId: string): () => boolean {
    const { umid } = sandbox.receive({ subAccountId })
    const key = { subAccountId, channel: 'whatsapp', msisdn: '+6500000000' }
    return () => {
      const isThere = sandbox.inbound(umid) !== undefined
      assert.equal(sandbox.conversation(key).messages.length > 0, isThere)
      return isThere
    }
  }

  it('listens on 127.0.0.1 only', async () => {
    const { sandbox } = await acquire('one')
    await assert.rejects(fetch(sandbox.url.replace('127.0.0.1', '127.0.0.2')))
    assert.equal((await fetch(sandbox.url)).status, 404)
  })

  it('starts once for all accounts, and closes with the last one', async () => {
    const [one, two] = await Promise.all([acquire('one'), acquire('two')])
    assert.equal(one.sandbox, two.sandbox)
    assert.equal(one.apiKey, two.apiKey)
    assert.equal(await status(one, 'sub_two'), 200)
    await stop(one)
    assert.equal(await status(two, 'sub_one'), 400)
    assert.equal(await status(two, 'sub_two'), 200)
    await Promise.all([stop(one), stop(one)])
    assert.equal(await status(two, 'sub_two'), 200)
    await stop(two)
    await assert.rejects(status(two, 'sub_two'))
  })

  it('keeps the chats over a deploy that stops and starts all accounts', async () => {
    const old = await acquire('one')
    const isThere = write(old, 'sub_one')
    await stop(old)
    const again = await acquire('one')
    assert.equal(again.sandbox, old.sandbox)
    assert.equal(again.apiKey, old.apiKey)
    assert.ok(isThere())
    assert.equal(await status(again, 'sub_one'), 200)
    // Node-RED may start the new account before the old one has closed.
    const closing = stop(again)
    const third = await acquire('one')
    await closing
    assert.equal(await status(third, 'sub_one'), 200)
    assert.ok(isThere())
  })

  it('drops the chats with the account, but not those of a sub-account that another one has', async () => {
    const [one, two] = [await acquire('one', 'sub_a'), await acquire('two', 'sub_a')]
    const three = await acquire('three', 'sub_b')
    const [ofA, ofB] = [write(one, 'sub_a'), write(one, 'sub_b')]
    await remove(one)
    assert.deepEqual([ofA(), ofB()], [true, true])
    await remove(two)
    assert.deepEqual([ofA(), ofB()], [false, true])
    await stop(three)
    assert.equal(ofB(), true)
  })

  it('drops the chats of an account that now has another region, and of no other', async () => {
    const [one, two] = [await acquire('one'), await acquire('two')]
    const [ofOne, ofTwo] = [write(one, 'sub_one'), write(one, 'sub_two')]
    await Promise.all([stop(one), stop(two)])
    forgetAccount('one')
    forgetAccount('never seen')
    assert.deepEqual([ofOne(), ofTwo()], [false, true])
    assert.equal((await acquire('two')).sandbox, two.sandbox)
    forgetAccount('two')
    assert.equal(ofTwo(), true, 'it uses the sandbox')
  })

  it('drops the chats of a sub-account that its account no longer has', async () => {
    const old = await acquire('one', 'sub_old')
    const isThere = write(old, 'sub_old')
    await stop(old)
    const fresh = await acquire('one', 'sub_new')
    assert.equal(fresh.sandbox, old.sandbox)
    assert.equal(isThere(), false)
    assert.equal(await status(fresh, 'sub_old'), 400)
    assert.equal(await status(fresh, 'sub_new'), 200)
  })

  it('keeps the chats of one account with two sub-accounts, as in a deploy that changes it', async () => {
    const [a, b] = [await acquire('one', 'sub_a'), await acquire('one', 'sub_b')]
    const [ofA, ofB] = [write(a, 'sub_a'), write(b, 'sub_b')]
    await Promise.all([stop(a), stop(b)])
    await acquire('one', 'sub_a')
    const again = await acquire('one', 'sub_b')
    assert.deepEqual([ofA(), ofB()], [true, true])
    await remove(again)
    assert.deepEqual([ofA(), ofB()], [true, false])
  })

  it('makes a new sandbox with a new key when no account is left', async () => {
    const old = await acquire('one')
    await remove(old)
    const fresh = await acquire('one')
    assert.notEqual(fresh.sandbox, old.sandbox)
    assert.notEqual(fresh.apiKey, old.apiKey)
    await stop(old)
    assert.equal(await status(fresh, 'sub_one'), 200)
    assert.equal((await acquire('two')).sandbox, fresh.sandbox)
  })

  it('starts again after a failed start', async () => {
    const { listen } = Sandbox.prototype
    const failure = new Error(randomUUID())
    Sandbox.prototype.listen = () => Promise.reject(failure)
    const failed = [acquire('one'), acquire('one')]
    Sandbox.prototype.listen = listen
    for (const one of failed) await assert.rejects(one, failure)
    const lease = await acquire('one')
    assert.equal(await status(lease, 'sub_one'), 200)
    await stop(lease)
    await assert.rejects(status(lease, 'sub_one'))
  })
})
