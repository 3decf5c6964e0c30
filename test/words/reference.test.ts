import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { makeReference, REFERENCE, toMarkdown } from '../../scripts/reference'
import { readWords, SETS } from '../support/catalogs'

describe('docs/reference.md', () => {
  it('says what the help in the editor says', () => {
    const advice = 'docs/reference.md is out of date: run npm run reference'
    assert.ok(readFileSync(REFERENCE, 'utf8') === makeReference(), advice)
  })

  it('has properties, notes and nested lists of the help as Markdown', () => {
    const help = `
      <h3>Outputs</h3>
      <ol class="node-ports">
        <li>Success
          <dl class="message-properties">
            <dt>state <span class="property-type">string</span></dt>
            <dt class="optional">code <span class="property-type">number</span></dt>
            <dd>As in <code>a &lt; b</code>,
              <i>always</i>.</dd>
          </dl>
        </li>
        <li>Error</li>
      </ol>
      <p>See <a href="https://developer.8x8.com" target="_blank">8x8</a>.</p>`
    assert.equal(
      toMarkdown(help),
      `### Outputs

1. Success
   - **state** (string), **code** (number, optional): As in \`a < b\`, *always*.
1. Error

See [8x8](https://developer.8x8.com).`,
    )
  })

  it('cannot have an element that the converter does not know', () => {
    assert.throws(() => toMarkdown('<p><video></video></p>'), /<video>/)
  })

  for (const set of SETS) {
    it(`shows the help of ${set} as it is written, without marks by accident`, () => {
      const text = readWords(set, 'en-US', 'html').replace(/<code>.*?<\/code>|<[^>]*>/gs, '')
      assert.deepEqual(text.match(/[*_`[\]\\]/g), null)
    })
  }
})
