import assert from 'node:assert/strict'
import { MessagingError } from '../../../nodes/lib/errors'
import { check, number, seconds } from '../../../nodes/lib/node-red/validate'

describe('check: seconds', () => {
  const read = (value: unknown, blank = 7, rule: object = { above: 0 }) =>
    check('timeout', seconds('Timeout', { to: 86_400, ...rule }, blank), value)

  for (const [value, ms] of [
    ['5', 5000],
    ['0.5', 500],
    ['.5', 500],
    ['007', 7000],
    [5, 5000],
    [0.25, 250],
    [86_400, 86_400_000],
    ['', 7000],
    [null, 7000],
  ] as const) {
    it(`takes ${JSON.stringify(value)} as ${ms} ms`, () => {
      assert.equal(read(value), ms)
    })
  }

  for (const value of [
    ...[true, false, [], [5], {}, undefined, new Date(5), Number.NaN, Number.POSITIVE_INFINITY],
    ...['1e3', 'abc', '0x10', '5.', ' 5', '5 ', ' ', '-1', '+5', '1,5', '5s', 'Infinity', '86401'],
    ...[0, '0', '0.0', -1, 86_401],
  ]) {
    it(`refuses ${typeof value} ${String(value)}, and says what is expected`, () => {
      assert.throws(
        () => read(value),
        (error) =>
          error instanceof MessagingError &&
          error.cause.kind === 'not-configured' &&
          error.field === 'timeout' &&
          error.message === 'Timeout must be more than 0 and at most 86400 seconds',
      )
    })
  }

  it('accepts 0 if the rule does', () => {
    for (const value of ['', null, 0, '0']) assert.equal(read(value, 0, { from: 0 }), 0)
    assert.throws(() => read(-1, 0, { from: 0 }), { message: /must be from 0 to 86400 seconds$/ })
  })

  it('refuses more than the maximum', () => {
    assert.equal(read(60, 7, { above: 0, to: 60 }), 60_000)
    assert.throws(() => read(60.1, 7, { above: 0, to: 60 }), { message: /at most 60 seconds$/ })
  })
})

describe('check: a whole number', () => {
  const rule = { from: 0, to: 10, whole: true } as const
  const read = (value: unknown) => check('max', number('Max.', rule, 7), value)

  it('accepts digits, and uses the default for a blank field', () => {
    for (const [value, expected] of [
      ['10', 10],
      [0, 0],
      ['', 7],
      [null, 7],
    ] as const) {
      assert.equal(read(value), expected)
    }
  })

  for (const value of [0.5, '0.5', -1, '-1', 11, '1e1', 'ten', undefined, true]) {
    it(`refuses ${String(value)}, and says what is expected`, () => {
      assert.throws(() => read(value), { message: 'Max. must be a whole number from 0 to 10' })
    })
  }
})
