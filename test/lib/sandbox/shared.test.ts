import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { SAMPLE_UMID, Sandbox } from '../../../nodes/lib/sandbox/server'
import { acquireSandbox, type SandboxLease } from '../../../nodes/lib/sandbox/shared'
import { call } from './helpers'

describe('sandbox: shared by all nodes', () => {
  const leases: SandboxLease[] = []
  const acquire = async (subAccountId?: string) => {
    const lease = await acquireSandbox(subAccountId)
    leases.push(lease)
    return lease
  }
  afterEach(() => Promise.all(leases.splice(0).map(({ release }) => release())))

  const status = async ({ sandbox, apiKey: key }: SandboxLease, subAccountId: string) => {
    const path = `/api/v1/subaccounts/${subAccountId}/events`
    const body = { channel: 'rcs', type: 'typing', umid: SAMPLE_UMID }
    return (await call(sandbox, body, { key, path })).status
  }

  it('listens on 127.0.0.1 only', async () => {
    const { sandbox } = await acquire()
    await assert.rejects(fetch(sandbox.url.replace('127.0.0.1', '127.0.0.2')))
    assert.equal((await fetch(sandbox.url)).status, 404)
  })

  it('starts once for all users, and closes with the last one', async () => {
    const [one, two] = await Promise.all([acquire('sub_one'), acquire('sub_two')])
    assert.equal(one.sandbox, two.sandbox)
    assert.equal(one.apiKey, two.apiKey)
    assert.equal(await status(one, 'sub_two'), 200)
    await one.release()
    assert.equal(await status(two, 'sub_one'), 400)
    assert.equal(await status(two, 'sub_two'), 200)
    await Promise.all([one.release(), one.release()])
    assert.equal(await status(two, 'sub_two'), 200)
    await two.release()
    await assert.rejects(status(two, 'sub_two'))
  })

  it('adds no sub-account for a lease without one', async () => {
    const plain = await acquire()
    assert.equal(await status(plain, 'sub_one'), 401)
    await acquire('sub_one')
    assert.equal(await status(plain, 'sub_one'), 200)
  })

  it('starts a new sandbox with a new key after the last release', async () => {
    const old = await acquire('sub_one')
    const released = old.release()
    const fresh = await acquire('sub_one')
    assert.notEqual(fresh.sandbox, old.sandbox)
    assert.notEqual(fresh.apiKey, old.apiKey)
    await released
    await old.release()
    assert.equal(await status(fresh, 'sub_one'), 200)
    assert.equal((await acquire()).sandbox, fresh.sandbox)
  })

  it('starts again after a failed start', async () => {
    const { start } = Sandbox
    const failure = new Error(randomUUID())
    Sandbox.start = () => Promise.reject(failure)
    const failed = [acquireSandbox('sub_one'), acquireSandbox('sub_one')]
    Sandbox.start = start
    for (const one of failed) await assert.rejects(one, failure)
    const lease = await acquire('sub_one')
    assert.equal(await status(lease, 'sub_one'), 200)
    await lease.release()
    await assert.rejects(status(lease, 'sub_one'))
  })
})
