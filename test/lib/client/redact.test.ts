import assert from 'node:assert/strict'
import fc from 'fast-check'
import { createRedactor } from '../../../nodes/lib/client/redact'
import { errorOfResponse } from '../../../nodes/lib/errors'

/** Its Base64 has padding, and a + and a / that a URL has otherwise. */
const KEY = 'Ab+c/d=e>>~??'

const base64 = (text: string) => Buffer.from(text).toString('base64')
const html = (text: string) =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
const inJson = (text: string) => JSON.stringify(text).slice(1, -1)
/** As .NET writes JSON. */
const inCautiousJson = (text: string) =>
  text.replace(/["'&+<>\\`]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16).toUpperCase()}`)

/** The ways in which a server may echo a key. */
const ECHOES: Record<string, (key: string) => string> = {
  'as it is': (key) => key,
  'in lower case': (key) => key.toLowerCase(),
  'in upper case': (key) => key.toUpperCase(),
  'in a URL': encodeURIComponent,
  'in a URL, in lower case': (key) => encodeURIComponent(key).toLowerCase(),
  'in a URL in a URL': (key) => encodeURIComponent(encodeURIComponent(key)),
  'in HTML': html,
  'in HTML with numbers': (key) =>
    key.replace(/[^a-z0-9]/gi, (sign) => `&#x${sign.charCodeAt(0).toString(16)};`),
  'in JSON': inJson,
  'in JSON in JSON': (key) => inJson(inJson(key)),
  'in JSON of .NET': inCautiousJson,
  'in HTML in JSON': (key) => inJson(html(key)),
  'in Base64': base64,
  'in Base64 without its padding': (key) => base64(key).replace(/=+$/, ''),
  'in Base64 as a URL has it': (key) => Buffer.from(key).toString('base64url'),
  'in Base64 in a URL': (key) => encodeURIComponent(base64(key)),
  'in Base64 with Bearer': (key) => base64(`Bearer ${key}`),
  'in hexadecimal': (key) => Buffer.from(key).toString('hex'),
}

describe('redact', () => {
  const redact = createRedactor(KEY)

  for (const [what, echo] of Object.entries(ECHOES)) {
    it(`takes out the key ${what}, wherever it is`, () => {
      const echoed = echo(KEY)
      assert.equal(redact(`bad "${echoed}", I said ${echoed}!`), 'bad "***", I said ***!')
    })
  }

  for (const before of ['', 'a', 'ab', 'abc', 'user:']) {
    it(`takes the key out of the Base64 of "${before}", the key and more`, () => {
      const key = 'k3y-0f-8x8-in-full'
      const said = createRedactor(key)(`no ${base64(`${before}${key}:more`)} here`)
      // What is left is of the neighbours, and of single bytes of the key beside them.
      assert.match(said, /^no \S{0,9}\*\*\*\S{0,9} here$/)
    })
  }

  it('takes out what is left of a key that was cut short', () => {
    const key = 'k3y-0f-8x8-in-full'
    assert.equal(createRedactor(key)(`k3y-0f-… and …n-full and n-ful`), '***… and …*** and n-ful')
  })

  for (const scheme of ['Bearer', 'bearer', 'Basic', 'BASIC']) {
    it(`takes out whatever follows ${scheme}`, () => {
      const said = `no ${scheme}  abc.def= here, ${scheme} ghi there`
      assert.equal(redact(said), `no ${scheme} *** here, ${scheme} *** there`)
    })
  }

  for (const key of ['.', '.*', 'a|b', '(', '[a-z]', '\\d', '^$', 'a{2}', '+?', '$&']) {
    it(`treats the key ${key} literally`, () => {
      assert.equal(createRedactor(key)(`12 abc xyz <${key}>`), '12 abc xyz <***>')
    })
  }

  it('leaves other texts alone', () => {
    const text = 'The bearer of bad news, $& and $1'
    assert.equal(redact('code 1200: ab+c'), 'code 1200: ab+c')
    assert.equal(redact(text), text.replace('bearer of', 'bearer ***'))
    assert.equal(redact('İstanbul ﬁne ß'), 'İstanbul ﬁne ß')
    assert.equal(createRedactor('')('no key, no change'), 'no key, no change')
  })

  it('leaves no 6 consecutive characters of a key, however it is echoed and cut', () => {
    const key = fc.string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map(toText), minLength: 6 })
    const echo = fc.constantFrom(...Object.values(ECHOES))
    fc.assert(
      fc.property(key, echo, fc.nat(300), fc.nat(300), (key, echo, before, from) => {
        const echoed = echo(key).slice(from % key.length)
        const redact = createRedactor(key)
        // Words of less than 6 letters, so that no run of the text is one of the key by chance.
        const said = `${'ab cd '.repeat(before / 6)}${echoed} and then some`
        const body = { code: 1002, message: said }
        const answer = { statusCode: 400, text: JSON.stringify(body), retryAfter: undefined }
        const { message } = errorOfResponse(answer, redact)
        for (const text of [redact(said), message.replace(/^.*?\): ?/, '')]) {
          for (const secret of [echoed, key]) {
            for (let at = 0; at + 6 <= secret.length; at++) {
              const run = secret.slice(at, at + 6)
              assert.ok(!text.toLowerCase().includes(run.toLowerCase()), `${run} in ${text}`)
            }
          }
        }
      }),
      { numRuns: 300 },
    )
  })

  it('takes linear time', () => {
    const key = 'a'.repeat(200)
    const redact = createRedactor(key)
    const began = performance.now()
    for (const text of ['a', 'ab', 'bearer ', ' ', '%25']) redact(text.repeat(100_000))
    assert.ok(performance.now() - began < 3000)
  })
})

function toText(code: number): string {
  return String.fromCharCode(code)
}
