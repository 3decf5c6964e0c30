/** How the package does on one Node-RED with one Node.js. */
export interface Row {
  /** E.g. `4.1`. */
  nodeRed: string
  /** Major version. */
  node: number
  /** Why it does not work; undefined: it does. */
  failure: string | undefined
}

/** What stands around the table, so that it is found again. */
const BEGIN = '<!-- compatibility: written by npm run compat -- --write -->'
const END = '<!-- /compatibility -->'

/**
 * Replaces the table in a text.
 * @throws {Error} where the text has no place for it
 */
export function putTable(text: string, rows: Row[]): string {
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)]
  if (begin < 0 || end < begin) throw new Error(`No ${BEGIN} … ${END} to put the table between`)
  return `${text.slice(0, begin)}${BEGIN}\n${tableOf(rows)}\n${text.slice(end)}`
}

/** Node-RED versions as lines, Node.js versions as columns; `–`: one does not support the other. */
function tableOf(rows: Row[]): string {
  const nodes = [...new Set(rows.map(({ node }) => node))].sort((a, b) => a - b)
  const nodeReds = [...new Set(rows.map(({ nodeRed }) => nodeRed))].sort()
  const cell = (nodeRed: string, node: number) => {
    const row = rows.find((each) => each.nodeRed === nodeRed && each.node === node)
    if (!row) return '–'
    return row.failure === undefined ? 'yes' : 'no'
  }
  const lines = [
    ['', ...nodes.map((node) => `Node.js ${node}`)],
    ['---', ...nodes.map(() => '---')],
    ...nodeReds.map((nodeRed) => [
      `Node-RED ${nodeRed}`,
      ...nodes.map((node) => cell(nodeRed, node)),
    ]),
  ]
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
