import assert from 'node:assert/strict'
import { Customers } from '../../../nodes/lib/replies/customers'

describe('customers', () => {
  const open = (max?: number) => new Customers<{ number: number }>(max)
  const BSUID = 'US.13491208655302741918'

  for (const [what, one, other] of [
    ['a number with and without its plus', { msisdn: '+6590000000' }, { msisdn: '6590000000' }],
    ['a number as channelUserId', { msisdn: '+6590000000' }, { channelUserId: '6590000000' }],
    ['a LINE user under either name', { lineUserId: 'U4af' }, { channelUserId: 'U4af' }],
    [
      'an id, with and without the number',
      { msisdn: '+6590000000', channelUserId: BSUID },
      { channelUserId: BSUID },
    ],
  ] as const) {
    it(`are the same: ${what}`, () => {
      const customers = open()
      assert.equal(customers.find(one), customers.find(other))
    })
  }

  it('are different until their ids are seen together', () => {
    const customers = open()
    const [byNumber, byId] = [
      customers.find({ msisdn: '+65' }),
      customers.find({ channelUserId: BSUID }),
    ]
    assert.notEqual(byNumber, byId)
    const merged = customers.find({ msisdn: '+65', channelUserId: BSUID })
    for (const each of [byNumber, byId]) assert.equal(customers.resolve(each), merged)
    assert.equal(customers.find({ channelUserId: BSUID }), merged)
  })

  it('have the replies of both in the order of arrival once they are one', () => {
    const customers = open()
    const [one, other] = [
      customers.find({ msisdn: '+65' }),
      customers.find({ channelUserId: BSUID }),
    ]
    one.queue = [{ number: 1 }, { number: 4 }]
    other.queue = [{ number: 2 }, { number: 3 }]
    one.running = other.running = 1
    const merged = customers.find({ msisdn: '+65', channelUserId: BSUID })
    assert.deepEqual(
      merged.queue.map(({ number }) => number),
      [1, 2, 3, 4],
    )
    assert.equal(merged.running, 2)
  })

  it('without replies are forgotten, unless they have several ids', () => {
    const customers = open()
    const single = customers.find({ msisdn: '+65' })
    customers.forget(single)
    assert.notEqual(customers.find({ msisdn: '+65' }), single)
    const several = customers.find({ msisdn: '+66', channelUserId: BSUID })
    customers.forget(several)
    assert.equal(customers.find({ channelUserId: BSUID }), several)
  })

  it('with several ids make room for new ones, but never those with replies', () => {
    const customers = open(2)
    const find = (n: number) => customers.find({ msisdn: `+${n}`, channelUserId: `US.${n}` })
    const busy = find(1)
    busy.running = 1
    const idle = find(2)
    find(3)
    assert.equal(customers.find({ channelUserId: 'US.1' }), busy)
    assert.notEqual(customers.find({ msisdn: '+2' }), idle)
  })

  it('keep the newest of many ids', () => {
    const customers = open()
    const customer = customers.find({ msisdn: '+65' })
    for (let i = 0; i < 100; i++) customers.find({ msisdn: '+65', channelUserId: `US.${i}` })
    assert.ok(customer.ids.size < 10)
    assert.equal(customers.find({ channelUserId: 'US.99' }), customer)
  })
})
