/** A chart of bars. */
export interface Chart {
  title: string
  labels: readonly string[]
  values: readonly number[]
  /** Where a line is drawn. */
  goal?: number | undefined
}

const [WIDTH, ROW, MARGIN] = [840, 200, 24]

/** Colours that are read on a light and on a dark page. */
const STYLE = `text{font:12px sans-serif;fill:#24292f}.title{font-weight:bold}.bar{fill:#2f6fd0}
.axis{stroke:#8c959f}.goal{stroke:#c93c37;stroke-dasharray:4 3}.goal-text{fill:#c93c37}
@media(prefers-color-scheme:dark){text{fill:#d1d9e0}.bar{fill:#6ea8fe}.goal{stroke:#ff7b72}
.goal-text{fill:#ff7b72}}`

/** Charts in rows, as a picture that brings all it needs. */
export function plot(rows: readonly (readonly Chart[])[]): string {
  const charts = rows.flatMap((row, y) => {
    const width = WIDTH / row.length
    return row.map((chart, x) => drawChart(chart, x * width, y * ROW, width))
  })
  const height = rows.length * ROW
  const titles = rows.flat().map(({ title }) => escapeXml(title))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img">
<title>${titles.join('; ')}</title>
<style>${STYLE}</style>
${charts.join('\n')}
</svg>
`
}

function drawChart({ title, labels, values, goal }: Chart, x: number, y: number, width: number) {
  const [left, right, bottom] = [x + MARGIN, x + width - MARGIN, y + ROW - MARGIN - 8]
  const height = ROW - 3 * MARGIN - 16
  const most = Math.max(...values, goal ?? 0) || 1
  const up = (value: number) => round((value / most) * height)
  const step = (right - left) / values.length
  const few = values.length <= 10
  const parts = values.map((value, i) => {
    const [at, middle] = [round(left + i * step + step * 0.15), round(left + (i + 0.5) * step)]
    const size = `width="${round(step * 0.7)}" height="${up(value)}"`
    const bar = `<rect class="bar" x="${at}" y="${round(bottom - up(value))}" ${size}/>`
    const label = text(labels[i] ?? '', middle, bottom + 16)
    return bar + label + (few ? text(short(value), middle, bottom - up(value) - 5) : '')
  })
  const line = (kind: string, at: number) =>
    `<line class="${kind}" x1="${left}" x2="${right}" y1="${round(at)}" y2="${round(at)}"/>`
  parts.push(line('axis', bottom), text(title, (left + right) / 2, y + MARGIN, 'title'))
  if (!few) parts.push(text(`most: ${short(most)}`, right - 30, y + MARGIN + 18))
  if (goal !== undefined) {
    parts.push(line('goal', bottom - up(goal)))
    parts.push(text(`goal: under ${goal}`, right - 40, bottom - up(goal) - 5, 'goal-text'))
  }
  return parts.join('')
}

function text(content: string, x: number, y: number, kind = ''): string {
  if (!content) return ''
  const of = kind && ` class="${kind}"`
  return `<text${of} x="${round(x)}" y="${round(y)}" text-anchor="middle">${escapeXml(content)}</text>`
}

function short(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 1 : 0 })
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

function escapeXml(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
