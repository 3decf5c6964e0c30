import assert from 'node:assert/strict'
import fc from 'fast-check'
import { splitText } from '../../nodes/reply/split-text'

/** Texts with the places where they may be cut, and with what must not be cut. */
const pieces = fc.constantFrom(
  'word',
  'a',
  ' ',
  '  ',
  '\n',
  '\n\n',
  '\n \n',
  '. ',
  '? ',
  '…” ',
  '。',
  '\u00a0',
  '\u3000',
  '\ufeff',
  '😀',
  '👨‍👩‍👧',
  'é',
  'x'.repeat(30),
)
const texts = fc.oneof(
  fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({ unit: 'grapheme', maxLength: 200 }),
)

const withoutBlanks = (text: string) => text.replace(/\s+/g, '')

describe('splitText', () => {
  for (const [what, text, max, parts] of [
    ['a text that fits', 'Hello there', 11, ['Hello there']],
    ['an empty text', '', 5, ['']],
    ['paragraphs', 'aaa bbb. ccc\n\nddd eee', 14, ['aaa bbb. ccc', 'ddd eee']],
    ['lines', 'aaa bbb. ccc\nddd eee', 14, ['aaa bbb. ccc', 'ddd eee']],
    ['sentences', 'aaa bbb? ccc ddd', 12, ['aaa bbb?', 'ccc ddd']],
    ['sentences without blanks', '你好吗。我很好。', 5, ['你好吗。', '我很好。']],
    ['words', 'aaa bbb ccc ddd', 8, ['aaa bbb', 'ccc ddd']],
    ['a word that is too long', 'x'.repeat(12), 5, ['xxxxx', 'xxxxx', 'xx']],
    ['a blank right behind a full message', 'aaa bbb ccc', 7, ['aaa bbb', 'ccc']],
    ['a paragraph that would leave little', 'a\n\nbbb ccc ddd', 10, ['a\n\nbbb ccc', 'ddd']],
    ['families', '👨‍👩‍👧'.repeat(3), 17, ['👨‍👩‍👧'.repeat(2), '👨‍👩‍👧']],
  ] as const) {
    it(`cuts ${what}`, () => assert.deepEqual(splitText(text, max), parts))
  }

  it('loses nothing but blanks, and makes no message too long', () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 12, max: 40 }), (text, max) => {
        const parts = splitText(text, max)
        assert.ok(parts.every((part) => part.length <= max))
        assert.equal(withoutBlanks(parts.join('')), withoutBlanks(text))
        if (text.length <= max) assert.deepEqual(parts, [text])
        else assert.ok(parts.every((part) => part !== '') || /^\s*$/.test(text))
      }),
      { numRuns: 2000 },
    )
  })

  it('keeps what is between two cuts as it was', () => {
    fc.assert(
      fc.property(texts, (text) => {
        let rest = text
        for (const part of splitText(text, 20)) {
          const at = rest.indexOf(part)
          assert.ok(at >= 0 && !/\S/.test(rest.slice(0, at)))
          rest = rest.slice(at + part.length)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('never cuts a surrogate pair', () => {
    const halves = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 200 }),
        fc.integer({ min: 2, max: 20 }),
        (text, max) => {
          for (const part of splitText(text, max)) assert.doesNotMatch(part, halves)
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('takes a moment for a text of a megabyte without a place to cut it', () => {
    const began = performance.now()
    const parts = splitText('x'.repeat(1 << 20), 4096)
    assert.equal(parts.length, 256)
    assert.ok(performance.now() - began < 2000)
  })
})
