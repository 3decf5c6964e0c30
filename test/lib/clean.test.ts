import assert from 'node:assert/strict'
import { cleanApiKey, cleanChannel, cleanText, cleanUmid } from '../../nodes/lib/clean'
import { UMID } from '../support/events'

/** Blanks of all kinds, as editors, mails and terminals leave them around what is copied. */
const AROUND = [' ', '\t', '\n', '\r\n', '\u00a0', '\ufeff', '\u2028']

describe('clean', () => {
  for (const [what, clean, value] of [
    ['a umid', cleanUmid, UMID],
    ['a channel', cleanChannel, 'whatsapp'],
    ['a key', cleanApiKey, 'Ab+c/d=e'],
    ['any text', cleanText, '+65 1'],
  ] as const) {
    it(`removes blanks and line ends around ${what}, and does not change a clean one`, () => {
      assert.equal(clean(value), value)
      for (const blank of AROUND) assert.equal(clean(`${blank}${value}${blank}${blank}`), value)
    })
  }

  it('removes braces around a umid, if both are there', () => {
    assert.equal(cleanUmid(`{${UMID}}`), UMID)
    assert.equal(cleanUmid(`{ ${UMID}\n}`), UMID)
    for (const other of [`{${UMID}`, `${UMID}}`, '${UMID}']) assert.equal(cleanUmid(other), other)
  })

  it('removes Bearer before a key, but no word that only begins like it', () => {
    for (const before of ['Bearer ', 'bearer  ', ' BEARER\n']) {
      assert.equal(cleanApiKey(`${before}key`), 'key')
    }
    assert.equal(cleanApiKey('Bearer'), '')
    assert.equal(cleanApiKey('bearerkey'), 'bearerkey')
    assert.equal(cleanApiKey('Bearer ${KEY}'), '${KEY}')
  })
})
