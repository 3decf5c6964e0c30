import { inspect } from 'node:util'

/** The password of the proxies; as secret as the API key. */
export const PROXY_PASSWORD = 'canary-PROXY-9b1f'

/** Everything that people could see of a run, as text, to search it for secrets. */
export class Evidence {
  readonly #texts: { from: string; text: string }[] = []

  /** Records a value in each form in which it could be shown. @param from where it was seen */
  add(from: string, value: unknown): void {
    const all = { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true } as const
    const limits = { maxArrayLength: null, maxStringLength: null }
    const texts = [typeof value === 'string' ? value : inspect(value, { ...all, ...limits })]
    texts.push(`${toJson(value)}`)
    for (let error = value; error instanceof Error; error = error.cause) {
      texts.push(`${error}`, error.message, error.stack ?? '')
    }
    for (const text of texts) this.#texts.push({ from, text })
  }

  /** The number of texts that were seen somewhere. */
  count(from: string): number {
    return this.#texts.filter((entry) => entry.from === from).length
  }

  /**
   * Where a secret is: as it is, in Base64 (with its scheme, too), or as a URL has it; in any case of
   * the letters.
   */
  find(secret: string): string[] {
    const base64 = Buffer.from(secret).toString('base64')
    const inUrl = encodeURIComponent(secret)
    const whole = Buffer.from(`Bearer ${secret}`).toString('base64').replace(/=+$/, '')
    const forms = [
      secret,
      base64,
      base64.replace(/=+$/, ''),
      inUrl,
      encodeURIComponent(inUrl),
      whole,
    ]
    return this.#texts.flatMap(({ from, text }) =>
      forms
        .filter((form) => text.toLowerCase().includes(form.toLowerCase()))
        .map((form) => `${from}: ${form}`),
    )
  }
}

function toJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined // circular; inspect shows it
  }
}
