import assert from 'node:assert/strict'
import {
  TYPING_INDICATOR_DEFAULTS,
  type TypingIndicatorOptions,
} from '../../nodes/typing-indicator/options'
import { readTiming } from '../../nodes/typing-indicator/timing'

describe('timing', () => {
  for (const blank of ['', null]) {
    it(`is that of the channel if the time between indicators is ${JSON.stringify(blank)}`, () => {
      // As JSON of a flow that was not made in the editor may have it.
      const options = { ...TYPING_INDICATOR_DEFAULTS, renewEvery: blank } as TypingIndicatorOptions
      const { renewEvery } = readTiming(options)
      assert.equal(renewEvery('whatsapp'), 25_500)
      assert.equal(renewEvery('rcs'), 15_000)
    })
  }
})
