import assert from 'node:assert/strict'
import {
  errorOfAnswer,
  errorOfConnection,
  type Kind,
  parseRetryAfter,
  TypingError,
} from '../../nodes/account/errors'

describe('errors', () => {
  function judge(statusCode: number, body?: unknown) {
    const text = body === undefined ? undefined : JSON.stringify(body)
    return errorOfAnswer({ statusCode, text, retryAfter: undefined }, (said) => said)
  }

  const verdicts = [
    [301, undefined, 'rejected'],
    [400, undefined, 'rejected'],
    [401, undefined, 'authentication'],
    [403, undefined, 'forbidden'],
    [404, undefined, 'rejected'],
    [410, undefined, 'rejected'],
    [422, undefined, 'rejected'],
    [426, 1014, 'rejected'],
    [429, undefined, 'rate-limited'],
    [500, 2000, 'server'],
    [503, undefined, 'server'],
    [999, undefined, 'server'],
    [400, 1200, 'authentication'],
    [400, 1201, 'forbidden'],
    [401, 1001, 'forbidden'],
    [403, 1012, 'forbidden'],
    [500, 1001, 'forbidden'],
  ] as const
  for (const [statusCode, code, kind] of verdicts) {
    it(`takes ${statusCode}${code ? ` with code ${code}` : ''} as ${kind}`, () => {
      assert.equal(judge(statusCode, code && { code }).cause.kind, kind)
    })
  }

  const retryable = {
    'not-configured': false,
    'invalid-input': false,
    'unsupported-channel': false,
    expired: false,
    authentication: false,
    forbidden: false,
    rejected: false,
    'rate-limited': true,
    server: true,
    network: true,
    timeout: true,
    overloaded: false,
    unanswered: false,
    closed: false,
  } satisfies Record<Kind, boolean>
  for (const [kind, expected] of Object.entries(retryable)) {
    it(`call ${kind} ${expected ? 'retryable' : 'final'}`, () => {
      assert.equal(new TypingError(kind as Kind, 'x').cause.retryable, expected)
    })
  }

  it('keeps what it understands of an odd error body', () => {
    const { cause } = judge(400, { code: 'x', message: 7, errorId: 'id', timestamp: null })
    assert.deepEqual(cause, {
      kind: 'rejected',
      retryable: false,
      attempts: 0,
      statusCode: 400,
      errorId: 'id',
    })
  })

  const whole = { code: 1002, message: 'x', errorId: 'id', timestamp: 't' }
  for (const [field, odd] of [
    ['code', 1.5],
    ['message', ['x']],
    ['errorId', 'x'.repeat(101)],
    ['timestamp', 7],
  ] as const) {
    it(`keeps the rest of an error body whose ${field} is odd`, () => {
      const error = judge(400, { ...whole, [field]: odd })
      const { code, errorId, timestamp } = error.cause
      const message = error.message.split(': ')[1]
      assert.deepEqual({ code, message, errorId, timestamp }, { ...whole, [field]: undefined })
    })
  }

  for (const body of [null, [], 'text', 7]) {
    it(`survives the body ${JSON.stringify(body)}`, () => {
      assert.equal(judge(400, body).cause.kind, 'rejected')
    })
  }

  it('does not repeat a novel', () => {
    assert.ok(judge(400, { message: 'x'.repeat(10_000) }).message.length < 300)
    const { cause } = judge(400, { errorId: 'x'.repeat(101), timestamp: 'x'.repeat(101) })
    assert.deepEqual([cause.errorId, cause.timestamp], [undefined, undefined])
  })

  it('has its message as its text, and no code unless 8x8 gave one', () => {
    const error = judge(400)
    assert.equal(`${error}`, error.message)
    assert.equal(Object.hasOwn(error, 'code'), false)
    assert.equal(Object.hasOwn(judge(400, { code: 1000 }), 'code'), true)
  })

  it('reads Retry-After', () => {
    const now = Date.UTC(2026, 0, 1)
    assert.equal(parseRetryAfter('3', now), 3000)
    assert.equal(parseRetryAfter('Thu, 01 Jan 2026 00:00:10 GMT', now), 10_000)
    assert.equal(parseRetryAfter('Thu, 01 Jan 2015 00:00:10 GMT', now), 0)
    assert.equal(parseRetryAfter('soon', now), undefined)
    assert.equal(parseRetryAfter(undefined, now), undefined)
  })

  for (const [code, kind, retryable] of [
    ['ENOTFOUND', 'network', true],
    ['EAI_AGAIN', 'network', true],
    ['ECONNRESET', 'network', true],
    ['UND_ERR_SOCKET', 'network', true],
    ['UND_ERR_CONNECT_TIMEOUT', 'timeout', true],
    ['ETIMEDOUT', 'timeout', true],
    ['CERT_HAS_EXPIRED', 'network', false],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'network', false],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'network', false],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'network', false],
    ['ERR_TLS_PROTOCOL_VERSION_CONFLICT', 'network', false],
    ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'network', false],
    ['UND_ERR_HEADERS_OVERFLOW', 'server', true],
  ] as const) {
    it(`takes ${code} as ${kind}${retryable ? '' : ' that no retry cures'}`, () => {
      const { cause } = errorOfConnection(Object.assign(new Error('x'), { code }))
      assert.equal(cause.kind, kind)
      assert.equal(cause.retryable, retryable)
    })
  }

  it('makes one line of what 8x8 says, with spaces for control characters', () => {
    const said = 'one\r\ntwo\u0000three\u001b[31mfour\u007ffive\u0085six\tseven'
    const { message } = judge(400, { message: said })
    assert.equal(message, '8x8 rejected the request (400): one two three [31mfour five six seven')
  })
})
