/** A figure of several rounds. */
export interface Figure {
  median: number
  min: number
  max: number
}

/** @param values at least one */
export function figure(values: readonly number[]): Figure {
  const sorted = values.toSorted((one, other) => one - other)
  const middle = sorted.length / 2
  const [low = 0, high = 0] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]]
  return { median: (low + high) / 2, min: sorted[0] ?? 0, max: sorted.at(-1) ?? 0 }
}

/** `1,234 (1,100–1,300)` */
export function inWords({ median, min, max }: Figure, digits = 0): string {
  const text = (value: number) =>
    value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
  return `${text(median)} (${text(min)}–${text(max)})`
}

/** A table in Markdown, as docs/performance.md has them. The first column is text, others numbers. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const rule = head.map((_, column) => (column ? '---:' : '---'))
  return [line(head), line(rule), ...rows.map(line)].join('\n')
}

/** The machine, in a line. */
export function machine(cpus: readonly { model: string }[], memory: number): string {
  const gigabytes = Math.round(memory / 2 ** 30)
  return `${cpus[0]?.model.trim()}, ${cpus.length} cores, ${gigabytes} GB, ${process.platform} ${process.arch}`
}
