import assert from 'node:assert/strict'
import { CHANNELS } from '../../nodes/lib/api'
import {
  TYPING_INDICATOR_DEFAULTS as DEFAULTS,
  type TypingIndicatorOptions,
} from '../../nodes/typing-indicator/options'
import { readTiming, type Timing } from '../../nodes/typing-indicator/timing'
import { languagesOf, readCatalog, readWords } from '../support/catalogs'

const SET = 'typing-indicator'

const read = (more: Partial<TypingIndicatorOptions>) => readTiming({ ...DEFAULTS, ...more })

/** The defaults of each time, in s, in the order in which the help has them. */
const TIMES: Record<keyof Timing, number[]> = {
  initialDelay: [DEFAULTS.initialDelay],
  renewEvery: CHANNELS.map((channel) => read({}).renewEvery(channel) / 1000),
  maxDuration: [DEFAULTS.maxDuration],
}

describe(`the help of ${SET}`, () => {
  for (const language of languagesOf(SET)) {
    it(`tells the limits and defaults of the times as they are (${language})`, () => {
      const help = readWords(SET, language, 'html')
      const catalog = readCatalog(SET, language)
      for (const field of Object.keys(TIMES) as (keyof Timing)[]) {
        const label = `${catalog.get(`label.${field}`)}`
        const [, said = ''] =
          help.split(`<dt class="optional">${label}</dt>`)[1]?.split(/<\/?dd>/) ?? []
        const numbers = said.match(/\d+([.,]\d+)?/g)?.map((it) => Number(it.replace(',', '.')))
        assert.deepEqual(numbers, [0, 7200, ...TIMES[field]], said)
        read({ [field]: 7200 })
        assert.throws(() => read({ [field]: 7200.1 }))
        if (/0[–～~]7200/.test(said)) read({ [field]: 0 })
        else assert.throws(() => read({ [field]: 0 }), said)
      }
    })
  }
})
