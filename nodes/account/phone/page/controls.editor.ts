/**
 * Controls that write to the server. Without a connection they do nothing and say so, but they are not
 * disabled: that would take the focus away with each deploy.
 */
import { makeButton } from './dom.editor'

let connected = false

/** Whether what is written now can arrive. */
export function isConnected(): boolean {
  return connected
}

/** Shows on all controls whether they can be used. */
export function setConnected(now: boolean): void {
  connected = now
  for (const control of document.querySelectorAll('[data-writes]')) showConnected(control)
}

/** Makes a control one that writes. */
export function markAsWriting(control: HTMLElement): void {
  control.dataset.writes = ''
  showConnected(control)
}

/** A button that writes, once at a time. */
export function makeWriteButton(
  text: string,
  className: string,
  write: () => Promise<void>,
): HTMLButtonElement {
  const button = makeButton(text, className)
  markAsWriting(button)
  let writing = false
  button.addEventListener('click', async () => {
    if (!connected || writing) return
    writing = true
    await write()
    writing = false
  })
  return button
}

/**
 * Prepares a select that writes what is chosen.
 * @param write returns the problem; '' for none
 * @param current what the server has
 * @param problem where to say it when it was not taken
 */
export function prepareSelect(
  select: HTMLSelectElement,
  write: (value: string) => Promise<string>,
  current: () => string,
  problem: HTMLElement,
): void {
  markAsWriting(select)
  select.addEventListener('change', async () => {
    const failed = connected ? await write(select.value) : 'not connected'
    problem.textContent = failed && `Not changed: ${failed}`
    if (failed) select.value = current()
  })
}

/** Fills a select, unless it has these options already: a new list would close an open one. */
export function setOptions(select: HTMLSelectElement, options: [value: string, text: string][]) {
  const key = JSON.stringify(options)
  if (select.dataset.options === key) return
  select.dataset.options = key
  select.replaceChildren(...options.map(([value, text]) => new Option(text, value)))
}

function showConnected(control: Element): void {
  if (connected) control.removeAttribute('aria-disabled')
  else control.setAttribute('aria-disabled', 'true')
}
