import assert from 'node:assert/strict'
import {
  isConversation,
  isHeaderValue,
  isPath,
  pathKey,
  readSubAccounts,
  readTime,
} from '../../nodes/lib/rules'

describe('the rules of the properties', () => {
  it('accept valid times', () => {
    for (const [text, expected] of [
      ['2026-06-09T10:13:20Z', '2026-06-09T10:13:20.000Z'],
      ['2026-06-09T10:13:20.1234567+08:00', '2026-06-09T02:13:20.123Z'],
      ['2026-06-09T10:13-02:30', '2026-06-09T12:43:00.000Z'],
      ['2028-02-29T00:00Z', '2028-02-29T00:00:00.000Z'],
      ['1780000000000', new Date(1_780_000_000_000).toISOString()],
    ] as const) {
      assert.equal(new Date(readTime(text) ?? Number.NaN).toISOString(), expected)
    }
  })

  for (const text of [
    ...['', 'now', '1780000000', '2026-06-09', '2026-06-09T10:13:20', '2026-06-09 10:13:20Z'],
    ...['2026-02-30T10:13:20Z', '2026-13-01T10:13:20Z', '2026-06-00T10:13Z', '2026-06-09T24:00Z'],
    ...['2026-06-09T10:60Z', '2026-06-09T10:13:60Z', '2026-06-09T10:13+25:00'],
  ]) {
    it(`refuse the time "${text}"`, () => assert.equal(readTime(text), undefined))
  }

  it('accept paths that arrive as they are written', () => {
    for (const path of ['/8x8/inbound', '/', '/a-b_c.d/~e', '/a%20b', '/8x8-sandboxes', "/a'b"]) {
      assert.ok(isPath(path), path)
    }
    for (const path of [
      ...['', 'inbound', '/a b', '/a?b', '/a#b', '/../a', '/a/./b', '\\a', '/a\\b', '/ä', '/a\n'],
      ...['/8x8-sandbox', '/8x8-sandbox/phone', '/8X8-Sandbox/phone', 'https://example.com/a'],
    ]) {
      assert.ok(!isPath(path), path)
    }
  })

  it('distinguish paths like Express', () => {
    for (const path of ['/8x8/inbound', '/8X8/Inbound', '/8x8/inbound/']) {
      assert.equal(pathKey(path), '/8x8/inbound')
    }
    assert.equal(pathKey('/'), '/')
    assert.notEqual(pathKey('/8x8/inbound-2'), pathKey('/8x8/inbound'))
  })

  it('accept a list of sub-accounts with blanks around the commas, or none', () => {
    assert.deepEqual(readSubAccounts(''), [])
    assert.deepEqual(readSubAccounts(' , '), [])
    assert.deepEqual(readSubAccounts('one_sub, two&sub ,'), ['one_sub', 'two&sub'])
    assert.equal(readSubAccounts('one_sub, no spaces'), undefined)
    assert.equal(readSubAccounts('../'), undefined)
  })

  it('limit the length of a conversation', () => {
    assert.ok(isConversation('a'.repeat(200)))
    for (const text of ['', 'a'.repeat(201)]) assert.ok(!isConversation(text))
  })

  it('accept values that an HTTP header can carry', () => {
    for (const value of ['', 'Bearer a~b', 'Basic YTpi']) assert.ok(isHeaderValue(value))
    for (const value of ['Bärer', 'a\nb', 'a\tb']) assert.ok(!isHeaderValue(value))
  })
})
