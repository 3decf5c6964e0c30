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
