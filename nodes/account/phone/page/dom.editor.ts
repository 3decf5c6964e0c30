const SVG = 'http://www.w3.org/2000/svg'

/**
 * The element with an id of page.html.
 * @throws {Error} if page.html does not match the script
 */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const element = document.getElementById(id)
  if (!element) throw new Error(`page.html has no #${id}`)
  return element as T
}

/** A new element with a text, never HTML: customers and flows write these texts. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = '',
  text = '',
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  if (className) element.className = className
  element.textContent = text
  return element
}

/** Sets a text only if it differs: a screen reader reads each change of a live region. */
export function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

/** A time of day, formatted for the user's language. */
export function timeOf(at: number, seconds = false): HTMLTimeElement {
  const date = new Date(at)
  const text = date.toLocaleTimeString([], {
    hour: '2-digit',
    minute: '2-digit',
    ...(seconds && { second: '2-digit' }),
  })
  const time = make('time', '', text)
  time.dateTime = date.toISOString()
  return time
}

/** A button with a text. */
export function makeButton(text: string, className = ''): HTMLButtonElement {
  const button = make('button', className, text)
  button.type = 'button'
  return button
}

/** A picture of strokes that a screen reader skips. @param paths as in SVG, on a square of 24 */
export function makeIcon(className: string, paths: string[], viewBox = '0 0 24 24'): SVGElement {
  const icon = document.createElementNS(SVG, 'svg') as SVGElement
  icon.setAttribute('class', className)
  icon.setAttribute('viewBox', viewBox)
  icon.setAttribute('aria-hidden', 'true')
  for (const d of paths) {
    const path = document.createElementNS(SVG, 'path')
    path.setAttribute('d', d)
    icon.append(path)
  }
  return icon
}

/** A link to another site, which learns nothing of this page. */
export function makeLink(url: string, text: string, className = ''): HTMLAnchorElement {
  const link = make('a', className, text)
  link.href = url
  link.target = '_blank'
  link.rel = 'noopener noreferrer'
  return link
}

/** A value as JSON to read; a text as it is. */
export function makeJson(value: unknown): HTMLElement {
  const text = typeof value === 'string' ? value : JSON.stringify(value, undefined, 2)
  return make('pre', '', text)
}
