/** Makes a button copy what a field shows. */
export function prepareCopyButton(button: JQuery, field: JQuery): void {
  button.on('click', () => {
    RED.clipboard.copyText(`${field.val()}`, button, 'clipboard.copyMessageValue')
  })
}
