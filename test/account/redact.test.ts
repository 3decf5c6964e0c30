import assert from 'node:assert/strict'
import { redact } from '../../nodes/account/redact'

/** Its Base64 has padding, and a + and a / that a URL has otherwise. */
const KEY = 'Ab+c/d=e>>~??'

describe('redact', () => {
  for (const [what, echoed] of [
    ['as it is', KEY],
    ['in a URL', encodeURIComponent(KEY)],
    ['in Base64', Buffer.from(KEY).toString('base64')],
    ['in Base64 without its padding', Buffer.from(KEY).toString('base64').replace(/=+$/, '')],
    ['in Base64 as a URL has it', Buffer.from(KEY).toString('base64url')],
    ['in lower case', KEY.toLowerCase()],
    ['in upper case', KEY.toUpperCase()],
    ['in a URL, in lower case', encodeURIComponent(KEY).toLowerCase()],
  ] as const) {
    it(`takes out the key ${what}, wherever it is`, () => {
      assert.equal(redact(`bad "${echoed}", I said ${echoed}!`, KEY), 'bad "***", I said ***!')
    })
  }

  for (const scheme of ['Bearer', 'bearer', 'Basic', 'BASIC']) {
    it(`takes out whatever follows ${scheme}`, () => {
      const said = `no ${scheme}  abc.def= here, ${scheme} ghi there`
      assert.equal(redact(said, KEY), `no ${scheme} *** here, ${scheme} *** there`)
    })
  }

  for (const key of ['.', '.*', 'a|b', '(', '[a-z]', '\\d', '^$', 'a{2}', '+?', '$&']) {
    it(`takes the key ${key} literally`, () => {
      assert.equal(redact(`12 abc xyz <${key}>`, key), '12 abc xyz <***>')
    })
  }

  it('leaves other texts alone', () => {
    const text = 'The bearer of bad news, $& and $1'
    assert.equal(redact('code 1200: ab+c', KEY), 'code 1200: ab+c')
    assert.equal(redact(text, KEY), text.replace('bearer of', 'bearer ***'))
  })
})
