import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'

/** WCAG 2.1 AA. */
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']

type Findings = { violations: { id: string; nodes: { html: string }[] }[] }
type Globals = { axe: { run(where: string, options: object): Promise<Findings> } }

/** A rule that is broken, and the elements that break it, as HTML. */
export type Violation = [rule: string, elements: string[]]

/** What axe-core finds against WCAG 2.1 AA in a part of a page. */
export async function findViolations(page: Page, selector = 'html'): Promise<Violation[]> {
  await page.evaluate(await readFile(require.resolve('axe-core/axe.min.js'), 'utf8'))
  const { violations } = await page.evaluate(
    ([where, values]) => {
      const { axe } = globalThis as unknown as Globals
      return axe.run(where, { runOnly: { type: 'tag', values } })
    },
    [selector, TAGS] as const,
  )
  return violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])
}
