import assert from 'node:assert/strict'
import {
  errorOfConnection,
  errorOfResponse,
  type Kind,
  MessagingError,
  parseRetryAfter,
} from '../../nodes/lib/errors'

describe('errors', () => {
  const asItIs = (said: string) => said

  function judge(statusCode: number, body?: unknown, redact = asItIs) {
    const text = body === undefined ? undefined : JSON.stringify(body)
    return errorOfResponse({ statusCode, text, retryAfter: undefined }, redact)
  }

  describe('say whether a retry can help', () => {
    // Of 4xx, where the request is at fault, only these; of 5xx, where the server is, all but these.
    const temporary = [408, 421, 425, 429]
    const lasting = [501, 505, 506, 508, 510, 511, 526]
    for (let statusCode = 400; statusCode < 600; statusCode++) {
      const expected = temporary.includes(statusCode)
        ? true
        : statusCode >= 500 && !lasting.includes(statusCode)
      it(`${expected ? 'after' : 'not after'} ${statusCode}`, () => {
        assert.equal(judge(statusCode).cause.retryable, expected)
      })
    }

    for (const [statusCode, code, expected] of [
      [500, 2000, true],
      [503, 1000, false], // an invalid parameter stays invalid
      [500, 1001, false],
      [503, 1200, false],
      [500, 1300, false],
      [500, 2001, false],
      [500, 2002, false],
      [503, 2003, false],
      [500, 3029, false],
      [408, 1002, false],
      [500, 9999, true], // says nothing to us
      [400, 2000, false],
    ] as const) {
      it(`${expected ? 'after' : 'not after'} ${statusCode} with code ${code}`, () => {
        assert.equal(judge(statusCode, { code }).cause.retryable, expected)
      })
    }
  })

  for (const statusCode of [401, 403]) {
    it(`show nothing of what a server writes with ${statusCode} but its code and ids`, () => {
      const ids = {
        errorId: 'fe5ac2f4-b6c3-ef0b-9d1c-5fb7a9b1c9e5',
        timestamp: '2017-04-19T02:31:19.4297387+00:00',
      }
      const explained = judge(statusCode, { code: 1200, message: 'No, secret!', ...ids })
      assert.equal(explained.message, `8x8 refused the API key (${statusCode}, code 1200)`)
      assert.equal(explained.cause.errorId, ids.errorId)
      assert.equal(explained.cause.timestamp, ids.timestamp)
      for (const odd of ['secret', `${ids.errorId} secret`, `${ids.timestamp} secret`, '']) {
        const { cause } = judge(statusCode, { errorId: odd, timestamp: odd, message: odd })
        assert.deepEqual([cause.errorId, cause.timestamp], [undefined, undefined])
      }
      const { cause } = judge(statusCode, ids, () => '***')
      assert.deepEqual([cause.errorId, cause.timestamp], [undefined, undefined])
    })
  }

  it('show nothing of what a server writes beside the code of a wrong key', () => {
    const { message } = judge(400, { code: 1200, message: 'No, secret!' })
    assert.equal(message, '8x8 refused the API key (400, code 1200)')
  })

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
    it(`reports ${statusCode}${code ? ` with code ${code}` : ''} as ${kind}`, () => {
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
      assert.equal(new MessagingError(kind as Kind, 'x').cause.retryable, expected)
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
    it(`accepts the body ${JSON.stringify(body)}`, () => {
      assert.equal(judge(400, body).cause.kind, 'rejected')
    })
  }

  it('shortens a long message', () => {
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
    assert.equal(parseRetryAfter(undefined, now), undefined)
    for (const [header, ms] of [
      ['1.5', 1500],
      ['.25', 250],
      ['0.0001', 1],
      [' 2 ', 2000],
      ['0', 0],
      ['9'.repeat(400), Number.POSITIVE_INFINITY],
      ['Thursday, 01-Jan-26 00:00:10 GMT', 10_000],
      ['Thu Jan  1 00:00:10 2026', undefined], // in which zone?
      ['2026-01-01T00:00:10Z', undefined],
      ['-5', undefined],
      ['-1.5', undefined],
      ['1,5', undefined],
      ['1e3', undefined],
      ['0x10', undefined],
      ['1.2.3', undefined],
      ['Infinity', undefined],
      ['5 s', undefined],
      ['soon', undefined],
      ['May', undefined],
      ['', undefined],
      [' ', undefined],
    ] as const) {
      assert.equal(parseRetryAfter(header, now), ms, header)
    }
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
    it(`reports ${code} as ${kind}${retryable ? '' : ', not retryable'}`, () => {
      const { cause } = errorOfConnection(Object.assign(new Error('x'), { code }), asItIs)
      assert.equal(cause.kind, kind)
      assert.equal(cause.retryable, retryable)
    })
  }

  it('makes one line of what 8x8 says, with spaces for control characters', () => {
    const said = 'one\r\ntwo\u0000three\u001b[31mfour\u007ffive\u0085six\tseven'
    const { message } = judge(400, { message: said })
    assert.equal(message, '8x8 rejected the request (400): one two three [31mfour five six seven')
  })

  it('quotes what is in a certificate like what is in an answer: one line, without the key', () => {
    const error = new Error(`not for: DNS:k3y.\nfoo ${'x'.repeat(1000)}`)
    const failure = errorOfConnection(error, (said) => said.replace('k3y', '***'))
    assert.match(failure.message, /^8x8 could not be reached: not for: DNS:\*\*\*\. foo x{10}/)
    assert.ok(failure.message.length < 300)
  })
})
